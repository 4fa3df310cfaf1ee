"""Slow inline calls are told of, wherever they are."""

import logging
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, HTTPException, WebSocket
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fastapi_fastdeps import (
    FastDepsAPI,
    Guard,
    GuardError,
    Inline,
    SlowCall,
    SlowCallError,
    everything,
    explain,
    inline,
    run_inline,
)
from fastapi_fastdeps._observing.choice import guarded_everywhere
from tests.guarding.times import Clock, clock, told

__all__ = ["clock"]

REQUESTS = 4
"""The first one is interpreted, the second compiles a plan, the third is timed alone."""


def app_of(calls: list[SlowCall], **options: Any) -> FastDepsAPI:
    options = {"interval": 0, "watch_every": None, **options}
    return FastDepsAPI(classifier=everything, guard=Guard(callback=calls.append, **options))


@pytest.mark.usefixtures("both_lanes")
def test_all_that_is_called_inline_is_told_of(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    class Page:
        def __init__(self, skip: int = 0) -> None:
            clock.take(1)

    def session() -> Iterator[int]:
        clock.take(2)
        yield 1
        clock.take(3)

    async def between() -> None:
        clock.take(100)

    def task() -> None:
        clock.take(5)

    def here() -> None:
        clock.take(6)

    @app.get("/items/{skip}")
    def items(
        page: Annotated[Page, Depends()],
        waited: Annotated[None, Depends(between)],
        value: Annotated[int, Depends(session)],
        tasks: BackgroundTasks,
    ) -> int:
        tasks.add_task(task)
        clock.take(4)
        return value

    @app.get("/async")
    async def in_async() -> None:
        clock.take(100)
        run_inline(here)
        clock.take(100)

    path = "/items/{skip}"
    name = f"{test_all_that_is_called_inline_is_told_of.__name__}.<locals>"
    expected = [
        (f"{name}.Page", "dependency", "call", path, 1),
        (f"{name}.session", "dependency", "enter", path, 2),
        (f"{name}.items", "endpoint", "call", path, 4),
        (f"{name}.task", "background task", "call", path, 5),
        (f"{name}.session", "dependency", "exit", path, 3),
    ]
    client = TestClient(app)
    for _ in range(REQUESTS):
        assert client.get("/items/1").json() == 1
        assert sorted(told(calls)) == sorted(expected)
        client.get("/async")
        assert told(calls) == [(f"{name}.here", "function", "call", "/async", 6)]


@pytest.mark.usefixtures("both_lanes")
def test_what_starlette_would_call_is_told_of(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    class GoneError(Exception):
        pass

    def gone(request: Request, error: Exception) -> Response:
        clock.take(1)
        return JSONResponse("gone", 410)

    def plain(request: Request) -> Response:
        clock.take(2)
        return Response()

    app.add_exception_handler(GoneError, gone)
    app.add_route("/plain", plain)

    @app.get("/gone")
    async def fails() -> None:
        raise GoneError

    client = TestClient(app)
    for _ in range(REQUESTS):
        assert client.get("/gone").status_code == 410
        assert client.get("/plain").status_code == 200
        handled, answered = told(calls)
        assert handled[1:] == ("exception handler", "call", "", 1)
        assert answered[1:] == ("endpoint", "call", "/plain", 2)


@pytest.mark.usefixtures("both_lanes")
def test_the_dependencies_of_a_websocket_are_told_of(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    def token() -> int:
        clock.take(1)
        return 7

    def here() -> None:
        clock.take(2)

    @app.websocket("/ws")
    async def echo(socket: WebSocket, token: Annotated[int, Depends(token)]) -> None:
        clock.take(100)
        await socket.accept()
        run_inline(here)
        await socket.send_json(token)
        await socket.close()

    client = TestClient(app)
    for _ in range(REQUESTS):
        with client.websocket_connect("/ws") as socket:
            assert socket.receive_json() == 7
        found = [each[1:] for each in told(calls)]
        assert found == [("dependency", "call", "/ws", 1), ("function", "call", "/ws", 2)]


def test_each_item_of_a_stream_is_told_of(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    @app.get("/stream")
    def stream() -> Iterator[int]:
        for number in (1, 2):
            clock.take(number)
            yield number

    assert [int(line) for line in TestClient(app).get("/stream").iter_lines()] == [1, 2]
    found = [each[1:] for each in told(calls)]
    assert found == [("endpoint", "next", "/stream", 1), ("endpoint", "next", "/stream", 2)]


@pytest.mark.usefixtures("both_lanes")
def test_what_stays_in_a_thread_is_not_told_of(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = FastDepsAPI(guard=Guard(callback=calls.append, interval=0))

    def threaded_dependency() -> None:
        clock.take()

    @app.get("/", dependencies=[Depends(threaded_dependency)])
    def endpoint() -> None:
        clock.take()

    for _ in range(REQUESTS):
        assert TestClient(app).get("/").status_code == 200
    assert calls == []


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("slow", ["first", "second", "third", "endpoint"])
def test_of_calls_that_follow_on_each_other_the_slow_one_is_named(clock: Clock, slow: str) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    def named(name: str) -> Callable[[], None]:
        def call() -> None:
            clock.take(1 if name == slow else 0)

        call.__qualname__ = name
        return call

    def endpoint() -> None:
        clock.take(1 if slow == "endpoint" else 0)

    dependencies = [Depends(named(name)) for name in ("first", "second", "third")]
    endpoint.__qualname__ = "endpoint"
    app.get("/", dependencies=dependencies)(endpoint)
    client = TestClient(app)
    for number in range(REQUESTS):
        assert client.get("/").status_code == 200
        (call,) = calls
        if number == 1 and call.others:
            # Timed together, nobody looked: from then on each is timed alone.
            assert slow in (call.name, *call.others)
            assert "or what was called right before it (first, second, third)" in str(call)
        else:
            assert (call.name, call.others, call.seconds) == (slow, (), 1)
        calls.clear()


@pytest.mark.usefixtures("both_lanes")
def test_a_callable_that_fails_is_told_of_and_fails_as_ever(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    def forbidding(skip: int = 0) -> None:
        clock.take()
        raise HTTPException(403, "no")

    @app.get("/", dependencies=[Depends(forbidding)])
    def endpoint() -> None: ...

    client = TestClient(app)
    for _ in range(REQUESTS):
        response = client.get("/")
        assert (response.status_code, response.json()) == (403, {"detail": "no"})
        assert [each[1:] for each in told(calls)] == [("dependency", "call", "/", 1)]
        assert client.get("/?skip=x").status_code == 422
        assert calls == []


@pytest.mark.usefixtures("both_lanes")
def test_raise_mode_raises_where_the_call_returns_and_leaves_what_was_entered(clock: Clock) -> None:
    app = FastDepsAPI(classifier=everything, guard=Guard(mode="raise", watch_every=None))
    left: list[str] = []

    def session() -> Iterator[None]:
        try:
            yield
        finally:
            left.append("session")

    def fast() -> None: ...

    def slow() -> None:
        clock.take()

    @app.get("/", dependencies=[Depends(session), Depends(fast), Depends(slow)])
    def endpoint() -> None:
        left.append("never called")

    client = TestClient(app)
    for _ in range(REQUESTS):
        with pytest.raises(SlowCallError) as raised:
            client.get("/")
        assert raised.value.slow_call.call is slow
        assert raised.value.slow_call.others == ()
        assert left == ["session"]
        left.clear()


@pytest.mark.usefixtures("both_lanes")
def test_a_callback_that_fails_changes_no_answer(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_: SlowCall) -> None:
        raise ValueError("not today")

    app = FastDepsAPI(classifier=everything, guard=Guard(callback=failing, watch_every=None))

    @app.get("/")
    def endpoint() -> int:
        clock.take()
        return 1

    assert TestClient(app).get("/").json() == 1
    assert "not today" in caplog.text


def test_it_is_told_once_for_a_callable_and_interval(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    app = FastDepsAPI(guard=Guard(interval=60, watch_every=None))

    @app.get("/a")
    @app.get("/b")
    @inline
    def endpoint() -> None:
        clock.take()

    client = TestClient(app)
    for _ in range(5):
        client.get("/a")
        client.get("/b")
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("fastapi_fastdeps", logging.WARNING)
    line = endpoint.__code__.co_firstlineno
    assert record.getMessage().startswith("The endpoint 'test_it_is_told_once")
    assert (
        f"{__file__}:{line}) of '/a' held up the event loop for 1000.0 ms (the limit is 5 ms"
        in caplog.text
    )
    clock.take(60)
    client.get("/b")
    assert "of '/b' held up the event loop for 1000.0 ms" in caplog.records[1].getMessage()
    assert "10 times since this was last reported" in caplog.records[1].getMessage()


def test_without_a_guard_nothing_of_it_is_in_the_plan() -> None:
    def source(**options: Any) -> str:
        app = FastDepsAPI(classifier=everything, **options)

        class Page:
            def __init__(self, skip: int = 0) -> None: ...

        @app.get("/")
        def endpoint(page: Annotated[Page, Depends()]) -> None: ...

        for _ in range(2):
            TestClient(app).get("/")
        found = explain(app).routes[-1].source
        assert found is not None
        return found

    assert source(guard=False) == source() == source(guard=None)
    assert "clock" not in source()
    assert "slot" not in source()
    assert "clock" in source(guard=True)


def test_nothing_of_a_guard_is_in_the_plan_of_what_calls_nothing_inline() -> None:
    app = FastDepsAPI(guard=True)

    def dependency() -> None: ...

    @app.get("/", dependencies=[Depends(dependency)])
    async def endpoint() -> None: ...

    for _ in range(2):
        TestClient(app).get("/")
    source = explain(app).routes[-1].source
    assert source is not None
    assert "clock" not in source


def test_a_guard_everywhere_is_noticed_by_apps_that_have_served_requests(clock: Clock) -> None:
    app = FastDepsAPI(classifier=everything)

    def dependency() -> None:
        clock.take()

    @app.get("/", dependencies=[Depends(dependency)])
    async def endpoint() -> None: ...

    calls: list[SlowCall] = []
    client = TestClient(app)
    for _ in range(2):
        for _ in range(REQUESTS):
            client.get("/")
        assert calls == []
        guard = Guard(callback=calls.append, interval=0, watch_every=None)
        with guarded_everywhere(guard):
            for _ in range(REQUESTS):
                client.get("/")
            assert [each[1:] for each in told(calls)] == [("dependency", "call", "/", 1)] * REQUESTS


def test_an_override_is_told_of_by_its_own_name(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = app_of(calls)

    def original() -> None: ...

    def override() -> None:
        clock.take()

    @app.get("/", dependencies=[Depends(original)])
    async def endpoint() -> None: ...

    app.dependency_overrides[original] = override
    client = TestClient(app)
    for _ in range(REQUESTS):
        client.get("/")
        (call,) = calls
        assert call.call is override
        calls.clear()


def test_an_app_with_a_guard_can_be_sent_to_another_process() -> None:
    pytest.importorskip("cloudpickle")
    from tests.harness.pickling import sent

    app = FastDepsAPI(classifier=everything, guard=Guard(slow_call=0, mode="raise"))

    @app.get("/")
    def endpoint() -> None: ...

    for _ in range(REQUESTS):
        with pytest.raises(SlowCallError):
            TestClient(app).get("/")
    received = sent(app)
    with pytest.raises(SlowCallError):
        TestClient(received).get("/")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"slow_call": "5ms"}, r"Guard\(slow_call='5ms'\) is no number of seconds"),
        ({"stuck_call": -1}, r"Guard\(stuck_call=-1\) is no number"),
        ({"interval": None}, r"Guard\(interval=None\) is no number"),
        ({"watch_every": True}, r"Guard\(watch_every=True\) is no number"),
        ({"mode": "shout"}, r"Guard\(mode='shout'\) is neither"),
        ({"callback": 3}, r"Guard\(callback=3\) can't be called"),
    ],
)
def test_a_setting_that_cannot_be_is_an_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(GuardError, match=message):
        Guard(**options)


def test_a_marked_place_is_described_with_its_parameter(clock: Clock) -> None:
    calls: list[SlowCall] = []
    app = FastDepsAPI(guard=Guard(callback=calls.append, watch_every=None))

    def locale() -> str:
        clock.take()
        return "en"

    @app.get("/")
    async def endpoint(lang: Annotated[str, Depends(locale), Inline]) -> str:
        return lang

    TestClient(app).get("/")
    (call,) = calls
    assert (call.file, call.line, call.parameter) == (
        __file__,
        locale.__code__.co_firstlineno,
        "lang",
    )
