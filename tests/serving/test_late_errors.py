"""Errors late in a response: every message that is sent, every exception, as in FastAPI."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Annotated, Any

import fastapi.routing
import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Request
from fastapi.exceptions import FastAPIError
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps import FastDepsAPI
from tests.harness.hops import everything
from tests.harness.raw import Outcome, call

pytestmark = pytest.mark.usefixtures("both_lanes")

Program = Callable[[Any], Any]


def agreed(program: Program, **options: Any) -> Outcome:
    """What the program does, which is the same on every kind of app."""
    apps = FastAPI(), FastDepsAPI(), FastDepsAPI(classifier=everything)
    stock, unmarked, inline = (call(program(app) or app, **options) for app in apps)
    assert unmarked == stock
    assert inline == stock
    return stock


class MineError(Exception):
    pass


async def answer(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"handled {type(error).__name__}", 555)


def types(outcome: Outcome) -> list[str]:
    return [message["type"].removeprefix("http.response.") for message in outcome[0]]


def swallow() -> Iterator[None]:
    with suppress(ValueError):
        yield


@pytest.mark.parametrize("handled", [RuntimeError, Exception, None])
def test_no_second_response_is_sent_after_an_exception_was_swallowed(
    handled: type[Exception] | None,
) -> None:
    def program(app: FastAPI) -> None:
        if handled:
            app.add_exception_handler(handled, answer)

        @app.get("/")
        async def read(_: Annotated[None, Depends(swallow)]) -> StreamingResponse:
            async def stream() -> Any:
                yield b"first"
                raise ValueError

            return StreamingResponse(stream())

    outcome = agreed(program)
    assert types(outcome) == ["start", "body"]
    expected = "Caught handled exception" if handled is RuntimeError else "Response not awaited"
    assert expected in outcome[1][1]


def test_the_handler_of_an_error_that_fastapi_raises_itself_is_called() -> None:
    def program(app: FastAPI) -> None:
        app.add_exception_handler(RuntimeError, answer)

        class Failing(PlainTextResponse):
            async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                raise ValueError

        @app.get("/")
        def read(_: Annotated[None, Depends(swallow)]) -> Any:
            return Failing("never sent")

    outcome = agreed(program)
    assert outcome[0][1]["body"] == b"handled FastAPIError"


def test_an_exception_that_a_function_scope_swallows_leaves_nothing_to_send() -> None:
    def program(app: FastAPI) -> None:
        @app.get("/")
        def read(_: Annotated[None, Depends(swallow, scope="function")]) -> None:
            raise ValueError

    assert agreed(program)[1][0] == "UnboundLocalError"


def test_the_exception_handlers_are_those_that_were_in_force_when_the_route_began() -> None:
    def program(app: FastAPI) -> None:
        async def other(_: Request, __: Exception) -> Response:
            return PlainTextResponse("of another app", 556)

        other_app = Starlette(exception_handlers={MineError: other})
        app.add_exception_handler(MineError, answer)

        @app.get("/")
        async def read(request: Request) -> None:
            async def nowhere(_: Any) -> None: ...

            await other_app(request.scope, request.receive, nowhere)
            raise MineError

    assert agreed(program)[0][0]["status"] == 555


@pytest.mark.parametrize("body", [b"1", b"{"])
@pytest.mark.parametrize("missing", ["middleware", "inner", "function"])
def test_a_route_outside_of_an_app_fails_before_it_reads_what_it_needs(
    missing: str, body: bytes
) -> None:
    def program(app: FastAPI) -> Any:
        @app.post("/")
        def write(number: Annotated[int, Body()]) -> int:
            return number

        route: Any
        (route,) = (route for route in app.router.routes if getattr(route, "path", "") == "/")

        async def outside(scope: Scope, receive: Receive, send: Send) -> None:
            if missing == "middleware":
                await route.app(scope, receive, send)
                return
            scope["fastapi_middleware_astack"] = AsyncExitStack()
            if missing == "function":
                scope["fastapi_inner_astack"] = AsyncExitStack()
            await route.get_route_handler()(Request(scope, receive))

        return outside

    outcome = agreed(
        program, method="POST", body=body, headers=((b"content-type", b"application/json"),)
    )
    if body == b"1":
        assert outcome[1][:2] == (
            "AssertionError",
            f"fastapi_{missing}_astack not found in request scope",
        )


@pytest.mark.parametrize("declared", [None, 0, 201, 204, 304])
@pytest.mark.parametrize("injected", ["nothing", None, 0, 200, 202, 204, "203", ""])
@pytest.mark.parametrize("response_class", [None, PlainTextResponse])
def test_the_status_is_the_one_that_fastapi_finds(
    declared: int | None, injected: Any, response_class: type[Response] | None
) -> None:
    def program(app: FastAPI) -> None:
        options: dict[str, Any] = {"response_class": response_class} if response_class else {}

        @app.get("/", status_code=declared, response_model=None, **options)
        def read(response: Response) -> Any:
            if injected != "nothing":
                response.status_code = injected
            response.headers["x-told"] = "1"
            return "text"

    agreed(program)


class NoHeaders:
    def __init__(self, _: Any, **__: Any) -> None:
        self.status_code = 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})


class NoStatus(NoHeaders):
    def __init__(self, _: Any, **__: Any) -> None: ...


class Falsy(PlainTextResponse):
    def __bool__(self) -> bool:
        return False


@pytest.mark.parametrize("response_class", [NoHeaders, NoStatus, Falsy])
@pytest.mark.parametrize("is_instance", [False, True])
def test_an_odd_response_fails_where_fastapi_looks_at_it(
    response_class: Any, is_instance: bool
) -> None:
    def program(app: FastAPI) -> None:
        @app.get("/", response_class=response_class, response_model=None)
        def read() -> Any:
            return response_class("text") if is_instance else "text"

    assert agreed(program)[1] is not None


@pytest.mark.parametrize("raised", [ValueError, MineError, StopIteration, StopAsyncIteration])
@pytest.mark.parametrize("events", range(4))
def test_what_was_yielded_before_an_error_is_sent(raised: type[Exception], events: int) -> None:
    def program(app: FastAPI) -> None:
        app.add_exception_handler(MineError, answer)

        @app.get("/", response_class=EventSourceResponse)
        def read() -> Iterable[int]:
            yield from range(events)
            raise raised("late")

    sent, error = agreed(program)
    assert len([message for message in sent if message.get("body")]) == events
    assert error is not None


@pytest.mark.parametrize("at", ["entry", "exit", "error"])
@pytest.mark.parametrize("raised", [StopIteration, StopAsyncIteration])
@pytest.mark.parametrize("scope", ["request", "function"])
def test_a_generator_that_raises_what_ends_one_ends_as_in_fastapi(
    at: str, raised: type[Exception], scope: Any
) -> None:
    def program(app: FastAPI) -> None:
        def resource() -> Iterator[int]:
            if at == "entry":
                raise raised("odd")
            try:
                yield 1
            except ValueError:
                raise raised("odd") from None
            if at == "exit":
                raise raised("odd")

        @app.get("/")
        def read(number: Annotated[int, Depends(resource, scope=scope)]) -> int:
            if at == "error":
                raise ValueError
            return number

    assert agreed(program)[1][0] == "RuntimeError"


@pytest.mark.parametrize("raised", [StopIteration, StopAsyncIteration, KeyError, BaseException])
def test_an_endpoint_that_raises_what_ends_a_generator_ends_as_in_fastapi(
    raised: type[BaseException],
) -> None:
    def program(app: FastAPI) -> None:
        router = APIRouter()

        @router.get("/")
        def read() -> None:
            raise raised("odd")

        app.include_router(router)

    assert "odd" in str(agreed(program)[1])


def test_what_is_replaced_meanwhile_has_no_part_in_a_swallowed_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    for make in (FastAPI, FastDepsAPI):
        app, called = make(), list[str]()
        original = fastapi.routing.wrap_app_handling_exceptions

        def spied(*args: Any, called: list[str] = called, original: Any = original) -> Any:
            called.append("wrapped")
            return original(*args)

        async def swallowing(spied: Any = spied) -> AsyncIterator[None]:
            with monkeypatch.context() as patch:
                patch.setattr(fastapi.routing, "wrap_app_handling_exceptions", spied)
                with suppress(ValueError):
                    yield

        @app.get("/", dependencies=[Depends(swallowing)])
        async def endpoint() -> None:
            raise ValueError

        for _ in range(3):
            with pytest.raises(FastAPIError) as caught:
                TestClient(app).get("/")
            seen.append((str(caught.value), list(called)))
    assert seen[:3] == seen[3:]
    assert seen[0][0].startswith("Response not awaited")
