"""Where no thread can start, what is sync runs on the event loop. `python -m tests.pyodide` is
the same program in such a place."""

import asyncio
import logging
import threading
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI

from fastapi_fastdeps import FastDepsAPI, Threaded, explain
from fastapi_fastdeps._deciding import graph
from fastapi_fastdeps._fastapi import here, names, threadless
from fastapi_fastdeps._fastapi.names import fast_lane
from tests.harness.crowd import get
from tests.pyodide.program import EXPECTED, THREADED, answers, differences

START = threading.Thread.start


def starts_no_thread(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


@pytest.fixture(autouse=True)
def no_thread_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threadless, "_threadless", True)
    monkeypatch.setattr(graph, "_is_told", False)
    monkeypatch.setattr(threading.Thread, "start", starts_no_thread)


def test_all_is_answered_in_both_lanes_as_fastapi_does_with_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", START)
        patch.setattr(threadless, "_threadless", False)
        expected = asyncio.run(answers(FastAPI))
    del expected["at once"]
    # FastAPI's app has no limiters.
    expected |= {name: each for name, each in EXPECTED.items() if name.startswith("/helped")}
    if fast_lane:
        assert expected == EXPECTED
    assert asyncio.run(differences(expected)) == []


def test_fastapi_itself_fails() -> None:
    found: dict[str, Any] = asyncio.run(answers(FastAPI))
    for name, answer in found.items():
        if name.startswith(THREADED):
            assert "start new thread" in answer


def test_an_anyio_that_keeps_its_threads_elsewhere_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names.here, "names", [])
    monkeypatch.setattr(names.here, "problems", [])
    monkeypatch.delattr("anyio._backends._asyncio._threadpool_idle_workers")
    find = names.anyios_workers.__wrapped__
    monkeypatch.setattr(here, "anyios_workers", find)
    assert find() is None
    assert "no anyio._backends._asyncio._threadpool_idle_workers" in str(names.here.why_off)
    app = FastDepsAPI()

    @app.get("/", dependencies=[Depends(lambda: None)])
    def read() -> int:
        return 1

    assert asyncio.run(get(app)) == (200, 1)


def test_what_is_marked_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    def unmarked() -> None: ...

    def marked() -> None: ...

    app = FastDepsAPI()
    with caplog.at_level(logging.WARNING, "fastapi_fastdeps"):
        for path in ("/", "/again"):

            @app.get(path, dependencies=[Depends(unmarked)])
            async def read(marked: Annotated[None, Depends(marked), Threaded]) -> None: ...

    (line,) = caplog.messages
    assert "No thread can start here" in line
    assert "marked'" in line
    endpoint, first, second = explain(app).routes[0].calls
    assert (first.execution, first.decided_by) == ("inline", "no thread can start")
    assert (second.execution, second.decided_by) == ("inline", "not Threaded at the place")
    assert endpoint.execution == "async"
