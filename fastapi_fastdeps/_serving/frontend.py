"""The dependencies of a frontend by a plan."""

from functools import cached_property
from typing import Any

from fastapi import BackgroundTasks
from starlette.requests import Request
from starlette.responses import Response

from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.requests import routing_names
from fastapi_fastdeps._lane.choice import (
    WAYS_TO_FRONTENDS,
    is_solver_instrumented,
)
from fastapi_fastdeps._serving.solution import Solution
from fastapi_fastdeps._serving.solver import Solver
from fastapi_fastdeps._threads import Visits, fuses_visits


class FrontendSolving:
    """Solves the dependencies of a frontend, which FastAPI's own solver calls it for."""

    def __init__(self, live: LiveGraph, provider: Any | None, *, embed: bool) -> None:
        self._live = live
        self._provider = provider
        self._embed = embed

    @cached_property
    def _solver(self) -> Solver:
        """Made by the first request."""
        return Solver(
            self._live,
            self._provider,
            f"GET {self._live.path}",
            WAYS_TO_FRONTENDS,
            embed=self._embed,
            fuses=fuses_visits(self._provider),
        )

    def is_served_by_fastapi(self) -> bool:
        """Whether something is to be done that a plan does not do."""
        return is_solver_instrumented() or self._solver.plan.is_touched()

    async def solve(
        self, request: Request, response: Response, background_tasks: BackgroundTasks
    ) -> dict[str, Any]:
        """Solve them for a request; there is no endpoint that the values are for. Raises what a
        dependency raises, and what FastAPI does where something does not validate."""
        solution = Solution(request, Visits(self._live.threads, self._live).begin())
        solution.response, solution.background_tasks = response, background_tasks
        await self._solver.run(solution, is_traced=True)
        if solution.errors:
            raise routing_names()["RequestValidationError"](solution.errors)
        return solution.values
