"""Runs test files where no thread can start, in one thread: called in Pyodide.

An event loop there has nothing to wait for but time, so a test that runs one until something is
done can do so without the browser's. All that FastAPI itself would send to a thread is called
on the loop, too, so that it can be compared with. `TestClient` has a portal without a thread.
"""

import asyncio
import os
import time
import warnings
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import Any, Final

import anyio.from_thread
import pytest

from fastapi_fastdeps._fastapi.here import work_here

FILES: Final = (
    "tests/building/test_constructors.py",
    "tests/building/test_route_classes.py",
    "tests/deciding/test_dependants.py",
    "tests/deciding/test_misplaced.py",
    "tests/deciding/test_tags.py",
    "tests/example",
    "tests/lane/test_decided_anew.py",
    "tests/matching/test_changes.py",
    "tests/matching/test_patterns.py",
    "tests/matching/test_shortcuts.py",
    "tests/plan",
    "tests/test_errors.py",
    "tests/test_introspection.py",
    "tests/test_is_fastapi.py",
    "tests/test_markers.py",
    "tests/test_pickling.py",
)
"""What is run: who decides, what is built of it, found, and told."""

NEED_THREADS: Final = (
    "tests/deciding/test_dependants.py::test_a_marker_counts_at_any_depth",
    "tests/deciding/test_dependants.py"
    "::test_one_callable_is_inline_at_one_place_and_threaded_at_another",
    "tests/deciding/test_tags.py::test_a_classifier_decides_by_the_tag_at_the_place",
    *(
        f"tests/example/test_catalogue.py::{name}"
        for name in (
            "test_a_watcher_costs_one_thread_hop_instead_of_five",
            "test_only_what_blocks_goes_to_a_thread",
            "test_the_report_is_made_in_a_worker_thread",
        )
    ),
    "tests/test_errors.py::test_a_mistake_in_a_route_constructed_by_hand_is_raised_at_the_start",
    "tests/test_markers.py::test_each_level_of_precedence_holds_in_an_app",
)
"""What asks whether something runs in a thread, or runs one event loop within another."""


class Loop(asyncio.BaseEventLoop):
    """An event loop that waits for nothing but time."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = self

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("This would wait for ever: nothing else can happen here.")
        time.sleep(timeout)
        return []

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody else is to be woken up."""

    def run_until_complete(self, future: Any) -> Any:
        return super().run_until_complete(_beginning(future))


async def _beginning(future: Awaitable[Any]) -> Any:
    work_here()
    return await future


class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> Loop:
        return Loop()


class Portal:
    """What `TestClient` takes for a thread with an event loop, which goes on while it is asked."""

    def __init__(self) -> None:
        self._loop = Loop()
        self._tasks: list[asyncio.Task[Any]] = []

    def call(self, function: Callable[..., Any], *args: Any, **values: Any) -> Any:
        return self._loop.run_until_complete(_called(partial(function, *args, **values)))

    def start_task_soon(self, function: Callable[..., Any], *args: Any, name: object = None) -> Any:
        task = self._loop.create_task(_called(function, *args))
        self._tasks.append(task)
        return _Started(self._loop, task)

    def start_task(self, function: Callable[..., Any], *args: Any, name: object = None) -> Any:
        status = _Status(self._loop.create_future())
        started = self.start_task_soon(partial(function, task_status=status), *args)
        self.call(asyncio.wait, {status.value, started.task}, return_when="FIRST_COMPLETED")
        return started, started.result() if started.done() else status.value.result()

    def close(self) -> None:
        for task in self._tasks:
            if not task.done():
                self._loop.run_until_complete(asyncio.wait([task]))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


class _Status:
    """What a task says by it that it has started."""

    def __init__(self, value: "asyncio.Future[Any]") -> None:
        self.value = value

    def started(self, value: Any = None) -> None:
        self.value.set_result(value)


class _Started:
    def __init__(self, loop: Loop, task: "asyncio.Task[Any]") -> None:
        self._loop, self.task = loop, task

    def result(self, timeout: float | None = None) -> Any:
        return self._loop.run_until_complete(self.task)

    def exception(self) -> BaseException | None:
        self.wait()
        return self.task.exception()

    def wait(self) -> None:
        if not self.task.done():
            self._loop.run_until_complete(asyncio.wait([self.task]))

    def done(self) -> bool:
        return self.task.done()

    def cancel(self) -> bool:
        return self.task.cancel()


async def _called(function: Callable[..., Any], *args: Any) -> Any:
    returned = function(*args)
    return await returned if asyncio.iscoroutine(returned) else returned


@contextmanager
def start_blocking_portal(*_: Any, **__: Any) -> Generator[Portal]:
    portal = Portal()
    try:
        yield portal
    finally:
        portal.close()


def wait(started: Sequence[_Started]) -> None:
    for each in started:
        each.wait()


def _left_out() -> Iterator[str]:
    for test in NEED_THREADS:
        yield f"--deselect={test}"


def main(*arguments: str) -> int:
    # Pyodide has a loop running all the time.
    asyncio._set_running_loop(None)
    with warnings.catch_warnings(action="ignore"):
        asyncio.set_event_loop_policy(Policy())
    anyio.from_thread.start_blocking_portal = start_blocking_portal
    with warnings.catch_warnings(action="ignore"):
        testclient = import_module("starlette.testclient")
    testclient.wait_futures = wait
    # What they would rewrite is imported already.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # What `TestClient` would like better has no release for this platform.
    httpx = "ignore:Using `httpx` with"
    return int(
        pytest.main(["-q", "--tb=short", "-W", httpx, *(arguments or (*FILES, *_left_out()))])
    )
