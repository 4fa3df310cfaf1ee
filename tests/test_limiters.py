"""`Threaded(limiter="db")`: what it marks waits for a thread of that limiter."""

import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    FastDepsError,
    FastDepsRouter,
    Inline,
    Threaded,
    ThreadedMixin,
    explain,
    threaded,
)
from fastapi_fastdeps._fastapi.names import inclusions
from fastapi_fastdeps._fastapi.requests import streams_generators
from tests.harness.crowd import crowd, get, get_all, in_loop
from tests.harness.hops import hops
from tests.harness.marks import in_both_lanes, needs_plans

has_concurrency = "max_concurrency" in inspect.signature(Depends).parameters


class Meeting:
    """Whoever comes in waits for another one, so that `most` are two at least."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(2)
        self.is_open = False
        self.now = self.most = 0

    def __call__(self) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        if self.is_open:
            self._barrier.wait(30)
        with self._lock:
            self.now -= 1
        return "met"


def declared(how: str, meet: Meeting) -> FastDepsAPI:
    """An app with a route that meets once, in a thread of the limiter `pair`."""

    def by_name(candidate: Candidate) -> Execution | None:
        return Threaded(limiter="pair") if candidate.call.__name__ == "to_limit" else None

    app = FastDepsAPI(limiters={"pair": 2}, classifier=by_name if how == "classifier" else None)

    def unmarked() -> str:
        return meet()

    @threaded(limiter="pair")
    def decorated() -> str:
        return meet()

    class Mixed(ThreadedMixin):
        thread_limiter = "pair"

        def __init__(self) -> None:
            self.value = meet()

    def to_limit() -> str:
        return meet()

    @threaded(limiter="pair")
    def generator() -> Iterator[str]:
        yield meet()

    def limited() -> str:
        return meet()

    place: dict[str, Any] = {
        "marker": Annotated[str, Depends(unmarked), Threaded(limiter="pair")],
        "decorator": Annotated[str, Depends(decorated)],
        "mixin": Annotated[Any, Depends(Mixed)],
        "classifier": Annotated[str, Depends(to_limit)],
        "generator": Annotated[str, Depends(generator)],
    }
    if has_concurrency:
        place["max_concurrency"] = Annotated[
            str, Depends(limited, max_concurrency=4), Threaded(limiter="pair")
        ]
        place["generator with max_concurrency"] = Annotated[
            str, Depends(generator, max_concurrency=4)
        ]
    if how == "endpoint":
        app.get("/")(decorated)
    elif how == "stream":

        @app.get("/")
        @threaded(limiter="pair")
        def stream() -> Iterator[str]:
            yield meet()
    else:

        @app.get("/")
        async def read(value: place[how]) -> str:  # type: ignore[valid-type]
            return getattr(value, "value", value)

    return app


HOW = (
    "marker",
    "decorator",
    "mixin",
    "classifier",
    "generator",
    "endpoint",
    *(("stream",) if streams_generators else ()),
    *(("max_concurrency", "generator with max_concurrency") if has_concurrency else ()),
)


@in_both_lanes
@pytest.mark.parametrize("how", HOW)
def test_a_limiter_lets_in_as_many_requests_as_it_has_tokens(how: str) -> None:
    meet = Meeting()
    app = declared(how, meet)

    async def run() -> list[Any]:
        await get_all(app, ["/", "/"])
        meet.is_open, meet.most = True, 0
        return await get_all(app, ["/"] * 6)

    answers = in_loop(run)
    assert [status for status, _ in answers] == [200] * 6
    assert "met" in str(answers[0][1])
    assert meet.most == 2


@in_both_lanes
def test_the_first_request_waits_for_the_limiter_too() -> None:
    meet = Meeting()
    app = declared("marker", meet)
    meet.is_open = True
    assert in_loop(lambda: get_all(app, ["/"] * 6)) == [(200, "met")] * 6
    assert meet.most == 2


@in_both_lanes
def test_a_limiter_that_is_full_does_not_delay_what_waits_for_another() -> None:
    app = FastDepsAPI(limiters={"slow": 1, "quick": 1})
    goes_on = threading.Event()
    entered = threading.Semaphore(0)

    @app.get("/slow")
    @threaded(limiter="slow")
    def slow() -> None:
        entered.release()
        goes_on.wait(30)

    @app.get("/quick")
    @threaded(limiter="quick")
    def quick() -> str:
        return "quick"

    @app.get("/other")
    def other() -> str:
        return "other"

    async def run() -> list[Any]:
        async with anyio.create_task_group() as tasks:
            for _ in range(100):
                tasks.start_soon(get, app, "/slow")
            while not entered.acquire(blocking=False):
                await anyio.sleep(0.001)
            answers = await get_all(app, ["/quick", "/other"] * 3)
            is_one_alone = not entered.acquire(blocking=False)
            goes_on.set()
        return [*answers, is_one_alone]

    assert in_loop(run) == [(200, "quick"), (200, "other")] * 3 + [True]


@needs_plans
def test_a_visit_is_to_the_threads_of_one_limiter() -> None:
    app = FastDepsAPI(limiters={"a": 1, "b": 1})

    def first() -> None: ...

    def second() -> None: ...

    def third() -> None: ...

    in_a, in_b = Threaded(limiter="a"), Threaded(limiter="b")

    @app.get("/")
    @threaded(limiter="b")
    def read(
        a: Annotated[None, Depends(first), in_a],
        b: Annotated[None, Depends(second), in_a],
        c: Annotated[None, Depends(third), in_b],
    ) -> int:
        return 1

    client = TestClient(app)
    for _ in range(3):
        with hops() as sent:
            assert client.get("/").json() == 1
    assert len(sent) == 2


@in_both_lanes
def test_an_override_waits_where_what_it_replaces_would_have_waited() -> None:
    meet = Meeting()
    app = declared("decorator", meet)
    original: Any = app.routes[-1]
    original = original.dependant.dependencies[0].call

    def fake() -> str:
        return meet() + " again"

    app.dependency_overrides[original] = fake
    assert crowd(app, ["/"]) == [(200, "met again")]
    meet.is_open, meet.most = True, 0
    assert in_loop(lambda: get_all(app, ["/"] * 6)) == [(200, "met again")] * 6
    assert meet.most == 2


@in_both_lanes
def test_each_event_loop_and_each_app_has_limiters_of_its_own() -> None:
    meet = Meeting()
    apps = [declared("marker", meet), declared("marker", meet)]
    for app in apps:
        for _ in range(2):
            assert crowd(app, ["/"]) == [(200, "met")]

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            for app in apps:
                tasks.start_soon(get_all, app, ["/"] * 4)

    meet._barrier = threading.Barrier(4)
    meet.is_open, meet.most = True, 0
    in_loop(both)
    assert meet.most == 4


def refusal(declare: Callable[[], Any]) -> str:
    with pytest.raises(FastDepsError) as raised:
        declare()
    return str(raised.value)


@threaded(limiter="bd")
def misspelt() -> None: ...


def test_a_limiter_that_the_app_does_not_have_is_an_error_when_the_route_is_added() -> None:
    app = FastDepsAPI(limiters={"db": 20})
    text = refusal(lambda: app.get("/x", dependencies=[Depends(misspelt)])(lambda: None))
    assert "'misspelt'" in text
    assert f"{__file__}:" in text
    assert "'/x'" in text
    assert "limiter 'bd', which its app does not have (it has 'db')" in text
    assert "FastDepsAPI(limiters={'db': 20, 'bd': 20})" in text
    assert "endpoint of '/y'" in refusal(lambda: app.get("/y")(misspelt))
    assert "it has none" in refusal(lambda: FastDepsAPI().get("/")(misspelt))

    async def connect(each: Annotated[None, Depends(misspelt)]) -> None: ...

    refusal(lambda: app.websocket("/ws")(connect))


@pytest.mark.parametrize("make", [APIRouter, FastDepsRouter])
def test_it_is_an_error_when_a_router_is_included(make: Any) -> None:
    router = make()
    router.get("/x", dependencies=[Depends(misspelt)])(lambda: None)
    text = refusal(lambda: FastDepsAPI().include_router(router))
    assert "'misspelt'" in text
    outer = make()
    outer.include_router(router, prefix="/outer")
    assert "'misspelt'" in refusal(lambda: FastDepsAPI().include_router(outer))
    app = FastDepsAPI(limiters={"bd": 1})
    app.include_router(outer)
    assert TestClient(app).get("/outer/x").status_code == 200


def test_it_is_an_error_when_the_app_starts_or_its_classifier_changes() -> None:
    router = FastDepsRouter()
    app = FastDepsAPI()
    app.include_router(router)
    router.get("/x", dependencies=[Depends(misspelt)])(lambda: None)
    if inclusions:
        assert "'misspelt'" in refusal(lambda: TestClient(app).get("/x"))
    app = FastDepsAPI()
    app.get("/")(lambda: 1)
    client = TestClient(app)
    assert client.get("/").json() == 1
    app.classifier = lambda candidate: Threaded(limiter="bd")
    assert "limiter 'bd'" in refusal(lambda: client.get("/"))


def test_an_app_of_fastapis_own_has_no_limiters() -> None:
    router = FastDepsRouter()
    router.get("/x", dependencies=[Depends(misspelt)])(lambda: None)

    def serve() -> None:
        app = FastAPI()
        app.include_router(router)
        TestClient(app).get("/x")

    assert "limiter 'bd', which its app does not have (it has none)" in refusal(serve)


@pytest.mark.parametrize(
    "options",
    [
        {"limiters": {"db": 0}},
        {"limiters": {"db": 1.5}},
        {"limiters": {"db": True}},
        {"limiters": {1: 1}},
        {"thread_tokens": 0},
        {"thread_tokens": "many"},
    ],
)
def test_what_is_no_number_of_threads_is_an_error(options: Any) -> None:
    refusal(lambda: FastDepsAPI(**options))


def test_a_limiter_has_a_name() -> None:
    no_name: Any = 20
    assert "Threaded takes the name of a limiter, not 20" in refusal(lambda: Threaded(no_name))

    class Wrong(ThreadedMixin):
        thread_limiter = no_name

    app = FastDepsAPI()
    assert "not 20" in refusal(lambda: app.get("/", dependencies=[Depends(Wrong)])(lambda: None))


def test_two_limiters_for_one_callable_are_an_error() -> None:
    app = FastDepsAPI(limiters={"a": 1, "b": 1})

    def endpoint(
        each: Annotated[None, Depends(lambda: None), Threaded(limiter="a"), Threaded(limiter="b")],
    ) -> None: ...

    text = refusal(lambda: app.get("/")(endpoint))
    assert "to wait for threads of the limiters 'a' and 'b' at its place" in text


def test_explain_names_the_limiter() -> None:
    app = FastDepsAPI(limiters={"db": 1})

    def user() -> None: ...

    @app.get("/")
    @threaded(limiter="db")
    def read(user: Annotated[None, Depends(user), Inline]) -> None: ...

    endpoint, dependency = next(iter(explain(app))).calls
    assert (endpoint.execution, endpoint.limiter) == ("threaded", "db")
    assert (dependency.execution, dependency.limiter) == ("inline", None)
    assert "threaded (db)" in str(explain(app))


def test_thread_tokens_are_how_many_requests_are_in_threads_at_once() -> None:
    meet = Meeting()
    app = FastDepsAPI(thread_tokens=60)
    app.get("/")(meet.__call__)
    meet._barrier = threading.Barrier(60)

    async def run() -> Any:
        await get_all(app, ["/", "/"])
        meet.is_open = True
        return await get_all(app, ["/"] * 120)

    assert in_loop(run) == [(200, "met")] * 120
    assert meet.most == 60


@in_both_lanes
def test_anyios_default_limiter_has_thread_tokens_too() -> None:
    app = FastDepsAPI(thread_tokens=7)

    @app.get("/")
    async def read(each: Annotated[None, Depends(lambda: None)]) -> float:
        return anyio.to_thread.current_default_thread_limiter().total_tokens

    assert crowd(app, ["/"]) == [(200, 7)]


def test_without_thread_tokens_anyios_default_limiter_says_how_many() -> None:
    meet = Meeting()
    app = FastDepsAPI()
    app.get("/")(meet.__call__)

    async def run() -> Any:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 2
        await get_all(app, ["/", "/"])
        meet.is_open, meet.most = True, 0
        return await get_all(app, ["/"] * 6)

    assert in_loop(run) == [(200, "met")] * 6
    assert meet.most == 2


@needs_plans
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_first_visit_of_a_request_takes_a_token_of_anyios_and_no_later_one_does(
    backend: str,
) -> None:
    app = FastDepsAPI(limiters={"db": 1})
    taken: list[float] = []

    async def count() -> float:
        return anyio.to_thread.current_default_thread_limiter().borrowed_tokens

    def note() -> None:
        taken.append(anyio.from_thread.run(count))

    def session() -> Iterator[None]:
        note()
        yield
        note()

    async def between() -> None: ...

    @threaded(limiter="db")
    def in_db() -> None:
        note()

    @app.get("/", dependencies=[Depends(session), Depends(between), Depends(in_db)])
    def read() -> None:
        note()

    async def run() -> float:
        for _ in range(3):
            await get(app)
        return await count()

    with hops() as sent:
        assert anyio.run(run, backend=backend) == 0
    assert taken == [1, 0, 0, 0] * 3
    assert len(sent) == 12


def test_a_request_that_is_cancelled_while_it_waits_leaves_its_place_to_others() -> None:
    app = FastDepsAPI(limiters={"one": 1})
    goes_on, entered = threading.Event(), threading.Event()
    calls: list[int] = []

    @app.get("/")
    @threaded(limiter="one")
    def read() -> int:
        calls.append(1)
        if len(calls) == 3:
            entered.set()
            goes_on.wait(30)
        return len(calls)

    async def run() -> Any:
        await get_all(app, ["/"])
        await get_all(app, ["/"])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(get, app, "/")
            while not entered.is_set():
                await anyio.sleep(0.001)
            async with anyio.create_task_group() as waiting:
                for _ in range(3):
                    waiting.start_soon(get, app, "/")
                await anyio.wait_all_tasks_blocked()
                waiting.cancel_scope.cancel()
            goes_on.set()
        return await get(app, "/")

    assert in_loop(run) == (200, 4)


def test_async_generators_and_others_on_the_loop_are_not_limited() -> None:
    app = FastDepsAPI(limiters={"one": 1})

    async def session() -> AsyncIterator[int]:
        yield 1

    @app.get("/")
    async def read(session: Annotated[int, Depends(session)]) -> int:
        return session

    with hops() as sent:
        assert TestClient(app).get("/").json() == 1
    assert sent == []
