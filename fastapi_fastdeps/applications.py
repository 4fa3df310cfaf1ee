"""The application."""

import logging
import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_fastdeps._building.constructors import TypedFastAPI, pass_on, signature_with
from fastapi_fastdeps._building.routes import FastDepsRoute
from fastapi_fastdeps._deciding.misplaced import check_entries
from fastapi_fastdeps._fastapi.names import asked_lane, shell
from fastapi_fastdeps._fastapi.requests import meter_provider_of, telemetry_of
from fastapi_fastdeps._fastapi.routers import fastapis
from fastapi_fastdeps._lane.placed import handler_candidates, placed
from fastapi_fastdeps._matching.snapshots import NoticingRoute
from fastapi_fastdeps._observing.choice import guard_of
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps._threads import Threads
from fastapi_fastdeps.classifiers import Classifier, default_classifier
from fastapi_fastdeps.errors import FastDepsError
from fastapi_fastdeps.guarding import Guard
from fastapi_fastdeps.routing import FastDepsRouter

if TYPE_CHECKING or shell:
    from fastapi_fastdeps._serving.shell import is_as_ever, serve


class FastDepsAPI(TypedFastAPI):
    """`FastAPI` whose sync dependencies and endpoints run where `classifier` says.

    It takes every argument of `FastAPI`, and those below. Raises `FastDepsError` when a route is
    added, a router is included or the app starts, where a marker or a classifier is wrong.

    ```python
    from typing import Annotated

    from fastapi import Depends
    from fastapi_fastdeps import FastDepsAPI, explain, inline

    app = FastDepsAPI(title="shop")


    @inline
    class Page:
        def __init__(self, skip: int = 0) -> None:
            self.skip = skip


    @app.get("/items")
    async def read_items(page: Annotated[Page, Depends()]) -> int:
        return page.skip


    print(explain(app))
    ```

    ```text
    GET /items  [fast lane, no hops]
      read_items    endpoint    async
        page: Page  dependency  inline  @inline
    ```

    Args:
        classifier: decides where sync callables run; `default_classifier` without one.
        fuse_visits: see the attribute.
        limiters: how many threads there are by the name of a limiter: see `Threaded`.
        thread_tokens: how many threads what names no limiter has; 40 without it, as in FastAPI.
        thread_context: `"own"` has each callable in a thread run in a copy of the request's
            context, as FastAPI does; `"shared"` has what it sets in a context variable seen by
            what runs later in the request.
        guard: tells of inline calls that take too long: see `Guard`. `True` is `Guard()`, `False`
            none, and `None` leaves it to `fastapi dev` and the environment.

    Attributes:
        fuse_visits: whether consecutive steps of a request that go to a thread are one visit to
            a worker thread: sync dependencies, entering those with `yield`, the endpoint, the
            validation of its response; and leaving those with `yield`. Each still runs in a copy
            of the request's context. In the fast lane only.
        threads: the limiters of the app.
    """

    fuse_visits: bool = True
    threads: Threads

    _classifier: Classifier = default_classifier
    _has_shell: bool = False
    _has_failed_to_measure: bool = False

    if not TYPE_CHECKING:

        def __init__(
            self,
            *,
            classifier: Classifier | None = None,
            fuse_visits: bool = True,
            limiters: Mapping[str, int] | None = None,
            thread_tokens: int | None = None,
            thread_context: Literal["own", "shared"] = "own",
            guard: Guard | bool | None = None,
            **options,
        ) -> None:
            self.fuse_visits = fuse_visits
            if thread_context not in ("own", "shared"):
                raise FastDepsError(
                    f'thread_context={thread_context!r} is neither "own", which is FastAPI\'s way, '
                    'nor "shared".'
                )
            is_shared = thread_context == "shared"
            self.threads = Threads(limiters, thread_tokens, shares_context=is_shared)
            in_force = guard_of(guard)
            if in_force is not None:
                self.threads.own_observer = Observed(in_force)
            check_entries(options.get("dependencies"), "an app")
            if classifier is not None:
                self._classifier = classifier
            pass_on(super().__init__, options)
            if not isinstance(self.router, FastDepsRouter):
                # A subclass has a `setup` of its own that does not call FastAPI's.
                self._take_router()

        __init__.__signature__ = signature_with(__init__, FastAPI.__init__)

    @property
    def classifier(self) -> Classifier:
        """Decides where sync callables run. What is assigned holds for the next request."""
        if isinstance(self.router, FastDepsRouter):
            return self.router.classifier_in_force
        return self._classifier

    @classifier.setter
    def classifier(self, classifier: Classifier) -> None:
        self._classifier = classifier
        if isinstance(self.router, FastDepsRouter):
            self.router.classifier = classifier

    if shell and not TYPE_CHECKING:

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if self.threads.is_settled_at_once:
                self.threads.settle()
            if not self._has_shell or not is_as_ever(scope, telemetry_of(self)):
                # FastAPI asks for providers here, too.
                self._measure()
                if scope["type"] == "http":
                    self.threads.be_observed()
                await super().__call__(scope, receive, send)
                return
            if self.root_path:
                scope["root_path"] = self.root_path
            scope["app"] = self
            if self.middleware_stack is None:
                self.middleware_stack = self.build_middleware_stack()
            is_ours = type(self.router) is FastDepsRouter
            router = self.router if is_ours and FastDepsRouter.__call__ is _call_router else None
            await serve(self.middleware_stack, router, scope, receive, send)

    def setup(self) -> None:
        self._take_router()
        self._has_shell = asked_lane() != "fastapi" and _calls(type(self)) == _calls(FastDepsAPI)
        count = len(self.router.routes)
        super().setup()
        for page in self.router.routes[count:]:
            if type(page) is Route:
                page.__class__ = NoticingRoute

    def _take_router(self) -> None:
        # FastAPI makes its router itself, of arguments that change with its versions.
        router: Any = self.router
        classifier = self.classifier
        router.__class__ = _router_class(self.router.__class__)
        router.decide_by(classifier)
        router.watch_routes()
        if router.route_class is APIRoute:
            router.route_class = FastDepsRoute

    def _measure(self) -> None:
        """Measure for the meter provider that there is now."""
        try:
            self.threads.measure_for(meter_provider_of(self))
        except Exception:
            if not self._has_failed_to_measure:
                self._has_failed_to_measure = True
                _log.exception("Metrics: there is no telling for which meter provider")

    def build_middleware_stack(self) -> ASGIApp:
        self._measure()
        if isinstance(self.router, FastDepsRouter):
            if self.router.classifier is None:
                # Another router has taken the place of the one that FastAPI made.
                self.router.classifier = self._classifier
            self.router.prepare()
        given = self.exception_handlers
        there = {
            key: placed(candidate, self.classifier, self.threads)
            for key, candidate in handler_candidates(given).items()
        }
        if all(handler is given[key] for key, handler in there.items()):
            return super().build_middleware_stack()
        app: Any = self
        app.exception_handlers = there
        try:
            return super().build_middleware_stack()
        finally:
            app.exception_handlers = given


_log: Final = logging.getLogger("fastapi_fastdeps")
_call_router: Final = fastapis(APIRouter, "__call__")


def _calls(kind: type[FastDepsAPI]) -> list[type]:
    """The classes that a request goes through, from ours on."""
    mro = kind.__mro__[kind.__mro__.index(FastDepsAPI) :]
    return [each for each in mro if "__call__" in vars(each)]


def _router_class(router_class: type[APIRouter]) -> type[APIRouter]:
    """Ours, with the methods of a class that stands in the place of FastAPI's."""
    if issubclass(FastDepsRouter, router_class):
        return FastDepsRouter
    if issubclass(router_class, FastDepsRouter):
        return router_class
    names = {"__module__": router_class.__module__, "__qualname__": router_class.__qualname__}
    bases = (router_class, FastDepsRouter)
    return types.new_class(router_class.__name__, bases, exec_body=lambda body: body.update(names))
