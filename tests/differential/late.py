"""Programs that fail late: while dependencies are left, while a response is sent, after it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from fastapi.sse import EventSourceResponse
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

Log = list[str]


class MineError(Exception):
    """Has a handler in most programs."""


class YoursError(MineError):
    """Is found by the handler of its base."""


RAISED: dict[str, Callable[[], BaseException]] = {
    "MineError": MineError,
    "YoursError": YoursError,
    "ValueError": partial(ValueError, "value"),
    "RuntimeError": partial(RuntimeError, "runtime"),
    "OSError": partial(OSError, "os"),
    "HTTPException": partial(HTTPException, 418, "teapot"),
    "StopIteration": partial(StopIteration, "stop"),
    "StopAsyncIteration": partial(StopAsyncIteration, "stop"),
    "ExceptionGroup": lambda: ExceptionGroup("group", [MineError(), ValueError("part")]),
    "CancelledError": partial(asyncio.CancelledError, "cancelled"),
    "BaseException": partial(BaseException, "base"),
}
HANDLED: dict[str, Any] = {
    "MineError": MineError,
    "ValueError": ValueError,
    "RuntimeError": RuntimeError,
    "HTTPException": HTTPException,
    "418": 418,
    "ExceptionGroup": ExceptionGroup,
    "Exception": Exception,
}


@dataclass(frozen=True)
class Left:
    """A dependency, and what it does when it is entered and left; names are of `RAISED`."""

    is_async: bool
    yields: bool
    scope: Literal["function", "request"] | None
    on_entry: str | None
    on_error: Literal["raise", "swallow"] | str
    on_exit: str | None
    takes_handlers: bool


@dataclass(frozen=True)
class Late:
    """A program."""

    dependencies: tuple[Left, ...]
    nested: bool
    endpoint: Literal["value", "response", "odd response", "stream", "raw", "lines", "events"]
    is_async: bool
    items: int
    raises: str | None
    background: str | None
    handlers: tuple[tuple[str, Literal["answers", "is silent"] | str, bool], ...]
    fails_at: int | None
    spec_version: Literal["2.3", "2.4"]


_names = st.sampled_from(sorted(RAISED))
_perhaps = st.none() | _names
_seldom = st.none() | st.none() | _perhaps

lefts = st.builds(
    Left,
    is_async=st.booleans(),
    yields=st.sampled_from([True, True, False]),
    scope=st.sampled_from([None, "function", "request"]),
    on_entry=_seldom,
    on_error=st.sampled_from(["raise", "swallow"]) | _names,
    on_exit=_seldom,
    takes_handlers=st.sampled_from([False, False, True]),
)
late_programs = st.builds(
    Late,
    dependencies=st.lists(lefts, max_size=3).map(tuple),
    nested=st.booleans(),
    endpoint=st.sampled_from(
        ["value", "response", "odd response", "stream", "raw", "lines", "events"]
    ),
    is_async=st.booleans(),
    items=st.integers(0, 3),
    raises=_perhaps,
    background=_seldom,
    handlers=st.lists(
        st.tuples(
            st.sampled_from(sorted(HANDLED)),
            st.sampled_from(["answers", "is silent"]) | _names,
            st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    fails_at=st.sampled_from([None, None, None, 0, 1, 2]),
    spec_version=st.sampled_from(["2.3", "2.4"]),
)


def build(program: Late, app: FastAPI, log: Log) -> FastAPI:
    """The program on this app. It writes into `log` what happens, in order."""
    for name, does, is_async in program.handlers:
        app.add_exception_handler(HANDLED[name], _handler(name, does, is_async, log))
    calls: list[Any] = []
    for number, left in enumerate(program.dependencies):
        below = calls[-1] if program.nested and calls else _nothing
        calls.append(_dependency(number, left, below, log))
    _add_endpoint(program, app, calls, log)
    return app


def _nothing() -> None: ...


def _raise(name: str | None) -> None:
    if name is not None:
        raise RAISED[name]()


def _handler(name: str, does: str, is_async: bool, log: Log) -> Any:
    def handle(_: Any, error: Exception) -> Response | None:
        log.append(f"{name} handles {type(error).__name__}")
        if does == "is silent":
            return None
        if does != "answers":
            _raise(does)
        return PlainTextResponse(f"handled {error}", 555)

    async def handle_async(request: Any, error: Exception) -> Response | None:
        return handle(request, error)

    return handle_async if is_async else handle


def _dependency(number: int, left: Left, below: Any, log: Log) -> Any:
    def enter(connection: Any) -> None:
        log.append(f"{number} enters")
        if left.takes_handlers:
            connection.scope["starlette.exception_handlers"] = ({}, {})
        _raise(left.on_entry)

    def leave(error: BaseException | None) -> bool:
        """Whether the error goes on."""
        log.append(f"{number} leaves {type(error).__name__}")
        if error is None or not isinstance(error, Exception):
            _raise(left.on_exit)
        elif left.on_error == "swallow":
            return False
        elif left.on_error != "raise":
            raise RAISED[left.on_error]() from error
        return True

    takes = Depends(below)

    async def gen_async(connection: HTTPConnection, _: Any = takes) -> AsyncIterator[int]:
        enter(connection)
        try:
            yield number
        except BaseException as error:
            if leave(error):
                raise
        else:
            leave(None)

    def gen(connection: HTTPConnection, _: Any = takes) -> Iterator[int]:
        enter(connection)
        try:
            yield number
        except BaseException as error:
            if leave(error):
                raise
        else:
            leave(None)

    async def call_async(connection: HTTPConnection, _: Any = takes) -> int:
        enter(connection)
        return number

    def call(connection: HTTPConnection, _: Any = takes) -> int:
        enter(connection)
        return number

    if left.yields:
        return gen_async if left.is_async else gen
    return call_async if left.is_async else call


class _Odd(PlainTextResponse):
    """Sends more than one message, and fails in between."""

    raises: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"odd", "more_body": True})
        _raise(self.raises)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        if self.background is not None:
            await self.background()


def _add_endpoint(program: Late, app: FastAPI, calls: list[Any], log: Log) -> None:
    numbers = [
        Depends(call, scope=left.scope) if left.yields else Depends(call)
        for call, left in zip(calls, program.dependencies, strict=True)
    ]

    def prepare(tasks: BackgroundTasks) -> None:
        log.append("endpoint")

        def task() -> None:
            log.append("task")
            _raise(program.background)

        tasks.add_task(task)

    def items() -> Iterator[str]:
        for item in range(program.items):
            yield str(item)
        _raise(program.raises)

    def answer() -> Any:
        if program.endpoint == "odd response":
            odd = _Odd("")
            odd.raises = program.raises
            return odd
        if program.endpoint == "stream":
            return StreamingResponse(items())
        _raise(program.raises)
        return PlainTextResponse("response") if program.endpoint == "response" else {"a": [1]}

    def sync(tasks: BackgroundTasks) -> Any:
        prepare(tasks)
        return answer()

    async def not_sync(tasks: BackgroundTasks) -> Any:
        prepare(tasks)
        return answer()

    def streams(tasks: BackgroundTasks) -> Iterable[str]:
        prepare(tasks)
        yield from items()

    async def streams_async(tasks: BackgroundTasks) -> AsyncIterator[str]:
        prepare(tasks)
        for item in items():
            yield item

    options: dict[str, Any] = {"dependencies": numbers}
    if program.endpoint in ("raw", "lines", "events"):
        if program.endpoint == "raw":
            options["response_class"] = StreamingResponse
        elif program.endpoint == "events":
            options["response_class"] = EventSourceResponse
        app.get("/", **options)(streams_async if program.is_async else streams)
    else:
        options["response_model"] = None
        app.get("/", **options)(not_sync if program.is_async else sync)

    @app.websocket("/", dependencies=numbers)
    async def talk(websocket: WebSocket) -> None:
        log.append("websocket")
        await websocket.accept()
        for item in items():
            await websocket.send_text(item)
        await websocket.close()
