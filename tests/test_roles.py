"""What Starlette sends to a thread besides dependencies and endpoints runs where it was decided."""

import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.testclient import TestClient
from starlette.background import BackgroundTask
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Route

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    FastDepsError,
    FastDepsRouter,
    Inline,
    explain,
    inline,
    threaded,
)
from fastapi_fastdeps._fastapi.names import inclusions, matching
from tests.harness.crowd import get, get_all, in_loop
from tests.harness.hops import everything, here, hops
from tests.harness.marks import in_both_lanes

needs_matching = pytest.mark.skipif(not matching, reason="routes of Starlette's are FastAPI's")


class OutOfStockError(Exception):
    pass


def handler_of(ran: list[str], name: str = "handled") -> Any:
    def handle(request: Request, error: Exception) -> Response:
        ran.append(here())
        return PlainTextResponse(name, 418)

    return handle


@in_both_lanes
@pytest.mark.parametrize("key", [OutOfStockError, 404, 500, Exception])
def test_an_exception_handler_runs_where_it_is_marked(key: Any) -> None:
    for mark, where in ((inline, "loop"), (threaded, "thread"), (lambda call: call, "thread")):
        ran: list[str] = []
        app = FastDepsAPI()
        handler = mark(handler_of(ran))
        app.add_exception_handler(key, handler)

        @app.get("/")
        async def read() -> None:
            raise OutOfStockError

        client = TestClient(app, raise_server_exceptions=False)
        answer = client.get("/missing" if key == 404 else "/")
        assert (answer.status_code, answer.text, ran) == (418, "handled", [where])
        assert app.exception_handlers[key] is handler


@in_both_lanes
def test_a_classifier_is_told_the_role() -> None:
    asked: list[tuple[str, str, str]] = []

    def by_role(candidate: Candidate) -> Execution | None:
        asked.append((candidate.role, candidate.call.__name__, candidate.path))
        return Inline() if candidate.role in ("exception handler", "background task") else None

    ran: list[str] = []

    def task() -> None:
        ran.append(here())

    app = FastDepsAPI(classifier=by_role, exception_handlers={OutOfStockError: handler_of(ran)})

    @app.get("/tasks")
    def tasks(tasks: BackgroundTasks) -> None:
        ran.append(here())
        tasks.add_task(task)

    @app.get("/error")
    def error() -> None:
        raise OutOfStockError

    client = TestClient(app)
    for _ in range(3):
        client.get("/tasks")
    assert client.get("/error").status_code == 418
    assert ran == ["thread", "loop"] * 3 + ["loop"]
    assert set(asked) == {
        ("endpoint", "tasks", "/tasks"),
        ("endpoint", "error", "/error"),
        ("exception handler", "handle", ""),
        ("background task", "task", "/tasks"),
    }
    assert len(asked) == 4


@in_both_lanes
@pytest.mark.parametrize("kind", [BackgroundTask, BackgroundTasks, StarletteBackgroundTasks, None])
def test_background_tasks_run_where_they_are_marked_in_their_order(kind: Any) -> None:
    ran: list[tuple[str, str]] = []

    @inline
    def marked(name: str, *, again: str = "") -> None:
        ran.append((name + again, here()))

    def unmarked(name: str) -> None:
        ran.append((name, here()))

    async def coroutine(name: str) -> None:
        ran.append((name, here()))

    @threaded(limiter="slow")
    def limited(name: str) -> None:
        ran.append((name, here()))

    def add(tasks: Any) -> None:
        tasks.add_task(marked, "a", again="a")
        tasks.add_task(unmarked, "b")
        tasks.add_task(coroutine, "c")
        tasks.add_task(limited, "d")

    app = FastDepsAPI(limiters={"slow": 1})
    if kind is BackgroundTask:

        @app.get("/")
        def one() -> Response:
            return JSONResponse(1, background=BackgroundTask(marked, "a", again="a"))
    elif kind is None:

        @app.get("/")
        def injected(tasks: BackgroundTasks) -> int:
            add(tasks)
            return 1
    else:

        @app.get("/")
        async def made() -> Response:
            tasks = kind()
            add(tasks)
            return JSONResponse(1, background=tasks)

    client = TestClient(app)
    expected = [("aa", "loop"), ("b", "thread"), ("c", "loop"), ("d", "thread")]
    if kind is BackgroundTask:
        expected = expected[:1]
    for _ in range(3):
        ran.clear()
        assert client.get("/").json() == 1
        assert ran == expected


@in_both_lanes
def test_a_task_may_be_added_while_others_run_and_to_what_the_response_has() -> None:
    ran: list[str] = []

    @inline
    def late() -> None:
        ran.append("late")

    @inline
    def early(tasks: BackgroundTasks) -> None:
        ran.append("early")
        tasks.add_task(late)

    app = FastDepsAPI()

    @app.get("/")
    async def read(tasks: BackgroundTasks) -> None:
        tasks.add_task(early, tasks)

    with hops() as sent:
        for _ in range(3):
            assert TestClient(app).get("/").status_code == 200
    assert ran == ["early", "late"] * 3
    assert sent == []


@in_both_lanes
def test_tasks_of_a_class_of_the_users_are_left_alone() -> None:
    ran: list[str] = []

    class Own(BackgroundTasks):
        async def __call__(self) -> None:
            ran.append(type(self).__name__)
            await super().__call__()

    @inline
    def marked() -> None:
        ran.append(here())

    app = FastDepsAPI()
    given: list[Any] = []

    @app.get("/")
    async def read() -> Response:
        tasks = Own()
        tasks.add_task(marked)
        given.append(JSONResponse(1, background=tasks))
        return given[-1]

    TestClient(app).get("/")
    assert ran == ["Own", "thread"]
    assert type(given[0].background) is Own


@in_both_lanes
def test_a_task_fails_as_in_fastapi() -> None:
    outcomes: list[Any] = []
    for make in (FastAPI, FastDepsAPI):
        ran: list[str] = []

        def failing(ran: list[str] = ran) -> None:
            ran.append("failing")
            raise OutOfStockError("task")

        app = make()

        @app.get("/")
        def read(tasks: BackgroundTasks, ran: Annotated[list[str], Depends(lambda: ran)]) -> int:
            tasks.add_task(failing)
            tasks.add_task(ran.append, "after")
            return 1

        if make is FastDepsAPI:
            inline(failing)
        for _ in range(2):
            with pytest.raises(OutOfStockError, match="task"):
                TestClient(app).get("/")
        outcomes.append(ran)
    assert outcomes[0] == outcomes[1] == ["failing"] * 2


@in_both_lanes
def test_a_task_with_a_limiter_does_not_wait_behind_first_visits() -> None:
    app = FastDepsAPI(limiters={"db": 1})
    connection = threading.BoundedSemaphore(1)

    @threaded(limiter="db")
    def session() -> Iterator[None]:
        assert connection.acquire(timeout=20)
        yield
        connection.release()

    @threaded(limiter="db")
    def task() -> None: ...

    @app.get("/", dependencies=[Depends(session)])
    async def read(tasks: BackgroundTasks) -> int:
        tasks.add_task(task)
        return 1

    assert in_loop(lambda: get_all(app, ["/"] * 50)) == [(200, 1)] * 50


def function_endpoint(request: Request) -> Response:
    return PlainTextResponse(here())


@inline
def inline_endpoint(request: Request) -> Response:
    return PlainTextResponse(here() + request.path_params.get("name", ""))


@inline
def inline_endpoint_of_any(self: object, request: Request) -> Response:
    return PlainTextResponse(f"patch {here()}")


class Both(HTTPEndpoint):
    @inline
    def get(self, request: Request) -> Response:
        return PlainTextResponse(f"get {here()}")

    def post(self, request: Request) -> Response:
        return PlainTextResponse(f"post {here()}")

    patch = inline_endpoint_of_any
    head = post

    async def put(self, request: Request) -> Response:
        return PlainTextResponse(f"put {here()}")


def add_plain(target: Any) -> None:
    target.add_route("/function", function_endpoint)
    target.add_route("/inline/{name}", inline_endpoint)
    target.add_route("/class", Both)
    target.routes.append(Route("/by-hand", inline_endpoint, methods=["POST"]))


@needs_matching
@pytest.mark.parametrize("where", ["app", "router", "plain router", "nested"])
def test_starlettes_endpoints_and_methods_run_where_they_are_marked(where: str) -> None:
    app = FastDepsAPI()
    if where == "app":
        add_plain(app.router)
    elif inclusions:
        router: Any = APIRouter() if where == "plain router" else FastDepsRouter()
        add_plain(router)
        if where == "nested":
            outer = FastDepsRouter()
            outer.include_router(router)
            router = outer
        app.include_router(router)
    else:
        return
    client = TestClient(app)
    for _ in range(3):
        assert client.get("/function").text == "thread"
        assert client.get("/inline/x").text == "loopx"
        assert client.get("/class").text == "get loop"
        assert client.post("/class").text == "post thread"
        assert client.put("/class").text == "put loop"
        assert client.patch("/class").text == "patch loop"
        assert client.delete("/class").status_code == 405
        assert client.post("/by-hand").text == "loop"
        assert client.get("/by-hand").status_code == 405


@needs_matching
def test_a_route_of_starlettes_stays_what_it_is() -> None:
    app = FastDepsAPI()
    add_plain(app.router)
    routes = app.routes[-4:]
    before = [(vars(route).copy(), type(route)) for route in routes]
    client = TestClient(app)
    assert client.get("/class").text == "get loop"
    assert [(vars(route), type(route)) for route in routes] == before

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("wrapped")(scope, receive, send)

    changed: Any = routes[1]
    changed.app = wrapped
    assert client.get("/inline/x").text == "wrapped"


@needs_matching
def test_another_classifier_holds_for_the_next_request() -> None:
    app = FastDepsAPI()
    add_plain(app.router)
    client = TestClient(app)
    assert client.get("/function").text == "thread"
    app.classifier = everything
    assert client.get("/function").text == "loop"
    assert client.post("/class").text == "post loop"


def test_a_mistake_is_an_error_when_the_app_starts() -> None:
    @threaded(limiter="bd")
    def handle(request: Request, error: Exception) -> Response:
        raise NotImplementedError

    app = FastDepsAPI(exception_handlers={OutOfStockError: handle})
    with pytest.raises(FastDepsError, match=r"handle' .*limiter 'bd'"):
        TestClient(app).get("/")

    async def handle_async(request: Request, error: Exception) -> Response:
        raise NotImplementedError

    app = FastDepsAPI(exception_handlers={OutOfStockError: inline(handle_async)})
    with pytest.raises(FastDepsError, match="is async"):
        TestClient(app).get("/")


@needs_matching
def test_explain_lists_them_with_their_roles() -> None:
    app = FastDepsAPI(limiters={"mail": 2})

    @threaded(limiter="mail")
    def send_mail() -> None: ...

    @app.exception_handler(OutOfStockError)
    @inline
    def handle(request: Request, error: Exception) -> Response:
        raise NotImplementedError

    @app.get("/order")
    async def order(tasks: BackgroundTasks) -> None:
        tasks.add_task(send_mail)

    add_plain(app.router)
    before = explain(app)
    assert [call.name.split(".")[-1] for call in before.routes[0].calls] == ["order"]
    (handler,) = before.handlers
    assert (handler.role, handler.execution) == ("exception handler", "inline")
    found = [(call.role, call.execution) for route in before.routes[1:] for call in route.calls]
    assert found == [
        ("endpoint", "threaded"),
        ("endpoint", "inline"),
        ("method", "inline"),
        ("method", "threaded"),
        ("method", "threaded"),
        ("method", "inline"),
        ("endpoint", "inline"),
    ]
    in_loop(lambda: get(app, "/order"))
    task = explain(app).routes[0].calls[1]
    assert (task.role, task.execution, task.limiter) == ("background task", "threaded", "mail")
    text = str(explain(app))
    assert "exceptions\n  " in text
    assert "threaded (mail)" in text
