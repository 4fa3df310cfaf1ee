"""Routes of Starlette's own, whose endpoints are functions of a request or `HTTPEndpoint`s."""

import functools
import inspect
from collections.abc import Callable, Iterator
from operator import is_
from typing import Any, Final, TypeGuard

from starlette.endpoints import HTTPEndpoint
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_fastdeps._deciding.live import Deciding
from fastapi_fastdeps._fastapi.closures import app_of, function_of
from fastapi_fastdeps._fastapi.names import classification
from fastapi_fastdeps._lane.placed import Placed, decided
from fastapi_fastdeps._lane.standins import is_awaited_by_fastapi
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._threads import Threads
from fastapi_fastdeps.classifiers import Candidate, Classifier
from fastapi_fastdeps.marking import last_late_mark

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options", "query")


class PlainRoute:
    """Serves a route of Starlette's as its router decides, as long as its `app` is what
    Starlette made of it. The route stays what it is."""

    def __init__(self, route: Route, deciding: Deciding, threads: Callable[[], Threads]) -> None:
        self.route = route
        self._deciding = deciding
        self._threads = threads
        self._seen: tuple[object, ...] = (None,) * 4
        self._app: ASGIApp | None = None
        self.look()

    def look(self) -> None:
        """Find out what is to serve the route now. Raises `FastDepsError`."""
        classifier = self._deciding.classifier_in_force
        seen = (self.route.app, self.route.endpoint, classifier, last_late_mark())
        if not all(map(is_, seen, self._seen)):
            self._app = placed_app(self.route, classifier, self._threads())
            self._seen = seen

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that the route has matched."""
        self.look()
        methods = self.route.methods
        if self._app is None or (methods and scope["method"] not in methods):
            await self.route.handle(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_plain(route: BaseRoute | None) -> TypeGuard[Route]:
    """Whether it is a route of Starlette's own class, that handles what it matches as ever."""
    return bool(classification) and type(route) is Route and "handle" not in vars(route)


def candidates(route: Route) -> Iterator[tuple[str, Candidate]]:
    """What Starlette may call in a thread for a route: the endpoint, or the methods of its
    class by their names. Nothing for an app that is wrapped around them."""
    endpoint: Any = route.endpoint
    if endpoint is not None and function_of(route.app) is endpoint:
        yield "", Candidate(endpoint, role="endpoint", path=route.path)
    elif _is_class_based(route):
        for name in _METHODS:
            method = getattr(endpoint, name, None)
            if inspect.isfunction(method):
                yield name, Candidate(method, role="method", path=route.path)


def _is_class_based(route: Route) -> bool:
    endpoint: Any = route.endpoint
    return (
        route.app is endpoint
        and isinstance(endpoint, type)
        and issubclass(endpoint, HTTPEndpoint)
        and endpoint.dispatch is HTTPEndpoint.dispatch
    )


def decisions(
    route: Route, classifier: Classifier, threads: Threads
) -> Iterator[tuple[str, Candidate, Decision | None]]:
    """What was decided about them, `None` for what is async. Raises `FastDepsError`."""
    for name, candidate in candidates(route):
        yield name, candidate, decided(candidate, classifier, threads)


def placed_app(route: Route, classifier: Classifier, threads: Threads) -> ASGIApp | None:
    """The app that calls what Starlette calls for a route where it was decided, `None` where
    that is where Starlette does. Raises `FastDepsError`."""
    methods: dict[str, Any] = {}
    for name, candidate, decision in decisions(route, classifier, threads):
        if decision is None or not is_awaited_by_fastapi(decision.execution):
            continue
        there = Placed(candidate, decision.execution, threads)
        if not name:
            app: ASGIApp = app_of(there)
            return app
        methods[name] = _method(there)
    if not methods:
        return None
    endpoint: Any = route.endpoint
    names = {"__module__": endpoint.__module__, "__qualname__": endpoint.__qualname__}
    derived: ASGIApp = type(endpoint.__name__, (endpoint,), {**methods, **names})
    return derived


def _method(there: Placed) -> Callable[..., Any]:
    @functools.wraps(there.call)
    async def method(self: Any, /, *args: Any, **values: Any) -> Any:
        return await there(self, *args, **values)

    return method
