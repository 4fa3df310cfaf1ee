"""Routers at the places where they are included."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from fastapi import params
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.utils import get_value_or_default
from starlette.routing import BaseRoute

from fastapi_fastdeps._building.frontends import classified_frontend
from fastapi_fastdeps._building.plain import is_plain, placed_app
from fastapi_fastdeps._building.routes import (
    UNCLAIMED,
    ClassifiedRouteContext,
    Classifying,
    FastDepsWebSocketRoute,
    decided_by,
)
from fastapi_fastdeps._deciding.graph import (
    Graph,
    check_limiters,
    classify,
    classify_dependency,
)
from fastapi_fastdeps._deciding.live import Deciding, LiveGraph, Memory
from fastapi_fastdeps._fastapi.fields import sharing
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    EffectiveRouteContext,
    FrontendRouteGroup,
    IncludedRouter,
    compile_path,
    frontends,
    get_dependant,
    get_parameterless_sub_dependant,
    websockets,
)
from fastapi_fastdeps._fastapi.routers import (
    builds_contexts_as_ever,
    has_built_candidates,
    lock_of,
    low_priority_routes,
)
from fastapi_fastdeps._matching.reversing import is_reversed_as_ever, url_path_within
from fastapi_fastdeps._matching.snapshots import NoticesMatching
from fastapi_fastdeps._reading.once import one_question
from fastapi_fastdeps._threads import Threads, threads_of
from fastapi_fastdeps.classifiers import Classifier
from fastapi_fastdeps.marking import place_metadata


class ClassifiedInclusion(NoticesMatching, IncludedRouter):
    """A router at one place where it is included, with its own decisions there.

    FastAPI makes the object; `take` has it decide. What FastAPI builds of it, it builds
    when FastAPI does: for the first request, or the first look at the routes.
    """

    deciding: Deciding = UNCLAIMED
    remembered: Memory | None = None
    _children: object = None
    _frontends: tuple[object, tuple[tuple[EffectiveRouteContext, LiveGraph], ...]] = None, ()

    @classmethod
    def take(cls, inclusion: IncludedRouter, deciding: Deciding) -> "ClassifiedInclusion":
        """Let this one decide about what FastAPI has just included, where the included
        router has no classifier of its own."""
        taken: Any = inclusion
        taken.deciding = deciding
        taken.__class__ = cls
        assert isinstance(inclusion, ClassifiedInclusion)
        return inclusion

    @property
    def classifier_in_force(self) -> Classifier:
        router = self.original_router
        own = router.classifier if isinstance(router, Classifying) else None
        return self.deciding.classifier_in_force if own is None else own

    @property
    def is_built(self) -> bool:
        """Whether FastAPI has built the routes of this inclusion as they are now."""
        return has_built_candidates(self)

    def effective_candidates(self) -> list[EffectiveRouteContext | IncludedRouter]:
        candidates = super().effective_candidates()
        if candidates is not self._children:
            for candidate in candidates:
                if type(candidate) is IncludedRouter:
                    self.take(candidate, self).remembered = self.remembered
            self._children = candidates
            self.remembered = None
        return candidates

    def effective_low_priority_routes(self) -> list[EffectiveRouteContext]:
        contexts = super().effective_low_priority_routes()
        if frontends and contexts is not self._frontends[0]:
            with lock_of(self):
                if contexts is not self._frontends[0]:
                    self._frontends = contexts, tuple(self._classified_frontends(contexts))
        return contexts

    def url_path_for(self, name: str, /, **path_params: Any) -> Any:
        if is_reversed_as_ever(IncludedRouter):
            return url_path_within(self, name, path_params)
        return super().url_path_for(name, **path_params)

    @property
    def frontends(self) -> tuple[tuple[EffectiveRouteContext, LiveGraph], ...]:
        """The frontends of this inclusion, with their classified trees."""
        if frontends:
            self.effective_low_priority_routes()
        return self._frontends[1]

    def _build_effective_context(self, route: BaseRoute) -> EffectiveRouteContext | None:
        with decided_by(self, self.remembered):
            context = (
                sharing(ClassifiedRouteContext.from_api_route)(
                    original_route=route, include_context=self.include_context
                )
                if isinstance(route, APIRoute) and builds_contexts_as_ever()
                else super()._build_effective_context(route)
            )
            if isinstance(context, ClassifiedRouteContext):
                context.settle()
            elif context is not None:
                given = context.starlette_route
                if websockets and type(given) is APIWebSocketRoute:
                    provider = self.include_context.dependency_overrides_provider
                    take_websocket_route(given, self, provider)
                elif is_plain(given):
                    # FastAPI has just made it.
                    given.app = placed_app(given, self._asked(), self._threads) or given.app
        return context

    @one_question()
    def check(self) -> None:
        """Raise the `FastDepsError` that building the inclusion would raise."""
        if self.remembered is None:
            self.remembered = Memory()
        classifier = self._asked()
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                self._nested(route).check()
            elif isinstance(route, APIRoute | APIWebSocketRoute):
                path = _path_format(self.include_context.path_for(route))
                endpoint = isinstance(route, APIRoute)
                graph = classify(
                    route.dependant,
                    classifier,
                    endpoint=endpoint,
                    path=path,
                    dependencies=route.dependencies,
                    response_model=getattr(route, "response_model", None),
                )
                check_limiters(graph.root, self._threads)
                self._check_dependencies(classifier, self.include_context.dependencies, path)
            elif is_plain(route):
                placed_app(route, classifier, self._threads)
        for route in low_priority_routes(self.original_router):
            if isinstance(route, FrontendRouteGroup):
                self._check_dependencies(classifier, self.include_context.dependencies, "")
                self._check_dependencies(classifier, route.dependencies, "")

    def preview(self) -> Iterator[tuple[BaseRoute, str, "ClassifiedInclusion"]]:
        """The routes that FastAPI will build, in its order, with their path, a frontend's
        with its prefix, and the inclusion that they stand in."""
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                yield from self._nested(route).preview()
            elif hasattr(route, "path"):
                yield route, self.include_context.path_for(cast("Any", route)), self
            else:
                yield route, self.include_context.prefix, self
        for route in low_priority_routes(self.original_router):
            yield route, self.include_context.prefix, self

    def preview_of(self, route: APIRoute | APIWebSocketRoute) -> Graph:
        """The classified tree that a route will have here."""
        path = _path_format(self.include_context.path_for(route))
        dependencies = [*self.include_context.dependencies, *route.dependencies]
        tree = _tree(route.endpoint, dependencies, path)
        return classify(
            tree,
            self._asked(),
            endpoint=isinstance(route, APIRoute),
            dependencies=dependencies,
            response_model=getattr(route, "response_model", None),
        )

    def preview_of_frontend(self, group: FrontendRouteGroup) -> Graph:
        """The classified tree that a group of frontends will have here."""
        dependencies = [*self.include_context.dependencies, *group.dependencies]
        assert group.dependant.call is not None
        tree = _tree(group.dependant.call, dependencies, "")
        return classify(tree, self._asked(), endpoint=False, dependencies=dependencies)

    def response_class_of(self, route: BaseRoute) -> Any:
        """The response class that a route will have here."""
        router, context = self.original_router, self.include_context
        given = (router.default_response_class, context.default_response_class)
        return get_value_or_default(getattr(route, "response_class", None), *given)

    @property
    def _threads(self) -> Threads:
        return threads_of(self.include_context.dependency_overrides_provider)

    def _asked(self) -> Classifier:
        if self.remembered is None:
            return self.classifier_in_force
        return self.remembered.of(self.classifier_in_force)

    def _nested(self, route: IncludedRouter) -> "ClassifiedInclusion":
        """What a router's own inclusion of another is at this place."""
        combined = self.include_context.combine(route.include_context)
        nested = self.take(IncludedRouter(route.original_router, combined), self)
        nested.remembered = self.remembered
        return nested

    def _check_dependencies(
        self, classifier: Classifier, dependencies: Iterable[params.Depends], path: str
    ) -> None:
        for depends in dependencies:
            try:
                dependant = get_parameterless_sub_dependant(depends=depends, path=path)
            except Exception:
                # What FastAPI has to say about it, it says when it builds the inclusion.
                continue
            node = classify_dependency(dependant, classifier, path, place_metadata(depends))
            check_limiters(node, self._threads)

    def _classified_frontends(
        self, contexts: Iterable[EffectiveRouteContext]
    ) -> Iterator[tuple[EffectiveRouteContext, LiveGraph]]:
        """Classify what FastAPI has just built, each by the inclusion that it comes from."""
        groups = self._frontend_groups()
        for context in contexts:
            if isinstance(context.original_route, FrontendRouteGroup):
                deciding = next(each for group, each in groups if group is context.original_route)
                yield context, classified_frontend(context, deciding, self.remembered)

    def _frontend_groups(self) -> Iterator[tuple[BaseRoute, Deciding]]:
        """The groups in FastAPI's order, with who decides about them at this place."""
        for route in low_priority_routes(self.original_router):
            yield route, self
        for route in self.original_router.routes:
            if isinstance(route, IncludedRouter):
                yield from self._nested(route)._frontend_groups()


def take_websocket_route(route: APIWebSocketRoute, deciding: Deciding, provider: Any) -> None:
    """Let this one decide about a route that FastAPI has just made."""
    taken: Any = route
    taken.__class__ = FastDepsWebSocketRoute
    taken.classify_by(deciding, provider)


def _path_format(path: str) -> str:
    """The path as classifiers are told it. What is wrong in it, FastAPI says when it builds."""
    try:
        return compile_path(path)[1] if ":" in path else path
    except Exception:
        return path


def _tree(call: Callable[..., Any], dependencies: Iterable[params.Depends], path: str) -> Dependant:
    """What FastAPI makes of a callable with parameterless dependencies."""
    tree = get_dependant(path=path, call=call)
    tree.dependencies[:0] = [
        get_parameterless_sub_dependant(depends=depends, path=path) for depends in dependencies
    ]
    return tree
