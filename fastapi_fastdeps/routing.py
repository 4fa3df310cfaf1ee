"""Routers whose sync callables run where a classifier says."""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps import _watching
from fastapi_fastdeps._building.constructors import (
    TypedAPIRouter,
    pass_on,
    signature_with,
    standing_in,
)
from fastapi_fastdeps._building.frontends import FrontendGroup
from fastapi_fastdeps._building.handling import Handling
from fastapi_fastdeps._building.handmade import HandMade, is_hand_made
from fastapi_fastdeps._building.inclusions import ClassifiedInclusion, take_websocket_route
from fastapi_fastdeps._building.plain import PlainRoute, is_plain
from fastapi_fastdeps._building.routes import (
    SHARED,
    UNCLAIMED,
    Classifying,
    FastDepsRoute,
    FastDepsWebSocketRoute,
    RouteFactory,
    derived_route_class,
)
from fastapi_fastdeps._deciding.live import Deciding, LiveGraph
from fastapi_fastdeps._deciding.misplaced import check_entries
from fastapi_fastdeps._fastapi.fields import Fields
from fastapi_fastdeps._fastapi.names import (
    FrontendRouteGroup,
    IncludedRouter,
    classification,
    inclusions,
    matching,
    route_classes,
    websockets,
    wrap_app_with_body_limit,
)
from fastapi_fastdeps._fastapi.routers import includes_by_copy, max_body_size
from fastapi_fastdeps._matching.dispatch import dispatch, index_of, low_priority_candidates
from fastapi_fastdeps._matching.index import Indexed
from fastapi_fastdeps._matching.reversing import is_reversed_as_ever, url_path_for
from fastapi_fastdeps._matching.snapshots import NoticesMatching
from fastapi_fastdeps._threads import Threads, threads_of
from fastapi_fastdeps.classifiers import Classifier, default_classifier

Handle = Callable[[Scope, Receive, Send], Any]


class FastDepsRouter(Classifying, NoticesMatching, TypedAPIRouter):
    """`APIRouter` whose sync callables run where its classifier says.

    Its classifier holds for its own routes and for those of the routers that it includes,
    unless they have one. `None` leaves the decision to the router or app that includes it.
    `classifier` may be assigned to at any time; it holds for the next request. It takes every
    argument of `APIRouter`, works in a plain `FastAPI`, and raises as `FastDepsAPI` does.

    ```python
    from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, everything, explain

    router = FastDepsRouter(prefix="/pages", classifier=everything)


    @router.get("/{number}")
    def read_page(number: int) -> int:
        return number


    app = FastDepsAPI()
    app.include_router(router)
    print(explain(app))
    ```

    ```text
    GET /pages/{number}  [fast lane, no hops]
      read_page  endpoint  inline  everything
    ```
    """

    indexed: Indexed | None = None
    _routes: list[BaseRoute]
    _frontend_group: FrontendRouteGroup | None = None

    @property
    def routes(self) -> list[BaseRoute]:
        return self._routes

    # FastAPI has an attribute here, and reads and writes it like this property.
    @routes.setter
    def routes(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, routes: list[BaseRoute]
    ) -> None:
        self._routes = routes
        _watching.changed()

    def watch_routes(self) -> None:
        """Notice what becomes of the routes, from now on, and find them by an index."""
        if "routes" in vars(self):
            self._routes = _watching.WatchedList(vars(self).pop("routes"))
        if matching:
            stack: Any = wrap_app_with_body_limit(self.app, max_body_size(self))
            self.middleware_stack = stack

    if matching and not TYPE_CHECKING:
        app = wraps(APIRouter.app)(dispatch)

        def _iter_low_priority_routes(self):
            index = index_of(self)
            if index is None:
                return super()._iter_low_priority_routes()
            return low_priority_candidates(self, index)

    if not TYPE_CHECKING:

        @wraps(APIRouter.url_path_for)
        def url_path_for(self, name, /, **path_params):
            if is_reversed_as_ever(APIRouter):
                return url_path_for(self, name, path_params)
            return super().url_path_for(name, **path_params)

        def __init__(
            self,
            *,
            classifier: Classifier | None = None,
            route_class: type[APIRoute] = FastDepsRoute,
            **options: Any,
        ) -> None:
            check_entries(options.get("dependencies"), "a router")
            self.decide_by(classifier)
            pass_on(super().__init__, {"route_class": route_class, **options})
            if "_routes" in vars(self):
                self._routes = _watching.WatchedList(self._routes)

        __init__.__signature__ = signature_with(__init__, APIRouter.__init__)

        @standing_in(APIRouter, "add_api_route")
        def add_api_route(self, *args, **options) -> None:
            check_entries(options.get("dependencies"), f"the route {_path(args, options)}")
            factory = None
            if route_classes:
                route_class = options.get("route_class_override") or self.route_class
                if not inclusions:
                    route_class = self._derived(route_class)
                deciding = next(self._deciding_about_copies, self)
                factory = RouteFactory(route_class, deciding)
                options["route_class_override"] = factory
            super().add_api_route(*args, **options)
            if factory is not None and factory.constructed is not None:
                self._remember(*factory.constructed)

        @standing_in(APIRouter, "add_api_websocket_route")
        def add_api_websocket_route(self, *args, **options) -> None:
            check_entries(options.get("dependencies"), f"the route {_path(args, options)}")
            count = len(self.routes)
            super().add_api_websocket_route(*args, **options)
            deciding = next(self._deciding_about_sockets, self)
            self._take_from(count, deciding)

        @standing_in(APIRouter, "include_router")
        def include_router(self, router, **options) -> None:
            check_entries(options.get("dependencies"), "an included router")
            count = len(self.routes)
            if includes_by_copy:
                # FastAPI adds the routes one by one, in their order.
                self._deciding_about_copies = self._deciding_in(router, APIRoute)
                self._deciding_about_sockets = self._deciding_in(router, APIWebSocketRoute)
            try:
                super().include_router(router, **options)
            finally:
                self._deciding_about_copies = self._deciding_about_sockets = iter(())
            self._take_from(count, self)

    def decide_by(self, classifier: Classifier | None) -> None:
        """Begin as a router with this classifier, which FastAPI has made or is about to."""
        if classifier is not None:
            self.classifier = classifier
        self._deciding_about_copies: Iterator[Deciding] = iter(())
        self._deciding_about_sockets: Iterator[Deciding] = iter(())
        self.known_fields: Fields = {}
        self._constructed: dict[int, tuple[APIRoute, LiveGraph, Handling | None]] = {}
        self._hand_made: dict[int, HandMade] = {}
        self._plain: dict[int, PlainRoute] = {}
        self._derived_classes: dict[type[APIRoute], type[APIRoute]] = {}

    @property
    def classifier_in_force(self) -> Classifier:
        return default_classifier if self.classifier is None else self.classifier

    @property
    def _frontend_routes(self) -> FrontendRouteGroup | None:
        return self._frontend_group

    # FastAPI has an attribute here, and reads and writes it like this property.
    @_frontend_routes.setter
    def _frontend_routes(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, group: FrontendRouteGroup | None
    ) -> None:
        # FastAPI makes the group itself, and warns of the caller of `frontend`.
        if type(group) is FrontendRouteGroup:
            group = FrontendGroup.take(group, self)
        self._frontend_group = group

    def _derived(self, route_class: Any) -> Any:
        """For releases in which a class can't be told otherwise what to do."""
        if route_class not in self._derived_classes:
            self._derived_classes[route_class] = derived_route_class(route_class)
        return self._derived_classes[route_class]

    def _deciding_in(self, router: APIRouter, kind: type[BaseRoute]) -> Iterator[Deciding]:
        """Who decides about each route of a router that FastAPI is about to copy."""
        own = router if isinstance(router, FastDepsRouter) else None
        for route in list(router.routes):
            if isinstance(route, kind):
                deciding = getattr(route, "deciding", UNCLAIMED)
                if isinstance(deciding, FastDepsRouter) and deciding.classifier is not None:
                    yield deciding
                else:
                    yield self if own is None or own.classifier is None else own

    def _take_from(self, count: int, deciding: Deciding) -> None:
        """Decide about what FastAPI has added behind the first `count`, or take it back."""
        if not classification:
            return
        try:
            for route in self.routes[count:]:
                if websockets and type(route) is APIWebSocketRoute:
                    provider = self.dependency_overrides_provider
                    take_websocket_route(route, deciding, provider)
                elif type(route) is IncludedRouter:
                    inclusion = ClassifiedInclusion.take(route, self)
                    if self.dependency_overrides_provider is not None:
                        inclusion.check()
        except Exception:
            del self.routes[count:]
            raise

    def __getstate__(self) -> dict[str, Any]:
        # An id() is good in one process.
        constructed, hand_made = [*self._constructed.values()], [*self._hand_made.values()]
        return vars(self) | {
            "_constructed": constructed,
            "_hand_made": hand_made,
            "_plain": dict[int, PlainRoute](),
            "known_fields": dict[Any, Any](),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._constructed = {id(each[0]): each for each in state["_constructed"]}
        self._hand_made = {id(each.route): each for each in state["_hand_made"]}

    def _remember(self, route: APIRoute, live: LiveGraph, handling: Handling | None) -> None:
        """Know how a route of the user's class is handled, without a word on the route."""
        if len(self._constructed) > 2 * len(self.routes):
            self.forget_removed()
        self._constructed[id(route)] = route, live, handling

    def forget_removed(self) -> None:
        """Keep nothing of a route that is no longer among the routes."""
        current = set(map(id, self.routes))
        self._constructed = {key: each for key, each in self._constructed.items() if key in current}
        self._hand_made = {key: each for key, each in self._hand_made.items() if key in current}
        self._plain = {key: each for key, each in self._plain.items() if key in current}

    def prepare(self) -> None:
        """Raise what is wrong in the routes that the app starts with. Nothing is built that
        FastAPI leaves to the first request."""
        for route in self.routes:
            self.handle_of(route)
            if isinstance(route, ClassifiedInclusion):
                route.check()

    def constructed(self, route: APIRoute) -> tuple[LiveGraph, Handling | None] | None:
        """How a route of the user's class is handled that this router has constructed."""
        known = self._constructed.get(id(route))
        return known[1:] if known is not None and known[0] is route else None

    def hand_made(self, route: BaseRoute) -> HandMade | None:
        """How a route is served that the user constructed, `None` for every other."""
        if isinstance(route, APIRoute) and self.constructed(route) is not None:
            return None
        found = self._hand_made.get(id(route))
        if found is None or found.route is not route:
            if not classification or not isinstance(route, APIRoute | APIWebSocketRoute):
                return None
            if isinstance(route, FastDepsRoute | FastDepsWebSocketRoute):
                self._claim(route)
                return None
            if not matching or not is_hand_made(route):
                return None
            found = self._hand_made[id(route)] = HandMade(route, self)
        return found

    def _claim(self, route: FastDepsRoute | FastDepsWebSocketRoute) -> None:
        """Decide about a route that was constructed by hand, unless another router does: what
        two of them have is decided by its markers alone, so that neither decides for both."""
        if route.deciding is UNCLAIMED:
            route.deciding, route.is_claimed = self, True
        elif route.is_claimed and route.deciding not in (self, SHARED):
            route.deciding = SHARED
        else:
            return
        _watching.changed()

    def _plain_route(self, route: Any) -> PlainRoute:
        found = self._plain.get(id(route))
        if found is None or found.route is not route:
            found = self._plain[id(route)] = PlainRoute(route, self, self._threads)
        return found

    def _threads(self) -> Threads:
        return threads_of(self.dependency_overrides_provider)

    def handle_of(self, route: BaseRoute) -> Handle:
        """What handles a request that this route has matched."""
        if getattr(route, "deciding", None) is self:
            return route.handle
        if is_plain(route):
            return self._plain_route(route).handle
        found = self.hand_made(route)
        return route.handle if found is None else found.handle


def _path(args: tuple[Any, ...], options: Mapping[str, Any]) -> str:
    return repr(args[0] if args else options.get("path"))
