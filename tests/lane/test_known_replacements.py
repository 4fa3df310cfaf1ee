"""Replacements that are known do their work around a plan, in the fast lane.

They are written here as the Sentry and Logfire SDKs write them, in modules with the names of
theirs; `tests.neighbours` has the SDKs themselves.
"""

import sys
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import fastapi.routing
import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, explain, inline
from fastapi_fastdeps._building.handling import NOT_FASTAPIS
from tests.harness.hops import ask, here

Log = list[str]
Tool = Callable[[pytest.MonkeyPatch, Log], None]

SENTRY = """
import functools, inspect
import fastapi.routing

def _wrap_sync_handler(handler):
    @functools.wraps(handler)
    def _sentry_sync_handler(*args, **kwargs):
        log.append(f"call {here()}")
        return handler(*args, **kwargs)
    return _sentry_sync_handler

async def _wrap_async_handler(handler, *args, **kwargs):
    log.append(f"request {args[0].scope['endpoint'].__name__}")
    try:
        return await handler(*args, **kwargs)
    finally:
        log.append("answered")

def patch_get_request_handler():
    old_get_request_handler = fastapi.routing.get_request_handler

    def _sentry_get_request_handler(*args, **kwargs):
        dependant = kwargs.get("dependant")
        if (
            dependant
            and dependant.call is not None
            and not inspect.iscoroutinefunction(dependant.call)
        ):
            dependant.call = _wrap_sync_handler(dependant.call)
        old_app = old_get_request_handler(*args, **kwargs)

        async def _sentry_app(*args, **kwargs):
            return await _wrap_async_handler(old_app, *args, **kwargs)

        return _sentry_app

    setattr(fastapi.routing, "get_request_handler", _sentry_get_request_handler)
"""

LOGFIRE = """
import dataclasses, inspect
from functools import wraps
import fastapi.routing

class _InstrumentedValues(dict):
    pass

def patch_fastapi():
    original_solve_dependencies = fastapi.routing.solve_dependencies

    @wraps(original_solve_dependencies)
    async def patched_solve_dependencies(*, request, **kwargs):
        solved = await original_solve_dependencies(request=request, **kwargs)
        log.append(f"solved {sorted(solved.values)} {len(solved.errors)}")
        return dataclasses.replace(solved, values=_InstrumentedValues(solved.values))

    setattr(fastapi.routing, "solve_dependencies", patched_solve_dependencies)
    original_run_endpoint_function = fastapi.routing.run_endpoint_function

    @wraps(original_run_endpoint_function)
    async def patched_run_endpoint_function(*, dependant, values, **kwargs):
        code = inspect.unwrap(dependant.call).__code__
        log.append(f"run {code.co_name} {isinstance(values, _InstrumentedValues)}")
        return await original_run_endpoint_function(dependant=dependant, values=values, **kwargs)

    setattr(fastapi.routing, "run_endpoint_function", patched_run_endpoint_function)
"""


def replace_by(
    name: str, source: str, patch: str, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    module: Any = types.ModuleType(name)
    vars(module).update(log=log, here=here, setattr=monkeypatch.setattr)
    exec(source, vars(module))
    monkeypatch.setitem(sys.modules, name, module)
    getattr(module, patch)()


def sentry(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    name = "sentry_sdk.integrations.fastapi"
    replace_by(name, SENTRY, "patch_get_request_handler", monkeypatch, log)


def logfire(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    name = "logfire._internal.integrations.fastapi"
    replace_by(name, LOGFIRE, "patch_fastapi", monkeypatch, log)


def unknown(monkeypatch: pytest.MonkeyPatch, log: Log) -> None:
    handler, solve = fastapi.routing.get_request_handler, fastapi.routing.solve_dependencies  # type: ignore[attr-defined]

    def get_request_handler(**options: Any) -> Any:
        log.append("made")
        return handler(**options)

    async def solve_dependencies(**options: Any) -> Any:
        log.append("solved")
        return await solve(**options)

    monkeypatch.setattr(fastapi.routing, "get_request_handler", get_request_handler)
    monkeypatch.setattr(fastapi.routing, "solve_dependencies", solve_dependencies)


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.where = here()


def read(page: Annotated[Page, Depends(), Inline]) -> list[str]:
    return [page.where, here()]


@inline
def read_inline(page: Annotated[Page, Depends(), Inline]) -> list[str]:
    return [page.where, here()]


async def read_async(page: Annotated[Page, Depends(), Inline]) -> list[str]:
    return [page.where, here()]


class Reading:
    async def __call__(self, page: Annotated[Page, Depends(), Inline]) -> list[str]:
        return [page.where, here()]


ENDPOINTS = {"/threaded": read, "/inline": read_inline, "/async": read_async}


def built(**options: Any) -> FastDepsAPI:
    app = FastDepsAPI(**options)
    router, plain = FastDepsRouter(prefix="/own"), APIRouter(prefix="/plain")
    for target in (app, router, plain):
        for path, endpoint in ENDPOINTS.items():
            target.get(path)(endpoint)
    app.include_router(router)
    app.include_router(plain)
    app.router.routes.append(APIRoute("/hand/threaded", read))
    return app


def lanes(app: FastAPI) -> set[tuple[str, str]]:
    return {(each.lane, each.why) for each in explain(app)}


FAST = {("fast", "")}


@pytest.mark.parametrize("fuse_visits", [False, True])
@pytest.mark.parametrize("prefix", ["", "/own", "/plain"])
def test_sentry_sees_each_request_and_wraps_what_it_takes_for_sync(
    prefix: str, fuse_visits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    app = built(fuse_visits=fuse_visits)
    for number in range(3):
        log.clear()
        # The first request is interpreted.
        hops = 1 if fuse_visits and number else 2
        assert ask(app, f"{prefix}/threaded") == (["loop", "thread"], hops)
        assert ask(app, f"{prefix}/inline") == (["loop", "loop"], 0)
        assert ask(app, f"{prefix}/async") == (["loop", "loop"], 0)
        assert log == [
            *("request read", "call thread", "answered"),
            *("request read_inline", "answered"),
            *("request read_async", "answered"),
        ]
    assert lanes(app) == FAST


def test_sentry_wraps_a_callable_object_that_is_async(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    app = FastDepsAPI()
    endpoint = Reading()
    endpoint.__name__ = "reading"  # type: ignore[attr-defined]
    app.get("/")(endpoint)
    for _ in range(3):
        log.clear()
        assert ask(app) == (["loop", "loop"], 0)
        assert log == ["request reading", "call loop", "answered"]
    assert lanes(app) == FAST


def test_a_route_that_was_made_by_hand_keeps_what_sentry_made_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    app = built()
    for _ in range(3):
        log.clear()
        assert ask(app, "/hand/threaded")[0] == ["loop", "thread"]
        assert log[0] == "request read"
        assert log.count("answered") == 1
    assert lanes(app) == FAST


@pytest.mark.parametrize("when", ["before", "after", "after a request"])
@pytest.mark.parametrize("prefix", ["", "/own", "/plain"])
def test_logfire_sees_the_arguments_and_the_call(
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
    for _ in range(3):
        log.clear()
        assert ask(app, f"{prefix}/threaded") == (["loop", "thread"], 2)
        assert ask(app, f"{prefix}/inline") == (["loop", "loop"], 0)
        assert ask(app, f"{prefix}/async") == (["loop", "loop"], 0)
        assert log == [
            *("solved ['page'] 0", "run read True"),
            *("solved ['page'] 0", "run read_inline True"),
            *("solved ['page'] 0", "run read_async True"),
        ]
    assert lanes(app) == FAST


def test_logfire_sees_what_does_not_validate(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    logfire(monkeypatch, log)
    app = built()
    stock = FastAPI()
    stock.get("/inline")(read_inline)
    for _ in range(3):
        log.clear()
        answers = [TestClient(each).get("/inline?skip=three") for each in (stock, app)]
        assert answers[0].json() == answers[1].json()
        assert log == ["solved [] 1"] * 2


def test_logfire_sees_websockets(monkeypatch: pytest.MonkeyPatch) -> None:
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
    assert log == ["solved ['page', 'websocket'] 0"]
    assert lanes(app) == FAST


@pytest.mark.parametrize("order", [(sentry, logfire), (logfire, sentry)], ids=["s-l", "l-s"])
def test_both_work_together(order: tuple[Tool, Tool], monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    for tool in order:
        tool(monkeypatch, log)
    app = built()
    for _ in range(3):
        log.clear()
        assert ask(app, "/threaded") == (["loop", "thread"], 2)
        assert log == [
            *("request read", "solved ['page'] 0", "run read True", "call thread", "answered"),
        ]
    assert lanes(app) == FAST


def test_the_one_around_another_of_its_kind_is_known_too(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    logfire(monkeypatch, log)
    sys.modules["logfire._internal.integrations.fastapi"].patch_fastapi()
    app = built()
    for _ in range(3):
        log.clear()
        assert ask(app, "/inline") == (["loop", "loop"], 0)
        assert log == [*["solved ['page'] 0"] * 2, *["run read_inline True"] * 2]
    assert lanes(app) == FAST


@pytest.mark.parametrize("tool", [sentry, logfire])
@pytest.mark.parametrize("is_around", [True, False], ids=["around it", "within it"])
def test_something_unknown_around_or_within_a_known_one_means_fastapis_lane(
    tool: Tool, is_around: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: Log = []
    for each in (tool, unknown) if is_around else (unknown, tool):
        each(monkeypatch, log)
    app = built()
    assert log.count("made") > 0
    assert ask(app, "/inline") == (["loop", "loop"], 0)
    seen = [each for each in log if each != "made"]
    assert seen.count("solved") == 1
    assert len(seen) == 3
    assert {lane for lane, _ in lanes(app) - {("stock", NOT_FASTAPIS)}} == {"fastapi"}


def test_what_says_that_it_is_a_known_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    logfire(monkeypatch, log)
    known = fastapi.routing.solve_dependencies  # type: ignore[attr-defined]
    app = built()

    async def liar(**options: Any) -> Any:
        log.append("liar")
        return await known(**options)

    liar.__module__, liar.__qualname__ = known.__module__, known.__qualname__
    monkeypatch.setattr(fastapi.routing, "solve_dependencies", liar)
    assert ask(app, "/inline") == (["loop", "loop"], 0)
    assert log == ["liar", "solved ['page'] 0", "run read_inline True"]
    assert {lane for lane, _ in lanes(app)} == {"fastapi"}


def test_a_tool_that_is_removed_is_no_longer_called() -> None:
    log: Log = []
    app = built()
    ask(app, "/inline")
    with pytest.MonkeyPatch.context() as monkeypatch:
        logfire(monkeypatch, log)
        assert ask(app, "/inline") == (["loop", "loop"], 0)
        assert ask(app, "/inline") == (["loop", "loop"], 0)
    assert len(log) == 4
    assert ask(app, "/inline") == (["loop", "loop"], 0)
    assert len(log) == 4


def test_overrides_hold_within_a_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    logfire(monkeypatch, log)

    class Fake:
        def __init__(self) -> None:
            self.where = f"fake {here()}"

    app = built()
    app.dependency_overrides[Page] = Fake
    for _ in range(3):
        for prefix in ("", "/own", "/plain"):
            assert ask(app, f"{prefix}/inline") == (["fake loop", "loop"], 0)
    assert log.count("solved ['page'] 0") == 9


def test_an_exception_passes_through_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    logfire(monkeypatch, log)
    app = FastDepsAPI()

    def session() -> Iterator[None]:
        try:
            yield
        except LookupError as error:
            log.append(repr(error))
            raise

    @app.get("/")
    @inline
    def fail(session: Annotated[None, Depends(session), Inline]) -> None:
        raise LookupError("failed")

    for _ in range(3):
        log.clear()
        with pytest.raises(LookupError, match="failed"):
            TestClient(app).get("/")
        assert log == [
            *("request fail", "solved ['session'] 0", "run fail True", "answered"),
            "LookupError('failed')",
        ]


STREAMS: dict[str, dict[str, Any]] = {
    "lines": {},
    "events": {"response_class": EventSourceResponse},
    "raw": {"response_class": StreamingResponse},
}


async def stream(page: Annotated[Page, Depends(), Inline], number: int = 1) -> AsyncIterator[str]:
    yield f"{page.where} {number}"


@pytest.mark.parametrize("order", [(sentry,), (logfire,), (sentry, logfire), (logfire, sentry)])
@pytest.mark.parametrize("kind", STREAMS)
def test_known_tools_see_what_is_streamed(
    kind: str, order: tuple[Tool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    log: Log = []
    for tool in order:
        tool(monkeypatch, log)
    seen: list[list[str]] = []
    for app in (FastAPI(), FastDepsAPI()):
        app.get("/", **STREAMS[kind])(stream)
        client = TestClient(app)
        for _ in range(3):
            log.clear()
            where = "loop" if isinstance(app, FastDepsAPI) else "thread"
            assert f"{where} 1" in client.get("/").text
            assert client.get("/?number=one").status_code == 422
            seen.append([*log])
    assert seen[0]
    assert seen == [seen[0]] * 6
    assert lanes(app) == FAST


@pytest.mark.parametrize("tool", [sentry, logfire])
def test_a_tool_that_comes_or_goes_between_requests_sees_of_streams_what_it_does_of_fastapis(
    tool: Tool,
) -> None:
    log: Log = []
    seen: list[list[str]] = []
    for make in (FastAPI, FastDepsAPI):
        log.clear()
        early: FastAPI = make()
        early.get("/")(stream)
        with pytest.MonkeyPatch.context() as monkeypatch:
            tool(monkeypatch, log)
            late: FastAPI = make()
            late.get("/")(stream)
            for app in (early, late) * 2:
                TestClient(app).get("/").raise_for_status()
                log.append("next")
        for app in (early, late) * 2:
            TestClient(app).get("/").raise_for_status()
            log.append("next")
        seen.append([*log])
    assert seen[0] == seen[1]


class Timed(APIRoute):
    def get_route_handler(self) -> Any:
        handler = super().get_route_handler()

        async def timed(request: Request) -> Any:
            response = await handler(request)
            response.headers["x-timed"] = "yes"
            return response

        return timed


def test_a_route_class_that_wraps_the_handler_keeps_the_plan_within_sentry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: Log = []
    sentry(monkeypatch, log)
    app = FastDepsAPI()
    app.router.route_class = Timed
    app.get("/inline")(read_inline)
    for _ in range(3):
        log.clear()
        assert TestClient(app).get("/inline").headers["x-timed"] == "yes"
        assert log == ["request read_inline", "answered"]
    assert lanes(app) == FAST


def test_a_route_class_that_wraps_the_handler_leaves_the_solver_to_fastapi_within_logfire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: Log = []
    app = FastDepsAPI()
    app.router.route_class = Timed
    app.get("/inline")(read_inline)
    assert lanes(app) == FAST
    logfire(monkeypatch, log)
    for _ in range(3):
        log.clear()
        assert TestClient(app).get("/inline").headers["x-timed"] == "yes"
        assert log == ["solved ['page'] 0", "run read_inline True"]
    assert lanes(app) == {("fastapi", "fastapi.routing.solve_dependencies is instrumented")}
