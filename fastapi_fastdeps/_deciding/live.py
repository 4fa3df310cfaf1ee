"""The classified tree of a route as it is now."""

from typing import Protocol

from fastapi_fastdeps import _watching
from fastapi_fastdeps._deciding.graph import Graph, Node, classify, judged
from fastapi_fastdeps._deciding.places import Metadata, places
from fastapi_fastdeps._fastapi.names import Dependant
from fastapi_fastdeps._watching import Snapshot
from fastapi_fastdeps.classifiers import Classifier


class Deciding(Protocol):
    """What knows who decides: an app, a router, an inclusion."""

    @property
    def classifier_in_force(self) -> Classifier:
        """The classifier, its parent's where it has none of its own."""
        ...


class LiveGraph:
    """The classified tree of one route at one place, as it is now.

    FastAPI reads its tree when a request comes, so this is derived anew where the tree, or
    who decides about it, has changed since.

    Attributes:
        root: FastAPI's tree, the object that its own handler would hold.
    """

    def __init__(
        self, root: Dependant, deciding: Deciding, *, endpoint: bool = True, path: str | None = None
    ) -> None:
        """Classify the tree. Raises `FastDepsError` where a marker or a classifier is wrong."""
        self.root = root
        self._deciding = deciding
        self._token: object = None
        self._endpoint = endpoint
        self._path = path
        self._derive()

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
        if self._token is _watching.token:
            return self._graph
        token = _watching.token
        if self._graph.classifier is not self._deciding.classifier_in_force or (
            not self._snapshot.holds()
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
        node = judged(place, self._graph.classifier, self._graph.root.candidate.path, metadata)
        self._judged[id(place)] = node
        return node

    def _derive(self) -> None:
        token = _watching.token
        self._snapshot = Snapshot(self.root)
        self._graph = classify(
            self.root,
            self._deciding.classifier_in_force,
            endpoint=self._endpoint,
            path=self._path,
        )
        self._judged = {id(node.dependant): node for node in self._graph.root}
        # What can't notice its changes has to be looked at for each request.
        self._token = token if self._snapshot.is_watched else None
