"""What Starlette would send to a thread besides dependencies and endpoints of FastAPI's.

It decides by what it is given whether to await it. What runs inline, or waits for a limiter of
its own, is given to it as an async function; everything else as it is.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from types import FunctionType
from typing import Any, Final
from weakref import WeakKeyDictionary

from fastapi import BackgroundTasks
from starlette.background import BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.concurrency import run_in_threadpool

from fastapi_fastdeps._deciding.graph import classify_call, where_it_can
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import classification
from fastapi_fastdeps._fastapi.requests import background_names
from fastapi_fastdeps._lane.standins import called_here, is_awaited_by_fastapi
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._threads import Threads, Visits, current_visits, limiter_of
from fastapi_fastdeps.classifiers import Candidate, Classifier, decide
from fastapi_fastdeps.marking import Execution, Inline

_names: Final = background_names()


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


class Tasks:
    """Decides about the background tasks of one route's responses, when they come to run."""

    def __init__(self, live: LiveGraph) -> None:
        self._live = live
        self._graph: object = None
        self._met: WeakKeyDictionary[Any, Decision] = WeakKeyDictionary()

    def place(self, response: Any, visits: Visits) -> None:
        """Have what a response does in the background run where it was decided."""
        given: Any = getattr(response, "background", None)
        if given is None:
            return
        if type(given) is BackgroundTask:
            response.background = _PlacedTask(given, self, visits)
        elif type(given) in (BackgroundTasks, StarletteBackgroundTasks):
            response.background = _PlacedTasks(given, self, visits)

    def met(self) -> Iterator[tuple[Candidate, Decision]]:
        """The sync functions that have been tasks so far, and are still there."""
        for call, decision in list(self._met.items()):
            yield self._candidate(call), decision

    def placed(self, task: BackgroundTask, visits: Visits) -> BackgroundTask:
        """A task as it is to be run: in a thread, too, it does not wait behind first visits,
        because what its request has entered is still to be left. Raises `FastDepsError`."""
        if type(task) is not BackgroundTask or task.is_async:
            return task
        candidate = self._candidate(task.func)
        execution = self._decided(candidate).execution
        is_threaded = not is_awaited_by_fastapi(execution)
        if is_threaded and _names["run_in_threadpool"] is not run_in_threadpool:
            return task
        there: Any = copy(task)
        there.func = Placed(candidate, execution, self._live.threads, visits)
        there.is_async = True
        placed: BackgroundTask = there
        return placed

    def _decided(self, candidate: Candidate) -> Decision:
        call = candidate.call
        graph = self._live.current()
        if graph is not self._graph:
            self._graph = graph
            self._met.clear()
        is_function = isinstance(call, FunctionType)
        if is_function and (known := self._met.get(call)) is not None:
            return known
        decision = where_it_can(candidate, decide(graph.classifier, candidate))
        self._live.threads.check(candidate, decision.execution)
        if is_function:
            self._met[call] = decision
        return decision

    def _candidate(self, call: Callable[..., Any]) -> Candidate:
        return Candidate(call, role="background task", path=self._live.path)

    def __getstate__(self) -> dict[str, Any]:
        return {"_live": self._live}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Tasks.__init__(self, state["_live"])


class _PlacedTask(BackgroundTask):
    def __init__(self, of: BackgroundTask, tasks: Tasks, visits: Visits) -> None:
        vars(self).update(vars(of))
        self._of: Any = of
        self._tasks = tasks
        self._visits = visits

    async def __call__(self) -> None:
        await self._tasks.placed(self._of, self._visits)()


class _PlacedTasks(_PlacedTask, BackgroundTasks):
    """The tasks of a response: the list is that which it had, also for those who add to it."""

    async def __call__(self) -> None:
        running: Any = copy(self._of)
        running.tasks = (self._tasks.placed(each, self._visits) for each in self._of.tasks)
        await running()
