"""The dependency tree of a route, classified."""

import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import FunctionType
from typing import Any, TypeAlias, cast

from fastapi import params
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from fastapi_fastdeps._fastapi.names import (
    Dependant,
    get_typed_signature,
    is_async,
    rederived,
)
from fastapi_fastdeps._lane.standins import inline_endpoint, stand_in
from fastapi_fastdeps.classifiers import Candidate, Classifier, Decision, decide
from fastapi_fastdeps.marking import Execution, Inline, Threaded, check_unmarked

Overrides: TypeAlias = Mapping[Callable[..., Any], Callable[..., Any]]
Replacement: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]

_ALIASES = (TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType))
"""What `type X = ...` makes, and what it makes on a Python that does not have it."""

_NO_OPINION = Decision(Threaded(), "no opinion")


@dataclass(frozen=True, slots=True)
class Node:
    """One callable at its place in the tree of a route.

    Attributes:
        dependant: FastAPI's own description of it, never changed.
        place: FastAPI's description of what stands at this place: the same, unless that is
            overridden. Its cache key, scope and name hold.
        candidate: the callable and its place.
        decision: where it runs, `None` for an async callable, which no one decides about.
        children: its dependencies, in the order in which FastAPI solves them.
    """

    dependant: Dependant
    place: Dependant
    candidate: Candidate
    decision: Decision | None
    children: tuple["Node", ...]

    @property
    def execution(self) -> Execution | None:
        return self.decision.execution if self.decision else None

    @property
    def replacement(self) -> Replacement:
        """What stands at this place, and what `dependency_overrides` gave for it."""
        assert self.place.call is not None
        return self.place.call, self.candidate.call

    def __iter__(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child


@dataclass(frozen=True)
class Graph:
    """The classified dependency tree of one route, and what classified it."""

    root: Node
    classifier: Classifier

    @cached_property
    def dependant(self) -> Dependant:
        """The tree for FastAPI's own handler and solver: a copy of FastAPI's, in which an
        async stand-in takes the place of what runs inline."""
        root = _copy(self.root)
        if isinstance(self.root.execution, Inline):
            return replace(root, call=inline_endpoint(self.root.candidate.call))
        return root


def classify(
    dependant: Dependant,
    classifier: Classifier,
    *,
    endpoint: bool = True,
    path: str | None = None,
) -> Graph:
    """Ask `classifier` about each sync callable of a route's tree.

    `endpoint=False` where FastAPI doesn't call the root in a thread: WebSocket routes.
    `path` is the path to tell the classifier, the tree's own if `None`.
    Raises `FastDepsError` for markers on async callables, contradicting markers, and
    classifiers that fail.
    """
    assert dependant.call is not None
    path = dependant.path or "" if path is None else path
    candidate = Candidate(dependant.call, role="endpoint", path=path)
    decision = classify_call(candidate, classifier) if endpoint else None
    children = _children(dependant, classifier, path)
    return Graph(Node(dependant, dependant, candidate, decision, children), classifier)


def classify_call(candidate: Candidate, classifier: Classifier) -> Decision | None:
    """Where the callable runs, `None` if it is async. Raises `FastDepsError`."""
    if is_async(candidate.call):
        check_unmarked(candidate.call, candidate.metadata)
        return None
    return decide(classifier, candidate) or _NO_OPINION


def classify_dependency(
    dependant: Dependant, classifier: Classifier, path: str, metadata: tuple[Any, ...] = ()
) -> Node:
    """The classified tree below one dependency, at a place with this metadata."""
    assert dependant.call is not None
    candidate = Candidate(dependant.call, metadata=metadata, parameter=dependant.name, path=path)
    decision = classify_call(candidate, classifier)
    return Node(dependant, dependant, candidate, decision, _children(dependant, classifier, path))


class Overriding:
    """Derives trees with `dependency_overrides` in force, as FastAPI's solver would."""

    def __init__(self, graph: Graph, overrides: Overrides) -> None:
        self._classifier = graph.classifier
        self._path = graph.root.candidate.path
        self._overrides = overrides

    def tree(self, root: Node) -> Node:
        """The tree of the route, all of its dependencies looked up."""
        return replace(root, children=self.children(root.dependant))

    def children(self, dependant: Dependant) -> tuple[Node, ...]:
        """The dependencies of one callable, looked up with all that is below them."""
        metadata = _places(dependant)
        return tuple(
            self._overridden(place, metadata.get(place.name, ()))
            for place in dependant.dependencies
        )

    def node(self, node: Node) -> Node:
        """One dependency looked up anew, with all that is below it."""
        return self._overridden(node.place, node.candidate.metadata)

    def _overridden(self, place: Dependant, metadata: tuple[Any, ...]) -> Node:
        assert place.call is not None
        candidate = Candidate(place.call, metadata=metadata, parameter=place.name, path=self._path)
        decision = classify_call(candidate, self._classifier)
        call = self._overrides.get(place.call, place.call)
        if call is not place.call:
            candidate = replace(candidate, call=call)
            decision = classify_override(candidate, self._classifier, decision)
        dependant = rederived(place, call)
        return Node(dependant, place, candidate, decision, self.children(dependant))


def classify_override(
    candidate: Candidate, classifier: Classifier, replaced: Decision | None
) -> Decision | None:
    """Where an override runs: where its place or itself says, else where what it replaces
    does. `None` if it is async."""
    if is_async(candidate.call):
        return None
    return decide(classifier, candidate) or replaced or _NO_OPINION


def solver_dependant(node: Node) -> Dependant:
    """What FastAPI's own functions are given to call the node as it was decided."""
    if isinstance(node.execution, Inline):
        return replace(node.dependant, call=stand_in(node.candidate, node.execution))
    return node.dependant


def is_marked_place(candidate: Candidate) -> bool:
    """Whether the place says more about the callable than FastAPI itself reads there."""
    return any(not isinstance(item, params.Depends | FieldInfo) for item in candidate.metadata)


def _children(dependant: Dependant, classifier: Classifier, path: str) -> tuple[Node, ...]:
    if not dependant.dependencies:
        return ()
    assert dependant.call is not None
    metadata = _places(dependant)
    return tuple(
        classify_dependency(child, classifier, path, metadata.get(child.name, ()))
        for child in dependant.dependencies
    )


def _places(dependant: Dependant) -> dict[str | None, tuple[Any, ...]]:
    """What `Annotated` carries at each parameter, which FastAPI's tree does not keep."""
    names = [child.name for child in dependant.dependencies if child.name is not None]
    if not names:
        return {}
    annotations = _evaluated(dependant.call, names) or {
        name: parameter.annotation
        for name, parameter in get_typed_signature(cast("Any", dependant.call)).parameters.items()
    }
    return {name: _metadata(annotations.get(name)) for name in names}


def _evaluated(call: Any, names: list[str]) -> dict[str, Any] | None:
    """The annotations of a plain function, if none of these has to be evaluated.

    It saves a second look at the whole signature, half of what a route costs to build.
    """
    if not isinstance(call, FunctionType) or hasattr(call, "__wrapped__"):
        return None
    if hasattr(call, "__signature__"):
        return None
    annotations = call.__annotations__
    if any(isinstance(annotations.get(name), str) for name in names):
        return None
    return annotations


def _metadata(annotation: Any) -> tuple[Any, ...]:
    while isinstance(annotation, _ALIASES):
        annotation = annotation.__value__
    if typing.get_origin(annotation) is not typing.Annotated:
        return ()
    return tuple(typing.get_args(annotation)[1:])


def _copy(node: Node) -> Dependant:
    dependencies = [_copy(child) for child in node.children]
    call = node.dependant.call
    if node.candidate.role == "dependency" and (
        isinstance(node.execution, Inline) or is_marked_place(node.candidate)
    ):
        call = stand_in(node.candidate, node.execution)
    return replace(node.dependant, dependencies=dependencies, call=call)
