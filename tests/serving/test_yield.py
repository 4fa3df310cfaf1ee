"""Dependencies with `yield`, `scope=` and `max_concurrency`: as in FastAPI, run inline."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter
from tests.harness.hops import everything

pytestmark = pytest.mark.usefixtures("both_lanes")

Program = Callable[[Any, list[str]], None]
Drive = Callable[[FastAPI, list[str]], None]


def logs(program: Program, drive: Drive) -> dict[str, list[str]]:
    """What happens on FastAPI and on each FastDepsAPI, in its order."""
    found = {}
    for name in ("stock", "unmarked", "inline", "included"):
        log: list[str] = []
        app = FastAPI() if name == "stock" else FastDepsAPI()
        if name == "inline":
            app = FastDepsAPI(classifier=everything)
        if name == "included":
            router = FastDepsRouter(classifier=everything)
            program(router, log)
            app.include_router(router)
        else:
            program(app, log)
        drive(app, log)
        found[name] = log
    return found


def agreed(program: Program, drive: Drive) -> list[str]:
    found = logs(program, drive)
    assert found["unmarked"] == found["stock"]
    assert found["inline"] == found["stock"]
    assert found["included"] == found["stock"]
    return found["stock"]


def get(path: str = "/") -> Drive:
    def drive(app: FastAPI, log: list[str]) -> None:
        response = TestClient(app, raise_server_exceptions=False).get(path)
        log.append(f"{response.status_code} {response.text}")

    return drive


def generator(log: list[str], name: str, reaction: str = "") -> Callable[[], Iterator[str]]:
    def session() -> Iterator[str]:
        log.append(f"enter {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} caught {error!r}")
            if reaction == "replace":
                raise HTTPException(409, name) from error
            if reaction != "swallow":
                raise
        finally:
            log.append(f"leave {name}")
        if reaction == "fail":
            raise LookupError(name)

    return session


def async_generator(log: list[str], name: str) -> Callable[[], AsyncIterator[str]]:
    async def session() -> AsyncIterator[str]:
        log.append(f"enter {name}")
        try:
            yield name
        except Exception as error:
            log.append(f"{name} caught {error!r}")
            raise
        finally:
            await anyio.sleep(0)
            log.append(f"leave {name}")

    return session


def test_generators_are_left_in_the_reverse_of_their_order() -> None:
    def program(app: Any, log: list[str]) -> None:
        first = generator(log, "first")
        second = async_generator(log, "second")

        def third(first: Annotated[str, Depends(first)]) -> Iterator[str]:
            yield from generator(log, "third")()

        @app.get("/")
        def read(
            third: Annotated[str, Depends(third)],
            second: Annotated[str, Depends(second)],
            fourth: Annotated[str, Depends(generator(log, "fourth"))],
        ) -> list[str]:
            log.append("endpoint")
            return [third, second, fourth]

    assert agreed(program, get()) == [
        "enter first",
        "enter third",
        "enter second",
        "enter fourth",
        "endpoint",
        "leave fourth",
        "leave second",
        "leave third",
        "leave first",
        '200 ["third","second","fourth"]',
    ]


@pytest.mark.parametrize("error", [HTTPException(404, "no"), LookupError("no")])
@pytest.mark.parametrize("reaction", ["", "replace", "swallow", "fail"])
def test_exceptions_are_thrown_in_where_the_generator_yielded(
    error: Exception, reaction: str
) -> None:
    def program(app: Any, log: list[str]) -> None:
        @app.get("/")
        def read(
            outer: Annotated[str, Depends(generator(log, "outer"))],
            middle: Annotated[str, Depends(async_generator(log, "middle"))],
            inner: Annotated[str, Depends(generator(log, "inner", reaction))],
        ) -> None:
            raise error

    log = agreed(program, get())
    assert f"inner caught {error!r}" in log
    assert "leave outer" in log


def test_an_exception_of_a_later_dependency_is_thrown_into_the_earlier_ones() -> None:
    def program(app: Any, log: list[str]) -> None:
        def failing() -> None:
            raise LookupError("later")

        @app.get("/", dependencies=[Depends(generator(log, "first")), Depends(failing)])
        def read() -> None: ...

    log = agreed(program, get())
    assert log[:3] == ["enter first", "first caught LookupError('later')", "leave first"]


def test_an_exception_before_or_after_the_yield_is_the_requests() -> None:
    def program(app: Any, log: list[str]) -> None:
        def broken() -> Iterator[None]:
            raise LookupError("before")
            yield

        def silent() -> Iterator[None]:
            yield from ()

        def twice() -> Iterator[None]:
            yield
            yield

        app.get("/broken", dependencies=[Depends(broken)])(lambda: None)
        app.get("/fail", dependencies=[Depends(generator(log, "x", "fail"))])(lambda: None)
        app.get("/silent", dependencies=[Depends(silent)])(lambda: None)
        app.get("/twice", dependencies=[Depends(twice)])(lambda: None)

    def drive(app: FastAPI, log: list[str]) -> None:
        for path in ("/broken", "/fail", "/silent", "/twice"):
            try:
                TestClient(app).get(path)
            except Exception as error:
                log.append(f"{path} {error!r}")

    assert agreed(program, drive) == [
        "/broken LookupError('before')",
        "enter x",
        "leave x",
        "/fail LookupError('x')",
        '/silent RuntimeError("generator didn\'t yield")',
        '/twice RuntimeError("generator didn\'t stop")',
    ]


def test_stop_iteration_of_the_endpoint_passes_through() -> None:
    def program(app: Any, log: list[str]) -> None:
        @app.get("/", dependencies=[Depends(generator(log, "session"))])
        async def read() -> None:
            raise KeyError("stop")

    assert "session caught KeyError('stop')" in agreed(program, get())


@pytest.mark.parametrize("scope", ["function", "request", None])
def test_scope_says_whether_a_generator_is_left_before_or_after_the_response(scope: Any) -> None:
    def program(app: Any, log: list[str]) -> None:
        @app.get("/", response_class=StreamingResponse)
        def read(
            tasks: BackgroundTasks,
            session: Annotated[str, Depends(generator(log, "session"), scope=scope)],
        ) -> StreamingResponse:
            def stream() -> Iterator[str]:
                log.append("stream")
                yield session

            tasks.add_task(lambda: log.append("task"))
            return StreamingResponse(stream())

    log = agreed(program, get())
    assert log.index("leave session") == (1 if scope == "function" else 3)


@pytest.mark.parametrize("scope", ["function", "request"])
def test_a_websocket_leaves_its_generators_when_it_ends(scope: Any) -> None:
    def program(app: Any, log: list[str]) -> None:
        @app.websocket("/")
        async def connect(
            websocket: WebSocket,
            first: Annotated[str, Depends(generator(log, "first"))],
            second: Annotated[str, Depends(generator(log, "second"), scope=scope)],
        ) -> None:
            await websocket.accept()
            await websocket.close()
            log.append("closed")
            raise LookupError("after")

    def drive(app: FastAPI, log: list[str]) -> None:
        with (
            pytest.raises(LookupError, match="after"),
            TestClient(app).websocket_connect("/"),
        ):
            pass

    assert agreed(program, drive) == [
        "enter first",
        "enter second",
        "closed",
        "second caught LookupError('after')",
        "leave second",
        "first caught LookupError('after')",
        "leave first",
    ]


def test_a_function_scoped_dependency_of_a_request_scoped_one_is_refused_as_by_fastapi() -> None:
    messages = []
    for app in (FastAPI(), FastDepsAPI(classifier=everything)):
        inner: Any = Depends(generator([], "inner"), scope="function")

        def outer(value: Annotated[str, inner]) -> Iterator[str]:
            yield value

        with pytest.raises(Exception, match="scope") as error:
            app.get("/", dependencies=[Depends(outer, scope="request")])(lambda: None)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


async def call(app: FastAPI) -> list[Any]:
    """One request, with no client and no thread in between."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [],
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


def test_the_exit_of_generators_is_shielded_under_cancellation() -> None:
    def program(app: Any, log: list[str]) -> None:
        def inner(outer: Annotated[str, Depends(async_generator(log, "outer"))]) -> Iterator[str]:
            log.append("enter inner")
            try:
                yield "inner"
            except BaseException as error:
                log.append(f"inner caught {type(error).__name__}")
                raise
            finally:
                log.append("leave inner")

        @app.get("/")
        async def read(request: Request, inner: Annotated[str, Depends(inner)]) -> None:
            request.app.state.cancel()
            await anyio.sleep_forever()

    async def cancelled(app: FastAPI) -> None:
        with anyio.CancelScope() as scope:
            app.state.cancel = scope.cancel
            await call(app)
        assert scope.cancelled_caught

    def drive(app: FastAPI, log: list[str]) -> None:
        anyio.run(cancelled, app)

    assert agreed(program, drive) == [
        "enter outer",
        "enter inner",
        "inner caught CancelledError",
        "leave inner",
        "leave outer",
    ]


def test_max_concurrency_bounds_the_requests_that_hold_a_dependency() -> None:
    def program(app: Any, log: list[str]) -> None:
        holding = 0

        def session() -> Iterator[None]:
            nonlocal holding
            holding += 1
            log.append(f"holding {holding}")
            yield
            holding -= 1

        @app.get("/")
        async def read(_: Annotated[None, Depends(session, max_concurrency=2)]) -> None:
            await anyio.sleep(0.01)

    async def five(app: FastAPI) -> None:
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(call, app)

    def drive(app: FastAPI, log: list[str]) -> None:
        anyio.run(five, app)
        log[:] = [f"{len(log)} calls", max(log)]

    assert agreed(program, drive) == ["5 calls", "holding 2"]


def test_max_concurrency_of_a_plain_dependency_is_accepted() -> None:
    def program(app: Any, log: list[str]) -> None:
        @app.get("/")
        async def read(value: Annotated[int, Depends(lambda: 1, max_concurrency=1)]) -> int:
            return value

    assert agreed(program, get()) == ["200 1"]
