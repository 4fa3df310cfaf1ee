"""What Starlette would send to a thread besides dependencies and endpoints of FastAPI's.

It decides by what it is given whether to await it. What runs inline, or waits for a limiter of
its own, is given to it as an async function; everything else as it is.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from fastapi_fastdeps._deciding.graph import classify_call
from fastapi_fastdeps._fastapi.names import classification
from fastapi_fastdeps._lane.standins import called_here, is_awaited_by_fastapi
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._threads import Threads, Visits, current_visits, limiter_of
from fastapi_fastdeps.classifiers import Candidate, Classifier
from fastapi_fastdeps.marking import Execution, Inline


class Placed:
    """An async function in the place of a sync one, which it calls where it was decided."""

    def __init__(
        self,
        candidate: Candidate,
        execution: Execution | None,
        threads: Threads,
        visits: Visits | None = None,
    ) -> None:
        """`visits` are those of its request, where it is made for one."""
        functools.update_wrapper(self, candidate.call, updated=())
        self.call: Callable[..., Any] = candidate.call
        self._candidate = candidate
        self._execution = execution
        self._threads = threads
        self._visits = visits

    async def __call__(self, /, *args: Any, **values: Any) -> Any:
        if isinstance(self._execution, Inline):
            return called_here(self._threads, self._candidate)(*args, **values)
        visits = self._visits or current_visits(self._threads)
        return await visits.run(limiter_of(self._execution), self.call, *args, **values)


def decided(candidate: Candidate, classifier: Classifier, threads: Threads) -> Decision | None:
    """Where the callable runs, `None` if it is async. Raises `FastDepsError`."""
    decision = classify_call(candidate, classifier)
    threads.check(candidate, decision.execution if decision is not None else None)
    return decision


def placed(candidate: Candidate, classifier: Classifier, threads: Threads) -> Callable[..., Any]:
    """What Starlette is to be given for a callable. Raises `FastDepsError`."""
    decision = decided(candidate, classifier, threads)
    if decision is None or not is_awaited_by_fastapi(decision.execution):
        return candidate.call
    return Placed(candidate, decision.execution, threads)


def handler_candidates(handlers: Mapping[Any, Callable[..., Any]]) -> dict[Any, Candidate]:
    """The exception handlers of an app, by what they are for."""
    if not classification:
        return {}
    return {key: Candidate(call, role="exception handler") for key, call in handlers.items()}
