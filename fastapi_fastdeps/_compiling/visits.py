"""Several steps that are one visit to a worker thread."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from contextvars import copy_context
from typing import Any

from anyio import from_thread

from fastapi_fastdeps._fastapi.requests import exit_callbacks
from fastapi_fastdeps._threads import Leaving


def is_cancelled() -> bool:
    """Whether the request was cancelled that this thread works for: FastAPI would not send it to
    another one."""
    try:
        from_thread.check_cancelled()
    except Exception:
        # A thread of somebody else's.
        return False
    except BaseException:
        return True
    return False


class Entered:
    """The generators that one visit enters, each in a context of its own, as FastAPI does.

    Each goes on its exit stack when it has been entered. Those that stand there one upon the
    other are left in one visit to a thread, the last one first.
    """

    __slots__ = ("_leaving", "_shares_context", "_stacks")

    def __init__(
        self, request_stack: AsyncExitStack, function_stack: AsyncExitStack, shares_context: bool
    ) -> None:
        self._stacks = request_stack, function_stack
        self._leaving: list[Leaving | None] = [None, None]
        self._shares_context = shares_context

    def enter(self, call: Callable[..., Any], values: dict[str, Any], is_of_function: bool) -> Any:
        """Enter the context manager that `call` makes. Runs in a thread. Raises what it raises."""
        manager = call(**values)
        if self._shares_context:
            value = manager.__enter__()
        else:
            value = copy_context().run(manager.__enter__)
        stack, leaving = self._stacks[is_of_function], self._leaving[is_of_function]
        pushed = exit_callbacks(stack)
        if leaving is not None and pushed and pushed[-1][1] is leaving:
            leaving.managers.append(manager)
        else:
            self._leaving[is_of_function] = leaving = Leaving(manager)
            stack.push_async_exit(leaving)
        return value
