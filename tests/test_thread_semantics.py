"""Cancellation, clients that are gone, shutdown, thread-locals, forks: counted beside FastAPI."""

import asyncio
import functools
import gc
import os
import subprocess
import sys
import textwrap
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import anyio
import anyio.to_thread
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, Threaded, threaded
from fastapi_fastdeps._fastapi.names import asked_lane, fast_lane
from tests.harness.crowd import get, in_loop
from tests.harness.garbage import only_new_garbage
from tests.harness.marks import in_both_lanes, needs_plans

Make = Callable[[], FastAPI]
OURS: dict[str, Make] = {
    "fused": FastDepsAPI,
    "not fused": lambda: FastDepsAPI(fuse_visits=False),
    "shared": lambda: FastDepsAPI(thread_context="shared"),
    "limited": lambda: FastDepsAPI(
        limiters={"one": 1}, classifier=lambda _: Threaded(limiter="one")
    ),
}
PHASES = ("waiting", "enter", "user", "between", "endpoint", "task", "exit")
"""Where a request is: it waits for its first thread, or is in one of its steps."""


class Out(BaseModel):
    name: str


class Held:
    """An app whose requests can be held up in a step, and what has happened in it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.log: list[str] = []
        self.at = ""
        self.active = 0
        self.reached, self.goes_on = threading.Event(), threading.Event()

        def session() -> Iterator[str]:
            self.step("enter")
            try:
                yield "session"
            except BaseException as error:
                self.log.append(f"raised {type(error).__name__}")
                raise
            finally:
                self.step("exit")

        def user(session: Annotated[str, Depends(session)]) -> str:
            self.step("user")
            return session

        async def between() -> None:
            self.log.append("between")
            if self.at == "between":
                self.reached.set()
                while not self.goes_on.is_set():
                    await anyio.sleep(0.001)

        @app.get("/holds")
        def holds() -> None:
            self.reached.set()
            assert self.goes_on.wait(30)

        @app.get("/", dependencies=[Depends(user), Depends(between)])
        def endpoint(tasks: BackgroundTasks) -> Out:
            self.step("endpoint")
            tasks.add_task(self.step, "task")
            return Out(name="ada")

    def step(self, name: str) -> None:
        self.active += 1
        self.log.append(name)
        if self.at == name:
            self.reached.set()
            assert self.goes_on.wait(30)
        self.active -= 1

    async def is_reached(self) -> None:
        while not self.reached.is_set():
            await anyio.sleep(0.001)


class Client:
    """Asks once, and may be gone meanwhile."""

    def __init__(self, spec_version: str) -> None:
        self.is_gone = anyio.Event()
        self.sent: list[str] = []
        self.spec_version = spec_version
        self.received = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive(self) -> Any:
        if self.received:
            return self.received.pop()
        await self.is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self.is_gone.is_set():
            if self.spec_version == "2.4":
                raise OSError("gone")
            return
        self.sent.append(message["type"])

    async def ask(self, app: FastAPI) -> None:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": self.spec_version},
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
        }
        await app(scope, self.receive, self.send)


Happen = Callable[[Client, "asyncio.Task[None]", anyio.CancelScope], None]


def cancelled(client: Client, task: "asyncio.Task[None]", scope: anyio.CancelScope) -> None:
    scope.cancel()


def cancelled_by_asyncio(
    client: Client, task: "asyncio.Task[None]", scope: anyio.CancelScope
) -> None:
    task.cancel()


def gone(client: Client, task: "asyncio.Task[None]", scope: anyio.CancelScope) -> None:
    client.is_gone.set()


@only_new_garbage()
def what_happens(make: Make, phase: str, happen: Happen, spec_version: str = "2.3") -> Any:
    """What a request does, how it ends, and what it sends, to which something happens in a phase.
    A next request is answered."""
    held = Held(make())
    app = held.app

    async def run() -> Any:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        for _ in range(2):
            assert (await get(app))[0] == 200
        held.log.clear()
        client, scope, ended = Client(spec_version), anyio.CancelScope(), list[str]()

        async def ask() -> None:
            try:
                with scope:
                    await client.ask(app)
            except BaseException as error:
                ended.append(type(error).__name__)
            ended.append("cancelled" if scope.cancelled_caught else "ended")

        async with anyio.create_task_group() as others:
            if phase == "waiting":
                others.start_soon(get, app, "/holds")
                await held.is_reached()
            held.at = phase
            task = asyncio.create_task(ask())
            await (anyio.wait_all_tasks_blocked() if phase == "waiting" else held.is_reached())
            happen(client, task, scope)
            await anyio.wait_all_tasks_blocked()
            held.goes_on.set()
            await task
        while held.active:
            await anyio.sleep(0.001)
        gc.collect()
        await anyio.wait_all_tasks_blocked()
        log, held.at = held.log.copy(), ""
        assert (await get(app))[0] == 200
        return log, ended, client.sent

    return in_loop(run)


STOCK = functools.cache(functools.partial(what_happens, FastAPI))


@in_both_lanes
@pytest.mark.parametrize("how", OURS)
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
def test_a_client_that_is_gone_changes_what_it_changes_in_fastapi(
    how: str, phase: str, spec_version: str
) -> None:
    found = what_happens(OURS[how], phase, gone, spec_version)
    assert found == STOCK(phase, gone, spec_version)


@in_both_lanes
@pytest.mark.parametrize("how", OURS)
@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("happen", [cancelled, cancelled_by_asyncio])
def test_a_request_is_cancelled_as_in_fastapi(how: str, phase: str, happen: Happen) -> None:
    found, stock = what_happens(OURS[how], phase, happen), STOCK(phase, happen)
    if happen is cancelled and is_awaited_by_fastapi(how):
        # FastAPI comes to other points at which a cancellation is delivered.
        assert found[0] == stock[0]
    else:
        assert found == stock


def is_awaited_by_fastapi(how: str) -> bool:
    is_fastapis = asked_lane() == "fastapi" or not fast_lane
    return is_fastapis and how in ("shared", "limited")


@in_both_lanes
@pytest.mark.parametrize("how", OURS)
@pytest.mark.parametrize("phase", ["enter", "user", "endpoint", "task", "exit"])
def test_an_event_loop_that_ends_while_a_thread_is_busy_ends_as_in_fastapi(
    how: str, phase: str
) -> None:
    @only_new_garbage()
    def logged(make: Make) -> list[str]:
        held = Held(make())
        threads_before = {*threading.enumerate()}

        async def run() -> None:
            for _ in range(2):
                await get(held.app)
            held.log.clear()
            held.at = phase
            asking = asyncio.create_task(get(held.app))
            await held.is_reached()
            threading.Timer(0.05, held.goes_on.set).start()
            assert not asking.done()

        asyncio.run(run())
        for thread in {*threading.enumerate()} - threads_before:
            if "AnyIO" in thread.name:
                thread.join(30)
        gc.collect()
        return held.log

    assert logged(OURS[how]) == logged(FastAPI)


@needs_plans
def test_the_steps_of_a_visit_see_the_same_thread_and_others_see_what_they_leave_there() -> None:
    app, local = FastDepsAPI(thread_tokens=1), threading.local()
    seen: list[tuple[str, int]] = []

    def first() -> None:
        seen.append((getattr(local, "name", "nothing"), threading.get_ident()))
        local.name = "first"

    def second() -> None:
        seen.append((local.name, threading.get_ident()))

    @app.get("/", dependencies=[Depends(first), Depends(second)])
    def read() -> None:
        seen.append((local.name, threading.get_ident()))

    async def run() -> None:
        for _ in range(3):
            assert (await get(app))[0] == 200

    in_loop(run)
    names = [name for name, _ in seen]
    assert names == ["nothing"] + ["first"] * 8
    assert len({thread for _, thread in seen[3:6]}) == len({thread for _, thread in seen[6:]}) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_has_limiters_and_threads_of_its_own() -> None:
    program = """
        import os
        import warnings

        from fastapi_fastdeps import FastDepsAPI, threaded
        from tests.harness.crowd import crowd

        app = FastDepsAPI(limiters={"one": 1}, thread_tokens=2)


        @app.get("/")
        @threaded(limiter="one")
        def read() -> int:
            return os.getpid()


        @app.get("/unmarked")
        def unmarked() -> int:
            return os.getpid()


        def serve() -> None:
            answers = crowd(app, ["/", "/unmarked"] * 20)
            assert answers == [(200, os.getpid())] * 40


        serve()
        warnings.simplefilter("ignore")
        for _ in range(2):
            child = os.fork()
            if not child:
                serve()
                os._exit(42)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
        serve()
        print("served")
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.stdout == "served\n", ended.stderr


@needs_plans
def test_an_app_that_is_made_anew_leaves_nothing_of_the_old_one() -> None:
    gone: list[weakref.ref[Any]] = []

    def make() -> FastDepsAPI:
        app = FastDepsAPI(limiters={"one": 1})

        @app.get("/")
        @threaded(limiter="one")
        def read() -> int:
            return 1

        gone.extend((weakref.ref(app), weakref.ref(app.threads)))
        return app

    async def run() -> list[Any]:
        for _ in range(3):
            app = make()
            for _ in range(3):
                assert await asyncio.create_task(get(app)) == (200, 1)
        gc.collect()
        return [each() for each in gone[:-2]]

    assert in_loop(run) == [None] * 4


def test_thread_tokens_are_the_event_loops_and_the_last_app_that_says_so_decides() -> None:
    async def run() -> list[float]:
        found = []
        for tokens in (3, None, 5):
            app = FastDepsAPI(thread_tokens=tokens)
            await get(app)
            found.append(anyio.to_thread.current_default_thread_limiter().total_tokens)
        return found

    assert in_loop(run) == [3, 3, 5]
    assert in_loop(run) == [3, 3, 5]
