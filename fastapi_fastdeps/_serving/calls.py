"""Calling a dependency where it was decided to run."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from starlette.requests import Request
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.names import Dependant
from fastapi_fastdeps._fastapi.requests import solver_names
from fastapi_fastdeps._plan.kinds import Kind

_names: Final = solver_names()


async def call_dependency(
    kind: Kind,
    callee: Callable[..., Any],
    dependant: Dependant,
    concurrency: Any,
    stack: AsyncExitStack,
    values: dict[str, Any],
    request: Request | WebSocket,
) -> Any:
    """The value of a dependency. A generator is entered, and left with the stack.

    `callee` makes a context manager of an inline generator; `dependant` is what FastAPI's
    own function enters. Raises whatever the callable raises.
    """
    if kind is Kind.INLINE_GENERATOR:
        return stack.enter_context(callee(**values))
    if kind is Kind.GENERATOR:
        return await _names["_solve_generator"](
            dependant=dependant, stack=stack, sub_values=values, request=request
        )
    if concurrency is None:
        if kind is Kind.INLINE:
            return callee(**values)
        if kind is Kind.ASYNC:
            return await callee(**values)
        return await _names["run_in_threadpool"](callee, **values)
    async with concurrency.get_semaphore():
        if kind is Kind.INLINE:
            return callee(**values)
        if kind is Kind.ASYNC:
            return await callee(**values)
        return await _names["run_in_threadpool"](callee, **values)
