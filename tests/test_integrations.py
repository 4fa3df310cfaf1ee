"""Integrations that replace functions in `fastapi.routing` keep working.

They are written here as the Sentry and Logfire SDKs write them.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any

import fastapi.routing
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, inline
from tests.harness.hops import ask, everything, here

Log = list[str]


class Page:
    def __init__(self) -> None:
        self.where = here()


def read(page: Annotated[Page, Depends(), Inline]) -> list[str]:
    return [page.where, here()]


@inline
def read_inline(page: Annotated[Page, Depends(), Inline]) -> list[str]:
    return [page.where, here()]


async def read_async(page: Annotated[Page, Depends(), Inline]) -> list[str]:
    return [page.where, here()]


def stream() -> Iterable[str]:
    yield here()


ENDPOINTS = {"/threaded": read, "/inline": read_inline, "/async": read_async}


def built() -> FastDepsAPI:
    app, router, plain = FastDepsAPI(), FastDepsRouter(prefix="/own"), APIRouter(prefix="/plain")
    for target in (app, router, plain):
        for path, endpoint in ENDPOINTS.items():
            target.get(path)(endpoint)
    app.include_router(router)
    app.include_router(plain)
    return app


def sentry(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    original = fastapi.routing.get_request_handler

    def get_request_handler(*args: Any, **options: Any) -> Any:
        dependant = options.get("dependant")
        if dependant and dependant.call and not inspect.iscoroutinefunction(dependant.call):
            call = dependant.call

            @functools.wraps(call)
            def sentry_call(*args: Any, **values: Any) -> Any:
                log.append(f"call {here()}")
                return call(*args, **values)

            dependant.call = sentry_call
        handler = original(*args, **options)

        async def sentry_app(*args: Any, **options: Any) -> Any:
            request: Request = args[0]
            log.append(f"request {request.scope['endpoint'].__name__}")
            return await handler(*args, **options)

        return sentry_app

    monkeypatch.setattr(fastapi.routing, "get_request_handler", get_request_handler)


def logfire(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    solve, run = fastapi.routing.solve_dependencies, fastapi.routing.run_endpoint_function  # type: ignore[attr-defined]

    async def solve_dependencies(*, request: Any, **options: Any) -> Any:
        solved = await solve(request=request, **options)
        log.append(f"solved {sorted(solved.values)}")
        return solved

    async def run_endpoint_function(*, dependant: Any, values: Any, **options: Any) -> Any:
        code = inspect.unwrap(dependant.call).__code__
        log.append(f"run {code.co_name} in {code.co_filename.rsplit('/', 1)[-1]}")
        return await run(dependant=dependant, values=values, **options)

    monkeypatch.setattr(fastapi.routing, "solve_dependencies", solve_dependencies)
    monkeypatch.setattr(fastapi.routing, "run_endpoint_function", run_endpoint_function)


@pytest.mark.parametrize("prefix", ["", "/own", "/plain"])
def test_a_replaced_get_request_handler_sees_each_request_and_wraps_threaded_endpoints(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    app = built()
    assert ask(app, f"{prefix}/threaded") == (["loop", "thread"], 2)
    assert ask(app, f"{prefix}/inline") == (["loop", "loop"], 0)
    assert ask(app, f"{prefix}/async") == (["loop", "loop"], 0)
    assert log == [
        "request read",
        "call thread",
        "request read_inline",
        "request read_async",
    ]


@pytest.mark.parametrize("when", ["before", "after", "after a request"])
@pytest.mark.parametrize("prefix", ["", "/own", "/plain"])
def test_replaced_solve_dependencies_and_run_endpoint_function_see_each_request(
    when: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: Log = []
    if when == "before":
        logfire(monkeypatch, log)
    app = built()
    if when != "before":
        if when == "after a request":
            ask(app, f"{prefix}/inline")
        logfire(monkeypatch, log)
    assert ask(app, f"{prefix}/threaded") == (["loop", "thread"], 2)
    assert ask(app, f"{prefix}/inline") == (["loop", "loop"], 0)
    assert ask(app, f"{prefix}/async") == (["loop", "loop"], 0)
    assert log == [
        "solved ['page']",
        "run read in test_integrations.py",
        "solved ['page']",
        "run read_inline in test_integrations.py",
        "solved ['page']",
        "run read_async in test_integrations.py",
    ]


def test_an_integration_that_is_removed_is_no_longer_called() -> None:
    log: Log = []
    app = built()
    with pytest.MonkeyPatch.context() as monkeypatch:
        logfire(monkeypatch, log)
        assert ask(app, "/inline") == (["loop", "loop"], 0)
    assert log == ["solved ['page']", "run read_inline in test_integrations.py"]
    assert ask(app, "/inline") == (["loop", "loop"], 0)
    assert len(log) == 2


def test_two_integrations_work_together(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    logfire(monkeypatch, log)
    assert ask(built(), "/threaded") == (["loop", "thread"], 2)
    assert log == [
        "request read",
        "solved ['page']",
        "run read in test_integrations.py",
        "call thread",
    ]


def test_overrides_hold_under_an_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    logfire(monkeypatch, log)

    class Fake:
        def __init__(self) -> None:
            self.where = f"fake {here()}"

    app = built()
    app.dependency_overrides[Page] = Fake
    for prefix in ("", "/own", "/plain"):
        assert ask(app, f"{prefix}/inline") == (["fake loop", "loop"], 0)
    assert log.count("solved ['page']") == 3


def test_an_integration_that_wraps_the_endpoint_of_a_stream_keeps_it_a_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    bodies = []
    for app in (FastAPI(), FastDepsAPI(), FastDepsAPI(classifier=everything)):
        app.get("/", response_class=StreamingResponse)(stream)
        bodies.append(TestClient(app).get("/").text)
    assert bodies[0] == bodies[1] == "thread"
    assert bodies[2] == "loop"
    assert log.count("request stream") == 3


def test_a_replaced_solver_sees_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    logfire(monkeypatch, log)
    app = FastDepsAPI()

    @app.websocket("/ws")
    async def connect(websocket: WebSocket, page: Annotated[Page, Depends(), Inline]) -> None:
        await websocket.accept()
        await websocket.send_text(page.where)
        await websocket.close()

    with TestClient(app).websocket_connect("/ws") as websocket:
        assert websocket.receive_text() == "loop"
    assert log == ["solved ['page', 'websocket']"]


def test_an_exception_passes_through_an_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    logfire(monkeypatch, log)
    app = FastDepsAPI(classifier=everything)

    def session() -> Iterator[None]:
        try:
            yield
        except LookupError as error:
            log.append(repr(error))
            raise

    @app.get("/")
    def fail(session: Annotated[None, Depends(session)]) -> None:
        raise LookupError("failed")

    with pytest.raises(LookupError, match="failed"):
        TestClient(app).get("/")
    assert log == [
        "request fail",
        "solved ['session']",
        "run fail in test_integrations.py",
        "LookupError('failed')",
    ]


def wrapped(call: Callable[..., Any], log: Log) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(*args: Any, **values: Any) -> Any:
        log.append(f"wrapped {here()}")
        return call(*args, **values)

    return wrapper


def test_an_endpoint_that_an_integration_wrapped_keeps_its_mark() -> None:
    log: Log = []
    app = FastDepsAPI()
    app.get("/")(wrapped(read_inline, log))
    assert ask(app) == (["loop", "loop"], 0)
    assert log == ["wrapped loop"]
