"""`run_threaded`, `run_inline`, `thread_context` and the hops that `explain` counts."""

import contextvars
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any
from unittest import mock

import anyio
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsError,
    Inline,
    Threaded,
    everything,
    explain,
    run_inline,
    run_threaded,
    threaded,
)
from fastapi_fastdeps._fastapi.names import fast_lane
from tests.harness.crowd import get_all, in_loop
from tests.harness.hops import here, hops
from tests.harness.marks import in_both_lanes, needs_plans


class Out(BaseModel):
    name: str


def add(first: int, second: int) -> str:
    return f"{first + second} {here()}"


@in_both_lanes
def test_async_code_calls_sync_code_in_a_thread_or_here() -> None:
    app = FastDepsAPI(limiters={"db": 1})

    @app.get("/")
    async def read() -> list[str]:
        return [
            await run_threaded(add, 1, 2),
            await run_threaded(add, 2, 3, limiter="db"),
            run_inline(add, 3, 4),
        ]

    client = TestClient(app)
    for _ in range(3):
        assert client.get("/").json() == ["3 thread", "5 thread", "7 loop"]


def test_a_limiter_is_one_of_the_apps() -> None:
    app = FastDepsAPI(limiters={"db": 1})

    @app.get("/")
    async def read() -> None:
        await run_threaded(add, 1, 2, limiter="bd")

    with pytest.raises(FastDepsError, match="limiter 'bd'"):
        TestClient(app).get("/")

    async def outside() -> str:
        with pytest.raises(FastDepsError, match="limiter 'db'"):
            await run_threaded(add, 1, 2, limiter="db")
        return await run_threaded(add, 1, 2)

    assert in_loop(outside) == "3 thread"


@in_both_lanes
def test_a_request_that_has_been_in_a_thread_does_not_wait_for_another() -> None:
    app = FastDepsAPI(limiters={"db": 2})
    connections = threading.Semaphore(2)

    def connect() -> None:
        assert connections.acquire(timeout=20)

    @app.get("/")
    async def read() -> int:
        await run_threaded(connect, limiter="db")
        await run_threaded(connections.release, limiter="db")
        return 1

    assert in_loop(lambda: get_all(app, ["/"] * 100)) == [(200, 1)] * 100


@in_both_lanes
def test_what_a_request_does_at_once_and_what_a_websocket_does_waits() -> None:
    app = FastDepsAPI(limiters={"two": 2})
    lock, inside, most = threading.Lock(), [0], [0]
    barrier = threading.Barrier(2)

    def meet() -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        barrier.wait(20)
        with lock:
            inside[0] -= 1

    async def crowd() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(6):
                tasks.start_soon(lambda: run_threaded(meet, limiter="two"))

    @app.get("/")
    async def read() -> int:
        await run_threaded(add, 1, 2, limiter="two")
        await crowd()
        return most[0]

    @threaded(limiter="two")
    def dependency() -> None: ...

    @app.websocket("/")
    async def connect(websocket: WebSocket, each: Annotated[None, Depends(dependency)]) -> None:
        await websocket.accept()
        await crowd()
        await websocket.send_json(most[0])

    client = TestClient(app)
    # One of them may be the request's later visit, which does not wait.
    assert client.get("/").json() in (2, 3)
    most[0] = 0
    with client.websocket_connect("/") as websocket:
        assert websocket.receive_json() == 2


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")


def context_app(**options: Any) -> tuple[FastDepsAPI, list[str]]:
    app, log = FastDepsAPI(**options), list[str]()

    def first() -> None:
        variable.set("first")

    def second() -> Iterator[None]:
        log.append(variable.get())
        variable.set("second")
        try:
            yield
        finally:
            log.append(variable.get())

    async def between() -> None:
        log.append(variable.get())
        variable.set("between")

    def third() -> None:
        log.append(variable.get())
        variable.set("third")

    entries = [Depends(each) for each in (first, second, between, third)]

    @app.get("/", dependencies=entries)
    def read() -> str:
        return variable.get()

    return app, log


@in_both_lanes
def test_a_variable_that_is_set_in_a_thread_is_seen_where_that_is_asked_for() -> None:
    for options, answer, logged in (
        ({}, "between", ["unset", "unset", "between", "between"]),
        ({"thread_context": "shared"}, "third", ["first", "second", "between", "third"]),
        (
            {"thread_context": "shared", "fuse_visits": False},
            "third",
            ["first", "second", "between", "third"],
        ),
    ):
        app, log = context_app(**options)
        client = TestClient(app)
        for _ in range(3):
            log.clear()
            assert client.get("/").json() == answer
            assert log == logged


@in_both_lanes
@pytest.mark.parametrize("is_overridden", [False, True])
def test_it_is_seen_after_what_has_a_signature_of_its_own(*, is_overridden: bool) -> None:
    app = FastDepsAPI(thread_context="shared")

    def first() -> None: ...

    def setting() -> str:
        before = variable.get()
        variable.set("set")
        return before

    def above(
        first: Annotated[None, Depends(first)], before: Annotated[str, Depends(setting)]
    ) -> str:
        return f"{before} {variable.get()}"

    @app.get("/")
    async def read(above: Annotated[str, Depends(above)]) -> str:
        return f"{above} {variable.get()}"

    if is_overridden:
        app.dependency_overrides[first] = lambda: variable.set("override")
    client = TestClient(app)
    for _ in range(3):
        assert client.get("/").json() == f"{'override' if is_overridden else 'unset'} set set"


@in_both_lanes
def test_a_pool_that_has_replaced_fastapis_is_asked_all_the_same() -> None:
    app, _ = context_app(thread_context="shared")
    asked: list[Any] = []

    async def pool(call: Any, *args: Any, **values: Any) -> Any:
        asked.append(call)
        return await run_in_threadpool(call, *args, **values)

    with mock.patch("fastapi.dependencies.utils.run_in_threadpool", pool):
        for _ in range(3):
            assert TestClient(app).get("/").json() == "between"
    assert [call.__name__ for call in asked] == ["first", "third"] * 3


@in_both_lanes
def test_anyio_knows_its_library_after_a_visit_that_shares_its_context() -> None:
    app = FastDepsAPI(thread_context="shared")

    @app.get("/", dependencies=[Depends(lambda: variable.set("set"))])
    async def read() -> str:
        await anyio.sleep(0)
        return variable.get()

    client = TestClient(app)
    for _ in range(3):
        assert client.get("/").json() == "set"
    assert variable.get() == "unset"


def test_a_context_is_own_or_shared() -> None:
    wrong: Any = "mine"
    with pytest.raises(FastDepsError, match="thread_context='mine' is neither"):
        FastDepsAPI(thread_context=wrong)


@in_both_lanes
def test_everything_is_inline_but_what_is_marked() -> None:
    app = FastDepsAPI(classifier=everything)

    class Page:
        def __init__(self) -> None:
            self.where = here()

    @threaded
    def slow() -> str:
        return here()

    @app.get("/")
    def read(
        page: Annotated[Page, Depends()],
        slow: Annotated[str, Depends(slow)],
        other: Annotated[str, Depends(here), Threaded],
    ) -> list[str]:
        return [page.where, slow, other, here()]

    assert TestClient(app).get("/").json() == ["loop", "thread", "thread", "loop"]


def session() -> Iterator[str]:
    yield "session"


async def opened() -> AsyncIterator[str]:
    yield "opened"


def user(session: Annotated[str, Depends(session)]) -> str:
    return session


def plain() -> str:
    return "plain"


Declared = Callable[[FastAPI], Any]


def sync_endpoint(app: FastAPI) -> Any:
    @app.get("/")
    def read(user: Annotated[str, Depends(user)]) -> Out:
        return Out(name=user)


def interrupted(app: FastAPI) -> Any:
    @app.get("/", response_model=None)
    def read(
        one: Annotated[str, Depends(plain)],
        opened: Annotated[str, Depends(opened)],
        user: Annotated[str, Depends(user)],
        inline: Annotated[str, Depends(plain), Inline],
        again: Annotated[str, Depends(user, use_cache=False)],
    ) -> str:
        return user


def scoped(app: FastAPI) -> Any:
    @app.get("/", dependencies=[Depends(plain), Depends(session, scope="function")])
    async def read(
        one: Annotated[str, Depends(session, scope="request")],
        other: Annotated[str, Depends(plain)],
        limited: Annotated[str, Depends(user, max_concurrency=3)],
    ) -> Out:
        return Out(name=one)


def alone(app: FastAPI) -> Any:
    @app.get("/")
    def read() -> Out:
        return Out(name="alone")


def yielding(app: FastAPI) -> Any:
    @app.get("/")
    async def read(limited: Annotated[str, Depends(session, max_concurrency=3)]) -> str:
        return limited


def by_limiter(app: FastAPI) -> Any:
    @app.get("/", dependencies=[Depends(plain), Depends(plain, use_cache=False)])
    @threaded(limiter="db")
    def read(one: Annotated[str, Depends(user), Threaded(limiter="db")]) -> Out:
        return Out(name=one)


def asynchronous(app: FastAPI) -> Any:
    @app.get("/")
    async def read(tasks: BackgroundTasks, one: Annotated[str, Depends(opened)]) -> str:
        return one


@needs_plans
@pytest.mark.parametrize("fuses", [True, False])
@pytest.mark.parametrize(
    "declare",
    [sync_endpoint, interrupted, scoped, alone, yielding, by_limiter, asynchronous],
)
def test_explain_counts_the_hops_that_a_request_makes(declare: Declared, fuses: bool) -> None:
    app = FastDepsAPI(fuse_visits=fuses, limiters={"db": 3})
    declare(app)
    hopped = explain(app).routes[0].hops
    client = TestClient(app)
    for _ in range(3):
        with hops() as sent:
            assert client.get("/").status_code == 200
    assert hopped == len(sent)
    assert explain(app).routes[0].hops == hopped
    count = {0: "no hops", 1: "1 hop"}.get(hopped, f"{hopped} hops")
    assert f"[fast lane, {count}]" in str(explain(app))


def test_a_websocket_makes_one_visit_of_several_steps() -> None:
    app = FastDepsAPI()

    @app.websocket("/")
    async def connect(
        websocket: WebSocket,
        one: Annotated[str, Depends(plain)],
        user: Annotated[str, Depends(user)],
    ) -> None:
        await websocket.accept()
        await websocket.send_json([one, user])

    client = TestClient(app)
    for _ in range(3):
        with hops() as sent, client.websocket_connect("/") as websocket:
            assert websocket.receive_json() == ["plain", "session"]
    assert len(sent) == (2 if fast_lane else 4)
