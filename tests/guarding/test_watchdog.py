"""The watchdog names the call that blocks now, in whichever event loop."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import Depends
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, Guard, SlowCall, everything
from fastapi_fastdeps._observing import watchdog
from fastapi_fastdeps._observing.watchdog import WATCHDOG

PATIENCE = 60
"""Seconds until a test fails that waits for something."""


@pytest.fixture(autouse=True)
def ends() -> Iterator[None]:
    yield
    WATCHDOG.stop()
    assert not WATCHDOG.is_awake


class Blocked:
    """Blocks until the watchdog has told of it."""

    def __init__(self, names: int = 1) -> None:
        self.calls: list[SlowCall] = []
        self._is_told = threading.Event()
        self._names = names

    def callback(self, call: SlowCall) -> None:
        if call.is_running:
            self.calls.append(call)
            if len({each.name for each in self.calls}) == self._names:
                self._is_told.set()

    def wait(self) -> None:
        assert self._is_told.wait(PATIENCE)

    @property
    def guard(self) -> Guard:
        return Guard(stuck_call=0, watch_every=0.001, interval=0, callback=self.callback)


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("requests", [1, 3])
def test_a_call_is_named_while_it_blocks_with_the_line_where_it_is(requests: int) -> None:
    blocked = Blocked()
    app = FastDepsAPI(classifier=everything, guard=blocked.guard)

    def before() -> None: ...

    def waiting(wait: bool = False) -> None:
        if wait:
            blocked.wait()

    @app.get("/", dependencies=[Depends(before), Depends(waiting)])
    def endpoint() -> str:
        return "done"

    client = TestClient(app)
    for _ in range(requests - 1):
        client.get("/")
    blocked.calls.clear()
    assert client.get("/?wait=1").json() == "done"
    call = next(each for each in blocked.calls if each.call is waiting)
    assert call.is_running
    assert call.path == "/"
    outermost, *_, innermost = call.stack
    line = waiting.__code__.co_firstlineno
    assert (outermost.filename, outermost.lineno) == (__file__, line + 2)
    assert innermost.filename == threading.__file__
    assert "and still does" in str(call)
    assert "blocked.wait()" in str(call)


def test_the_calls_of_several_event_loops_are_told_apart() -> None:
    blocked = Blocked(names=2)
    app = FastDepsAPI(classifier=everything, guard=blocked.guard)

    def first() -> None:
        blocked.wait()

    def second() -> None:
        blocked.wait()

    app.get("/first")(first)
    app.get("/second")(second)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(TestClient(app).get, ["/first", "/second"]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert {(each.call, each.path) for each in blocked.calls} == {
        (first, "/first"),
        (second, "/second"),
    }


def test_a_slow_call_is_told_of_with_where_it_was() -> None:
    calls: list[SlowCall] = []
    seen = threading.Event()
    guard = Guard(slow_call=0, stuck_call=0, watch_every=0.001, interval=0, callback=calls.append)
    app = FastDepsAPI(classifier=everything, guard=guard)

    def slow() -> None:
        while not any(each.is_running for each in calls):
            seen.wait(0.001)

    app.get("/")(slow)
    TestClient(app).get("/")
    ended = next(each for each in calls if not each.is_running)
    assert ended.stack[0].name == "slow"


def test_it_ends_once_nothing_is_called_and_wakes_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watchdog, "IDLE_SECONDS", 0)
    app = FastDepsAPI(classifier=everything, guard=Guard(watch_every=0.001))

    @app.get("/")
    def endpoint() -> None:
        awake.append(WATCHDOG.is_awake)

    awake: list[bool] = []
    client = TestClient(app)
    for number in range(3):
        client.get("/")
        assert awake == [True] * (number + 1)
        for thread in threading.enumerate():
            if thread.name == "fastdeps-watchdog":
                thread.join(PATIENCE)
        assert not WATCHDOG.is_awake


def test_nobody_looks_without_a_guard_or_where_it_says_so() -> None:
    for guard in (False, Guard(watch_every=None)):
        app = FastDepsAPI(classifier=everything, guard=guard)

        @app.get("/")
        def endpoint() -> bool:
            return WATCHDOG.is_awake

        for _ in range(3):
            assert TestClient(app).get("/").json() is False


def test_no_thread_looks_where_none_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_threads() -> bool:
        return True

    monkeypatch.setattr(watchdog, "is_threadless", no_threads)
    calls: list[SlowCall] = []
    app = FastDepsAPI(classifier=everything, guard=Guard(slow_call=0, callback=calls.append))

    @app.get("/")
    def endpoint() -> bool:
        return WATCHDOG.is_awake

    assert TestClient(app).get("/").json() is False
    assert [each.call for each in calls] == [endpoint]


@pytest.mark.parametrize("do", [WATCHDOG.forget, WATCHDOG.stop])
def test_it_can_be_stopped_where_nothing_runs(do: Callable[[], None]) -> None:
    do()
    assert not WATCHDOG.is_awake
