"""Where callables ran. Thread hops are counted, never timed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal
from unittest import mock

import anyio.to_thread
from fastapi import FastAPI
from fastapi.testclient import TestClient

from fastapi_fastdeps import Classifier, predicate

everything: Classifier = predicate(lambda _: True)
"""Makes every sync callable inline."""


def here() -> Literal["loop", "thread"]:
    """Where the caller runs."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return "thread"
    return "loop"


@contextmanager
def hops() -> Iterator[list[Callable[..., Any]]]:
    """Lists every function that is sent to a worker thread meanwhile."""
    sent: list[Callable[..., Any]] = []
    run_sync = anyio.to_thread.run_sync

    async def listed(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        sent.append(function)
        return await run_sync(function, *args, **options)

    with mock.patch.object(anyio.to_thread, "run_sync", listed):
        yield sent


def ask(app: FastAPI, path: str = "/", method: str = "GET", **options: Any) -> tuple[Any, int]:
    """The body of the answer, and how many thread hops it took. No lifespan is run."""
    with hops() as sent:
        response = TestClient(app).request(method, path, **options)
    assert response.status_code == 200, response.text
    return response.json(), len(sent)
