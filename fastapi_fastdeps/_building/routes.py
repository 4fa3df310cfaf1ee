"""Routes whose sync callables run where a classifier says."""

import functools
import types
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from fastapi import routing
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from fastapi_fastdeps import _watching
from fastapi_fastdeps._building.handling import (
    NOT_FASTAPIS,
    Construction,
    Handler,
    Handling,
    handled_within,
    overrides_of,
)
from fastapi_fastdeps._deciding.live import Deciding, LiveGraph, Memory
from fastapi_fastdeps._fastapi.closures import (
    handler_arguments,
    handler_of,
    http_arguments,
    make_handler,
    websocket_arguments,
)
from fastapi_fastdeps._fastapi.dependants import copy_of, keeps
from fastapi_fastdeps._fastapi.fields import Fields, known_here, sharing
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    EffectiveRouteContext,
    classification,
    effective_route_context_var,
    fast_lane,
    inclusions,
    websockets,
)
from fastapi_fastdeps._fastapi.requests import embeds_body_fields
from fastapi_fastdeps._fastapi.routers import includes_by_copy
from fastapi_fastdeps._lane.choice import why_not_planned
from fastapi_fastdeps._lane.tree import classified_dependant
from fastapi_fastdeps._lane.within import body_field_within
from fastapi_fastdeps._matching.snapshots import NoticesMatching
from fastapi_fastdeps._threads import Visits, threads_of
from fastapi_fastdeps.classifiers import Classifier, default_classifier

if TYPE_CHECKING or fast_lane:
    from fastapi_fastdeps._serving.websocket import planned_websocket


class Unclaimed:
    """Decides for routes that no router of ours has constructed."""

    classifier_in_force: Classifier = default_classifier


UNCLAIMED = Unclaimed()
SHARED = Unclaimed()

_deciding: ContextVar[Deciding | None] = ContextVar("fastdeps_deciding", default=None)
"""Who decides about the routes that are being constructed."""


_memory: ContextVar[Memory | None] = ContextVar("fastdeps_memory", default=None)
"""What was asked about these routes before."""


@contextmanager
def decided_by(deciding: Deciding, memory: Memory | None = None) -> Generator[None]:
    """Let the routes that are constructed meanwhile be decided about by this one."""
    token, memory_token = _deciding.set(deciding), _memory.set(memory)
    known_token = known_here.set(_known_to(deciding))
    try:
        yield
    finally:
        known_here.reset(known_token)
        _deciding.reset(token)
        _memory.reset(memory_token)


def _known_to(deciding: Any) -> Fields | None:
    """The fields that are known to the router that decides, itself or above what does."""
    while (above := getattr(deciding, "deciding", None)) is not None:
        deciding = above
    return getattr(deciding, "known_fields", None)


class Classifying:
    """What may have a classifier of its own."""

    _classifier: Classifier | None = None

    @property
    def classifier(self) -> Classifier | None:
        """Its own classifier, `None` where it leaves the decision to what includes it."""
        return self._classifier

    @classifier.setter
    def classifier(self, classifier: Classifier | None) -> None:
        self._classifier = classifier
        _watching.changed()


class FastDepsRoute(NoticesMatching, APIRoute):
    """`APIRoute` whose handler calls inline what its router's classifier says.

    A route that is constructed by hand, not by a `FastDepsRouter`, is classified by
    `default_classifier`, and by the router in whose `routes` it is put. Raises
    `FastDepsError` where a marker or a classifier is wrong.
    """

    deciding: Deciding = UNCLAIMED
    is_claimed: bool = False
    handling: Handling | None = None
    live: LiveGraph | None = None

    @property
    def classifier_in_force(self) -> Classifier:
        return self.deciding.classifier_in_force

    if not TYPE_CHECKING:

        @functools.wraps(APIRoute.__init__)
        def __init__(self, *args, **options) -> None:
            self.deciding = _deciding.get() or UNCLAIMED
            with constructing(self, self) as construction:
                sharing(super().__init__)(*args, **options)
            if self.live is None and construction is not None:
                # The class asks FastAPI's own method for the handler.
                self.live, self.handling = construction.live, construction.handling
            elif self.handling is not None and not has_own_handler(self):
                self.app: ASGIApp = self.handling.in_place_of(self.app)

    @property
    def dependant(self) -> Dependant:
        """FastAPI's description of the endpoint, with the tree of its dependencies."""
        try:
            dependant: Dependant = self.__dict__["dependant"]
        except KeyError:
            raise AttributeError("dependant", name="dependant", obj=self) from None
        return dependant

    # FastAPI declares an attribute here, and reads and writes it like this property.
    @dependant.setter
    def dependant(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, dependant: Dependant
    ) -> None:
        if "dependant" not in self.__dict__:
            _watching.watch(dependant)
        self.__dict__["dependant"] = dependant

    @dependant.deleter
    def dependant(self) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        del self.__dict__["dependant"]

    def get_route_handler(self) -> Handler:
        context = effective_route_context_var.get()
        is_included = (
            context is not None
            and context.original_route is self
            and not isinstance(context, Construction)
        )
        if not classification or (self.handling is not None and not _knows_inclusions):
            return super().get_route_handler()
        if is_included:
            assert context is not None
            if isinstance(context, ClassifiedRouteContext):
                context.handling = Handling(self, context, context.live, context.provider)
                return context.handling.handle
            # Included into an app that is not a FastDepsAPI.
            assert context.dependant is not None
            live = LiveGraph(
                context.dependant,
                self,
                dependencies=context.dependencies,
                response_model=self.response_model,
            )
            return Handling(self, context, live, context.dependency_overrides_provider).handle
        if not inclusions or keeps:
            # FastAPI has added the parameterless dependencies since, or its copy is known now.
            _watching.watch(self.dependant, copy_of(self))
        self.live = LiveGraph(
            self.dependant,
            self,
            dependencies=self.dependencies,
            response_model=self.response_model,
        )
        self.handling = Handling(self, self, self.live, self.dependency_overrides_provider)
        return self.handling.handle


def has_own_handler(route: APIRoute) -> bool:
    """Whether the user's class wraps FastAPI's handler, so that FastAPI has to call it."""
    return "get_route_handler" in vars(route) or type(route).get_route_handler not in (
        APIRoute.get_route_handler,
        FastDepsRoute.get_route_handler,
    )


@contextmanager
def constructing(route: APIRoute, deciding: Deciding) -> Generator[Construction | None]:
    """Let FastAPI's `get_route_handler` see the classified tree of a route meanwhile."""
    current = effective_route_context_var.get()
    if isinstance(current, Construction) and current.original_route is route:
        yield current
        return
    if not inclusions or not classification:
        yield None
        return

    def live_graph() -> LiveGraph:
        _watching.watch(route.dependant, copy_of(route))
        return LiveGraph(
            route.dependant,
            deciding,
            dependencies=route.dependencies,
            response_model=route.response_model,
        )

    construction = Construction(route, live_graph, is_wrapped=has_own_handler(route))
    # FastAPI asks it for no more than this.
    token = effective_route_context_var.set(cast("EffectiveRouteContext", construction))
    try:
        yield construction
    finally:
        effective_route_context_var.reset(token)


class RouteFactory:
    """Constructs routes of the user's class, in place of the class: FastAPI takes what it
    is given for one, and calls it. The routes are the user's class' own, no other's."""

    def __init__(self, route_class: Callable[..., APIRoute], deciding: Deciding) -> None:
        self._route_class = route_class
        self._deciding = deciding
        self.constructed: tuple[APIRoute, LiveGraph, Handling | None] | None = None

    def __call__(self, *args: Any, **options: Any) -> APIRoute:
        with decided_by(self._deciding):
            return self._construct(args, options)

    def _construct(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> APIRoute:
        route_class: Any = self._route_class
        if not isinstance(route_class, type) or type(route_class).__call__ is not type.__call__:
            return cast("APIRoute", route_class(*args, **options))
        # What `type.__call__` does, with the route at hand before it is initialised.
        known: type[Any] = route_class
        made: object = known.__new__(known, *args, **options)
        if not isinstance(made, APIRoute) or not isinstance(made, known):
            return cast("APIRoute", made)
        route: APIRoute = made
        deciding = self._deciding
        if isinstance(route, FastDepsRoute):
            route.deciding = deciding
            deciding = route
        with constructing(route, deciding) as construction:
            cast("Any", type(made)).__init__(made, *args, **options)
        if construction is not None and construction.live is not None:
            self._take(route, construction.live, construction.handling)
        return route

    def _take(self, route: APIRoute, live: LiveGraph, handling: Handling | None) -> None:
        """Serve a route by a plan if its `app` is what FastAPI made of its own handler."""
        arguments = http_arguments(route.app)
        if arguments is not None and getattr(arguments["dependant"], "live", None) is live:
            provider = arguments["dependency_overrides_provider"]
            provider = provider and provider.provider
            handling = Handling(route, state_of(arguments), live, provider, make_handler)
            route.app = handling.app() or route.app
        if not isinstance(route, FastDepsRoute):
            self.constructed = route, live, handling


def state_of(arguments: Mapping[str, Any]) -> SimpleNamespace:
    """What a route was when FastAPI made its handler, read from that handler."""
    return SimpleNamespace(
        **arguments,
        strict_content_type=arguments["actual_strict_content_type"],
        _embed_body_fields=arguments["embed_body_fields"],
    )


def derived_route_class(route_class: Any) -> Any:
    """The user's route class on top of `FastDepsRoute`, which it then calls as `super()`.

    For releases in which a class can't be told otherwise what to make its handler of. A
    class that no other can be derived from is left alone.
    """
    if not isinstance(route_class, type) or issubclass(route_class, FastDepsRoute):
        return route_class
    if issubclass(FastDepsRoute, route_class):
        return FastDepsRoute
    names = {"__module__": route_class.__module__, "__qualname__": route_class.__qualname__}
    try:
        bases = (cast("type[Any]", route_class), FastDepsRoute)
        derived: Any = types.new_class(
            route_class.__name__, bases, exec_body=lambda body: body.update(names)
        )
        return derived
    except Exception:
        return cast("type[Any]", route_class)


class FastDepsWebSocketRoute(NoticesMatching, APIWebSocketRoute):
    """`APIWebSocketRoute` whose dependencies run where its router's classifier says.

    The endpoint itself is always awaited on the event loop, as in FastAPI.
    """

    live: LiveGraph | None = None
    why_not_planned: str = ""
    deciding: Deciding = UNCLAIMED
    is_claimed: bool = False

    @property
    def classifier_in_force(self) -> Classifier:
        return self.deciding.classifier_in_force

    if not TYPE_CHECKING:

        @functools.wraps(APIWebSocketRoute.__init__)
        def __init__(self, *args, **options) -> None:
            super().__init__(*args, **options)
            if websockets:
                provider = options.get("dependency_overrides_provider")
                self.classify_by(_deciding.get() or UNCLAIMED, provider)

    def classify_by(self, deciding: Deciding, provider: Any | None) -> None:
        """Let this one decide where the dependencies of a route that was just made run."""
        self.deciding = deciding
        arguments = websocket_arguments(self.app)
        if arguments is None or arguments["dependant"] is not self.dependant:
            self.why_not_planned = NOT_FASTAPIS
            return
        _watching.watch(self.dependant, copy_of(self))
        self.live = LiveGraph(
            self.dependant,
            self,
            endpoint=False,
            dependencies=self.dependencies,
            memory=_memory.get(),
        )
        embed = embeds_body_fields(self)
        self.app: ASGIApp
        self.why_not_planned, self.app = websocket_app(self.live, provider, embed=embed)


def websocket_app(live: LiveGraph, provider: Any | None, *, embed: bool) -> tuple[str, ASGIApp]:
    """Why a WebSocket route takes FastAPI's lane, empty if it does not, and its app."""
    live.serve_in(threads_of(provider))
    handler = routing.get_websocket_app(
        dependant=classified_dependant(live),
        dependency_overrides_provider=overrides_of(provider, live),
        embed_body_fields=embed,
    )
    why = why_not_planned() or ""
    if not why:
        handler = planned_websocket(live, provider, handler, embed=embed)
    else:
        handler = functools.partial(_handle_as_fastapi, live, handler)
    return why, routing.websocket_session(handler)


async def _handle_as_fastapi(
    live: LiveGraph, handler: Callable[[WebSocket], Awaitable[None]], websocket: WebSocket
) -> None:
    """Handle a WebSocket in FastAPI's lane, where it is not known when its endpoint begins: what
    is in a thread for as long as that likes waits each time."""
    live.threads.settle()
    with Visits(live.threads, live, remembers=False).as_current():
        await handler(websocket)


class ClassifiedRouteContext(EffectiveRouteContext):
    """What FastAPI knows of a route at one inclusion.

    While FastAPI builds its own handler for this inclusion it sees the classified tree;
    for everyone else the tree is FastAPI's.
    """

    handling: Handling | None = None
    why_not_planned: str = ""
    provider: Any | None = None
    _within: Dependant | None = None

    @functools.cached_property
    def live(self) -> LiveGraph:
        """The classified tree, of what FastAPI's tree is once FastAPI has built it: some
        releases add the dependencies of the inclusion after they have set it."""
        assert self._dependant is not None
        _watching.watch(self._dependant)
        return LiveGraph(
            self._dependant,
            self._deciding,
            dependencies=self.dependencies,
            memory=_memory.get(),
            response_model=getattr(self.original_route, "response_model", None),
        )

    def settle(self) -> None:
        """Serve it by a plan, if FastAPI has built it of its own handler."""
        route = cast("APIRoute", self.original_route)
        if has_own_handler(route):
            return
        app: ASGIApp | None = getattr(self, "app", None)
        if app is None:
            # Some releases make the handler when a request comes.
            self.why_not_planned = why_not_planned() or ""
            return
        if self.handling is not None:
            self.app = self.handling.in_place_of(app)
            return
        arguments = handler_arguments(handler_of(app)) or {}
        if getattr(arguments.get("dependant"), "live", None) is not self.live:
            self.why_not_planned = NOT_FASTAPIS
            return
        self.why_not_planned = why_not_planned() or ""
        if not self.why_not_planned:
            self.handling = Handling(route, self, self.live, self.provider, make_handler)
            self.app = self.handling.app()

    @property
    def dependant(self) -> Dependant | None:
        if not self._is_being_built():
            return self._dependant
        route = cast("APIRoute", self.original_route)
        self.live.serve_in(threads_of(self.provider))
        if not has_own_handler(route):
            return classified_dependant(self.live)
        self._within = None
        self._within, self.handling = handled_within(route, self, self.live, self.provider)
        return self._within

    # FastAPI declares a field here, and reads and writes it like this property, as it does below.
    @dependant.setter
    def dependant(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, dependant: Dependant | None
    ) -> None:
        self._dependant = dependant
        self._deciding = _deciding.get() or UNCLAIMED

    @property
    def body_field(self) -> Any:
        if not self._is_being_built():
            return self._body_field
        return body_field_within(self._within, self._body_field)

    @body_field.setter
    def body_field(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, body_field: Any
    ) -> None:
        self._body_field = body_field

    @property
    def dependency_overrides_provider(self) -> Any | None:
        if not self._is_being_built():
            return self.provider
        return overrides_of(self.provider, self.live)

    @dependency_overrides_provider.setter
    def dependency_overrides_provider(self, provider: Any | None) -> None:
        self.provider = provider

    def _is_being_built(self) -> bool:
        return effective_route_context_var.get() is self


_knows_inclusions = bool(inclusions) or includes_by_copy
