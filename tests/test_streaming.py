"""Sync endpoints that stream."""

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, inline
from tests.harness.hops import everything, here, hops


class Item(BaseModel):
    number: int
    where: str


def lines() -> Iterable[Item]:
    for number in range(3):
        yield Item(number=number, where=here())


def events() -> Iterable[Item]:
    yield from lines()


def raw() -> Iterable[str]:
    for number in range(3):
        yield f"{number} {here()}\n"


def add(app: Any) -> Any:
    app.get("/lines")(lines)
    app.get("/events", response_class=EventSourceResponse)(events)
    app.get("/raw", response_class=StreamingResponse)(raw)
    return app


KINDS = ["/lines", "/events", "/raw"]


def included(app: FastAPI, router: Any) -> FastAPI:
    app.include_router(add(router))
    return app


@pytest.mark.parametrize("path", KINDS)
def test_a_sync_streaming_endpoint_is_iterated_on_the_loop(path: str) -> None:
    stock = TestClient(add(FastAPI())).get(path)
    apps = [
        add(FastDepsAPI(classifier=everything)),
        included(FastDepsAPI(classifier=everything), FastDepsRouter()),
        included(FastDepsAPI(), FastDepsRouter(classifier=everything)),
    ]
    for app in apps:
        with hops() as sent:
            response = TestClient(app).get(path)
        assert sent == []
        assert response.text == stock.text.replace("thread", "loop") != stock.text
        assert response.headers == stock.headers


@pytest.mark.parametrize("path", KINDS)
def test_a_sync_streaming_endpoint_that_no_one_marked_is_iterated_in_threads(path: str) -> None:
    counts = []
    for app in (add(FastAPI()), add(FastDepsAPI())):
        with hops() as sent:
            response = TestClient(app).get(path)
        assert "loop" not in response.text
        counts.append(len(sent))
    assert counts[0] == counts[1] >= 3


@pytest.mark.parametrize("path", KINDS)
def test_openapi_of_a_streaming_endpoint_is_fastapis(path: str) -> None:
    stock, app = add(FastAPI()), add(FastDepsAPI(classifier=everything))
    assert json.dumps(app.openapi()) == json.dumps(stock.openapi())


def test_a_streamed_server_sent_event_is_the_users_own() -> None:
    @inline
    def chosen() -> Iterable[ServerSentEvent]:
        yield ServerSentEvent(data=here(), event="where", id="1")

    app = FastDepsAPI()
    app.get("/", response_class=EventSourceResponse)(chosen)
    assert TestClient(app).get("/").text == 'event: where\ndata: "loop"\nid: 1\n\n'


def test_an_inline_dependency_is_open_while_an_inline_endpoint_streams() -> None:
    log: list[str] = []

    def session() -> Iterator[str]:
        log.append(f"open {here()}")
        yield "session"
        log.append(f"closed {here()}")

    app = FastDepsAPI()

    @app.get("/", response_class=StreamingResponse)
    @inline
    def read(session: Annotated[str, Depends(session), Inline]) -> Iterable[str]:
        for number in range(2):
            log.append(f"item {number} {here()}")
            yield session

    with hops() as sent:
        assert TestClient(app).get("/").text == "sessionsession"
    assert log == ["open loop", "item 0 loop", "item 1 loop", "closed loop"]
    assert sent == []


def test_an_endpoint_that_returns_an_iterator_of_its_own_is_no_generator() -> None:
    @inline
    def read() -> StreamingResponse:
        return StreamingResponse(iter([here()]))

    app = FastDepsAPI()
    app.get("/", response_class=StreamingResponse, response_model=None)(read)
    assert TestClient(app).get("/").text == "loop"


@pytest.mark.parametrize("path", KINDS)
def test_an_exception_between_items_reaches_the_client_as_in_fastapi(path: str) -> None:
    def failing() -> Iterable[str]:
        yield "first"
        raise LookupError("second")

    def built(app: FastAPI) -> FastAPI:
        options: dict[str, Any] = {}
        if path != "/lines":
            options["response_class"] = (
                EventSourceResponse if path == "/events" else StreamingResponse
            )
        app.get("/", **options)(failing)
        return app

    raised = []
    for app in (built(FastAPI()), built(FastDepsAPI(classifier=everything))):
        with pytest.raises((LookupError, ExceptionGroup)) as error:
            TestClient(app).get("/")
        raised.append(_leaf(error.value))
    assert repr(raised[0]) == repr(raised[1]) == "LookupError('second')"


def _leaf(error: BaseException) -> BaseException:
    return _leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


class Endless:
    """Streams without end, nearly, and remembers how far it was read and where it was closed."""

    limit = 2000

    def __init__(self) -> None:
        self.read = 0
        self.closed = ""

    def __call__(self) -> Iterator[str]:
        try:
            while self.read < self.limit:
                self.read += 1
                yield "item"
        finally:
            self.closed = here()


def endpoint(endless: Endless, kind: str) -> FastDepsAPI:
    app = FastDepsAPI(classifier=everything)

    def stream() -> Iterable[str]:
        yield from endless()

    options: dict[str, Any] = {}
    if kind == "/events":
        options["response_class"] = EventSourceResponse
    elif kind == "/raw":
        options["response_class"] = StreamingResponse
    app.get("/", **options)(stream)
    return app


async def serve(app: FastAPI, sent: Callable[[], None], disconnect: anyio.Event) -> None:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [],
    }
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        if message := next(messages, None):
            return message
        await disconnect.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            sent()

    await app(scope, receive, send)


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_disconnects_ends_an_inline_stream(kind: str) -> None:
    endless = Endless()

    async def main() -> None:
        disconnect = anyio.Event()
        await serve(endpoint(endless, kind), disconnect.set, disconnect)

    anyio.run(main)
    assert endless.read < endless.limit / 10
    assert endless.closed == "loop"


def test_an_inline_stream_that_ends_early_is_closed_whoever_holds_it() -> None:
    endless = Endless()
    held: list[Iterator[str]] = []

    @functools.wraps(endless.__call__)
    def stream() -> Iterator[str]:
        held.append(endless())
        return held[0]

    app = FastDepsAPI(classifier=everything)
    app.get("/", response_class=StreamingResponse)(stream)

    async def main() -> None:
        disconnect = anyio.Event()
        await serve(app, disconnect.set, disconnect)

    anyio.run(main)
    assert endless.closed == "loop"


@pytest.mark.parametrize("kind", KINDS)
def test_cancellation_is_delivered_between_the_items_of_an_inline_stream(kind: str) -> None:
    endless = Endless()

    async def main() -> None:
        with anyio.CancelScope() as scope:
            await serve(endpoint(endless, kind), scope.cancel, anyio.Event())
        assert scope.cancelled_caught

    anyio.run(main)
    assert endless.read < endless.limit / 10
    assert endless.closed == "loop"


@pytest.mark.parametrize("kind", KINDS)
def test_others_run_between_the_items_of_an_inline_stream(kind: str) -> None:
    endless = Endless()
    endless.limit = 50
    turns = 0

    async def main() -> None:
        async def count() -> None:
            nonlocal turns
            while not endless.closed:
                await anyio.sleep(0)
                turns += 1

        async with anyio.create_task_group() as group:
            group.start_soon(count)
            await serve(endpoint(endless, kind), lambda: None, anyio.Event())

    anyio.run(main)
    assert (endless.read, endless.closed) == (50, "loop")
    assert turns >= 50
