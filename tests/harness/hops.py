"""Where callables ran. Thread hops are counted, never timed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.threads import each_hop
from fastapi_fastdeps import Candidate, Execution, Inline


def everything(_: Candidate, /) -> Execution | None:
    """Makes every sync callable inline, whatever it is marked."""
    return Inline()


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
    with each_hop(sent.append):
        yield sent


def ask(app: FastAPI, path: str = "/", method: str = "GET", **options: Any) -> tuple[Any, int]:
    """The body of the answer, and how many thread hops it took. No lifespan is run."""
    with hops() as sent:
        response = TestClient(app).request(method, path, **options)
    assert response.status_code == 200, response.text
    return response.json(), len(sent)
