"""Calling a dependency where it was decided to run."""

import inspect
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from starlette.requests import Request
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.names import Dependant, solve_generator
from fastapi_fastdeps._fastapi.requests import solver_names
from fastapi_fastdeps._plan.kinds import ENTERED, Kind
from fastapi_fastdeps._threads import Visits, enter_in_thread

_names: Final = solver_names()
_OWN: Final = {name: _names.get(name) for name in ("_solve_generator", "run_in_threadpool")}
_TELLS_REQUEST: Final = "request" in inspect.signature(solve_generator).parameters
"""From FastAPI 0.162.7 on."""


async def call_dependency(
    kind: Kind,
    callee: Callable[..., Any],
    dependant: Dependant,
    concurrency: Any,
    limiter: str | None,
    stack: AsyncExitStack,
    values: dict[str, Any],
    request: Request | WebSocket,
    visits: Visits,
) -> Any:
    """The value of a dependency. A generator is entered, and left with the stack.

    `callee` makes a context manager of a sync generator that has no limit; `dependant` is what
    FastAPI's own function enters. Raises whatever the callable raises.
    """
    if kind is Kind.INLINE_GENERATOR:
        return stack.enter_context(callee(**values))
    if kind is Kind.THREADED_GENERATOR and _are_own("_solve_generator", "run_in_threadpool"):
        return await enter_in_thread(stack, visits, limiter, callee(**values))
    if kind in ENTERED:
        enter: Any = _names["_solve_generator"]
        given: dict[str, Any] = {"dependant": dependant, "stack": stack, "sub_values": values}
        if _TELLS_REQUEST:
            given["request"] = request
        if visits.are_current():
            return await enter(**given)
        with visits.as_current():
            return await enter(**given)
    if concurrency is None:
        return await _call(kind, callee, limiter, values, visits)
    async with concurrency.get_semaphore():
        return await _call(kind, callee, limiter, values, visits)


async def _call(
    kind: Kind,
    callee: Callable[..., Any],
    limiter: str | None,
    values: dict[str, Any],
    visits: Visits,
) -> Any:
    if kind is Kind.INLINE:
        return callee(**values)
    if kind is Kind.ASYNC:
        return await callee(**values)
    if limiter is not None or _are_own("run_in_threadpool"):
        return await visits.run(limiter, callee, **values)
    return await _names["run_in_threadpool"](callee, **values)


def _are_own(*names: str) -> bool:
    """Whether FastAPI's solver would send something to a thread by its own functions."""
    return all(_names.get(name) is _OWN[name] for name in names)
