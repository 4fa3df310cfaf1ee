"""Counting how often a program goes to a worker thread."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import anyio.to_thread


@dataclass
class HopCounter:
    """Stands in for `anyio.to_thread.run_sync`, which all of FastAPI and Starlette call."""

    run_sync: Callable[..., Awaitable[Any]]
    hops: int = 0

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.hops += 1
        return await self.run_sync(*args, **kwargs)


@contextmanager
def counted_hops() -> Generator[HopCounter]:
    """Count the hops of every app in this process, in a program that only measures."""
    counter = HopCounter(anyio.to_thread.run_sync)
    with mock.patch.object(anyio.to_thread, "run_sync", counter):
        yield counter
