"""What is measured where OpenTelemetry has a meter provider, and that it changes nothing."""

import ast
import logging
import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import anyio
import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, WebSocket
from fastapi.testclient import TestClient

import fastapi_fastdeps
from fastapi_fastdeps import (
    FastDepsAPI,
    Guard,
    SlowCall,
    SlowCallError,
    everything,
    explain,
    inline,
    run_inline,
    run_threaded,
    threaded,
)
from fastapi_fastdeps._fastapi.names import asked_lane, shell
from fastapi_fastdeps._observing.choice import guarded_everywhere
from fastapi_fastdeps._threads import Threads

pytest.importorskip("opentelemetry.sdk.metrics")

from opentelemetry.metrics import NoOpMeterProvider

from tests.guarding.metering import (
    BLOCKING,
    BUSY,
    CALLS,
    MAX,
    WAITING,
    WAITS,
    FailingProvider,
    Metered,
    set_for_all,
)

pytestmark = pytest.mark.skipif(not shell, reason="a provider is only looked for at the start")

REQUESTS = 4
"""The first one is interpreted, the second compiles a plan."""


@pytest.fixture
def metered(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metered]:
    """The provider of the program."""
    given = Metered()
    set_for_all(monkeypatch, given.provider)
    yield given
    given.provider.shutdown()


def app_of(**options: Any) -> FastDepsAPI:
    return FastDepsAPI(**{"guard": False, **options})


def name_of(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@pytest.mark.usefixtures("both_lanes")
def test_each_inline_call_is_measured(metered: Metered) -> None:
    app = app_of(classifier=everything)

    class Page:
        def __init__(self, skip: int = 0) -> None: ...

    def session() -> Iterator[int]:
        yield 1

    def task() -> None: ...

    def here() -> None: ...

    @app.get("/items/{skip}")
    def items(
        page: Annotated[Page, Depends()],
        value: Annotated[int, Depends(session)],
        tasks: BackgroundTasks,
    ) -> int:
        tasks.add_task(task)
        return value

    @app.get("/async")
    async def in_async() -> None:
        run_inline(here)

    @app.get("/stream")
    def stream() -> Iterator[int]:
        yield 1

    client = TestClient(app)
    for _ in range(REQUESTS):
        assert client.get("/items/1").json() == 1
        client.get("/async")
        assert client.get("/stream").text.strip() == "1"
    found = metered.counts(CALLS, "code.function.name", "fastdeps.role", "fastdeps.part")
    assert found == {
        (name_of(Page), "dependency", "call"): REQUESTS,
        (name_of(session), "dependency", "enter"): REQUESTS,
        (name_of(session), "dependency", "exit"): REQUESTS,
        (name_of(items), "endpoint", "call"): REQUESTS,
        (name_of(task), "background_task", "call"): REQUESTS,
        (name_of(here), "function", "call"): REQUESTS,
        (name_of(stream), "endpoint", "call"): REQUESTS,
        # The item, and that there is no other one.
        (name_of(stream), "endpoint", "next"): 2 * REQUESTS,
    }


def test_a_call_that_raises_is_measured(metered: Metered) -> None:
    app = app_of()

    @app.get("/")
    @inline
    def fails() -> None:
        raise HTTPException(418)

    for _ in range(REQUESTS):
        assert TestClient(app).get("/").status_code == 418
    assert metered.counts(CALLS) == {(): REQUESTS}


def test_what_a_websocket_depends_on_is_measured(metered: Metered) -> None:
    app = app_of(classifier=everything)

    def token() -> int:
        return 7

    @app.websocket("/ws")
    async def echo(socket: WebSocket, token: Annotated[int, Depends(token)]) -> None:
        await socket.accept()
        await socket.send_json(token)
        await socket.close()

    for _ in range(REQUESTS):
        with TestClient(app).websocket_connect("/ws") as socket:
            assert socket.receive_json() == 7
    assert metered.counts(CALLS, "code.function.name") == {(name_of(token),): REQUESTS}


def make_threaded(app: FastDepsAPI) -> None:
    def session() -> Iterator[int]:
        yield 1

    def user(session: Annotated[int, Depends(session)]) -> int:
        return session

    @app.get("/")
    def read(user: Annotated[int, Depends(user)]) -> int:
        return user


@pytest.mark.parametrize("fuse_visits", [True, False])
def test_each_visit_to_a_thread_is_measured_once(metered: Metered, fuse_visits: bool) -> None:
    app = app_of(fuse_visits=fuse_visits)
    make_threaded(app)
    client = TestClient(app)
    assert client.get("/").json() == 1
    before = metered.counts(WAITS, "fastdeps.limiter.name")
    for _ in range(REQUESTS):
        assert client.get("/").json() == 1
    after = metered.counts(WAITS, "fastdeps.limiter.name")
    # FastAPI's telemetry is around the endpoint, so that is not one with what is before and after.
    each = 3 if fuse_visits else 4
    assert after["default",] - before["default",] == each * REQUESTS


@pytest.mark.usefixtures("both_lanes")
def test_the_wait_for_a_limiter_of_its_own_has_its_name(metered: Metered) -> None:
    app = app_of(limiters={"db": 3})

    @threaded(limiter="db")
    def query() -> int:
        return 1

    @app.get("/")
    async def read(row: Annotated[int, Depends(query)]) -> int:
        return row + await run_threaded(query, limiter="db")

    for _ in range(REQUESTS):
        assert TestClient(app).get("/").json() == 2
    assert metered.counts(WAITS, "fastdeps.limiter.name") == {("db",): 2 * REQUESTS}


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("limiter", ["db", None])
def test_busy_threads_and_waiting_tasks_are_observed(metered: Metered, limiter: str | None) -> None:
    app = app_of(limiters={"db": 2}, thread_tokens=2)
    may_go = threading.Event()

    def blocks() -> int:
        assert may_go.wait(20)
        return 1

    app.get("/")(threaded(limiter=limiter)(blocks) if limiter else blocks)

    name = limiter or "default"
    seen: list[tuple[float, float]] = []

    async def ask_five() -> None:
        transport = httpx.ASGITransport(app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
            anyio.create_task_group() as tasks,
        ):
            for _ in range(5):
                tasks.start_soon(client.get, "/")
            with anyio.fail_after(20):
                while metered.of_limiters(WAITING).get(name) != 3:
                    await anyio.sleep(0.01)
            seen.append((metered.of_limiters(BUSY)[name], metered.of_limiters(MAX)[name]))
            may_go.set()
        for each in (BUSY, WAITING):
            assert set(metered.of_limiters(each).values()) == {0}
        assert metered.of_limiters(MAX) == {"default": 2, "db": 2}

    anyio.run(ask_five)
    assert seen == [(2, 2)]


def test_a_visit_without_a_token_is_a_busy_thread(metered: Metered) -> None:
    app = app_of(fuse_visits=False)
    seen: list[float] = []

    def first() -> None: ...

    def second() -> None:
        seen.append(metered.of_limiters(BUSY)["default"])

    @app.get("/", dependencies=[Depends(first), Depends(second)])
    async def read() -> None: ...

    for _ in range(REQUESTS):
        TestClient(app).get("/")
    assert seen == [1] * REQUESTS


def test_who_is_cancelled_while_waiting_waits_no_longer(metered: Metered) -> None:
    app = app_of(limiters={"db": 1})
    may_go = threading.Event()

    @app.get("/")
    @threaded(limiter="db")
    def blocks() -> None:
        assert may_go.wait(20)

    async def cancel_one() -> None:
        transport = httpx.ASGITransport(app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(client.get, "/")
            with anyio.fail_after(20):
                while metered.of_limiters(BUSY).get("db") != 1:
                    await anyio.sleep(0.01)
            with anyio.move_on_after(0.05):
                await client.get("/")
            assert metered.of_limiters(WAITING)["db"] == 0
            may_go.set()
        assert metered.of_limiters(BUSY)["db"] == 0
        assert metered.counts(WAITS) == {(): 1}

    anyio.run(cancel_one)


def test_apps_of_one_provider_are_observed_together(metered: Metered) -> None:
    apps = [app_of(limiters={"db": size}) for size in (3, 4)]
    for number, app in enumerate(apps):
        make_threaded(app)
        if number:
            apps[0].mount("/other", app)
    client = TestClient(apps[0])
    with client:
        for path in ("/", "/other/"):
            assert client.get(path).json() == 1
        # AnyIO's own limiter is one for both.
        assert metered.of_limiters(MAX) == {"default": 40, "db": 7}
    names = [metric.name for metric in metered.metrics()]
    assert len(names) == len(set(names))


def test_what_is_measured_is_said_as_opentelemetry_does(metered: Metered) -> None:
    app = app_of(guard=Guard(slow_call=0, callback=str, watch_every=None))

    @inline
    def cheap() -> None: ...

    @app.get("/items/{number}")
    def read(number: int, cheap: Annotated[None, Depends(cheap)]) -> None: ...

    with TestClient(app) as client:
        client.get("/items/1")
        found = {
            metric.name: (metric.unit, type(metric.data).__name__) for metric in metered.metrics()
        }
    assert found == {
        CALLS: ("s", "Histogram"),
        BLOCKING: ("{call}", "Sum"),
        WAITS: ("s", "Histogram"),
        BUSY: ("{thread}", "Sum"),
        WAITING: ("{task}", "Sum"),
        MAX: ("{thread}", "Sum"),
    }
    (blocking,) = metered.points(BLOCKING)
    assert dict(blocking.attributes) == {
        "code.function.name": name_of(cheap),
        "fastdeps.role": "dependency",
        "fastdeps.part": "call",
        "http.route": "/items/{number}",
    }


# The guard


def make_cheap(app: FastDepsAPI) -> None:
    @inline
    def cheap() -> int:
        return 1

    @app.get("/")
    @inline
    def read(cheap: Annotated[int, Depends(cheap)]) -> int:
        return cheap


@pytest.mark.usefixtures("both_lanes")
def test_what_the_guard_tells_of_is_counted(metered: Metered) -> None:
    calls: list[SlowCall] = []
    guard = Guard(slow_call=0, interval=0, callback=calls.append, watch_every=None)
    app = app_of(guard=guard)
    make_cheap(app)
    for _ in range(REQUESTS):
        assert TestClient(app).get("/").json() == 1
    assert len(calls) == 2 * REQUESTS
    assert metered.counts(BLOCKING) == {(): 2 * REQUESTS}


def test_what_is_not_slow_is_not_counted(metered: Metered) -> None:
    calls: list[SlowCall] = []
    app = app_of(guard=Guard(slow_call=60, callback=calls.append))
    make_cheap(app)
    for _ in range(REQUESTS):
        assert TestClient(app).get("/").json() == 1
    assert calls == []
    assert metered.points(BLOCKING) == []
    assert metered.counts(CALLS) == {(): 2 * REQUESTS}


def test_a_guard_that_raises_does_so(metered: Metered) -> None:
    app = app_of(guard=Guard(slow_call=0, mode="raise", watch_every=None))
    make_cheap(app)
    for _ in range(REQUESTS):
        with pytest.raises(SlowCallError):
            TestClient(app).get("/")
    assert metered.counts(BLOCKING) == {(): REQUESTS}


def test_a_guard_for_all_apps_is_told_meanwhile(metered: Metered) -> None:
    calls: list[SlowCall] = []
    app = app_of()
    make_cheap(app)
    client = TestClient(app)

    def ask() -> int:
        for _ in range(REQUESTS):
            assert client.get("/").json() == 1
        return len(calls)

    assert ask() == 0
    guard = Guard(slow_call=0, interval=0, callback=calls.append, watch_every=None)
    with guarded_everywhere(guard):
        assert ask() == 2 * REQUESTS
    assert ask() == 2 * REQUESTS
    assert metered.counts(CALLS) == {(): 6 * REQUESTS}


# Off


def source_of(app: FastDepsAPI) -> list[str | None]:
    return [record.source for record in explain(app)]


def compiled(app: FastDepsAPI) -> list[str | None]:
    """The sources of the plans, which are there."""
    client = TestClient(app)
    for _ in range(REQUESTS):
        assert client.get("/").json() == 1
    sources = source_of(app)
    assert all(sources)
    return sources


def cheap_app(**options: Any) -> FastDepsAPI:
    app = app_of(**options)
    make_cheap(app)
    return app


def test_without_a_provider_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("fastapi_fastdeps.applications.meter_provider_of", asked.append)
    app = cheap_app()
    with TestClient(app) as client:
        # When it is started, and when the layers around the router are made.
        assert asked == [app] * 2
        for _ in range(REQUESTS):
            assert client.get("/").json() == 1
        assert len(asked) == 2
    assert "clock" not in str(source_of(app))
    assert app.threads.instruments is None
    assert app.threads.observer is None


@pytest.mark.usefixtures("both_lanes")
def test_no_opentelemetry_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    app = cheap_app()
    for _ in range(REQUESTS):
        assert TestClient(app).get("/").json() == 1
    for name in [each for each in sys.modules if each.partition(".")[0] == "opentelemetry"]:
        # Importing it raises `ImportError`; FastAPI, which has, goes on with what it holds.
        monkeypatch.setitem(sys.modules, name, None)
    without = cheap_app()
    for _ in range(REQUESTS):
        assert TestClient(without).get("/").json() == 1
    assert source_of(without) == source_of(app)
    assert without.threads.instruments is None


def test_opentelemetry_is_not_imported_by_this_package() -> None:
    root = Path(fastapi_fastdeps.__file__).parent
    importing = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Import | ast.ImportFrom)
        and "opentelemetry" in ast.unparse(statement)
    }
    assert importing == set()


def test_one_that_measures_nothing_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = compiled(cheap_app())
    set_for_all(monkeypatch, NoOpMeterProvider())
    app = cheap_app()
    assert compiled(app) == sources
    assert app.threads.instruments is None


def test_a_disabled_sdk_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    set_for_all(monkeypatch, Metered().provider)
    app = cheap_app()
    compiled(app)
    assert app.threads.instruments is None


def test_an_app_without_metrics_is_not_measured(metered: Metered) -> None:
    app = cheap_app(telemetry={"metrics": False})
    other = Metered()
    compiled(app)
    compiled(cheap_app(telemetry={"meter_provider": other.provider}))
    assert app.threads.instruments is None
    # Which one FastAPI measures requests for makes no difference.
    assert metered.counts(CALLS) == {(): 2 * REQUESTS}
    assert other.metrics() == []


def test_the_plan_is_another_one_while_there_is_a_provider(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_for_all(monkeypatch, None)
    app = cheap_app()
    sources = compiled(app)
    set_for_all(monkeypatch, metered.provider)
    assert compiled(app) != sources
    set_for_all(monkeypatch, NoOpMeterProvider())
    assert compiled(app) == sources
    assert metered.counts(CALLS) == {(): 2 * REQUESTS}


# Which provider


def test_one_that_the_lifespan_sets_is_found(
    metered: Metered, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_for_all(monkeypatch, None)
    app = cheap_app()
    app.router.on_startup.append(lambda: set_for_all(monkeypatch, metered.provider))
    with TestClient(app) as client:
        assert client.get("/").json() == 1
    assert metered.counts(CALLS) == {(): 2}


def test_another_one_takes_its_place(metered: Metered, monkeypatch: pytest.MonkeyPatch) -> None:
    app = cheap_app(limiters={"db": 3})
    other = Metered()
    with TestClient(app) as client:
        assert client.get("/").json() == 1
        set_for_all(monkeypatch, other.provider)
        assert client.get("/").json() == 1
        assert metered.of_limiters(MAX) == {}
        assert set(other.of_limiters(MAX)) == {"default", "db"}
    assert metered.counts(CALLS) == other.counts(CALLS) == {(): 2}


# Failing


def answers(make: Callable[[], FastAPI]) -> list[Any]:
    """What an app answers, where all goes well and where it does not."""

    class Page:
        def __init__(self, skip: int = 0) -> None:
            self.skip = skip

    def session() -> Iterator[int]:
        yield 1

    def query(session: Annotated[int, Depends(session)]) -> int:
        return session

    def refuse() -> None:
        raise HTTPException(403)

    app = make()
    inline(Page)

    @app.get("/items")
    def items(page: Annotated[Page, Depends()], row: Annotated[int, Depends(query)]) -> int:
        return page.skip + row

    @app.get("/refused", dependencies=[Depends(inline(refuse))])
    async def refused() -> None: ...

    @app.get("/fails")
    @inline
    def fails() -> None:
        raise LookupError

    @app.get("/stream")
    @inline
    def stream() -> Iterator[int]:
        yield 1

    client = TestClient(app, raise_server_exceptions=False)
    paths = ("/items?skip=2", "/items?skip=none", "/refused", "/fails", "/stream", "/none")
    found = [client.get(path) for _ in range(REQUESTS) for path in paths]
    return [(each.status_code, each.text, dict(each.headers)) for each in found]


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize(
    "failing",
    [(), ("get_meter",), ("create",), ("record",), ("add",), ("record", "add")],
    ids=["none", "meter", "creating", "record", "add", "all"],
)
def test_what_fails_to_measure_changes_no_answer(
    failing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider = FailingProvider(*failing)
    set_for_all(monkeypatch, provider)
    told: list[SlowCall] = []
    guard = Guard(slow_call=0, interval=0, callback=told.append, watch_every=None)
    with caplog.at_level(logging.ERROR, "fastapi_fastdeps"):
        found = answers(lambda: app_of(guard=guard))
    assert found == answers(lambda: FastAPI())
    assert told
    messages = [
        record for record in caplog.records if record.name == "fastapi_fastdeps" and record.exc_info
    ]
    if "get_meter" in failing or "create" in failing:
        assert len(messages) == 1
        return
    assert min(provider.calls["record"], provider.calls["add"]) > REQUESTS
    # In FastAPI's lane it is FastAPI that goes to threads, and nothing is recorded of that.
    recording = 1 if asked_lane() == "fastapi" else 2
    assert len(messages) == recording * ("record" in failing) + ("add" in failing)


def test_what_fails_to_be_observed_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    provider = FailingProvider()
    set_for_all(monkeypatch, provider)
    app = cheap_app()
    with TestClient(app) as client:
        assert client.get("/").json() == 1
        busy, waiting, size = provider.callbacks
        assert [each.value for each in busy(None)] == [0]

        def fail() -> None:
            raise LookupError

        monkeypatch.setattr(app.threads, "pools", fail)
        for _ in range(REQUESTS):
            assert busy(None) == waiting(None) == size(None) == []
        assert client.get("/").json() == 1
    assert len([record for record in caplog.records if record.exc_info]) == 3


def test_a_provider_that_is_not_to_be_found_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[object] = []

    def fail(app: object) -> None:
        asked.append(app)
        raise LookupError

    monkeypatch.setattr("fastapi_fastdeps.applications.meter_provider_of", fail)
    compiled(cheap_app())
    assert asked
    assert len([record for record in caplog.records if record.exc_info]) == 1


def test_an_unhashable_provider_has_its_instruments_once(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = FailingProvider()
    set_for_all(monkeypatch, provider)
    apps = [cheap_app() for _ in range(2)]
    for app in apps:
        compiled(app)
    assert apps[0].threads.instruments is apps[1].threads.instruments is not None
    assert provider.calls["get_meter"] == 1


def test_an_app_leaves_behind_what_measures_it(metered: Metered) -> None:
    threads = Threads({"db": 3})
    threads.measure_for(metered.provider)
    assert threads.instruments is not None
    assert threads.observer is not None
    there = pickle.loads(pickle.dumps(threads))
    assert (there.instruments, there.observer, there.pools()) == (None, None, [])
    assert there.limiters == {"db": 3}
