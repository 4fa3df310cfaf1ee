"""The routes of a router and of all that it includes, as one list in FastAPI's order."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.convertors import PathConvertor, StringConvertor
from starlette.routing import BaseRoute, Host, Mount, Route, WebSocketRoute

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._fastapi.names import EffectiveRouteContext, IncludedRouter
from fastapi_fastdeps._fastapi.routers import fastapis, has_built_candidates, is_passed_as_ever
from fastapi_fastdeps._matching.patterns import Pattern, pattern_of
from fastapi_fastdeps._matching.snapshots import RoutesSnapshot

_BY_PATH: Final = frozenset(
    fastapis(kind, "matches")
    for kind in (Route, WebSocketRoute, Mount, APIRoute, APIWebSocketRoute)
) - {None}
"""How routes match that match no path which their `path_regex` doesn't match."""

_FASTAPIS: Final = _BY_PATH | {fastapis(Host, "matches")} - {None}
"""How routes match that run no code of the user's meanwhile."""

_ROUTE: Final = fastapis(APIRoute, "matches")
_ROUTE_OF_STARLETTE: Final = fastapis(Route, "matches")
_HANDLE: Final = fastapis(APIRoute, "handle")
_HANDLE_OF_STARLETTE: Final = fastapis(Route, "handle")
_CONTEXT: Final = fastapis(EffectiveRouteContext, "matches")

_UNABLE_TO_FAIL: Final = (StringConvertor, PathConvertor)


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A route at one of its places.

    Attributes:
        route: whose `matches` decides: a route, what FastAPI knows of it where it is
            included, or an inclusion that FastAPI has to look into itself.
        pattern: what the paths look like that it can match, `None` if that is not known.
        chain: the inclusions that lead to it, the outermost first.
        context: what FastAPI knows of the route where it is included.
        follows_inclusion: whether FastAPI asks an inclusion before it comes here, or here,
            and so makes a note in the scope.
        is_unbuilt: whether it is an inclusion that FastAPI has yet to build.
        is_by_method: whether it can't match in full unless `methods` has the method, and
            nothing else could come of asking it.
        is_handled_as_ever: whether its class has FastAPI's and Starlette's way to handle a
            request, and none in between.
        named: the one path that it matches, as long as it has its `regex`.
        kind: the class of the route itself, if it is matched and handled without anything being
            asked that is not FastAPI's, as far as its class has a say in that.
        kind_of_context: likewise, the class of its `context`.
        regex: its `path_regex`.
        unnoticed: the route that is included, if it could get a `matches` of its own
            without notice.
    """

    route: Any
    pattern: Pattern | None = None
    chain: tuple[IncludedRouter, ...] = ()
    context: EffectiveRouteContext | None = None
    follows_inclusion: bool = False
    is_unbuilt: bool = False
    is_by_method: bool = False
    is_handled_as_ever: bool = False
    named: str | None = None
    kind: Any = None
    kind_of_context: Any = None
    regex: Any = None
    unnoticed: APIRoute | None = None

    @property
    def is_as_ever(self) -> bool:
        """Whether a route that is included still matches as it did."""
        return self.unnoticed is None or _matches(self.unnoticed) is _ROUTE

    @property
    def top(self) -> BaseRoute:
        """What it is, or is in, among the routes of the router that the request came to."""
        top: BaseRoute = self.chain[0] if self.chain else self.route
        return top


class Leaves:
    """The leaves of some routes. All that can change is noted in a snapshot before it is read.

    Attributes:
        all: the leaves, in FastAPI's order.
        have_inclusions: whether an inclusion is among the routes into which FastAPI does not
            have to look itself.
    """

    def __init__(self, routes: Iterable[BaseRoute], snapshot: RoutesSnapshot) -> None:
        self._snapshot = snapshot
        self.all: list[Leaf] = []
        self.have_inclusions = False
        for route in routes:
            if isinstance(route, IncludedRouter):
                within = self._within(route, ())
                if within is None:
                    self.all.append(Leaf(route, follows_inclusion=self.have_inclusions))
                else:
                    self.all += within
                    self.have_inclusions = True
            else:
                self.all.append(self._of_own(route))

    def _of_own(self, route: BaseRoute) -> Leaf:
        if _matches(route) not in _BY_PATH or not self._snapshot.add_route(route):
            return Leaf(route, follows_inclusion=self.have_inclusions)
        return self._known(route, follows_inclusion=self.have_inclusions)

    def _within(
        self, inclusion: IncludedRouter, above: tuple[IncludedRouter, ...]
    ) -> list[Leaf] | None:
        """The leaves of an inclusion, `None` if FastAPI has to look into it by itself."""
        router = inclusion.original_router
        if not is_passed_as_ever(inclusion) or not self._snapshot.add_included(inclusion):
            return None
        if not has_built_candidates(inclusion):
            if _asks_the_user(router, set()):
                return None
            return [Leaf(inclusion, None, above, follows_inclusion=True, is_unbuilt=True)]
        chain = (*above, inclusion)
        leaves: list[Leaf] = []
        for candidate in inclusion.effective_candidates():
            if isinstance(candidate, IncludedRouter):
                within = self._within(candidate, chain)
                if within is None:
                    return None
                leaves += within
            else:
                leaf = self._of_included(candidate, chain)
                if leaf is None:
                    return None
                leaves.append(leaf)
        return leaves

    def _of_included(
        self, context: EffectiveRouteContext, chain: tuple[IncludedRouter, ...]
    ) -> Leaf | None:
        original = context.original_route
        if isinstance(original, APIRoute):
            if _matches(original) is not _ROUTE or _matches(context) is not _CONTEXT:
                return None
            self._snapshot.add_class(type(context))
            unnoticed = None if self._snapshot.add_noticing(original) else original
            return self._known(context, chain, context, follows_inclusion=True, unnoticed=unnoticed)
        route = context.starlette_route
        matches = _matches(route)
        if route is None or matches not in _FASTAPIS:
            return None
        self._snapshot.add_class(type(route))
        if matches not in _BY_PATH:
            return Leaf(route, None, chain, context, follows_inclusion=True)
        return self._known(route, chain, context, follows_inclusion=True)

    def _known(
        self,
        route: Any,
        chain: tuple[IncludedRouter, ...] = (),
        context: EffectiveRouteContext | None = None,
        *,
        follows_inclusion: bool,
        unnoticed: APIRoute | None = None,
    ) -> Leaf:
        pattern = pattern_of(route.path_regex)
        is_by_method = (
            pattern is not None
            and hasattr(route, "methods")
            and all(type(each) in _UNABLE_TO_FAIL for each in route.param_convertors.values())
        )
        is_handled_as_ever = _having("handle", route) == [APIRoute, Route]
        original = route if context is None else context.original_route
        is_direct = is_by_method and _is_fastapis(original) and _is_fastapis_context(context)
        return Leaf(
            route,
            pattern,
            chain,
            context,
            follows_inclusion,
            is_by_method=is_by_method,
            is_handled_as_ever=is_handled_as_ever,
            named=pattern.path if pattern is not None else None,
            kind=kind_of(original) if is_direct else None,
            kind_of_context=kind_of(context) if is_direct else None,
            regex=route.path_regex,
            unnoticed=unnoticed,
        )


def _is_fastapis(route: object) -> bool:
    """Whether the classes of a route leave it to FastAPI's own how it matches and handles."""
    return (
        _having("matches", route) == _having("handle", route) == [APIRoute, Route]
        and _having("__getattribute__", route) == [object]
        and APIRoute.handle is _HANDLE
        and Route.handle is _HANDLE_OF_STARLETTE
        and APIRoute.matches is _ROUTE
        and Route.matches is _ROUTE_OF_STARLETTE
    )


def _is_fastapis_context(context: EffectiveRouteContext | None) -> bool:
    """Likewise, of what FastAPI knows of a route where it is included."""
    return context is None or (
        _having("matches", context) == [EffectiveRouteContext]
        and _having("__getattribute__", context) == [object]
        and EffectiveRouteContext.matches is _CONTEXT
    )


def _having(name: str, route: object) -> list[type]:
    """The classes of a route that have a method of this name."""
    return [each for each in type(route).__mro__ if name in vars(each) and each is not BaseRoute]


def _matches(route: Any) -> Any:
    """The function that a route matches by."""
    return getattr(getattr(route, "matches", None), "__func__", None)


def _asks_the_user(router: APIRouter, seen: set[int]) -> bool:
    """Whether the user's code would run when FastAPI looks for a match in a router."""
    if id(router) in seen:
        return False
    seen.add(id(router))
    for route in router.routes:
        if isinstance(route, IncludedRouter):
            if not is_passed_as_ever(route) or _asks_the_user(route.original_router, seen):
                return True
        elif isinstance(route, APIRoute | Mount) and _matches(route) not in _FASTAPIS:
            return True
    return False
