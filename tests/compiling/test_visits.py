"""Consecutive steps that go to a thread are one visit."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import anyio.from_thread
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
)
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import AfterValidator, BaseModel

from fastapi_fastdeps import FastDepsAPI, Inline
from tests.harness.hops import hops
from tests.harness.marks import needs_plans

pytestmark = needs_plans

Make = Callable[[], FastAPI]
seen: ContextVar[str] = ContextVar("seen", default="")


def here(log: list[Any], name: str) -> None:
    is_loop = threading.current_thread() is threading.main_thread()
    log.append((name, "loop" if is_loop else "thread", seen.get()))
    seen.set(name)


class Out(BaseModel):
    name: str


def compare(declare: Callable[[FastAPI, list[Any]], object], path: str = "/", **sent: Any) -> Any:
    """What FastAPI answers, calls, and how often it goes to a thread, where the fused one
    answers and calls the same: each request, and the first one, which no plan answers."""
    found: list[Any] = []
    for make in (FastAPI, FastDepsAPI):
        app, log, answers = make(), list[Any](), list[Any]()
        declare(app, log)
        client = TestClient(app, raise_server_exceptions=False)
        for _ in range(3):
            log.clear()
            with hops() as sent_to_threads:
                response = client.get(path, **sent)
            answers.append((response.status_code, response.text, list(log)))
        found.append((answers, len(sent_to_threads)))
    (expected, before), (answers, after) = found
    assert answers == expected
    return before, after


def test_four_classes_are_one_visit() -> None:
    def page() -> type[Any]:
        class Page:
            def __init__(self, skip: int = 0) -> None:
                self.skip = skip

        return Page

    def declare(app: FastAPI, log: list[Any]) -> None:
        @app.get("/")
        async def read(
            a: Annotated[Any, Depends(page())],
            b: Annotated[Any, Depends(page())],
            c: Annotated[Any, Depends(page())],
            d: Annotated[Any, Depends(page())],
        ) -> Any:
            return [a.skip, b.skip, c.skip, d.skip]

    assert compare(declare, "/?skip=3") == (4, 1)


def session_of(log: list[Any], name: str = "session") -> Callable[[], Iterator[str]]:
    def session() -> Iterator[str]:
        here(log, f"enter {name}")
        try:
            yield name
        except BaseException as error:
            log.append((name, type(error).__name__))
            raise
        finally:
            here(log, f"leave {name}")

    return session


def test_what_generators_put_on_the_exit_stack_themselves_is_left_in_order() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def opened(name: str) -> Callable[[Request], Iterator[str]]:
            def generator(request: Request) -> Iterator[str]:
                request.scope["fastapi_inner_astack"].callback(log.append, f"closed {name}")
                yield from session_of(log, name)()

            return generator

        @app.get("/")
        async def read(
            a: Annotated[str, Depends(opened("a"))],
            b: Annotated[str, Depends(opened("b"))],
            c: Annotated[str, Depends(session_of(log, "c"))],
        ) -> list[str]:
            return [a, b, c]

    # What stands on the stack one upon the other is left together: b and c, then a.
    assert compare(declare) == (6, 3)


def test_session_user_endpoint_and_response_are_one_visit_and_leaving_is_one() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def user(session: Annotated[str, Depends(session_of(log))], tag: str = "-") -> str:
            here(log, "user")
            return session + tag

        @app.get("/")
        def read(user: Annotated[str, Depends(user)]) -> Out:
            here(log, "read")
            return Out(name=user)

    assert compare(declare, "/?tag=x") == (5, 2)
    assert compare(declare, "/?tag=x&tag=y") == (5, 2)


def test_each_exit_stack_is_left_in_one_visit_in_fastapis_order() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        names = ("a", "b", "c", "d")
        scopes: tuple[Any, ...] = ("request", "function", "request", "function")
        entries = [
            Depends(session_of(log, name), scope=scope)
            for name, scope in zip(names, scopes, strict=True)
        ]

        @app.get("/", dependencies=entries)
        def read(tasks: BackgroundTasks) -> str:
            here(log, "read")
            tasks.add_task(log.append, "task")
            return "read"

    assert compare(declare) == (11, 4)


@pytest.mark.parametrize("failing", ["second", "read", "response"])
def test_what_was_entered_is_left_when_something_later_in_the_visit_fails(failing: str) -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def second(session: Annotated[str, Depends(session_of(log))]) -> str:
            here(log, "second")
            if failing == "second":
                raise HTTPException(418, "second")
            return session

        @app.get("/", response_model=Out)
        def read(second: Annotated[str, Depends(second)]) -> Any:
            here(log, "read")
            if failing == "read":
                raise KeyError("read")
            return {"name": second} if failing != "response" else {"name": 1}

    compare(declare)


def test_an_exception_that_a_dependency_swallows_ends_as_in_fastapi() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def swallowing() -> Iterator[None]:
            try:
                yield
            except ValueError:
                log.append("swallowed")

        def outer() -> Iterator[None]:
            try:
                yield
            finally:
                log.append("outer")

        @app.get("/", dependencies=[Depends(outer), Depends(swallowing)])
        def read() -> None:
            raise ValueError

    compare(declare)


def test_what_runs_on_the_loop_is_between_two_visits() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def first() -> None:
            here(log, "first")

        def second() -> None:
            here(log, "second")

        async def between() -> None:
            here(log, "between")

        async def opened() -> AsyncIterator[None]:
            here(log, "opened")
            yield
            here(log, "closed")

        def third() -> None:
            here(log, "third")

        entries = [first, second, between, opened, third]

        @app.get("/", dependencies=[Depends(each) for each in entries])
        def read() -> None:
            here(log, "read")

    assert compare(declare) == (4, 2)


def test_a_dependency_that_occurs_again_does_not_end_a_visit() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def shared() -> int:
            here(log, "shared")
            return 1

        def left(value: Annotated[int, Depends(shared)]) -> int:
            return value

        def right(value: Annotated[int, Depends(shared)]) -> int:
            return value + 1

        @app.get("/")
        async def read(a: Annotated[int, Depends(left)], b: Annotated[int, Depends(right)]) -> Any:
            return [a, b]

    assert compare(declare) == (3, 1)


def test_values_that_are_there_already_are_no_visit() -> None:
    """Where other scopes hold, FastAPI walks a dependency again that it has a value of."""

    def declare(app: FastAPI, log: list[Any]) -> None:
        def settings() -> int:
            here(log, "settings")
            return 2

        def engine(value: Annotated[int, Depends(settings)]) -> int:
            here(log, "engine")
            return value

        async def user(value: Annotated[int, Depends(engine)]) -> int:
            here(log, "user")
            return value

        async def scopes(
            value: Annotated[int, Depends(settings)], other: Annotated[int, Depends(engine)]
        ) -> int:
            here(log, "scopes")
            return value + other

        @app.get("/")
        async def read(
            a: Annotated[int, Depends(user)],
            b: Annotated[int, Security(scopes, scopes=["read"])],
        ) -> Any:
            return [a, b]

    assert compare(declare) == (2, 1)


def test_a_value_that_is_there_already_does_not_end_a_visit() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        async def user() -> str:
            here(log, "user")
            return "user"

        def first(name: Annotated[str, Depends(user)]) -> str:
            here(log, "first")
            return name

        def second(name: Annotated[str, Depends(user)]) -> str:
            here(log, "second")
            return name

        @app.get("/")
        async def read(
            a: Annotated[str, Depends(first)],
            b: Annotated[str, Security(second, scopes=["read"])],
        ) -> Any:
            return [a, b]

    assert compare(declare) == (2, 1)


def test_what_has_a_limit_of_its_own_is_a_visit_of_its_own() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def first() -> None: ...

        def limited() -> None: ...

        def last() -> None: ...

        entries = [Depends(first), Depends(limited, max_concurrency=2), Depends(last)]

        @app.get("/", dependencies=entries)
        def read() -> None: ...

    assert compare(declare) == (4, 3)


@pytest.mark.parametrize("path", ["/?a=1&b=x", "/?a=1", "/?a=1&b=2&c=7"])
def test_a_value_that_does_not_validate_ends_a_visit(path: str) -> None:
    def odd(value: int) -> int:
        if value > 5:
            raise ValueError("large")
        return value

    def declare(app: FastAPI, log: list[Any]) -> None:
        def first(a: int) -> None:
            here(log, "first")

        def second(b: int) -> None:
            here(log, "second")

        def third(c: Annotated[int, AfterValidator(odd), Query()] = 0) -> None:
            here(log, "third")

        @app.get("/", dependencies=[Depends(first), Depends(second), Depends(third)])
        def read() -> None: ...

    compare(declare, path)


def test_a_header_that_a_step_changes_is_read_by_the_next_one() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        scopes: list[Any] = []

        @app.middleware("http")
        async def keep(request: Request, call_next: Any) -> Response:
            scopes.append(request.scope)
            answer: Response = await call_next(request)
            return answer

        def strip() -> None:
            headers = scopes[-1]["headers"]
            headers[:] = [each for each in headers if each[0] != b"x-user"]

        def user(x_user: Annotated[str, Header()] = "nobody") -> str:
            return x_user

        @app.get("/", dependencies=[Depends(strip)])
        def read(user: Annotated[str, Depends(user)]) -> str:
            return user

    compare(declare, headers={"x-user": "me"})


@pytest.mark.parametrize("change", ["override", "tree"])
def test_what_a_step_changes_holds_for_the_next_one(change: str) -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def second() -> None:
            here(log, "second")

        def fake() -> None:
            here(log, "fake")

        def first() -> None:
            here(log, "first")
            if change == "override":
                app.dependency_overrides = {second: fake}
            else:
                route: Any = app.router.routes[-1]
                route.dependant.dependencies[1].call = fake

        @app.get("/", dependencies=[Depends(first), Depends(second)])
        def read() -> None:
            here(log, "read")
            app.dependency_overrides = {}

    compare(declare)


def test_a_step_calls_the_event_loop() -> None:
    async def name() -> str:
        return "loop" if threading.current_thread().name == seen.get() else "another"

    def declare(app: FastAPI, log: list[Any]) -> None:
        def first() -> str:
            return anyio.from_thread.run(name)

        @app.get("/")
        def read(first: Annotated[str, Depends(first)]) -> str:
            return first + anyio.from_thread.run(name)

    assert compare(declare) == (3, 1)


def test_what_is_inline_stays_inline() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def first() -> None:
            here(log, "first")

        def inline() -> None: ...

        def last() -> None:
            here(log, "last")

        @app.get("/", dependencies=[Depends(first)])
        def read(
            inline: Annotated[None, Depends(inline), Inline], last: Annotated[None, Depends(last)]
        ) -> None:
            here(log, "read")

    before, after = compare(declare)
    assert (before, after) == (4, 2)


def test_routes_of_included_routers_are_fused_and_those_of_other_apps_are_not() -> None:
    def first() -> None: ...

    router = APIRouter(dependencies=[Depends(first)])
    router.add_api_route("/", lambda: None)
    counts: list[int] = []
    for app in (FastDepsAPI(), FastDepsAPI(fuse_visits=False)):
        app.include_router(router)
        client = TestClient(app)
        for _ in range(3):
            with hops() as sent:
                client.get("/")
        counts.append(len(sent))
    assert counts == [1, 2]


def test_telemetry_measures_what_it_measures_of_fastapi() -> None:
    def declare(app: FastAPI, log: list[Any]) -> None:
        def user(session: Annotated[str, Depends(session_of(log))]) -> str:
            here(log, "user")
            return session

        @app.get("/")
        def read(user: Annotated[str, Depends(user)]) -> Out:
            here(log, "read")
            return Out(name=user)

    counts: list[int] = []
    spans: list[list[str]] = []
    for make in (FastAPI, FastDepsAPI):
        exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        configuration: Any = {"tracer_provider": provider, "metrics": False, "logs": False}
        app = make(telemetry=configuration)
        declare(app, [])
        client = TestClient(app)
        for _ in range(3):
            with hops() as sent:
                assert client.get("/").json() == {"name": "session"}
        counts.append(len(sent))
        spans.append([span.name for span in exporter.get_finished_spans()])
        provider.shutdown()
    assert spans[0] == spans[1]
    assert "fastapi.endpoint" in spans[0]
    assert counts == [5, 4]


def test_a_request_that_is_cancelled_begins_no_further_step() -> None:
    log: list[str] = []
    began, goes_on = threading.Event(), threading.Event()
    app = FastDepsAPI()

    def session() -> Iterator[None]:
        log.append("enter")
        try:
            yield
        finally:
            log.append("leave")

    def waiting() -> None:
        began.set()
        goes_on.wait(10)
        log.append("waited")

    @app.get("/", dependencies=[Depends(session), Depends(waiting)])
    def read() -> None:
        log.append("read")

    async def request() -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Any) -> None: ...

        goes_on.set()
        for _ in range(2):
            await app(dict(scope), receive, send)
        assert log == ["enter", "waited", "read", "leave"] * 2
        log.clear()
        began.clear()
        goes_on.clear()
        task = asyncio.create_task(app(dict(scope), receive, send))
        while not began.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert log == ["enter", "leave"]
        goes_on.set()

    asyncio.run(request())
    for thread in threading.enumerate():
        if thread.name == "AnyIO worker thread":
            thread.join(10)
    assert log == ["enter", "leave", "waited"]
