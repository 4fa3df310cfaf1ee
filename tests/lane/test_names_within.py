"""A name that FastAPI's solver reads may be replaced, where a plan is in a handler of FastAPI's:
what replaces it is called as often as by FastAPI."""

import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.dependencies import models, utils
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI
from tests.harness.hops import everything
from tests.harness.wrapping import Wrapping

NAMES = [
    (module, name)
    for module in (utils, models)
    for name, value in vars(module).items()
    if (inspect.isfunction(value) or inspect.isclass(value))
    # Which this package asks, too, what a callable is.
    and name not in ("_get_signature", "get_typed_annotation", "_impartial", "_unwrapped_call")
    # The keys of a memory that outlives the test, which two classes of keys would confuse.
    and name != "_CallIdentity"
    and str(value.__module__).partition(".")[0] in ("fastapi", "starlette", "anyio")
]


class Item(BaseModel):
    name: str = "a"


def items() -> Iterator[str]:
    yield "a"


def number() -> int:
    return 1


async def wrapped() -> str:
    return "a"


async def with_dependency(number: Annotated[int, Depends(number)]) -> AsyncIterator[int]:
    yield number


async def with_body(item: Item) -> AsyncIterator[Item]:
    yield item


async def wrapped_with_body(item: Item, request: Request) -> str:
    return item.name + request.method


ENDPOINTS = (items, wrapped, with_dependency, with_body, wrapped_with_body)


def spied(value: Any, seen: list[str]) -> Any:
    if inspect.isclass(value):
        return type(value)(value.__name__, (value,), {})

    def spy(*args: Any, **options: Any) -> Any:
        seen.append(value.__name__)
        return value(*args, **options)

    return spy


def answers(app: FastAPI, endpoint: Any, name: tuple[Any, str], *, is_asked_before: bool) -> Any:
    app.router.route_class = Wrapping if endpoint.__name__.startswith("wrapped") else APIRoute
    app.post("/")(endpoint)
    client = TestClient(app, raise_server_exceptions=False)
    if is_asked_before:
        client.post("/", json={})
    seen: list[str] = []
    module, attribute = name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, attribute, spied(getattr(module, attribute), seen))
        response = client.post("/", json={})
    return response.status_code, response.content, seen


@pytest.mark.parametrize("is_asked_before", [False, True])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.__name__)
def test_what_replaces_a_name_is_called_as_often_as_by_fastapi(
    endpoint: Any, is_asked_before: bool
) -> None:
    for name in NAMES:
        expected = answers(FastAPI(), endpoint, name, is_asked_before=is_asked_before)
        found = answers(FastDepsAPI(), endpoint, name, is_asked_before=is_asked_before)
        assert found == expected, name[1]
        if name[1] != "run_in_threadpool":
            app = FastDepsAPI(classifier=everything)
            found = answers(app, endpoint, name, is_asked_before=is_asked_before)
            assert found == expected, name[1]
