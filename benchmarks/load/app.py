"""The app: everything that goes to threads, and counts of what began and what ended."""

import asyncio
import gc
import queue
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps import (
    FastDepsAPI,
    Inline,
    InlineMixin,
    Threaded,
    inline,
    run_threaded,
    threaded,
)

CONNECTIONS = 5
PATIENCE_SECONDS = 20

counts: Counter[str] = Counter()
_lock = threading.Lock()
_connections: queue.Queue[int] = queue.Queue()
for _number in range(CONNECTIONS):
    _connections.put(_number)


def note(what: str) -> None:
    with _lock:
        counts[what] += 1


class Session:
    """Takes a connection when it is first used, as a session of an ORM does."""

    def __init__(self) -> None:
        self._connection: int | None = None

    def query(self) -> str:
        if self._connection is None:
            # Raises `queue.Empty` where nobody gives one back, which is a request lost.
            self._connection = _connections.get(timeout=PATIENCE_SECONDS)
        time.sleep(0.0002)
        return "ada"

    def close(self) -> None:
        if self._connection is not None:
            _connections.put(self._connection)


def session() -> Iterator[Session]:
    note("entered")
    session = Session()
    try:
        yield session
    finally:
        session.close()
        note("left")


async def async_session() -> AsyncIterator[None]:
    note("entered")
    try:
        yield
    finally:
        note("left")


@inline
def inline_session() -> Iterator[None]:
    note("entered")
    try:
        yield
    finally:
        note("left")


class Page(InlineMixin):
    def __init__(self, skip: int = 0, limit: int = 100) -> None:
        self.skip = skip
        self.limit = limit


class Out(BaseModel):
    name: str


def user(session: Annotated[Session, Depends(session)]) -> str:
    return session.query()


async def checked(user: Annotated[str, Depends(user)]) -> str:
    await asyncio.sleep(0.001)
    return user


def in_a(session: Annotated[Session, Depends(session), Threaded(limiter="a")]) -> str:
    return session.query()


@threaded(limiter="b")
def in_b() -> str:
    time.sleep(0.0005)
    return "b"


def declare(app: FastAPI) -> None:
    @app.get("/inline", dependencies=[Depends(inline_session)])
    @inline
    def inline_(page: Annotated[Page, Depends()]) -> dict[str, int]:
        return {"skip": page.skip}

    @app.get("/fused")
    def fused(
        user: Annotated[str, Depends(user)], session: Annotated[Session, Depends(session)]
    ) -> Out:
        return Out(name=user + session.query())

    @app.get("/limited")
    @threaded(limiter="a")
    def limited(
        user: Annotated[str, Depends(in_a), Threaded(limiter="a")],
        other: Annotated[str, Depends(in_b)],
    ) -> Out:
        return Out(name=user + other)

    @app.get("/between", dependencies=[Depends(async_session)])
    def between(user: Annotated[str, Depends(checked)]) -> Out:
        return Out(name=user)

    @app.get("/task")
    async def task(user: Annotated[str, Depends(user)], tasks: BackgroundTasks) -> str:
        note("tasks added")
        tasks.add_task(note, "tasks done")
        return user

    def rows() -> Iterator[str]:
        note("entered")
        try:
            for _ in range(5):
                yield "row\n"
        finally:
            note("left")

    @app.get("/stream", dependencies=[Depends(user)])
    async def stream() -> StreamingResponse:
        return StreamingResponse(rows())

    @app.get("/awaited")
    async def awaited(one: Annotated[str, Depends(lambda: "one"), Inline]) -> str:
        return one + await run_threaded(in_b, limiter="b")

    @app.exception_handler(LookupError)
    @inline
    def missing(_request: object, error: Exception) -> StreamingResponse:
        return StreamingResponse([str(error)])

    @app.get("/failing")
    def failing(user: Annotated[str, Depends(user)]) -> str:
        raise LookupError(user)

    @app.get("/counts")
    async def counted() -> dict[str, float]:
        gc.collect()
        await asyncio.sleep(0)
        return {
            **counts,
            "connections": _connections.qsize(),
            "threads": threading.active_count(),
            "asyncio tasks": len(asyncio.all_tasks()),
            "resident": _resident(),
        }


def _resident() -> float:
    """The resident memory in MB."""
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


class Counted:
    """Counts the requests that begin and those that end, however they end."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/counts":
            await self.app(scope, receive, send)
            return
        note("begun")
        try:
            await self.app(scope, receive, send)
        except Exception:
            note("failed")
            raise
        finally:
            note("ended")


_app = FastDepsAPI(limiters={"a": 10, "b": 10})
declare(_app)
app = Counted(_app)
