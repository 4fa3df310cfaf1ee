"""Routes whose sync callables run where a classifier says."""

import copy
import types
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property, lru_cache, wraps
from typing import TYPE_CHECKING, Any, ClassVar, cast

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from fastapi_fastdeps._deciding.graph import Graph, classify
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    EffectiveRouteContext,
    IncludedRouter,
    classification,
    effective_route_context_var,
    embeds_body_fields,
    fast_lane,
    get_websocket_app,
    includes_by_copy,
    inclusions,
    max_body_size,
    request_response,
    websocket_session,
    websockets,
    wrap_app_with_body_limit,
)
from fastapi_fastdeps._lane.choice import why_not_planned
from fastapi_fastdeps._lane.overrides import ClassifiedOverrides
from fastapi_fastdeps._lane.tree import classified_dependant
from fastapi_fastdeps._watching import watch
from fastapi_fastdeps.classifiers import Classifier, Remembering, default_classifier

if TYPE_CHECKING or fast_lane:
    from fastapi_fastdeps._serving.asgi import planned_app
    from fastapi_fastdeps._serving.handler import PlannedHandler
    from fastapi_fastdeps._serving.websocket import planned_websocket

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_classifier: ContextVar[Classifier | None] = ContextVar("fastdeps_classifier", default=None)
"""The classifier of the router that is building a route, for the route to find."""


@contextmanager
def building(classifier: Classifier) -> Generator[None]:
    """Let the routes that are constructed meanwhile find their router's classifier."""
    token = _classifier.set(classifier)
    try:
        yield
    finally:
        _classifier.reset(token)


class _Decided:
    """Who decides about a tree that is classified by one classifier for good."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier_in_force = classifier


class _ClassifiedState:
    """A route, or its inclusion, with the classified tree for FastAPI's own handler."""

    def __init__(self, route: APIRoute, state: Any, graph: Graph, provider: Any | None) -> None:
        self.original_route = route
        self.dependant = classified_dependant(graph)
        self.dependency_overrides_provider = ClassifiedOverrides.of(provider, graph)
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
            classified_route.dependant = classified_dependant(graph)
            classified_route.dependency_overrides_provider = ClassifiedOverrides.of(provider, graph)
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
    watch(graph.root.dependant)
    live = LiveGraph(
        graph.root.dependant, _Decided(graph.classifier), path=graph.root.candidate.path
    )
    planned = PlannedHandler(state, live, provider, fastapis_handler, form_limits)
    return planned.handle, planned


def _app(planned: "PlannedHandler", state: Any) -> ASGIApp:
    return wrap_app_with_body_limit(planned_app(planned.handle), max_body_size(state))


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

        @wraps(APIRoute.__init__)
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


def carrying(route_class: type[FastDepsRoute], classifier: Remembering) -> type[FastDepsRoute]:
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

        @wraps(APIWebSocketRoute.__init__)
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
            dependant=classified_dependant(self.graph),
            dependency_overrides_provider=ClassifiedOverrides.of(provider, self.graph),
            embed_body_fields=embed,
        )
        self.why_not_planned = why_not_planned(self.graph)
        if self.why_not_planned is None:
            fastapis = handler
            watch(self.dependant)
            live = LiveGraph(self.dependant, _Decided(classifier), endpoint=False)
            handler = planned_websocket(live, provider, lambda: fastapis, embed=embed)
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
        return classified_dependant(self.graph) if self._is_being_built() else self._dependant

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
        return ClassifiedOverrides.of(self.provider, self.graph)

    @dependency_overrides_provider.setter
    def dependency_overrides_provider(self, provider: Any | None) -> None:
        self.provider = provider

    def _is_being_built(self) -> bool:
        return effective_route_context_var.get() is self


_knows_inclusions = bool(inclusions) or includes_by_copy
