"""Background tasks, which Starlette calls one after the other when the response is sent."""

from copy import copy
from typing import Any, Final

from fastapi import BackgroundTasks
from starlette.background import BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.concurrency import run_in_threadpool

from fastapi_fastdeps._fastapi.requests import background_names
from fastapi_fastdeps._lane.met import Met
from fastapi_fastdeps._lane.placed import Placed
from fastapi_fastdeps._lane.standins import is_awaited_by_fastapi
from fastapi_fastdeps._threads import Visits

_names: Final = background_names()


def place_tasks(response: Any, met: Met, visits: Visits) -> None:
    """Have what a response does in the background run where it was decided."""
    given: Any = getattr(response, "background", None)
    if given is None:
        return
    if type(given) is BackgroundTask:
        response.background = _PlacedTask(given, met, visits)
    elif type(given) in (BackgroundTasks, StarletteBackgroundTasks):
        response.background = _PlacedTasks(given, met, visits)


class _PlacedTask(BackgroundTask):
    def __init__(self, of: BackgroundTask, met: Met, visits: Visits) -> None:
        vars(self).update(vars(of))
        self._of: Any = of
        self._given = dict(vars(of))
        self._met = met
        self._visits = visits

    async def __call__(self) -> None:
        await self._placed(self._now())()

    def _now(self) -> Any:
        """The task as it is now: whoever has the response may have changed what is here."""
        now = copy(self._of)
        mine = vars(self)
        for name, given in self._given.items():
            if mine[name] is not given:
                setattr(now, name, mine[name])
        return now

    def _placed(self, task: BackgroundTask) -> BackgroundTask:
        """A task as it is to be run: in a thread, too, it does not wait behind first visits,
        because what its request has entered is still to be left. Raises `FastDepsError`."""
        if type(task) is not BackgroundTask or task.is_async:
            return task
        candidate = self._met.candidate(task.func, "background task")
        execution = self._met.decided(candidate).execution
        is_threaded = not is_awaited_by_fastapi(execution)
        if is_threaded and _names["run_in_threadpool"] is not run_in_threadpool:
            return task
        there: Any = copy(task)
        there.func = Placed(candidate, execution, self._met.threads, self._visits)
        there.is_async = True
        placed: BackgroundTask = there
        return placed


class _PlacedTasks(_PlacedTask, BackgroundTasks):
    """The tasks of a response: the list is that which it had, also for those who add to it."""

    async def __call__(self) -> None:
        running = self._now()
        running.tasks = (self._placed(each) for each in running.tasks)
        await running()
