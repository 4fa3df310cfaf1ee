"""Which routes are where, and how they match, to tell whether it is still so."""

from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter, is_, itemgetter
from typing import Any, Final

import starlette.routing
from fastapi import APIRouter, routing
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from fastapi_fastdeps import _watching
from fastapi_fastdeps._fastapi.ground import comparison
from fastapi_fastdeps._fastapi.names import (
    EffectiveRouteContext,
    IncludedRouter,
    get_context,
    get_route_path,
)
from fastapi_fastdeps._fastapi.routers import fastapis, is_passed_as_ever, routes_version

_NOTICED: Final = frozenset(
    (
        *("__class__", "matches", "path_regex"),
        *("handle", "original_router", "_match", "_handle_selected"),
        *("_get_routes_version", "_routes_version"),
    )
)

_token = object()
"""Another object after each change of how something matches that notices it."""


class NoticesMatching:
    """A route, router or inclusion that notices when the way it matches is changed."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _NOTICED:
            _matching_changed()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _NOTICED:
            _matching_changed()


def _matching_changed() -> None:
    global _token
    _token = object()
    _watching.changed()


class NoticingRoute(NoticesMatching, Route):
    """A page of the docs."""


NoticingRoute.__name__ = Route.__name__  # Which it is for whoever prints it.


_OWN: Final[dict[type, Any]] = {
    kind: fastapis(kind, "matches")
    for kind in (
        *(Route, WebSocketRoute, Mount, APIRoute, APIWebSocketRoute),
        *(IncludedRouter, EffectiveRouteContext, APIRouter),
    )
}


def is_matching_fastapis() -> bool:
    """Whether nobody has replaced how FastAPI's and Starlette's classes match."""
    return list(map(_matches, _OWN)) == list(_OWN.values())


def notices_routes(router: APIRouter) -> bool:
    """Whether a router replaces `_watching.token` whatever becomes of its routes."""
    return isinstance(getattr(type(router), "routes", None), property) and isinstance(
        router.routes, _watching.WatchedList
    )


class RoutesSnapshot:
    """What was looked at when routes were searched, as it was then.

    Routers and routes of this package notice their changes. Of another router that is
    included, what FastAPI sees of its changes is looked at: the version that it counts, and
    which routers it includes. What matters of other routes is looked at itself.

    Everything is to be added before it is read. Of use to any thread.
    """

    def __init__(self, router: APIRouter) -> None:
        self._token = _watching.token
        self._routes_token = _token
        self._router = router
        self._routes = router.routes
        self._top = list(self._routes)
        self._count = len(self._top)
        self._looks_at_top = not notices_routes(router)
        self._methods: dict[tuple[type, str], Any] = {}
        self._are_methods_as_they_were: Callable[[], bool] | None = None
        self._plain_routers = _PlainRouters()
        self._plain_routes = _PlainRoutes()
        self._noticing_routers: list[tuple[APIRouter, list[BaseRoute], int]] = []
        self._noticing_routes: list[tuple[BaseRoute, Any]] = []
        self._inclusions: list[tuple[IncludedRouter, bool]] = []
        self._plain_inclusions: list[dict[str, Any]] = []
        self._sizes = 0
        self._is_plain = False
        self._seen: set[int] = set()
        for inclusion in _inclusions(self._top):
            self.add_included(inclusion)

    def add_class(self, kind: type) -> None:
        """Note how instances of a class match and handle, and what they call for that."""
        for name in ("matches", "handle"):
            self._add_method(kind, name)
            bases = (base for base in kind.__mro__ if base is not BaseRoute and name in vars(base))
            # What the class has is what the first of them has.
            for base in islice(bases, 1, None):
                self._add_method(base, name)

    def _add_method(self, kind: type, name: str) -> None:
        if (kind, name) not in self._methods and hasattr(kind, name):
            self._methods[kind, name] = getattr(kind, name)
            self._are_methods_as_they_were = None

    def add_route(self, route: BaseRoute) -> bool:
        """Note how a route matches. False if no one could tell later whether it still does."""
        return self.add_noticing(route) or (
            not hasattr(type(route), "path_regex") and self._add_plain_route(route)
        )

    def _add_plain_route(self, route: BaseRoute) -> bool:
        self._is_plain = True
        return self._plain_routes.add(route)

    def add_noticing(self, route: BaseRoute) -> bool:
        """Note how a route matches, if it notices when that is changed."""
        kind: Any = type(route)
        self.add_class(kind)
        if kind.__setattr__ is not NoticesMatching.__setattr__:
            return False
        self._noticing_routes.append((route, _way_of(route)))
        return True

    def add_included(self, inclusion: IncludedRouter, *, is_asked: bool = True) -> bool:
        """Note what FastAPI looks at, of an included router and of all that it includes, to
        tell whether it has changed. False if that is not where FastAPI has it.

        `is_asked`: whether FastAPI asks the inclusion itself for a match; where it stands in an
        included router, FastAPI asks another one, which it has made for the place.
        """
        router = inclusion.original_router
        for kind in (type(inclusion), type(router)):
            self._add_method(kind, "matches")
            self._add_method(kind, "handle")
        if id(inclusion) not in self._seen:
            self._seen.add(id(inclusion))
            self._inclusions.append((inclusion, is_passed_as_ever(inclusion)))
            if is_asked and not isinstance(inclusion, NoticesMatching):
                self._is_plain = True
                self._plain_inclusions.append(vars(inclusion))
                self._sizes += len(vars(inclusion))
        if id(router) in self._seen:
            return True
        if notices_routes(router):
            version = routes_version(router)
            self._noticing_routers.append((router, list(router.routes), version))
        elif not self._plain_routers.add(router):
            return False
        else:
            self._is_plain = True
        self._seen.add(id(router))
        within = _inclusions(router.routes)
        added = [self.add_included(each, is_asked=False) for each in within]
        return all(added)

    def holds(self) -> bool:
        """Whether all is as it was."""
        if self._token is not _watching.token and not self._holds_what_notices():
            return False
        # A noticing list does not notice `list.insert(it, ...)`.
        if len(self._routes) != self._count:
            return False
        if self._looks_at_top and not _are_same(self._router.routes, self._top):
            return False
        if self._is_plain and not self._holds_what_is_plain():
            return False
        return (self._are_methods_as_they_were or self._compare())()

    def _compare(self) -> Callable[[], bool]:
        methods = ((kind, name, method) for (kind, name), method in self._methods.items())
        self._are_methods_as_they_were = compare = comparison((*methods, *_FUNCTIONS))
        return compare

    def _holds_what_notices(self) -> bool:
        token, routes_token = _watching.token, _token
        if (
            not _are_same(self._router.routes, self._top)
            or notices_routes(self._router) is self._looks_at_top
            or not all(
                notices_routes(router)
                and version == routes_version(router)
                and _are_same(router.routes, routes)
                for router, routes, version in self._noticing_routers
            )
        ):
            return False
        if self._routes_token is not routes_token:
            if any(way != _way_of(route) for route, way in self._noticing_routes) or any(
                was_passed != is_passed_as_ever(inclusion)
                for inclusion, was_passed in self._inclusions
            ):
                return False
            self._routes_token = routes_token
        self._routes = self._router.routes
        self._token = token
        return True

    def _holds_what_is_plain(self) -> bool:
        return (
            sum(map(len, self._plain_inclusions)) == self._sizes
            and self._plain_routers.hold()
            and self._plain_routes.hold()
        )


class _PlainRouters:
    """What FastAPI looks at, of included routers, to tell whether they have changed."""

    def __init__(self) -> None:
        self._attributes: list[dict[str, Any]] = []
        self._routes: list[list[BaseRoute]] = []
        # FastAPI only ever adds to a version, and compares sums itself.
        self._versions = 0
        self._sizes = 0

    def add(self, router: APIRouter) -> bool:
        attributes = vars(router)
        if not attributes.keys() >= {"_routes_version", "routes"}:
            return False
        self._versions += attributes["_routes_version"]
        self._sizes += len(attributes)
        self._routes.append(list(attributes["routes"]))
        self._attributes.append(attributes)
        return True

    def hold(self) -> bool:
        # A route that equals another may take its place: FastAPI doesn't see that, either.
        return not self._attributes or (
            sum(map(_version, self._attributes)) == self._versions
            and list(map(_routes, self._attributes)) == self._routes
            # A method of its own is one attribute more.
            and sum(map(len, self._attributes)) == self._sizes
        )


class _PlainRoutes:
    """How routes match that can be changed without notice."""

    def __init__(self) -> None:
        self._attributes: list[dict[str, Any]] = []
        self._regexes: list[Any] = []
        self._sizes = 0

    def add(self, route: BaseRoute) -> bool:
        attributes: dict[str, Any] = getattr(route, "__dict__", {})
        if "path_regex" not in attributes:
            return False
        self._sizes += len(attributes)
        self._regexes.append(attributes["path_regex"])
        self._attributes.append(attributes)
        return True

    def hold(self) -> bool:
        return not self._attributes or (
            list(map(_path_regex, self._attributes)) == self._regexes
            and sum(map(len, self._attributes)) == self._sizes
        )


_FUNCTIONS: Final = (
    (routing, "get_route_path", get_route_path),
    (routing, getattr(get_context, "__name__", ""), get_context),
    (starlette.routing, "get_route_path", get_route_path),
)
"""What FastAPI and Starlette call besides."""

_version: Final = itemgetter("_routes_version")
_routes: Final = itemgetter("routes")
_path_regex: Final = itemgetter("path_regex")
_matches: Final = attrgetter("matches")


def _inclusions(routes: list[BaseRoute]) -> Iterator[IncludedRouter]:
    for route in list(routes):
        if isinstance(route, IncludedRouter):
            yield route


def _way_of(route: Any) -> tuple[Any, Any]:
    return route.path_regex, getattr(route.matches, "__func__", None)


def _are_same(routes: list[BaseRoute], known: list[BaseRoute]) -> bool:
    return len(routes) == len(known) and all(map(is_, routes, known))
