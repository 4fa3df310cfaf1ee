"""What a `StreamingResponse` iterates, and uploaded files, run where it was decided."""

import io
import threading
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, File, Form, Request, UploadFile
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    FastDepsError,
    Inline,
    Threaded,
    all_classes,
    explain,
    inline,
    threaded,
)
from tests.harness.crowd import crowd
from tests.harness.hops import everything, here, hops
from tests.harness.marks import in_both_lanes, needs_plans
from tests.harness.raw import described, exchange

Mark = Callable[[Any], Any]
MARKS: dict[str, tuple[Mark, str]] = {
    "nothing": (lambda call: call, "thread"),
    "inline": (inline, "loop"),
    "threaded": (threaded, "thread"),
    "limiter": (threaded(limiter="rows"), "thread"),
}


@in_both_lanes
@pytest.mark.parametrize("name", MARKS)
def test_a_generator_runs_where_its_function_is_marked(name: str) -> None:
    mark, where = MARKS[name]
    app = FastDepsAPI(limiters={"rows": 1})

    @mark
    def rows(count: int) -> Iterator[str]:
        for _ in range(count):
            yield f"{here()} "

    @app.get("/")
    async def read() -> StreamingResponse:
        return StreamingResponse(rows(3))

    for _ in range(3):
        with hops() as sent:
            assert TestClient(app).get("/").text == f"{where} " * 3
        assert len(sent) == (4 if where == "thread" else 0)


@in_both_lanes
def test_each_generator_is_of_its_own_function_whatever_its_code() -> None:
    def made(mark: Mark) -> Callable[..., Iterator[str]]:
        @mark
        def rows(other: object = None) -> Iterator[str]:
            yield here()

        return rows

    app = FastDepsAPI()
    on_loop, in_thread = made(inline), made(threaded)
    given: dict[str, Callable[[], Iterator[str]]] = {
        "on loop": on_loop,
        "in thread": in_thread,
        "itself among its arguments": lambda: on_loop(on_loop),
        # Which of them has made it can't be told.
        "another among its arguments": lambda: on_loop(in_thread),
    }

    @app.get("/")
    async def read(name: str) -> StreamingResponse:
        return StreamingResponse(given[name]())

    client = TestClient(app)
    found = {name: client.get("/", params={"name": name}).text for name in given}
    assert [*found.values()] == ["loop", "thread", "loop", "thread"]


class Rows:
    def __iter__(self) -> Iterator[str]:
        yield here()


class InlineRows(Rows):
    @inline
    def __iter__(self) -> Iterator[str]:
        yield here()


class Cursor:
    """An iterator that is no generator."""

    def __init__(self) -> None:
        self.left = 2

    @inline
    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.left -= 1
        if self.left < 0:
            raise StopIteration
        return here()


@in_both_lanes
def test_what_is_no_generator_is_iterated_where_its_iter_is_marked() -> None:
    given: dict[str, tuple[Callable[[], Any], int]] = {
        "thread": (Rows, 2),
        "loop": (InlineRows, 0),
        "looploop": (Cursor, 0),
        "ab": (lambda: ["a", "b"], 3),
    }
    app = FastDepsAPI(classifier=all_classes)

    @app.get("/")
    async def read(name: str) -> StreamingResponse:
        return StreamingResponse(given[name][0]())

    client = TestClient(app)
    for name, (_, count) in given.items():
        with hops() as sent:
            assert client.get("/", params={"name": name}).text == name
        assert len(sent) == count
    app.classifier = everything
    with hops() as sent:
        assert client.get("/", params={"name": "ab"}).text == "ab"
    assert sent == []


@in_both_lanes
def test_a_classifier_is_told_the_role_and_explain_lists_it() -> None:
    asked: list[Candidate] = []

    def by_role(candidate: Candidate) -> Execution | None:
        asked.append(candidate)
        return Inline() if candidate.role == "stream" else None

    app = FastDepsAPI(classifier=by_role)

    def rows() -> Iterator[str]:
        yield here()

    @app.get("/rows")
    async def read() -> StreamingResponse:
        return StreamingResponse(rows())

    for _ in range(3):
        assert TestClient(app).get("/rows").text == "loop"
    assert [(each.role, each.call, each.path) for each in asked] == [("stream", rows, "/rows")]
    (record,) = (call for call in explain(app).routes[0].calls if call.role == "stream")
    assert (record.name.split(".")[-1], record.execution) == ("rows", "inline")


@in_both_lanes
@pytest.mark.parametrize("name", MARKS)
def test_a_stream_ends_and_fails_as_in_fastapi(name: str) -> None:
    mark, _ = MARKS[name]

    def outcome(app: FastAPI, mark: Mark, fails: type[Exception] | None) -> Any:
        log: list[str] = []

        @mark
        def rows() -> Iterator[str]:
            try:
                yield "a"
                yield "b"
                if fails is not None:
                    raise fails("row")
            finally:
                log.append("closed")

        def session() -> Iterator[None]:
            yield
            log.append("left")

        @app.get("/", dependencies=[Depends(session)])
        async def read(tasks: BackgroundTasks) -> StreamingResponse:
            tasks.add_task(log.append, "task")
            return StreamingResponse(rows(), 201, {"a": "b"}, "text/csv")

        found: list[Any] = []
        for _ in range(3):
            sent: list[dict[str, Any]] = []

            async def run(sent: list[dict[str, Any]] = sent) -> None:
                await exchange(app, sent)

            try:
                anyio.run(run)
            except Exception as error:
                found.append(described(error))
            found += sent
        return found, log

    for fails in (None, ValueError, StopIteration):
        stock = outcome(FastAPI(), lambda call: call, fails)
        assert outcome(FastDepsAPI(limiters={"rows": 1}), mark, fails) == stock


@in_both_lanes
def test_what_starlette_does_not_send_to_a_thread_is_left_alone() -> None:
    app = FastDepsAPI(classifier=everything)
    responses: list[StreamingResponse] = []

    async def own() -> Any:
        yield here()

    iterator = own()

    @app.get("/async")
    async def read() -> StreamingResponse:
        responses.append(StreamingResponse(iterator))
        return responses[-1]

    @app.get("/begun")
    async def begun() -> StreamingResponse:
        response = StreamingResponse(["a", "b"])
        responses.append(response)
        given: Any = response.body_iterator
        assert await anext(given) == "a"
        return response

    client = TestClient(app)
    assert client.get("/async").text == "loop"
    assert responses[0].body_iterator is iterator
    with hops() as sent:
        assert client.get("/begun").text == "b"
    assert len(sent) == 3


@in_both_lanes
def test_an_endless_inline_stream_ends_when_the_client_is_gone() -> None:
    app = FastDepsAPI()
    log: list[str] = []

    @inline
    def endless() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            log.append("closed")

    @app.get("/")
    async def read() -> StreamingResponse:
        return StreamingResponse(endless())

    async def run() -> None:
        some_are_sent = anyio.Event()
        sent: list[Any] = []
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}

        async def receive() -> Any:
            await some_are_sent.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) == 10:
                some_are_sent.set()

        with anyio.fail_after(20):
            await app(scope, receive, send)

    anyio.run(run)
    assert log == ["closed"]


@needs_plans
@pytest.mark.parametrize("limiter", [None, "db"])
def test_a_stream_does_not_wait_behind_first_visits(limiter: str | None) -> None:
    app = FastDepsAPI(limiters={"db": 1}, thread_tokens=1)
    connection = threading.BoundedSemaphore(1)

    @threaded(limiter=limiter)
    def session() -> Iterator[None]:
        assert connection.acquire(timeout=20)
        yield
        connection.release()

    @threaded(limiter=limiter)
    def rows() -> Iterator[str]:
        yield "1"

    @app.get("/", dependencies=[Depends(session)])
    async def read() -> StreamingResponse:
        return StreamingResponse(rows())

    assert crowd(app, ["/"] * 50) == [(200, 1)] * 50


LARGE = b"x" * 3_000_000


def declare_upload(app: FastAPI) -> None:
    @app.post("/")
    async def upload(file: UploadFile) -> list[Any]:
        await file.seek(2)
        start = await file.read(2)
        await file.write(b"y")
        await file.seek(0)
        return [len(await file.read()), start, file.size, file.filename, type(file).__name__]


@pytest.mark.parametrize("size", [10, len(LARGE)])
def test_an_upload_is_what_it_is_in_fastapi(size: int) -> None:
    answers, counts = [], []
    for app in (
        FastAPI(),
        FastDepsAPI(),
        FastDepsAPI(classifier=everything),
        FastDepsAPI(classifier=lambda _: Threaded("disk"), limiters={"disk": 1}),
    ):
        declare_upload(app)
        client = TestClient(app)
        for _ in range(3):
            with hops() as sent:
                answer = client.post("/", files={"file": ("f", LARGE[:size])})
            answers.append(answer.json())
        counts.append(len(sent))
    assert answers == answers[:1] * 12
    # While a file is received it is written by Starlette's parser.
    received = 1 if size > 10 else 0
    stock, unmarked, inline_, limited = counts
    assert stock == unmarked == limited
    assert inline_ < stock or size == 10
    assert inline_ == (stock - 6 if received else 0)


@in_both_lanes
@pytest.mark.parametrize("options", [{}, {"guard": True}, {"limiters": {"db": 3}}])
def test_an_error_about_an_upload_shows_of_it_what_fastapi_does(options: dict[str, Any]) -> None:
    class Named(BaseModel):
        model_config = ConfigDict(extra="forbid")
        name: str

    answers: list[Any] = []
    for app in (FastAPI(), FastDepsAPI(**options)):

        @app.post("/")
        def submit(
            named: Annotated[Named, Form()], file: Annotated[UploadFile | None, File()] = None
        ) -> None: ...

        client = TestClient(app)
        # A thread has gone there before, so an event loop knows of the app.
        for files in ({}, {"file": ("a.txt", b"text")}, {"file": ("a.txt", b"text")}):
            answer = client.post("/", data={"name": "a"}, files=files)
        assert answer.status_code == 422
        answers.append(answer.json())
    assert answers[0] == answers[1]


@needs_plans
def test_an_upload_is_read_where_a_classifier_says() -> None:
    asked: list[Candidate] = []

    def by_role(candidate: Candidate) -> Execution | None:
        asked.append(candidate)
        return Inline() if candidate.role == "upload" else None

    app = FastDepsAPI(classifier=by_role)

    @app.post("/upload")
    async def upload(file: Annotated[bytes, File()]) -> int:
        return len(file)

    (candidate,) = asked
    assert (candidate.role, candidate.path) == ("upload", "/upload")
    assert candidate.call.__qualname__ == "SpooledTemporaryFile.read"
    record = explain(app).routes[0].calls[-1]
    assert (record.role, record.execution, record.depth) == ("upload", "inline", 1)
    assert TestClient(app).post("/upload", files={"file": io.BytesIO(LARGE)}).json() == len(LARGE)
    assert len(asked) == 1


@needs_plans
def test_reading_an_upload_does_not_wait_behind_first_visits() -> None:
    app = FastDepsAPI(thread_tokens=1)
    connection = threading.BoundedSemaphore(1)
    boundary = b"--b\r\n"
    head = b'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = boundary + head + LARGE + b"\r\n--b--\r\n"

    def session() -> Iterator[None]:
        assert connection.acquire(timeout=20)
        yield
        connection.release()

    @app.post("/", dependencies=[Depends(session)])
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    sent: list[list[dict[str, Any]]] = [[] for _ in range(12)]

    async def run() -> None:
        headers = [(b"content-type", b"multipart/form-data; boundary=b")]
        with anyio.fail_after(60):
            for alone in sent[:2]:
                await exchange(app, alone, method="POST", headers=headers, body=body)
            async with anyio.create_task_group() as tasks:
                for each in sent[2:]:

                    async def ask(each: Any = each) -> None:
                        await exchange(app, each, method="POST", headers=headers, body=body)

                    tasks.start_soon(ask)

    anyio.run(run)
    assert [each[1]["body"] for each in sent] == [b"3000000"] * 12


def test_a_limiter_that_there_is_not_is_an_error_when_the_route_is_added() -> None:
    app = FastDepsAPI(classifier=lambda each: Threaded("d") if each.role == "upload" else None)
    with pytest.raises(FastDepsError, match="limiter 'd'"):
        declare_upload(app)


@pytest.mark.parametrize("make", [FastAPI, FastDepsAPI])
def test_sync_startup_and_shutdown_handlers_run_on_the_loop_in_fastapi_too(
    make: Callable[..., FastAPI],
) -> None:
    ran: list[str] = []

    def note() -> None:
        ran.append(here())

    with TestClient(make(on_startup=[note], on_shutdown=[note])):
        pass
    assert ran == ["loop", "loop"]


def test_a_form_that_the_endpoint_reads_itself_is_starlettes() -> None:
    app = FastDepsAPI(classifier=everything)

    @app.post("/")
    async def upload(request: Request) -> str:
        async with request.form() as form:
            return type(form["file"]).__module__

    answer = TestClient(app).post("/", files={"file": io.BytesIO(LARGE)})
    assert answer.json() == "starlette.datastructures"
