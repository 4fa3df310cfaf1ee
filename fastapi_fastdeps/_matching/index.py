"""The route index of one router."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from fastapi import APIRouter
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps._fastapi.names import (
    FASTAPI_SCOPE_KEY,
    EffectiveRouteContext,
    IncludedRouter,
    get_fastapi_scope,
    get_route_path,
)
from fastapi_fastdeps._matching.leaves import Leaf, Leaves
from fastapi_fastdeps._matching.snapshots import RoutesSnapshot, is_matching_fastapis
from fastapi_fastdeps._matching.table import Table
from fastapi_fastdeps._sending import nothing

Handle = Callable[[Scope, Receive, Send], Coroutine[Any, Any, None]]


class OutdatedError(Exception):
    """The routes are no longer those that an index knows."""


class RouteIndex:
    """Finds the route of a request among those of a router and of all that it includes.

    It is of use as long as it `holds`, and to any thread. What can match a path comes from a
    table; whether it does is for its own `matches` to say, in FastAPI's order.

    A route that is included from a plain router can get a `matches` of its own, and nobody
    notices. That is looked at where the path could be its own: `OutdatedError` is raised.
    So such a route can be switched off at any time, but not made to match other paths.

    Attributes:
        is_outgrown: whether FastAPI has built inclusions that are not in the table.
        is_outdated: whether a route was found to match in another way than it did.
        snapshot: of the routes that it knows.
        table: which of them can match a path.
    """

    def __init__(self, router: APIRouter) -> None:
        self.router: Final = router
        self.is_outgrown: bool = False
        self.is_outdated: bool = False
        self.snapshot: Final = RoutesSnapshot(router)
        leaves = Leaves(list(router.routes), self.snapshot)
        self._have_inclusions: Final = leaves.have_inclusions
        self.table: Final = Table(leaves.all)
        self._low_priority: list[EffectiveRouteContext] | None = None

    def holds(self) -> bool:
        """Whether the routes are still those that it knows."""
        return not self.is_outdated and self.snapshot.holds()

    def select(self, scope: Scope, candidates: tuple[Leaf, ...]) -> tuple[Leaf, Scope] | None:
        """The first leaf that matches in full, or else the first that matches in part."""
        method = scope["method"] if scope["type"] == "http" else None
        in_part: list[tuple[Leaf, Scope | None]] = []
        for leaf in self._still_matching(candidates):
            if leaf.follows_inclusion:
                get_fastapi_scope(scope)
            if leaf.is_by_method and method is not None:
                methods = leaf.route.methods
                if methods and method not in methods:
                    in_part.append((leaf, None))
                    continue
            match, child_scope = self._ask(leaf, scope)
            if match == Match.FULL:
                return leaf, child_scope
            if match == Match.PARTIAL:
                in_part.append((leaf, child_scope))
        if self._have_inclusions:
            get_fastapi_scope(scope)
        for leaf, known_scope in in_part:
            if known_scope is not None:
                return leaf, known_scope
            match, child_scope = self._ask(leaf, scope)
            if match != Match.NONE:
                return leaf, child_scope
        return None

    def direct(
        self, scope: Scope, path: str, candidates: tuple[Leaf, ...]
    ) -> tuple[Leaf, Scope] | None:
        """The first leaf, if it matches in full, and nothing but FastAPI's own code would be
        asked about that or handle the request; and what that adds to the scope."""
        if not candidates or scope["type"] != "http":
            return None
        leaf = candidates[0]
        route, context = leaf.route, leaf.context
        if context is None:
            original: Any = route
            if FASTAPI_SCOPE_KEY in scope:
                return None
        else:
            original = context.original_route
            if type(context) is not leaf.kind_of_context or "matches" in vars(context):
                return None
        if type(original) is not leaf.kind:
            return None
        attributes = vars(original)  # pyright: ignore[reportUnknownVariableType]  # of an Any
        if (
            scope["method"] not in (route.methods or _NOTHING)
            or "matches" in attributes
            or "handle" in attributes
        ):
            return None
        path_params = dict(scope.get("path_params", _NOTHING))
        regex = route.path_regex
        if leaf.named != path or regex is not leaf.regex:
            match = regex.match(path)
            if match is None:
                return None
            found = match.groupdict()
            convertors = route.param_convertors
            for name, text in found.items():
                found[name] = convertors[name].convert(text)
            path_params.update(found)
        if leaf.follows_inclusion:
            get_fastapi_scope(scope)
        return leaf, {"endpoint": route.endpoint, "path_params": path_params, "route": original}

    def select_any(self, scope: Scope) -> Leaf | None:
        """The first leaf that matches, in full or in part.

        Of an included router FastAPI asks all routes until one matches in full.
        """
        in_part: Leaf | None = None
        candidates = self.table.candidates(get_route_path(scope))
        for leaf in self._still_matching(candidates):
            if in_part is not None and leaf.top is not in_part.top:
                break
            match, _ = self._ask(leaf, scope)
            if match == Match.FULL or (match == Match.PARTIAL and not leaf.chain):
                return leaf
            if match == Match.PARTIAL and in_part is None:
                in_part = leaf
        return in_part

    def low_priority(self) -> list[EffectiveRouteContext]:
        """What included routers have for when nothing else matches."""
        if self._low_priority is None:
            self._low_priority = [
                context
                for route in list(self.router.routes)
                if isinstance(route, IncludedRouter)
                for context in route.effective_low_priority_routes()
            ]
        return self._low_priority

    def _still_matching(self, leaves: tuple[Leaf, ...]) -> tuple[Leaf, ...]:
        for leaf in leaves:
            if leaf.unnoticed is not None and not leaf.is_as_ever:
                self.is_outdated = True
                raise OutdatedError
        return leaves

    def _ask(self, leaf: Leaf, scope: Scope) -> tuple[Match, Scope]:
        match: Match
        match, child_scope = leaf.route.matches(scope)
        if leaf.is_unbuilt:
            # FastAPI has built it to tell.
            self.is_outgrown = True
        return match, child_scope


_NOTHING: Final[dict[str, Any]] = {}


class Dispatching(APIRouter):
    """A router that finds the routes of requests by an index."""

    indexed: "Indexed | None" = None

    def handle_of(self, route: BaseRoute) -> Handle:
        """What handles a request that one of its own routes has matched."""
        return route.handle

    def forget_removed(self) -> None:
        """Keep nothing of a route that is no longer among its routes."""


class Indexed:
    """What a router keeps of its routes: nothing, a snapshot that a request made, or an index
    once another one has found them unchanged.

    So an index is not made of routes that change with each request, or for one request.
    """

    def __init__(self, router: "Dispatching") -> None:
        self.router: Final = router
        self._known: RoutesSnapshot | RouteIndex | None = None
        self._index: RouteIndex | None = None

    def __reduce__(self) -> Any:
        # A copy of a router has routes of its own.
        return nothing, ()

    def index(self) -> RouteIndex | None:
        """The index, if there is one of the routes as they are."""
        index = self._index
        if (
            index is not None
            and index.snapshot.holds()
            and not (index.is_outdated or index.is_outgrown)
        ):
            return index
        return self._renewed()

    def _renewed(self) -> RouteIndex | None:
        known = self._known
        if known is None or not known.holds():
            self.router.forget_removed()
            self._known, self._index = RoutesSnapshot(self.router), None
            return None
        if isinstance(known, RoutesSnapshot) or known.is_outgrown:
            if not is_matching_fastapis():
                return None
            self._known = self._index = known = RouteIndex(self.router)
        return known
