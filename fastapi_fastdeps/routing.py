"""Routers whose sync callables run where a classifier says."""

from functools import wraps
from typing import TYPE_CHECKING, Any

from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute
from starlette.routing import BaseRoute

from fastapi_fastdeps._building.constructors import TypedAPIRouter, pass_on, signature_with
from fastapi_fastdeps._building.inclusions import ClassifiedInclusion, FrontendGroup
from fastapi_fastdeps._building.routes import (
    FastDepsRoute,
    FastDepsWebSocketRoute,
    building,
    carrying,
    fastdeps_route_class,
)
from fastapi_fastdeps._fastapi.names import (
    FrontendRouteGroup,
    IncludedRouter,
    classification,
    includes_by_copy,
    route_classes,
    websockets,
)
from fastapi_fastdeps.classifiers import Classifier, Remembering, default_classifier


class FastDepsRouter(TypedAPIRouter):
    """`APIRouter` whose sync callables run where its classifier says.

    Its classifier holds for its own routes and for those of the routers that it includes,
    unless they have one. `None` leaves the decision to the router or app that includes it.
    """

    _frontend_group: FrontendRouteGroup | None = None

    def classify_by(self, classifier: Classifier | None) -> None:
        """Set the classifier, for the routes that are added from now on."""
        self.classifier: Classifier | None = classifier
        self.own_classifier: Remembering | None = None
        if classifier is not None:
            self.own_classifier = Remembering(classifier)
        self._carriers: dict[type[FastDepsRoute], type[FastDepsRoute]] = {}

    if not TYPE_CHECKING:

        def __init__(
            self,
            *,
            classifier: Classifier | None = None,
            route_class: type[APIRoute] = FastDepsRoute,
            **options: Any,
        ) -> None:
            self.classify_by(classifier)
            pass_on(super().__init__, {"route_class": route_class, **options})

        __init__.__signature__ = signature_with(__init__, APIRouter.__init__)

        @wraps(APIRouter.add_api_route)
        def add_api_route(self, *args, **options) -> None:
            if route_classes:
                route_class = options.get("route_class_override") or self.route_class
                options["route_class_override"] = self._route_class(route_class)
            with building(self._classifier):
                super().add_api_route(*args, **options)

        @wraps(APIRouter.add_api_websocket_route)
        def add_api_websocket_route(self, *args, **options) -> None:
            count = len(self.routes)
            super().add_api_websocket_route(*args, **options)
            self._adopt_from(count)

        @wraps(APIRouter.include_router)
        def include_router(self, router, **options) -> None:
            count = len(self.routes)
            super().include_router(router, **options)
            self._adopt_from(count)
            if includes_by_copy and websockets:
                self._adopt_copies(self.routes[count:], router.routes)

    @property
    def _frontend_routes(self) -> FrontendRouteGroup | None:
        return self._frontend_group

    # FastAPI has an attribute here, and reads and writes it like this property.
    @_frontend_routes.setter
    def _frontend_routes(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, group: FrontendRouteGroup | None
    ) -> None:
        # FastAPI makes the group itself, and warns of the caller of `frontend`.
        if isinstance(group, FrontendRouteGroup) and not isinstance(group, FrontendGroup):
            group = FrontendGroup.adopt(group, self._classifier)
        self._frontend_group = group

    @property
    def _classifier(self) -> Classifier:
        return self.own_classifier or default_classifier

    def _route_class(self, route_class: Any) -> type[FastDepsRoute]:
        derived = fastdeps_route_class(route_class)
        is_of_app = self.dependency_overrides_provider is not None
        if (
            includes_by_copy
            and not is_of_app
            and self.own_classifier
            and not derived.own_classifier
        ):
            if derived not in self._carriers:
                self._carriers[derived] = carrying(derived, self.own_classifier)
            return self._carriers[derived]
        return derived

    def _adopt_from(self, count: int) -> None:
        """Classify the routes behind the first `count`, or take them back."""
        try:
            self.routes[count:] = [
                route if isinstance(route, _CLASSIFIED) else self._adopted(route)
                for route in self.routes[count:]
            ]
        except Exception:
            del self.routes[count:]
            raise

    def _adopt_copies(self, copies: list[BaseRoute], originals: list[BaseRoute]) -> None:
        """Let copied WebSocket routes keep the classifier of the router they come from."""
        for copied, original in zip(
            (route for route in copies if isinstance(route, FastDepsWebSocketRoute)),
            (route for route in originals if isinstance(route, APIWebSocketRoute)),
            strict=False,
        ):
            own = getattr(original, "own_classifier", None)
            if own is not None:
                copied.classify_by(own, self.dependency_overrides_provider)

    def _adopted(self, route: BaseRoute) -> BaseRoute:
        """The classified twin of a route that FastAPI, or the user, constructed."""
        if not classification:
            return route
        provider = self.dependency_overrides_provider
        if isinstance(route, APIWebSocketRoute) and websockets:
            adopted = FastDepsWebSocketRoute.adopt(route, self._classifier, provider)
            adopted.own_classifier = self.own_classifier
            return adopted
        if isinstance(route, APIRoute):
            return FastDepsRoute.adopt(route, self._classifier)
        if isinstance(route, IncludedRouter):
            inclusion = ClassifiedInclusion(
                original_router=route.original_router,
                include_context=route.include_context,
                inherited_classifier=self._classifier,
            )
            if provider is not None:
                inclusion.check()
            return inclusion
        return route

    def prepare(self) -> None:
        """Build what FastAPI leaves to the first request, and raise what is wrong there.

        Routes that were constructed by hand, and put into `routes`, are classified here.
        """
        for index, route in enumerate(self.routes):
            if not isinstance(route, _CLASSIFIED):
                self.routes[index] = route = self._adopted(route)
            if isinstance(route, ClassifiedInclusion):
                route.prepare()


_CLASSIFIED = (FastDepsRoute, FastDepsWebSocketRoute, ClassifiedInclusion)
