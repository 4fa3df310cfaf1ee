"""A `Request` of the user's own is asked for what a body holds as often as by FastAPI."""

import gc
import json
from collections.abc import AsyncIterable, Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, FastAPI, File, Form, HTTPException, Request, UploadFile
from fastapi.responses import Response, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, everything
from tests.harness.garbage import only_new_garbage

asked: list[str] = []


class Own(Request):
    """A request that tells how often its body is asked for, and lets another pass."""

    async def body(self) -> bytes:
        asked.append("body")
        return (await super().body()).replace(b'"plain"', b'"changed"')

    async def json(self) -> Any:
        asked.append("json")
        # It asks for the body in turn.
        return json.loads(await self.body())

    def form(self, **limits: Any) -> Any:
        asked.append(f"form {sorted(limits)}")
        return super().form(**limits)

    async def stream(self) -> Any:
        asked.append("stream")
        async for each in super().stream():
            yield each


class Passes(APIRoute):
    """Passes a request of its own on to FastAPI's handler."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def wrapping(request: Request) -> Response:
            asked.append("handler")
            return await handle(Own(request.scope, request.receive))

        return wrapping


class PassesTwice(Passes):
    def get_route_handler(self) -> Callable[[Request], Any]:
        super().get_route_handler()
        return super().get_route_handler()


class Item(BaseModel):
    name: str


async def item(item: Item) -> Any:
    return item


def sync_item(item: Item) -> Any:
    return item


async def embedded(item: Item, more: Annotated[int, Body()] = 1) -> Any:
    return item, more


async def raw(body: Annotated[bytes, Body()]) -> Any:
    return len(body)


async def form(name: Annotated[str, Form()]) -> Any:
    return name


async def file(file: Annotated[UploadFile, File()]) -> Any:
    return (await file.read()).decode()


async def nothing() -> Any:
    return None


async def streamed(item: Item) -> AsyncIterable[Item]:
    yield item


async def streamed_form(name: Annotated[str, Form()]) -> AsyncIterable[str]:
    yield name


async def streaming(item: Item) -> StreamingResponse:
    return StreamingResponse(iter([item.name]))


async def reads_again(item: Item, request: Request) -> Any:
    return (await request.body()).decode(), await request.json(), type(request).__name__


async def refuses(item: Item) -> None:
    raise HTTPException(418)


ENDPOINTS = (
    item,
    sync_item,
    embedded,
    raw,
    form,
    file,
    nothing,
    streamed,
    streamed_form,
    streaming,
    reads_again,
    refuses,
)
SENT: tuple[dict[str, Any], ...] = (
    {"json": {"name": "plain"}},
    {"json": {"item": {"name": "plain"}, "more": 2}},
    {"json": {"name": [1]}},
    {"content": b'{"name": ', "headers": {"content-type": "application/json"}},
    {"content": b'{"name": "plain"}'},
    {"content": b"\xff", "headers": {"content-type": "text/plain"}},
    {"data": {"name": "plain"}},
    {
        "files": {"file": b"plain"},
        "headers": {"content-type": "multipart/form-data; boundary=plain"},
    },
    {"content": b"", "headers": {"content-type": "multipart/form-data"}},
    {},
)


def answers(
    app: FastAPI, router: APIRouter | None, route_class: type[APIRoute], endpoint: Any
) -> list[Any]:
    where = app.router if router is None else router
    where.route_class = route_class
    where.add_api_route("/", endpoint, methods=["POST"])
    if router is not None:
        app.include_router(router, prefix="/in")
    client = TestClient(app, raise_server_exceptions=False)
    found: list[Any] = []
    for sent in SENT:
        asked.clear()
        response = client.post("/in/" if router is not None else "/", **sent)
        found.append((sent, response.status_code, response.content, list(asked)))
    return found


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("is_included", [False, True])
@pytest.mark.parametrize("route_class", ["Passes", "PassesTwice", "Returns"])
@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda each: each.__name__)
def test_the_body_is_asked_for_as_often_as_by_fastapi(
    endpoint: Any, route_class: str, is_included: bool
) -> None:
    kind = globals()[route_class]
    found = answers(FastDepsAPI(), FastDepsRouter() if is_included else None, kind, endpoint)
    assert found == answers(FastAPI(), APIRouter() if is_included else None, kind, endpoint)


class Returns(APIRoute):
    """Has a method of its own, which gives what FastAPI's gives."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        return super().get_route_handler()


async def instead(**values: Any) -> Any:
    return sorted(values)


def instead_sync(**values: Any) -> Any:
    return sorted(values)


def instead_yielded(**values: Any) -> Any:
    yield sorted(values)


async def instead_yielded_async(**values: Any) -> Any:
    yield sorted(values)


@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("is_asked_before", [False, True])
@pytest.mark.parametrize("route_class", [Returns, Passes])
@pytest.mark.parametrize("endpoint", [item, sync_item, form, streamed], ids=lambda e: e.__name__)
@only_new_garbage()
def test_what_has_replaced_an_endpoint_is_given_the_body(
    endpoint: Any, route_class: type[APIRoute], is_asked_before: bool
) -> None:
    def exchanged(app: FastAPI, other: Any) -> list[Any]:
        app.router.route_class = route_class
        app.add_api_route("/", endpoint, methods=["POST"])
        client = TestClient(app, raise_server_exceptions=False)
        sent: dict[str, Any] = {"data": {"name": "a"}} if endpoint is form else SENT[0]
        found = [client.post("/", **sent)] if is_asked_before else []
        route: Any = app.router.routes[-1]
        route.dependant.call = other
        return [(each.status_code, each.content) for each in (*found, client.post("/", **sent))]

    for other in (instead, instead_sync, instead_yielded, instead_yielded_async):
        expected = exchanged(FastAPI(), other)
        assert exchanged(FastDepsAPI(), other) == expected, other
        assert exchanged(FastDepsAPI(classifier=everything), other) == expected, other
    # Coroutines that nobody has awaited.
    gc.collect()
