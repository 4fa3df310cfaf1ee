"""The dependency tree of a route, classified."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from fastapi import params

from fastapi_fastdeps._deciding.misplaced import check_places
from fastapi_fastdeps._deciding.places import Metadata, entry_places, places
from fastapi_fastdeps._fastapi.callables import is_async, rederived
from fastapi_fastdeps._fastapi.names import Dependant
from fastapi_fastdeps._fastapi.threadless import is_threadless
from fastapi_fastdeps._marks import Decision, check_unmarked
from fastapi_fastdeps._reading.once import one_question
from fastapi_fastdeps._threads import Threads
from fastapi_fastdeps.classifiers import Candidate, Classifier, Remembering, decide
from fastapi_fastdeps.errors import describe_place
from fastapi_fastdeps.marking import Execution, Inline, Threaded

Overrides: TypeAlias = Mapping[Callable[..., Any], Callable[..., Any]]
Replacement: TypeAlias = tuple[Callable[..., Any], Callable[..., Any]]

_NO_OPINION = Decision(Threaded(), "no opinion")
_NO_THREADS = "no thread can start"
_log = logging.getLogger("fastapi_fastdeps")
_is_told = False


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One callable at its place in the tree of a route.

    Attributes:
        dependant: FastAPI's own description of it.
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
    children: tuple["Node", ...] = ()

    @property
    def execution(self) -> Execution | None:
        return self.decision.execution if self.decision else None

    @property
    def replacement(self) -> Replacement:
        """What stands at this place, and what `dependency_overrides` gave for it."""
        assert self.place.call is not None
        return self.place.call, self.candidate.call

    def __iter__(self) -> Iterator["Node"]:
        """This node and all below it, each before its dependencies."""
        pending: list[Node] = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))


@dataclass(frozen=True, eq=False)
class Graph:
    """The classified dependency tree of one route, and what classified it."""

    root: Node
    classifier: Classifier


@one_question()
def classify(
    dependant: Dependant,
    classifier: Classifier,
    *,
    endpoint: bool = True,
    path: str | None = None,
    dependencies: Sequence[params.Depends] = (),
    response_model: Any = None,
) -> Graph:
    """Ask `classifier` about each sync callable of a route's tree.

    `endpoint=False` where FastAPI doesn't call the root in a thread: WebSocket routes.
    `path` is the path to tell the classifier, the tree's own if `None`. `dependencies` are
    the entries of `dependencies=[...]` that FastAPI put at the root; `response_model` is what
    validates what the endpoint returns.
    Raises `FastDepsError` for markers on async callables, contradicting and misplaced
    markers, and classifiers that fail.
    """
    assert dependant.call is not None
    path = dependant.path or "" if path is None else path
    candidate = Candidate(dependant.call, role="endpoint", path=path, response_model=response_model)
    decision = None
    if endpoint:
        decision = classify_call(candidate, classifier)
    else:
        check_unmarked(candidate)
    check_places(dependant, path)
    root = Node(dependant, dependant, candidate, decision)
    entries = entry_places(dependant, dependencies)

    def judge(place: Dependant, metadata: Metadata) -> Node:
        return judged(place, classifier, path, metadata or entries.get(id(place), ()))

    return Graph(grown(root, judge), classifier)


def check_limiters(root: Node, threads: Threads) -> None:
    """Raise `LimiterError` for a callable of a tree whose limiter the app does not have."""
    if threads.is_app:
        for node in root:
            threads.check(node.candidate, node.execution)


def judged(place: Dependant, classifier: Classifier, path: str, metadata: Metadata = ()) -> Node:
    """One dependency at its place, without what is below it. Raises `FastDepsError`."""
    assert place.call is not None
    check_places(place, path)
    candidate = Candidate(place.call, metadata=metadata, parameter=place.name, path=path)
    return Node(place, place, candidate, classify_call(candidate, classifier))


def classify_call(candidate: Candidate, classifier: Classifier) -> Decision | None:
    """Where the callable runs, `None` if it is async. Raises `FastDepsError`."""
    if is_async(candidate.call):
        check_unmarked(candidate)
        return None
    return where_it_can(candidate, decide(classifier, candidate))


def where_it_can(candidate: Candidate, decision: Decision | None) -> Decision:
    """Where a sync callable runs by what was decided, `None` for no opinion: in a thread, and
    where none can start, on the event loop."""
    decision = decision or _NO_OPINION
    if not is_threadless() or not isinstance(decision.execution, Threaded):
        return decision
    if decision is not _NO_OPINION:
        _tell_once(f"{describe_place(candidate)} ({decision.source})")
    return Decision(Inline(), _NO_THREADS if decision is _NO_OPINION else f"not {decision.source}")


def _tell_once(what: str) -> None:
    global _is_told
    if not _is_told:
        _is_told = True
        _log.warning(
            "No thread can start here, so what is to run in one runs on the event loop: %s, and "
            "whatever follows.",
            what,
        )


def classify_dependency(
    dependant: Dependant, classifier: Classifier, path: str, metadata: Metadata = ()
) -> Node:
    """The classified tree below one dependency, at a place with this metadata."""

    def judge(place: Dependant, metadata: Metadata) -> Node:
        return judged(place, classifier, path, metadata)

    return grown(judge(dependant, metadata), judge)


def _dependant(node: Node) -> object:
    return node.dependant


def _call(node: Node) -> object:
    return node.candidate.call


def grown(
    root: Node,
    judge: Callable[[Dependant, Metadata], Node],
    source: Callable[[Node], object] = _dependant,
) -> Node:
    """The node with all that is below it, each dependency judged where FastAPI comes to it.

    A tree may be deeper than Python's stack. Raises `RecursionError` for one that contains
    itself, which FastAPI raises when it solves it. `source` is the object that the
    dependencies of a node are derived from: below itself, it never ends.
    """
    branches = [_Branch(root)]
    above = {id(source(root))}
    while True:
        branch = branches[-1]
        place = next(branch.pending, None)
        if place is None:
            branches.pop()
            above.discard(id(source(branch.node)))
            node = replace(branch.node, children=tuple(branch.children))
            if not branches:
                return node
            branches[-1].children.append(node)
            continue
        child = judge(place, branch.metadata.get(place.name, ()))
        if id(source(child)) in above:
            raise RecursionError(f"{child.candidate.call!r} depends on itself")
        above.add(id(source(child)))
        branches.append(_Branch(child))


class _Branch:
    """A node whose dependencies are being judged."""

    __slots__ = ("children", "metadata", "node", "pending")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.children: list[Node] = []
        self.metadata = places(node.dependant)
        self.pending = iter(node.dependant.dependencies)


class Overriding:
    """Derives trees with `dependency_overrides` in force, as FastAPI's solver would."""

    def __init__(self, graph: Graph, overrides: Overrides) -> None:
        self._classifier = forgetting(graph.classifier)
        self._path = graph.root.candidate.path
        self._overrides = overrides
        self._entries = {
            id(node.place): node.candidate.metadata
            for node in graph.root.children
            if node.place.name is None
        }

    def tree(self, root: Node) -> Node:
        """The tree of the route, all of its dependencies looked up."""
        return grown(replace(root, children=()), self.judged, _call)

    def judged(self, place: Dependant, metadata: Metadata) -> Node:
        """One dependency as it is overridden, without what is below it."""
        metadata = metadata or self._entries.get(id(place), ())
        node = judged(place, self._classifier, self._path, metadata)
        assert place.call is not None
        call = self._overrides.get(place.call, place.call)
        candidate, decision = node.candidate, node.decision
        dependant = rederived(place, call)
        if call is not place.call:
            check_places(dependant, self._path)
            candidate = replace(candidate, call=call)
            decision = classify_override(candidate, self._classifier, decision)
        return Node(dependant, place, candidate, decision)


def classify_override(
    candidate: Candidate, classifier: Classifier, replaced: Decision | None
) -> Decision | None:
    """Where an override runs: where its place or itself says, else where what it replaces
    does. `None` if it is async."""
    if is_async(candidate.call, remember=False):
        return None
    return where_it_can(candidate, decide(forgetting(classifier), candidate) or replaced)


def forgetting(classifier: Classifier) -> Classifier:
    """The classifier without a memory: an override is not kept once it is out of force."""
    return classifier.classifier if isinstance(classifier, Remembering) else classifier
