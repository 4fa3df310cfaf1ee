"""The classified tree of a route as it is now."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from fastapi import params

from fastapi_fastdeps import _watching
from fastapi_fastdeps._deciding.graph import Graph, Node, check_limiters, classify, judged
from fastapi_fastdeps._deciding.places import Metadata, entry_places, places
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)
from fastapi_fastdeps._fastapi.requests import streams_generators
from fastapi_fastdeps._sending import LeavesBehind, Makers, nothing
from fastapi_fastdeps._threads import NO_APPS, Threads
from fastapi_fastdeps._watching import TreeSnapshot
from fastapi_fastdeps.classifiers import Classifier, Remembering
from fastapi_fastdeps.marking import last_late_mark


class Deciding(Protocol):
    """What knows who decides: an app, a router, an inclusion."""

    @property
    def classifier_in_force(self) -> Classifier:
        """The classifier, its parent's where it has none of its own."""
        ...


class Memory(LeavesBehind):
    """What classifiers said about the candidates of an inclusion when it was checked, so
    that no one is asked twice. It is dropped once FastAPI has built the inclusion."""

    left_behind: ClassVar[Makers] = {"_remembering": dict[Any, Any]}

    def __init__(self) -> None:
        self._remembering: dict[int, Remembering] = {}

    def of(self, classifier: Classifier) -> Classifier:
        """The classifier, asked once about each candidate."""
        remembering = self._remembering.get(id(classifier))
        if remembering is None:
            remembering = self._remembering[id(classifier)] = Remembering(classifier)
        return remembering


class LiveGraph(LeavesBehind):
    """The classified tree of one route at one place, as it is now.

    FastAPI reads its tree when a request comes, so this is derived anew where the tree, what
    is marked in it, or who decides about it, has changed since.

    Attributes:
        root: FastAPI's tree, the object that its own handler would hold.
        was_async: whether the endpoint was async, which FastAPI asks once, when it makes its
            handler: it treats what is put in its place later alike.
        is_streamed: whether FastAPI calls the endpoint on the event loop and streams what that
            returns, as it has once settled.
        threads: where it waits for threads, as far as its app is known.
    """

    left_behind: ClassVar[Makers] = {
        "_judged": dict[Any, Any],
        "_observer": nothing,
        "_token": nothing,
    }
    threads: Threads = NO_APPS

    def __init__(
        self,
        root: Dependant,
        deciding: Deciding,
        *,
        endpoint: bool = True,
        dependencies: Sequence[params.Depends] = (),
        memory: Memory | None = None,
        response_model: Any = None,
    ) -> None:
        """Classify the tree. Raises `FastDepsError` where a marker or a classifier is wrong.

        `endpoint=False` where FastAPI doesn't call the root in a thread. `dependencies` are
        the entries of `dependencies=[...]` at the root. `memory` is what was asked before.
        `response_model` validates what the endpoint returns.
        """
        self.root = root
        self._dependencies = dependencies
        self.was_async: bool = is_coroutine_callable(root.call)
        self.is_streamed: bool = streams_generators and (
            is_gen_callable(root.call) or is_async_gen_callable(root.call)
        )
        self._deciding = deciding
        self._token: object = None
        self._endpoint = endpoint
        self._graph: Graph
        self._response_model = response_model
        self._derive(memory)

    def serve_in(self, threads: Threads) -> None:
        """Wait for threads there. Raises `LimiterError` for a limiter that is not there."""
        if threads is not self.threads:
            check_limiters(self._graph.root, threads)
            self.threads = threads
            self._observer = threads.observer

    @property
    def is_watched(self) -> bool:
        """Whether the tree notices its changes: within a request, too."""
        return self._snapshot.is_watched

    @property
    def classifier(self) -> Classifier:
        """Who decided about the tree."""
        return self._graph.classifier

    @property
    def path(self) -> str:
        """The path of the route, as the classifier is told it."""
        return self._graph.root.candidate.path

    def current(self) -> Graph:
        """The graph; the same object as long as nothing has changed.

        Raises `FastDepsError` for what a change brought in.
        """
        if self._token is _watching.token and self._dependencies_now == self._dependencies_known:
            return self._graph
        token = _watching.token
        if (
            self._graph.classifier is not self._deciding.classifier_in_force
            or self._observer is not self.threads.observer
            or self._last_late_mark is not last_late_mark()
            or not self._snapshot.holds()
        ):
            self._derive()
        elif self._snapshot.is_watched:
            self._token = token
        return self._graph

    def judged(self, parent: Dependant, place: Dependant) -> Node:
        """What is decided about a dependency of the live tree, without what is below it."""
        found = self._judged.get(id(place))
        if (
            found is not None
            and found.dependant is place
            and found.candidate.call is place.call
            and found.candidate.parameter == place.name
        ):
            return found
        metadata: Metadata = places(parent).get(place.name, ())
        if parent is self.root and place.name is None:
            metadata = entry_places(parent, self._dependencies).get(id(place), ())
        node = judged(place, self._graph.classifier, self._graph.root.candidate.path, metadata)
        self._judged[id(place)] = node
        return node

    def __deepcopy__(self, memo: object) -> "LiveGraph":
        # What copies a route leaves the tree in FastAPI's handler what it is.
        return self

    def _derive(self, memory: Memory | None = None) -> None:
        token = _watching.token
        self._observer = self.threads.observer
        self._last_late_mark = last_late_mark()
        self._snapshot = TreeSnapshot(self.root)
        self._dependencies_now = self._snapshot.dependencies
        self._dependencies_known = self._snapshot.known_dependencies
        classifier = self._deciding.classifier_in_force
        asked = classifier if memory is None else memory.of(classifier)
        graph = classify(
            self.root,
            asked,
            endpoint=self._endpoint,
            dependencies=self._dependencies,
            response_model=self._response_model,
        )
        check_limiters(graph.root, self.threads)
        self._graph = Graph(graph.root, classifier)
        self._judged = {id(node.dependant): node for node in self._graph.root}
        # What can't notice its changes has to be looked at for each request.
        self._token = token if self._snapshot.is_watched else None
