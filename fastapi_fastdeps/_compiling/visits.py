"""Several steps that are one visit to a worker thread."""

from collections.abc import Callable
from contextlib import AbstractContextManager, AsyncExitStack
from contextvars import copy_context
from typing import Any

from fastapi_fastdeps._threads import leave_with


class Entered:
    """The generators that one visit enters, each in a context of its own, as FastAPI does.

    They are left in one visit to a thread for each exit stack, the last one first.
    """

    __slots__ = ("_of_function", "_of_request", "_shares_context")

    def __init__(self, shares_context: bool) -> None:
        self._shares_context = shares_context
        self._of_request: list[AbstractContextManager[Any]] = []
        self._of_function: list[AbstractContextManager[Any]] = []

    def enter(self, call: Callable[..., Any], values: dict[str, Any], is_of_function: bool) -> Any:
        """Enter the context manager that `call` makes. Runs in a thread. Raises what it raises."""
        manager = call(**values)
        if self._shares_context:
            value = manager.__enter__()
        else:
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
                leave_with(stack, tuple(managers))
