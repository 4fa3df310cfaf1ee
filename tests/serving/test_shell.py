"""What FastAPI does around its router is done as it does it, with its layers or without."""

import functools
import importlib
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import PlainTextResponse, Response
from fastapi.testclient import TestClient
from opentelemetry import trace
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.ground import SHELL
from fastapi_fastdeps._fastapi.names import shell
from tests.harness.hops import everything
from tests.harness.raw import Outcome, call

pytestmark = pytest.mark.skipif(not shell, reason="FastAPI's own layers do the work")

Program = Callable[[Any], Any]

LAYERS = [f"{module}.{name}" for module, names in SHELL.items() for name in names]
SKIPPED = [name for name in LAYERS if name not in ("fastapi.applications.FastAPI.__call__",)]


def agreed(program: Program, **options: Any) -> Outcome:
    """What the program does, which is the same on every kind of app."""
    apps = FastAPI(), FastDepsAPI(), FastDepsAPI(classifier=everything)
    stock, unmarked, inline = (call(program(app) or app, **options) for app in apps)
    assert without_tracebacks(unmarked) == without_tracebacks(stock)
    assert without_tracebacks(inline) == without_tracebacks(stock)
    return stock


def without_tracebacks(outcome: Outcome) -> Outcome:
    """Every function that a request goes through is in them."""
    if any(message.get("body", b"").startswith(b"Traceback") for message in outcome[0]):
        return [{"type": message["type"]} for message in outcome[0]], outcome[1]
    return outcome


def found(name: str) -> tuple[Any, str]:
    """What holds a function, and under which name."""
    for module in SHELL:
        if name.startswith(f"{module}."):
            *path, last = name.removeprefix(f"{module}.").split(".")
            return functools.reduce(getattr, path, importlib.import_module(module)), last
    raise LookupError(name)


def called_in(app: ASGIApp) -> Counter[str]:
    """How often each Python function is called in a request."""
    called: Counter[str] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            module = frame.f_globals.get("__name__", "")
            called[f"{module}.{frame.f_code.co_qualname}"] += 1

    call(app)
    sys.setprofile(count)
    try:
        assert call(app)[0][0]["status"] == 200
    finally:
        sys.setprofile(None)
    return called


def reads(app: Any) -> None:
    @app.get("/")
    async def read() -> str:
        return "read"


class Passing:
    """A middleware of the user's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"passed", b"1")]
            await send(message)

        await self.app(scope, receive, marked)


class MineError(Exception):
    pass


def swallow(*_: Any) -> bool:
    return True


async def answer(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"handled {type(error).__name__}", 555)


@pytest.mark.parametrize("middleware", [[], [Middleware(Passing)]], ids=["plain", "wrapped"])
def test_no_layer_is_called_where_nobody_has_a_say_in_it(middleware: list[Middleware]) -> None:
    app = FastDepsAPI(middleware=middleware)
    reads(app)
    called = called_in(app)
    assert called["fastapi_fastdeps._serving.shell.serve"] == 1
    layers = {name for name in SKIPPED if "starlette.requests" not in name and called[name]}
    inner = {"starlette.middleware.exceptions", "fastapi.middleware.asyncexitstack"}
    assert {name.rpartition(".")[0].rpartition(".")[0] for name in layers} <= (
        {*inner, "starlette.routing"} if middleware else set()
    )


@pytest.mark.parametrize("name", LAYERS)
def test_a_function_that_is_replaced_is_called_as_often_as_by_fastapi(name: str) -> None:
    holder, attribute = found(name)
    original = getattr(holder, attribute)
    called: Counter[str] = Counter()
    for make in (FastAPI, FastDepsAPI):
        app = make()
        reads(app)
        before = call(app)

        @functools.wraps(original)
        def counted(*args: Any, kind: str = make.__name__, **options: Any) -> Any:
            called[kind] += 1
            return original(*args, **options)

        with mock.patch.object(holder, attribute, counted):
            assert call(app) == before
        assert call(app) == before
    if "starlette.requests" not in name:
        assert called["FastDepsAPI"] == called["FastAPI"]
    assert called["FastDepsAPI"] > 0 or called["FastAPI"] == 0


def test_a_provider_of_telemetry_that_is_named_or_set_later_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = FastDepsAPI()
    reads(app)
    assert "fastapi.telemetry._asgi.NativeTelemetry.enabled" not in called_in(app)
    monkeypatch.setenv("OTEL_PYTHON_TRACER_PROVIDER", "default_tracer_provider")
    with mock.patch.object(trace, "_load_provider", return_value=trace.NoOpTracerProvider()):
        assert called_in(app)["fastapi.telemetry._asgi.NativeTelemetry.enabled"] == 1
    monkeypatch.delenv("OTEL_PYTHON_TRACER_PROVIDER")
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", trace.NoOpTracerProvider())
    assert called_in(app)["fastapi.telemetry._asgi.NativeTelemetry.enabled"] == 1
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    assert "fastapi.telemetry._asgi.NativeTelemetry.enabled" not in called_in(app)


@pytest.mark.parametrize("middleware", [[], [Middleware(Passing)]], ids=["plain", "wrapped"])
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("handled", [(), (MineError,), (500,), (Exception,), (RuntimeError, 500)])
@pytest.mark.parametrize("when", ["matching", "before", "begun", "late", "refused", "closing"])
def test_an_error_leaves_the_layers_as_in_fastapi(
    when: str, handled: tuple[Any, ...], debug: bool, middleware: list[Middleware]
) -> None:
    def program(app: FastAPI) -> ASGIApp:
        app.debug = debug
        app.user_middleware += middleware
        for each in handled:
            app.add_exception_handler(each, answer)

        class Late(PlainTextResponse):
            async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
                await super().__call__(scope, receive, send)
                raise MineError

        async def fail() -> None:
            raise MineError

        @app.get("/")
        async def read(request: Request) -> Any:
            if when == "closing":
                request.scope["fastapi_middleware_astack"].push_async_callback(fail)
            if when == "refused":
                raise HTTPException(418)
            if when == "before":
                raise MineError
            return Late("late") if when == "late" else "read"

        async def raw(scope: Scope, receive: Receive, send: Send) -> None:
            if when == "begun":
                await send({"type": "http.response.start", "status": 200, "headers": []})
            raise MineError

        if when in ("matching", "begun"):
            app.router.routes.clear()
            app.mount("/", raw)
        return app

    outcome = agreed(program)
    if not debug:
        assert outcome[0] or handled == () or when in ("begun", "late", "closing")


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit])
def test_what_is_no_error_passes_through(error: type[BaseException]) -> None:
    left: list[str] = []

    def program(app: FastAPI) -> None:
        @app.get("/")
        async def read(request: Request) -> None:
            request.scope["fastapi_middleware_astack"].callback(left.append, "left")
            raise error

    apps = FastAPI(), FastDepsAPI()
    for app in apps:
        program(app)
    assert call(apps[0]) == call(apps[1])
    assert left == ["left", "left"]


def test_an_exit_stack_that_swallows_an_error_ends_the_request() -> None:
    def program(app: FastAPI) -> None:
        @app.get("/")
        async def read(request: Request) -> None:
            request.scope["fastapi_middleware_astack"].push(swallow)
            raise MineError

    assert agreed(program) == ([], None)


def test_a_handler_that_fails_has_the_first_error_for_its_context() -> None:
    def program(app: FastAPI) -> ASGIApp:
        async def fails(_: Request, error: Exception) -> Response:
            raise RuntimeError("in handler")

        app.add_exception_handler(MineError, fails)
        app.add_exception_handler(RuntimeError, answer)

        async def raw(scope: Scope, receive: Receive, send: Send) -> None:
            raise MineError

        app.mount("/", raw)

        async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except RuntimeError as error:
                raise ValueError(repr(error.__context__)) from None

        return outermost

    assert agreed(program)[1][1] == "MineError()"


def test_a_layer_that_is_put_in_later_is_gone_through() -> None:
    def program(app: FastAPI) -> ASGIApp:
        reads(app)

        async def then(scope: Scope, receive: Receive, send: Send) -> None:
            await app(dict(scope), receive, send)
            stack: Any = app.middleware_stack
            stack.app.app.app = Passing(stack.app.app.app)
            await app(dict(scope), receive, send)
            app.middleware_stack = Passing(stack)
            await app(scope, receive, send)

        return then

    starts = [m for m in agreed(program)[0] if m["type"] == "http.response.start"]
    assert [sum(name == b"passed" for name, _ in m["headers"]) for m in starts] == [0, 1, 2]


def test_a_class_between_an_app_and_fastapi_has_its_say() -> None:
    class Marking(Starlette):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            scope["state"]["marked"] = True
            await super().__call__(scope, receive, send)

    class Stock(FastAPI, Marking):
        pass

    class Mine(FastDepsAPI, Marking):
        pass

    for make in (Stock, Mine):
        app = make()

        @app.get("/")
        async def read(request: Request) -> bool:
            return request.state.marked

        assert TestClient(app).get("/").json() is True


def test_a_root_path_and_the_app_are_in_the_scope() -> None:
    def program(app: FastAPI) -> None:
        app.root_path = "/api"

        @app.get("/")
        async def read(request: Request) -> list[Any]:
            return [request.scope["root_path"], request.app is app, sorted(request.scope)]

    outcome = agreed(program)
    assert outcome[0][1]["body"].startswith(b'["/api",true')
