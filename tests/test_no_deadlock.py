"""A request that has been in a thread does not wait for one behind those that have not.

fastapi/fastapi#3205: a request holds a connection and waits for a thread, while all threads wait
for a connection.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Annotated, Any

import pytest
from fastapi import BackgroundTasks, Depends, FastAPI
from pydantic import BaseModel

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    Threaded,
    annotated,
    threaded,
)
from fastapi_fastdeps._fastapi.names import fast_lane
from tests.harness.crowd import crowd
from tests.harness.marks import needs_plans

REQUESTS = 1000
CONNECTIONS = 5


class Pool:
    """Connections to an SQLite database, as an engine keeps them."""

    def __init__(self, size: int = CONNECTIONS) -> None:
        self._all: list[sqlite3.Connection] = []
        self._free: queue.Queue[sqlite3.Connection] = queue.Queue()
        self._lock = threading.Lock()
        for _ in range(size):
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            connection.execute("create table users (name text)")
            connection.execute("insert into users values ('ada')")
            self._all.append(connection)
            self._free.put(connection)
        self.size = size
        self.patience = 20.0
        self.threads: set[int] = set()

    def take(self) -> sqlite3.Connection:
        """Raises `queue.Empty` after some time, as an engine raises `TimeoutError`."""
        with self._lock:
            self.threads.add(threading.get_ident())
        return self._free.get(timeout=self.patience)

    def give_back(self, connection: sqlite3.Connection) -> None:
        self._free.put(connection)

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    def __len__(self) -> int:
        return self._free.qsize()


class Session:
    """Takes a connection when it is first used, and keeps it until it is closed."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._connection: sqlite3.Connection | None = None

    def name(self) -> str:
        if self._connection is None:
            self._connection = self._pool.take()
        row: tuple[str] = self._connection.execute("select name from users").fetchone()
        return row[0]

    def close(self) -> None:
        if self._connection is not None:
            self._pool.give_back(self._connection)
            self._connection = None


class Out(BaseModel):
    name: str


def declare(app: FastAPI, pool: Pool) -> None:
    """Routes that take a connection early and late, with and without an async step between."""

    def session() -> Iterator[Session]:
        session = Session(pool)
        try:
            yield session
        finally:
            session.close()

    def eager(session: Annotated[Session, Depends(session)]) -> Session:
        session.name()
        return session

    async def scheme() -> str:
        return "token"

    def user(session: Annotated[Session, Depends(session)]) -> str:
        return session.name()

    def late_user(
        session: Annotated[Session, Depends(session)], token: Annotated[str, Depends(scheme)]
    ) -> str:
        return session.name()

    async def checked(user: Annotated[str, Depends(user)]) -> str:
        return user

    @app.get("/plain")
    def plain(
        session: Annotated[Session, Depends(session)], user: Annotated[str, Depends(user)]
    ) -> Out:
        return Out(name=session.name() + user)

    @app.get("/template")
    def template(
        session: Annotated[Session, Depends(session)], user: Annotated[str, Depends(late_user)]
    ) -> Out:
        return Out(name=session.name() + user)

    @app.get("/early")
    def early(
        session: Annotated[Session, Depends(eager)], user: Annotated[str, Depends(checked)]
    ) -> Out:
        return Out(name=session.name() + user)

    @app.get("/thrice")
    def thrice(
        session: Annotated[Session, Depends(session)],
        late: Annotated[str, Depends(late_user)],
        user: Annotated[str, Depends(checked)],
    ) -> Out:
        return Out(name=session.name() + user)

    @app.get("/background")
    def background(
        session: Annotated[Session, Depends(session)],
        user: Annotated[str, Depends(user)],
        tasks: BackgroundTasks,
    ) -> Out:
        tasks.add_task(session.name)
        return Out(name=session.name() + user)


PATHS = ("/plain", "/template", "/early", "/thrice", "/background")


def in_db(candidate: Candidate) -> Execution | None:
    return Threaded(limiter="db")


APPS: dict[str, Callable[[], FastDepsAPI]] = {
    "unmarked": FastDepsAPI,
    "not fused": lambda: FastDepsAPI(fuse_visits=False),
    "few threads": lambda: FastDepsAPI(thread_tokens=2),
    "limited": lambda: FastDepsAPI(limiters={"db": 20}, classifier=in_db),
    "tightly limited": lambda: FastDepsAPI(limiters={"db": 1}, classifier=in_db),
}


def ask(app: FastDepsAPI, paths: Any) -> None:
    """Have all requests answered at once, in not many more threads than are let in."""
    with closing(Pool()) as pool:
        declare(app, pool)
        sent = [paths[number % len(paths)] for number in range(REQUESTS)]
        assert crowd(app, sent) == [(200, {"name": "adaada"})] * REQUESTS
        assert len(pool) == pool.size
        assert len(pool.threads) < 100


@needs_plans
@pytest.mark.parametrize("paths", [*([path] for path in PATHS), PATHS], ids=lambda each: each[-1])
@pytest.mark.parametrize("make", APPS)
def test_all_are_answered(make: str, paths: Any) -> None:
    ask(APPS[make](), paths)


@pytest.mark.usefixtures("both_lanes")
def test_what_has_a_limiter_is_answered_in_both_lanes() -> None:
    # Some releases leave what has `yield` before the background tasks, which then take more.
    ask(APPS["limited"](), PATHS if fast_lane else PATHS[:-1])


@needs_plans
def test_later_visits_go_before_first_ones() -> None:
    app = FastDepsAPI(limiters={"one": 1})
    lock, begun = threading.Lock(), [0]

    def note(change: int) -> None:
        with lock:
            begun.append(begun[-1] + change)

    def first() -> None:
        note(1)

    async def between() -> None: ...

    @app.get("/", dependencies=[annotated(Depends(first), Threaded("one")), Depends(between)])
    @threaded(limiter="one")
    def read() -> None:
        note(-1)

    assert crowd(app, ["/"] * 50) == [(200, None)] * 50
    assert len(begun) == 105
    assert max(begun) <= 2


def test_fastapi_itself_does_not_answer_all() -> None:
    app = FastAPI()
    with closing(Pool()) as pool:
        pool.patience = 0.5
        declare(app, pool)
        with pytest.raises(BaseExceptionGroup):
            crowd(app, ["/plain"] * 120)
