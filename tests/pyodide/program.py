"""An app with everything that FastAPI and Starlette send to a thread, asked once for each."""

import inspect
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any
from unittest import mock

import anyio.to_thread
from fastapi import BackgroundTasks, Depends, FastAPI, Header, Request, UploadFile
from fastapi.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.endpoints import HTTPEndpoint

from fastapi_fastdeps import FastDepsAPI, Threaded, explain, run_threaded, threaded
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE
from tests.harness.crowd import get, get_all, send

LARGE = 3_000_000
has_concurrency = "max_concurrency" in inspect.signature(Depends).parameters
log: list[str] = []


class Out(BaseModel):
    name: str


class Page:
    def __init__(self, x_page: Annotated[int, Header()] = 1) -> None:
        self.number = x_page


class FullError(Exception):
    pass


def session() -> Iterator[str]:
    log.append("enter")
    try:
        yield "session"
    finally:
        log.append("leave")


@threaded(limiter="db")
def user(session: Annotated[str, Depends(session)], page: Annotated[Page, Depends()]) -> str:
    return f"{session} {page.number}"


def task(name: str) -> None:
    log.append(f"task {name}")


class Plain(HTTPEndpoint):
    def get(self, request: Request) -> Response:
        return PlainTextResponse("plain")


def declare(app: FastAPI) -> None:
    @app.get("/owned")
    def owned(user: Annotated[str, Depends(user)], tasks: BackgroundTasks) -> Out:
        tasks.add_task(task, user)
        return Out(name=user)

    @app.get("/wrong", response_model=Out)
    def wrong(user: Annotated[str, Depends(user)]) -> Any:
        raise FullError(user)

    @app.exception_handler(FullError)
    def full(request: Request, error: FullError) -> Response:
        return PlainTextResponse(f"full {error}", 507)

    @app.get("/lines")
    def lines() -> Iterable[int]:
        yield from range(3)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(str(number) for number in range(3))

    limit = {"max_concurrency": 2} if has_concurrency else {}
    by_two: Any = Depends(session, **limit)

    @app.get("/limited", dependencies=[Depends(user, **limit)])
    async def limited(one: Annotated[str, by_two, Threaded]) -> str:
        return one

    @app.get("/helped")
    async def helped() -> list[Any]:
        here = await run_threaded(len, "abc", limiter="db")
        return [here, await anyio.to_thread.run_sync(lambda: "anyio's own")]

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    @app.get("/file")
    def file() -> FileResponse:
        return FileResponse(__file__)

    app.add_route("/plain", Plain)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent))


async def answers(make: Callable[[], FastAPI]) -> dict[str, Any]:
    """What an app answers, with what was logged meanwhile; or what it raises."""
    found: dict[str, Any] = {}
    app = make()
    declare(app)
    own = Path(__file__).read_text()

    async def note(name: str, asked: Any) -> None:
        log.clear()
        try:
            answer = await asked
        except BaseException as error:
            found[name] = repr(error)
        else:
            found[name] = ["its own source" if each == own else each for each in answer] + log

    for path in ("/owned", "/wrong", "/lines", "/stream", "/limited", "/helped", "/plain"):
        for number in range(3):
            await note(f"{path} {number}", get(app, path))
    for path in ("/file", "/static/program.py", "/static/nothing"):
        await note(path, get(app, path))
    boundary = b"--b\r\n"
    head = b'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = boundary + head + b"x" * LARGE + b"\r\n--b--\r\n"
    headers = [(b"content-type", b"multipart/form-data; boundary=b")]
    await note("/upload", send(app, "POST", "/upload", headers, body))
    log.clear()
    await note("at once", get_all(app, ["/owned"] * 50))
    return found


def fastdeps() -> FastAPI:
    return FastDepsAPI(limiters={"db": 2}, thread_tokens=5)


THREADED = ("/owned", "/wrong", "/lines", "/stream", "/limited")
"""What fails in FastAPI without threads, before anything of this package is called."""

OWNED = {"name": "session 1"}
EXPECTED: dict[str, Any] = {
    **{
        f"{path} {number}": answer
        for number in range(3)
        for path, answer in {
            "/owned": [200, OWNED, "enter", "task session 1", "leave"],
            "/wrong": [507, "full session 1", "enter", "leave"],
            "/lines": [200, "0\n1\n2\n"],
            "/stream": [200, "012"],
            "/limited": [200, "session", "enter", "leave"],
            "/helped": [200, [3, "anyio's own"]],
            "/plain": [200, "plain"],
        }.items()
    },
    "/file": [200, "its own source"],
    "/static/program.py": [200, "its own source"],
    "/static/nothing": [404, {"detail": "Not Found"}],
    "/upload": [200, LARGE],
}


async def differences(expected: Mapping[str, Any] = EXPECTED) -> list[str]:
    """What is not as it should be, in both lanes."""
    wrong: list[str] = []
    for lane in ("fast", "fastapi"):
        with mock.patch.dict(os.environ, {LANE_VARIABLE: lane}):
            found = await answers(fastdeps)
        at_once = found.pop("at once")
        if at_once[:50] != [(200, OWNED)] * 50:
            wrong.append(f"{lane}: at once: {at_once[:3]!r}")
        for name in expected.keys() | found.keys():
            if found.get(name) != expected.get(name):
                wrong.append(f"{lane}: {name}: {found.get(name)!r}, not {expected.get(name)!r}")
    app = fastdeps()
    declare(app)
    explained = {call.execution for route in explain(app) for call in route.calls}
    if explained != {"inline", "async"}:
        wrong.append(f"explain says {explained}")
    return wrong
