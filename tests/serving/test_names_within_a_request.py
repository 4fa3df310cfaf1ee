"""Functions of FastAPI's routing module, replaced by a step of a request that reads them later."""

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import wraps
from inspect import iscoroutinefunction
from itertools import product
from types import FunctionType
from typing import Any, NamedTuple
from unittest import mock

import pytest
from fastapi import Depends, FastAPI, routing
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI
from tests.harness.crowd import get
from tests.harness.hops import everything

FUNCTIONS = [name for name, value in vars(routing).items() if isinstance(value, FunctionType)]
REQUESTS = 4

Event = tuple[int, str, bool]
"""In which request which function was called, and whether on the event loop's thread."""


class Model(BaseModel):
    a: int


class Route(NamedTuple):
    """What is asked, and which of its steps replaces names, in which request."""

    is_async: bool
    dependency_is_async: bool
    has_model: bool
    by_endpoint: bool
    request: int


ROUTES = [Route(*each) for each in product(*[[False, True]] * 4, [0, REQUESTS - 1])]


def run(make: Callable[[], FastAPI], route: Route, names: Iterable[str]) -> Any:
    """The answers of a few requests, and the calls of what was replaced."""
    events: list[Event] = []
    number = 0

    def spied(name: str) -> Any:
        own = getattr(routing, name)

        def note() -> None:
            events.append((number, name, threading.current_thread() is threading.main_thread()))

        @wraps(own)
        def called(*args: Any, **kwargs: Any) -> Any:
            note()
            return own(*args, **kwargs)

        @wraps(own)
        async def awaited(*args: Any, **kwargs: Any) -> Any:
            note()
            return await own(*args, **kwargs)

        return awaited if iscoroutinefunction(own) else called

    with ExitStack() as replaced:

        def step(*, is_endpoint: bool) -> None:
            if is_endpoint is route.by_endpoint and number == route.request:
                for name in names:
                    replaced.enter_context(mock.patch.object(routing, name, spied(name)))

        def dependency() -> None:
            step(is_endpoint=False)

        async def async_dependency() -> None:
            step(is_endpoint=False)

        needed = Depends(async_dependency if route.dependency_is_async else dependency)

        def endpoint(needed: None = needed) -> dict[str, int]:
            step(is_endpoint=True)
            return {"a": 1}

        async def async_endpoint(needed: None = needed) -> dict[str, int]:
            return endpoint()

        app = make()
        model = Model if route.has_model else None
        app.get("/", response_model=model)(async_endpoint if route.is_async else endpoint)

        async def ask() -> list[Any]:
            nonlocal number
            answers = []
            while number < REQUESTS:
                replaced.close()
                answers.append(await get(app))
                number += 1
            return answers

        return asyncio.run(ask()), events


READ = sorted({name for route in ROUTES for _, name, _ in run(FastAPI, route, FUNCTIONS)[1]})
"""What FastAPI calls once a dependency is being solved."""


@pytest.mark.parametrize("name", READ)
def test_what_a_step_replaces_is_called_as_by_fastapi(name: str) -> None:
    for route in ROUTES:
        expected = run(FastAPI, route, [name])
        assert run(FastDepsAPI, route, [name]) == expected, route
        assert run(lambda: FastDepsAPI(fuse_visits=False), route, [name]) == expected, route


@pytest.mark.parametrize("name", READ)
def test_what_a_step_replaces_has_its_say_about_what_is_inline(name: str) -> None:
    for route in ROUTES:
        answers, _ = run(FastAPI, route, [name])
        assert run(lambda: FastDepsAPI(classifier=everything), route, [name])[0] == answers, route


def test_what_matters_is_read() -> None:
    assert {"run_endpoint_function", "run_in_threadpool", "_is_gen_callable"} < {*READ}
