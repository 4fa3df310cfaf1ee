"""Noticing what a program sends to a worker thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import anyio.to_thread


@contextmanager
def each_hop(note: Callable[[Callable[..., Any]], object]) -> Iterator[None]:
    """Calls `note` with every function that goes to a worker thread meanwhile, in any app.

    All of FastAPI and Starlette call `anyio.to_thread.run_sync`, which is replaced: for
    programs that only measure or test.
    """
    run_sync = anyio.to_thread.run_sync

    async def noted(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        note(function)
        return await run_sync(function, *args, **options)

    with mock.patch.object(anyio.to_thread, "run_sync", noted):
        yield
