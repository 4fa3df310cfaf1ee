"""Routers at the places where they are included, and their frontends."""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi import params
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import BaseRoute, compile_path

from fastapi_fastdeps._building.routes import (
    ClassifiedRouteContext,
    FastDepsWebSocketRoute,
    building,
)
from fastapi_fastdeps._deciding.graph import Graph, classify, classify_dependency
from fastapi_fastdeps._fastapi.names import (
    EffectiveRouteContext,
    FrontendRouteGroup,
    IncludedRouter,
    frontends,
    get_parameterless_sub_dependant,
    low_priority_routes,
    websockets,
)
from fastapi_fastdeps._lane.overrides import ClassifiedOverrides
from fastapi_fastdeps._lane.tree import classified_dependant
from fastapi_fastdeps.classifiers import Classifier, default_classifier


class FrontendGroup(FrontendRouteGroup):
    """The frontends of one router, their dependencies classified."""

    graph: Graph

    @classmethod
    def adopt(cls, group: FrontendRouteGroup, classifier: Classifier) -> "FrontendGroup":
        adopted = copy.copy(group)
        adopted.__class__ = cls
        assert isinstance(adopted, FrontendGroup)
        adopted.graph = classify(group.dependant, classifier, endpoint=False)
        adopted.dependant = classified_dependant(adopted.graph)
        adopted.dependency_overrides_provider = ClassifiedOverrides.of(
            group.dependency_overrides_provider, adopted.graph
        )
        return adopted


@dataclass
class ClassifiedInclusion(IncludedRouter):
    """A router at one place where it is included, with its own decisions there."""

    inherited_classifier: Classifier = default_classifier

    def __post_init__(self) -> None:
        router = self.original_router
        own = getattr(router, "own_classifier", None)
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
                    context.dependant = classified_dependant(graph)
                    context.dependency_overrides_provider = ClassifiedOverrides.of(provider, graph)
                    self.frontends.append((context, graph))
            self._low_priority = contexts
        return contexts

    def _build_effective_context(self, route: BaseRoute) -> EffectiveRouteContext | None:
        with building(self.classifier):
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
