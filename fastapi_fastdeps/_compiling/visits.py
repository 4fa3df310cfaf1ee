"""Several steps that are one visit to a worker thread."""

from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager
from contextvars import copy_context
from functools import partial
from typing import Any

import anyio.to_thread
from anyio import CancelScope, CapacityLimiter


class Entered:
    """The generators that one visit enters, each in a context of its own, as FastAPI does.

    They are left in one visit to a thread for each exit stack, the last one first.
    """

    __slots__ = ("_of_function", "_of_request")

    def __init__(self) -> None:
        self._of_request: list[AbstractContextManager[Any]] = []
        self._of_function: list[AbstractContextManager[Any]] = []

    def enter(self, call: Callable[..., Any], values: dict[str, Any], is_of_function: bool) -> Any:
        """Enter what `call` returns. Runs in a thread. Raises what it raises."""
        manager = contextmanager(call)(**values)
        value = copy_context().run(manager.__enter__)
        (self._of_function if is_of_function else self._of_request).append(manager)
        return value

    def push(self, request_stack: AsyncExitStack, function_stack: AsyncExitStack) -> None:
        """Have the stacks leave what has been entered."""
        for stack, managers in (
            (request_stack, self._of_request),
            (function_stack, self._of_function),
        ):
            if managers:
                # A copy: a visit whose request was cancelled may still be entering one.
                stack.push_async_exit(partial(_leave, tuple(managers)))


async def _leave(managers: tuple[AbstractContextManager[Any], ...], *details: Any) -> bool:
    """Leave generators as FastAPI does: shielded, and without waiting for a free thread."""
    limiter = CapacityLimiter(1)
    with CancelScope(shield=True):
        return await anyio.to_thread.run_sync(_leave_here, managers, *details, limiter=limiter)
    return False


def _leave_here(managers: tuple[AbstractContextManager[Any], ...], *details: Any) -> bool:
    stack = ExitStack()
    for manager in managers:
        stack.push(_exit_of(manager))
    return bool(stack.__exit__(*details))


def _exit_of(manager: AbstractContextManager[Any]) -> Callable[..., bool | None]:
    return lambda *details: copy_context().run(manager.__exit__, *details)
