"""Generator functions as context managers."""

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from typing import Any


class _Manager(AbstractContextManager[Any]):
    """FastAPI enters and leaves a sync generator from within an async one, out of which no
    `StopAsyncIteration` comes."""

    __slots__ = ("_manager",)

    def __init__(self, manager: AbstractContextManager[Any]) -> None:
        self._manager = manager

    def __enter__(self) -> Any:
        try:
            return self._manager.__enter__()
        except StopAsyncIteration as error:
            raise _as_of_an_async_generator() from error

    def __exit__(self, *exc_details: Any) -> bool | None:
        try:
            return self._manager.__exit__(*exc_details)
        except StopAsyncIteration as error:
            raise _as_of_an_async_generator() from error


def _as_of_an_async_generator() -> RuntimeError:
    return RuntimeError("async generator raised StopAsyncIteration")


def manager_of(call: Callable[..., Any]) -> Callable[..., AbstractContextManager[Any]]:
    """What makes a context manager of what `call` returns for some values."""
    manager = contextmanager(call)

    def managed(**values: Any) -> AbstractContextManager[Any]:
        return _Manager(manager(**values))

    return managed
