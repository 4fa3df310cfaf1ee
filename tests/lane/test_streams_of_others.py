"""What streams, where someone else has a hand in it, as in FastAPI."""

import functools
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Any

import pytest
import starlette.datastructures
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.background import BackgroundTask
from starlette.concurrency import iterate_in_threadpool

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter

Make = Callable[[], FastAPI]


def answers(make: Make, declare: Callable[[FastAPI], Any], **options: Any) -> list[Any]:
    """What three requests to `/` are answered, and what `declare` noted of them."""
    app = make()
    noted = declare(app)
    client = TestClient(app, raise_server_exceptions=False)
    method = "POST" if options else "GET"
    found = [client.request(method, "/", **options) for _ in range(3)]
    return [*((each.status_code, each.content) for each in found), noted]


def same(declare: Callable[[FastAPI], Any], **options: Any) -> list[Any]:
    found = answers(FastDepsAPI, declare, **options)
    assert found == answers(FastAPI, declare, **options)
    return found


class AllButTheGuard:
    """Overrides that stand for everything that they do not know."""

    def __init__(self, guard: Any, asked: list[str]) -> None:
        self.guard = guard
        self.asked = asked

    def get(self, call: Any, default: Any = None) -> Any:
        self.asked.append(call.__name__)
        return default if call is self.guard else dict

    def __bool__(self) -> bool:
        return True


@pytest.mark.usefixtures("both_lanes")
def test_overrides_are_asked_about_the_users_dependencies_alone() -> None:
    def declare(app: FastAPI) -> list[str]:
        def guard() -> None:
            raise HTTPException(401)

        @app.get("/", dependencies=[Depends(guard)])
        async def endpoint() -> AsyncIterable[int]:
            yield 1

        asked: list[str] = []
        overrides: Any = AllButTheGuard(guard, asked)
        app.dependency_overrides = overrides
        return asked

    *found, asked = same(declare)
    assert {status for status, _ in found} == {401}
    assert set(asked) == {"guard"}


class Yields:
    async def __call__(self) -> AsyncIterator[str]:
        yield "a"


async def yields() -> AsyncIterator[str]:
    yield "a"


@functools.wraps(yields)
def wrapped() -> Any:
    return yields()


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("call", [Yields(), yields, wrapped], ids=["instance", "function", "wraps"])
@pytest.mark.parametrize("response_class", [StreamingResponse, None], ids=["raw", "lines"])
def test_an_endpoint_may_be_a_partial(call: Any, response_class: Any) -> None:
    def declare(app: FastAPI) -> None:
        options = {"response_class": response_class} if response_class else {}
        app.get("/", dependencies=[Depends(lambda: 1)], **options)(functools.partial(call))

    assert same(declare)[0][0] == 200


class Items:
    """Iterated as before there was `__iter__`."""

    def __getitem__(self, index: int) -> bytes:
        if index > 2:
            raise IndexError
        return b"x"


class Own(Response):
    @property
    def body_iterator(self) -> Any:
        return iterate_in_threadpool([b"x"])


class Seen(StreamingResponse):
    names: list[str] = []  # noqa: RUF012

    def __setattr__(self, name: str, value: object) -> None:
        if name == "body_iterator":
            self.names.append(type(value).__name__)
        super().__setattr__(name, value)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: StreamingResponse(Items()),  # type: ignore[arg-type]  # what is iterable in fact
        lambda: Own(b"hi"),
        lambda: Seen([b"x"]),
    ],
    ids=["no __iter__", "property", "__setattr__"],
)
def test_what_a_response_streams_is_left_to_it(answer: Callable[[], Response]) -> None:
    def declare(app: FastAPI) -> list[str]:
        Seen.names = []

        @app.get("/")
        def endpoint() -> Response:
            return answer()

        return Seen.names

    assert same(declare)[0][0] == 200


@pytest.mark.parametrize("change", ["args", "func", "tasks", "append"])
def test_a_route_class_changes_what_is_done_in_the_background(change: str) -> None:
    def declare(app: FastAPI) -> list[str]:
        log: list[str] = []

        class Route(APIRoute):
            def get_route_handler(self) -> Any:
                handle = super().get_route_handler()

                async def changing(request: Request) -> Response:
                    response = await handle(request)
                    background: Any = response.background
                    if change == "args":
                        background.args = ("changed",)
                    elif change == "func":
                        background.func = lambda said: log.append(f"other {said}")
                    elif change == "tasks":
                        background.tasks = [BackgroundTask(log.append, "instead")]
                    else:
                        background.tasks.append(BackgroundTask(log.append, "more"))
                    return response

                return changing

        router_class = FastDepsRouter if isinstance(app, FastDepsAPI) else APIRouter
        router = router_class(route_class=Route)

        @router.get("/")
        async def endpoint(tasks: BackgroundTasks) -> Response:
            tasks.add_task(log.append, "first")
            task = BackgroundTask(log.append, "first")
            many = change in ("tasks", "append")
            return JSONResponse({}, background=tasks if many else task)

        app.include_router(router)
        return log

    assert same(declare)[-1]


def test_methods_of_uploaded_files_that_are_replaced_do_their_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = starlette.datastructures.UploadFile.read

    async def scanned(self: Any, size: int = -1) -> bytes:
        return (await read(self, size))[:3]

    monkeypatch.setattr(starlette.datastructures.UploadFile, "read", scanned)

    def declare(app: FastAPI) -> None:
        @app.post("/")
        async def endpoint(large: UploadFile, small: UploadFile) -> list[int]:
            return [len(await large.read()), len(await small.read())]

    files = {"large": b"x" * 2_000_000, "small": b"x" * 9}
    assert same(declare, files=files)[0] == (200, b"[3,3]")
