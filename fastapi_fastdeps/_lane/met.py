"""Decisions about what is first known of when a request comes to call it."""

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from fastapi_fastdeps._deciding.graph import where_it_can
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._threads import Threads
from fastapi_fastdeps.classifiers import Candidate, Role, decide


class Met:
    """What the requests of one route have come to call besides its tree, by its role.

    Attributes:
        threads: where it waits for a thread.
    """

    def __init__(self, live: LiveGraph) -> None:
        self._live = live
        self._graph: object = None
        self._decisions: dict[Role, WeakKeyDictionary[Any, Decision]] = {}

    @property
    def threads(self) -> Threads:
        return self._live.threads

    def __iter__(self) -> Iterator[tuple[Candidate, Decision]]:
        """The functions that have been met so far, and are still there."""
        for role, decisions in self._decisions.items():
            for call, decision in list(decisions.items()):
                yield self.candidate(call, role), decision

    def candidate(self, call: Callable[..., Any], role: Role) -> Candidate:
        """What is decided about."""
        return Candidate(call, role=role, path=self._live.path)

    def decided(self, candidate: Candidate) -> Decision:
        """Where it runs. Raises `FastDepsError`."""
        call, role = candidate.call, candidate.role
        graph = self._live.current()
        if graph is not self._graph:
            self._graph = graph
            self._decisions.clear()
        is_function = isinstance(call, FunctionType)
        decisions = self._decisions.get(role)
        if is_function and decisions is not None and (known := decisions.get(call)) is not None:
            return known
        decision = where_it_can(candidate, decide(graph.classifier, candidate))
        self.threads.check(candidate, decision.execution)
        if is_function:
            self._decisions.setdefault(role, WeakKeyDictionary())[call] = decision
        return decision

    def __getstate__(self) -> dict[str, Any]:
        return {"_live": self._live}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Met.__init__(self, state["_live"])
