"""Routers and routes whose sync callables run where a classifier says."""

import copy
import types
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, cast

from fastapi import params
from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp

from fastapi_fastdeps._fastapi import (
    Dependant,
    EffectiveRouteContext,
    FrontendRouteGroup,
    IncludedRouter,
    classification,
    effective_route_context_var,
    embeds_body_fields,
    fast_lane,
    frontends,
    get_parameterless_sub_dependant,
    get_websocket_app,
    includes_by_copy,
    inclusions,
    low_priority_routes,
    max_body_size,
    request_response,
    route_classes,
    websocket_session,
    websockets,
    wrap_app_with_body_limit,
)
from fastapi_fastdeps.classifiers import Classifier, Remembering, default_classifier
from fastapi_fastdeps.constructors import TypedAPIRouter, signature_with
from fastapi_fastdeps.dependants import Graph, classify, classify_dependency
from fastapi_fastdeps.overrides import ClassifiedOverrides
from fastapi_fastdeps.plan.lanes import why_not_planned

if TYPE_CHECKING or fast_lane:
    from fastapi_fastdeps.plan.handler import PlannedHandler, planned_app
    from fastapi_fastdeps.plan.websocket import planned_websocket

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_classifier: ContextVar[Classifier | None] = ContextVar("fastdeps_classifier", default=None)
"""The classifier of the router that is building a route, for the route to find."""


@contextmanager
def _building(classifier: Classifier) -> Generator[None]:
    token = _classifier.set(classifier)
    try:
        yield
    finally:
        _classifier.reset(token)


def _overrides(provider: Any, graph: Graph) -> ClassifiedOverrides | None:
    path = graph.root.candidate.path
    return ClassifiedOverrides(provider, graph.classifier, path) if provider else None


class _ClassifiedState:
    """A route, or its inclusion, with the classified tree for FastAPI's own handler."""

    def __init__(self, route: APIRoute, state: Any, graph: Graph, provider: Any | None) -> None:
        self.original_route = route
        self.dependant = graph.dependant
        self.dependency_overrides_provider = _overrides(provider, graph)
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)


def _plan(
    route: APIRoute, state: Any, graph: Graph, provider: Any | None
) -> "tuple[Handler, PlannedHandler | None]":
    """The handler of a route at one inclusion, and its plan if it takes the fast lane."""
    is_included = state is not route
    state = copy.copy(state)

    def fastapis_handler() -> Handler:
        if not is_included:
            classified_route = copy.copy(state)
            classified_route.dependant = graph.dependant
            classified_route.dependency_overrides_provider = _overrides(provider, graph)
            return APIRoute.get_route_handler(classified_route)
        classified = _ClassifiedState(route, state, graph, provider)
        token = effective_route_context_var.set(classified)
        try:
            return APIRoute.get_route_handler(route)
        finally:
            effective_route_context_var.reset(token)

    if why_not_planned(graph, state.response_class):
        return fastapis_handler(), None
    form_limits = getattr(route, "form_limits", None)
    planned = PlannedHandler(state, graph, provider, fastapis_handler, form_limits)
    return planned.handle, planned


def _app(planned: "PlannedHandler", state: Any) -> ASGIApp:
    return wrap_app_with_body_limit(planned_app(planned), max_body_size(state))


class FastDepsRoute(APIRoute):
    """`APIRoute` whose handler calls inline what its router's classifier says.

    A route that is constructed by hand, not by a `FastDepsRouter`, is classified by
    `default_classifier`. Raises `FastDepsError` where a marker or a classifier is wrong.
    """

    classifier: Classifier = default_classifier
    own_classifier: ClassVar[Classifier | None] = None
    graph: Graph | None = None
    planned: "PlannedHandler | None" = None
    _is_constructed = False

    if not TYPE_CHECKING:

        def __init__(self, *args, **options) -> None:
            self.classifier = self.own_classifier or _classifier.get() or default_classifier
            super().__init__(*args, **options)
            self._is_constructed = True
            self._take_plan()

    @classmethod
    def adopt(cls, route: APIRoute, classifier: Classifier) -> "FastDepsRoute":
        """A classified copy of a route that was constructed by hand."""
        adopted: Any = copy.copy(route)
        route_class: Any = type(route)
        adopted.__class__ = fastdeps_route_class(route_class)
        adopted.classifier = classifier
        adopted.app = wrap_app_with_body_limit(
            request_response(adopted.get_route_handler()), max_body_size(adopted)
        )
        adopted._is_constructed = True
        adopted._take_plan()
        return cast("FastDepsRoute", adopted)

    def get_route_handler(self) -> Handler:
        context = effective_route_context_var.get()
        if not classification or (self._is_constructed and not _knows_inclusions):
            return super().get_route_handler()
        if context is None or context.original_route is not self:
            self.graph = classify(self.dependant, self.classifier)
            handler, self.planned = _plan(
                self, self, self.graph, self.dependency_overrides_provider
            )
        elif isinstance(context, ClassifiedRouteContext):
            handler, context.planned = _plan(self, context, context.graph, context.provider)
        else:
            # Included into an app that is not a FastDepsAPI.
            assert context.dependant is not None
            graph = classify(context.dependant, self.classifier)
            handler, _ = _plan(self, context, graph, context.dependency_overrides_provider)
        return handler

    def _take_plan(self) -> None:
        if self.planned is not None and not _has_own_handler(self):
            self.app: ASGIApp = _app(self.planned, self)


def _has_own_handler(route: APIRoute) -> bool:
    """Whether the user's class wraps the handler, so that FastAPI has to call it."""
    return type(route).get_route_handler not in (
        APIRoute.get_route_handler,
        FastDepsRoute.get_route_handler,
    )


@lru_cache(maxsize=256)
def fastdeps_route_class(route_class: type[APIRoute]) -> type[FastDepsRoute]:
    """The user's route class on top of `FastDepsRoute`, which it then calls as `super()`."""
    if issubclass(route_class, FastDepsRoute):
        return route_class
    if route_class is APIRoute:
        return FastDepsRoute
    names = {"__module__": route_class.__module__, "__qualname__": route_class.__qualname__}
    bases = (route_class, FastDepsRoute)
    return types.new_class(route_class.__name__, bases, exec_body=lambda body: body.update(names))


def _carrying(route_class: type[FastDepsRoute], classifier: Remembering) -> type[FastDepsRoute]:
    """The route class with the classifier of its router, for the copies of its routes."""
    namespace = {
        "__module__": route_class.__module__,
        "__qualname__": route_class.__qualname__,
        "own_classifier": classifier,
    }
    return type(route_class.__name__, (route_class,), namespace)


class FastDepsWebSocketRoute(APIWebSocketRoute):
    """`APIWebSocketRoute` whose dependencies run where its router's classifier says.

    The endpoint itself is always awaited on the event loop, as in FastAPI.
    """

    graph: Graph | None = None
    why_not_planned: str | None = None
    own_classifier: Classifier | None = None

    if not TYPE_CHECKING:

        def __init__(
            self, path, endpoint, *, dependency_overrides_provider=None, **options
        ) -> None:
            super().__init__(
                path,
                endpoint,
                dependency_overrides_provider=dependency_overrides_provider,
                **options,
            )
            if websockets:
                classifier = _classifier.get() or default_classifier
                self.classify_by(classifier, dependency_overrides_provider)

    @classmethod
    def adopt(
        cls, route: APIWebSocketRoute, classifier: Classifier, provider: Any | None
    ) -> "FastDepsWebSocketRoute":
        """A classified copy of a route that FastAPI built."""
        adopted = copy.copy(route)
        adopted.__class__ = cls
        assert isinstance(adopted, FastDepsWebSocketRoute)
        adopted.classify_by(classifier, provider)
        return adopted

    def classify_by(self, classifier: Classifier, provider: Any | None) -> None:
        """Let this classifier decide where the dependencies run."""
        self.graph = classify(self.dependant, classifier, endpoint=False)
        embed = embeds_body_fields(self)
        handler = get_websocket_app(
            dependant=self.graph.dependant,
            dependency_overrides_provider=_overrides(provider, self.graph),
            embed_body_fields=embed,
        )
        self.why_not_planned = why_not_planned(self.graph)
        if self.why_not_planned is None:
            handler = planned_websocket(self.graph, provider, handler, embed=embed)
        self.app: ASGIApp = websocket_session(handler)


class ClassifiedRouteContext(EffectiveRouteContext):
    """What FastAPI knows of a route at one inclusion.

    While FastAPI builds its own handler for this inclusion it sees the classified tree;
    for everyone else the tree is FastAPI's.
    """

    planned: "PlannedHandler | None" = None
    provider: Any | None = None

    @cached_property
    def graph(self) -> Graph:
        """The classified tree, of what FastAPI's tree is once FastAPI has built it: some
        releases add the dependencies of the inclusion after they have set it."""
        assert self._dependant is not None
        return classify(self._dependant, self._classifier)

    @classmethod
    def of(cls, route: APIRoute, inclusion: IncludedRouter) -> "ClassifiedRouteContext":
        context = cls.from_api_route(
            original_route=route, include_context=inclusion.include_context
        )
        assert isinstance(context, ClassifiedRouteContext)
        if not _has_own_handler(route):
            why = why_not_planned(context.graph, context.response_class)
            if why is None and not isinstance(route, FastDepsRoute):
                _, context.planned = _plan(route, context, context.graph, context.provider)
            if context.planned is not None:
                context.app = _app(context.planned, context)
        return context

    @property
    def dependant(self) -> Dependant | None:
        return self.graph.dependant if self._is_being_built() else self._dependant

    # FastAPI declares a field here, and reads and writes it like this property.
    @dependant.setter
    def dependant(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, dependant: Dependant | None
    ) -> None:
        self._dependant = dependant
        self._classifier = _classifier.get() or default_classifier

    @property
    def dependency_overrides_provider(self) -> Any | None:
        if self.provider is None or not self._is_being_built():
            return self.provider
        return _overrides(self.provider, self.graph)

    @dependency_overrides_provider.setter
    def dependency_overrides_provider(self, provider: Any | None) -> None:
        self.provider = provider

    def _is_being_built(self) -> bool:
        return effective_route_context_var.get() is self


class FrontendGroup(FrontendRouteGroup):
    """The frontends of one router, their dependencies classified."""

    graph: Graph

    @classmethod
    def adopt(cls, group: FrontendRouteGroup, classifier: Classifier) -> "FrontendGroup":
        adopted = copy.copy(group)
        adopted.__class__ = cls
        assert isinstance(adopted, FrontendGroup)
        adopted.graph = classify(group.dependant, classifier, endpoint=False)
        adopted.dependant = adopted.graph.dependant
        adopted.dependency_overrides_provider = _overrides(
            group.dependency_overrides_provider, adopted.graph
        )
        return adopted


@dataclass
class ClassifiedInclusion(IncludedRouter):
    """A router at one place where it is included, with its own decisions there."""

    inherited_classifier: Classifier = default_classifier

    def __post_init__(self) -> None:
        router = self.original_router
        own = router.own_classifier if isinstance(router, FastDepsRouter) else None
        self.classifier: Classifier = own or self.inherited_classifier
        self._low_priority: list[EffectiveRouteContext] | None = None
        self.frontends: list[tuple[EffectiveRouteContext, Graph]] = []

    def effective_candidates(self) -> list[EffectiveRouteContext | IncludedRouter]:
        candidates = super().effective_candidates()
        for index, candidate in enumerate(candidates):
            if type(candidate) is IncludedRouter:
                candidates[index] = self._classified(candidate)
        return candidates

    def effective_low_priority_routes(self) -> list[EffectiveRouteContext]:
        contexts = super().effective_low_priority_routes()
        if frontends and contexts is not self._low_priority:
            classifiers = dict(self._frontend_classifiers())
            self.frontends = []
            for context in contexts:
                if isinstance(context.original_route, FrontendRouteGroup):
                    assert context.dependant is not None
                    classifier = classifiers[id(context.original_route)]
                    graph = classify(context.dependant, classifier, endpoint=False)
                    provider = context.dependency_overrides_provider
                    context.dependant = graph.dependant
                    context.dependency_overrides_provider = _overrides(provider, graph)
                    self.frontends.append((context, graph))
            self._low_priority = contexts
        return contexts

    def _build_effective_context(self, route: BaseRoute) -> EffectiveRouteContext | None:
        with _building(self.classifier):
            if isinstance(route, APIRoute):
                return ClassifiedRouteContext.of(route, self)
            context = super()._build_effective_context(route)
        if (
            websockets
            and context is not None
            and isinstance(context.starlette_route, APIWebSocketRoute)
        ):
            context.starlette_route = FastDepsWebSocketRoute.adopt(
                context.starlette_route,
                self.classifier,
                self.include_context.dependency_overrides_provider,
            )
        return context

    def prepare(self) -> None:
        """Build now what FastAPI would build when the first request comes."""
        for candidate in self.effective_candidates():
            if isinstance(candidate, ClassifiedInclusion):
                candidate.prepare()
        if frontends:
            self.effective_low_priority_routes()

    def check(self) -> None:
        """Raise the `FastDepsError` that building the inclusion would raise."""
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                self._inclusion_of(route).check()
            elif isinstance(route, APIRoute | APIWebSocketRoute):
                path = compile_path(self.include_context.path_for(route))[1]
                endpoint = isinstance(route, APIRoute)
                classify(route.dependant, self.classifier, endpoint=endpoint, path=path)
                self._check_dependencies(self.include_context.dependencies, path)
        for route in low_priority_routes(self.original_router):
            if isinstance(route, FrontendRouteGroup):
                self._check_dependencies(self.include_context.dependencies, "")
                self._check_dependencies(route.dependencies, "")

    def _check_dependencies(self, dependencies: Iterable[params.Depends], path: str) -> None:
        for depends in dependencies:
            dependant = get_parameterless_sub_dependant(depends=depends, path=path)
            classify_dependency(dependant, self.classifier, path)

    def _inclusion_of(self, route: IncludedRouter) -> "ClassifiedInclusion":
        """What a router's own inclusion of another is at this place."""
        combined = self.include_context.combine(route.include_context)
        return self._classified(IncludedRouter(route.original_router, combined))

    def _classified(self, inclusion: IncludedRouter) -> "ClassifiedInclusion":
        return ClassifiedInclusion(
            original_router=inclusion.original_router,
            include_context=inclusion.include_context,
            inherited_classifier=self.classifier,
        )

    def _frontend_classifiers(self) -> Iterator[tuple[int, Classifier]]:
        for route in low_priority_routes(self.original_router):
            yield id(route), self.classifier
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                yield from self._inclusion_of(route)._frontend_classifiers()


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
            super().__init__(route_class=route_class, **options)

        __init__.__signature__ = signature_with(__init__, APIRouter.__init__)

        def add_api_route(self, *args, **options) -> None:
            if route_classes:
                route_class = options.get("route_class_override") or self.route_class
                options["route_class_override"] = self._route_class(route_class)
            with _building(self._classifier):
                super().add_api_route(*args, **options)

        def add_api_websocket_route(self, *args, **options) -> None:
            count = len(self.routes)
            super().add_api_websocket_route(*args, **options)
            self._adopt_from(count)

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
                self._carriers[derived] = _carrying(derived, self.own_classifier)
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


_knows_inclusions = bool(inclusions) or includes_by_copy
_CLASSIFIED = (FastDepsRoute, FastDepsWebSocketRoute, ClassifiedInclusion)
