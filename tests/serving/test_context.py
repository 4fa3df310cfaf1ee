"""Context variables."""

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar, Token
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, inline
from tests.harness.hops import ask

pytestmark = pytest.mark.usefixtures("both_lanes")

variable: ContextVar[str] = ContextVar("variable", default="unset")


@inline
def set_it() -> None:
    variable.set("set")


def seen() -> str:
    return variable.get()


async def seen_async() -> str:
    return variable.get()


Set = Depends(set_it)


def test_a_variable_set_by_an_inline_dependency_is_seen_by_what_runs_after_it() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(
        _: Annotated[None, Set],
        threaded: Annotated[str, Depends(seen)],
        inline: Annotated[str, Depends(seen, use_cache=False), Inline],
        awaited: Annotated[str, Depends(seen_async)],
    ) -> list[str]:
        return [threaded, inline, awaited, variable.get()]

    assert ask(app) == (["set"] * 4, 1)
    assert variable.get() == "unset"


def test_a_variable_set_in_a_thread_is_lost_as_in_fastapi() -> None:
    for app in (FastAPI(), FastDepsAPI()):

        @app.get("/", dependencies=[Depends(lambda: variable.set("set") and None)])
        async def read() -> str:
            return variable.get()

        assert ask(app) == ("unset", 1)


@pytest.mark.parametrize("level", ["app", "router", "include", "route"])
def test_a_variable_set_at_any_level_is_seen_by_a_sync_and_by_an_async_endpoint(
    level: str,
) -> None:
    def at(name: str) -> Any:
        return {"dependencies": [Set] if name == level else []}

    app = FastDepsAPI(**at("app"))
    router = FastDepsRouter(**at("router"))

    @router.get("/async", **at("route"))
    async def read_async() -> str:
        return variable.get()

    @router.get("/sync", **at("route"))
    def read() -> str:
        return variable.get()

    @router.get("/inline", **at("route"))
    @inline
    def read_inline() -> str:
        return variable.get()

    app.include_router(router, **at("include"))
    for path in ("/async", "/sync", "/inline"):
        assert ask(app, path)[0] == "set"


def scoped(log: list[str]) -> Callable[[], Iterator[Token[str]]]:
    def generator() -> Iterator[Token[str]]:
        token = variable.set("scoped")
        yield token
        log.append(variable.get())
        variable.reset(token)
        log.append(variable.get())

    return generator


@pytest.mark.parametrize("scope", ["function", "request"])
def test_a_variable_set_before_yield_is_seen_and_can_be_reset_after_it(scope: Any) -> None:
    log: list[str] = []
    app = FastDepsAPI()

    @app.get("/")
    async def read(_: Annotated[Any, Depends(scoped(log), scope=scope), Inline]) -> str:
        return variable.get()

    assert ask(app) == ("scoped", 0)
    assert log == ["scoped", "unset"]


def test_a_variable_that_the_endpoint_sets_is_seen_by_an_inline_teardown() -> None:
    log: list[str] = []

    @inline
    def session() -> Iterator[None]:
        yield
        log.append(variable.get())

    app = FastDepsAPI()

    @app.get("/async")
    async def read_async(_: Annotated[None, Depends(session)]) -> None:
        variable.set("by async")

    @app.get("/inline")
    @inline
    def read(_: Annotated[None, Depends(session)]) -> None:
        variable.set("by inline")

    ask(app, "/async")
    ask(app, "/inline")
    assert log == ["by async", "by inline"]


def test_an_inline_teardown_sees_the_variable_where_the_endpoint_raises() -> None:
    log: list[str] = []
    app = FastDepsAPI()

    @inline
    def session() -> Iterator[None]:
        token = variable.set("scoped")
        try:
            yield
        except LookupError:
            log.append(variable.get())
            raise
        finally:
            variable.reset(token)

    @app.get("/")
    async def read(_: Annotated[None, Depends(session)]) -> None:
        raise LookupError

    assert TestClient(app, raise_server_exceptions=False).get("/").status_code == 500
    assert log == ["scoped"]


def test_a_variable_is_seen_by_background_tasks_streams_and_exception_handlers() -> None:
    log: list[str] = []
    app = FastDepsAPI(dependencies=[Set])

    @app.get("/background")
    async def background(tasks: BackgroundTasks) -> None:
        tasks.add_task(lambda: log.append(variable.get()))

    @app.get("/stream", response_class=StreamingResponse)
    @inline
    def stream() -> Iterable[str]:
        yield variable.get()

    @app.get("/error")
    async def error() -> None:
        raise LookupError

    @app.exception_handler(LookupError)
    async def handle(_: Request, __: Exception) -> JSONResponse:
        return JSONResponse(variable.get())

    ask(app, "/background")
    assert log == ["set"]
    assert TestClient(app).get("/stream").text == "set"
    assert ask(app, "/error") == ("set", 0)


@pytest.mark.parametrize("router_class", [APIRouter, FastDepsRouter])
def test_a_variable_is_seen_by_a_websocket_endpoint(router_class: Any) -> None:
    log: list[str] = []
    app, router = FastDepsAPI(), router_class()

    @router.websocket("/ws")
    async def connect(
        websocket: WebSocket, _: Annotated[Any, Depends(scoped(log)), Inline]
    ) -> None:
        await websocket.accept()
        await websocket.send_text(variable.get())
        await websocket.close()

    app.include_router(router)
    with TestClient(app).websocket_connect("/ws") as websocket:
        assert websocket.receive_text() == "scoped"
    assert log == ["scoped", "unset"]
