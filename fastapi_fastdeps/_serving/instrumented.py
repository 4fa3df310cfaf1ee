"""What known tools do around FastAPI's solver, and around the call of an endpoint, done around
a plan. Each is called as FastAPI calls it, where it stands at that moment."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi_fastdeps._compiling.functions import NOT_CALLED
from fastapi_fastdeps._fastapi.names import Dependant, SolvedDependency
from fastapi_fastdeps._fastapi.replacements import around, original_of
from fastapi_fastdeps._fastapi.requests import routing_names
from fastapi_fastdeps._serving.solution import Solution
from fastapi_fastdeps._serving.solver import Solver

_names: Final = routing_names()
_solve_dependencies: Final = original_of(_names.get("solve_dependencies"))
_run_endpoint_function: Final = original_of(_names.get("run_endpoint_function"))


def is_solver_instrumented() -> bool:
    """Whether a tool is to see what is found for a request."""
    return _names["solve_dependencies"] is not _solve_dependencies


def is_call_instrumented() -> bool:
    """Whether a tool is to see the call of an endpoint."""
    return _names["run_endpoint_function"] is not _run_endpoint_function


async def run(solver: Solver, solution: Solution, dependant: Dependant) -> Any:
    """What `solver.run` returns for a request that is traced, within what a tool does around
    FastAPI's solver, if one does: that calls no endpoint. `dependant` is what the tool sees."""
    if not is_solver_instrumented():
        return await solver.run(solution, is_traced=True)
    solved = await solved_within(solver, solution, dependant)
    solution.values, solution.errors = solved.values, solved.errors
    return NOT_CALLED


async def solved_within(
    solver: Solver, solution: Solution, dependant: Dependant
) -> SolvedDependency:
    """The solution, as a tool gives it to FastAPI's handler. `dependant` is what the tool sees."""

    async def solve_as_planned(**_: Any) -> SolvedDependency:
        await solver.run(solution, is_traced=True)
        return solution.as_fastapis()

    solve: Callable[..., Awaitable[SolvedDependency]] = around(
        _names["solve_dependencies"], solve_as_planned
    )
    return await solve(
        request=solution.request,
        dependant=dependant,
        body=solution.body,
        dependency_overrides_provider=solver.provider,
        async_exit_stack=solution.request.scope["fastapi_inner_astack"],
        embed_body_fields=solver.embed,
    )


async def call_endpoint(
    call: Callable[[dict[str, Any]], Awaitable[Any]],
    dependant: Dependant,
    values: dict[str, Any],
    *,
    is_awaited: bool,
) -> Any:
    """What an endpoint returns that a tool has called, which it does by `call`."""

    async def call_as_planned(*, values: dict[str, Any], **_: Any) -> Any:
        return await call(values)

    instrumented: Any = around(_names["run_endpoint_function"], call_as_planned)
    return await instrumented(dependant=dependant, values=values, is_coroutine=is_awaited)
