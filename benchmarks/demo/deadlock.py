"""Requests that hold a connection and wait for a thread, while all threads wait for a connection:
fastapi/fastapi#3205."""

import asyncio
import queue
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel

from benchmarks.demo.client import fetch, request
from benchmarks.demo.process import RunningServer
from fastapi_fastdeps import FastDepsAPI

REQUESTS = 120
CONNECTIONS = 5
PATIENCE_SECONDS = 2.0
"""How long a session waits for a connection: an engine of SQLAlchemy's waits for 30 s."""


class Session:
    """Takes a connection of the pool with its first query, and gives it back when it is closed."""

    def __init__(self, pool: queue.Queue[str]) -> None:
        self._pool = pool
        self._connection: str | None = None

    def query(self) -> str:
        if self._connection is None:
            try:
                self._connection = self._pool.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                raise HTTPException(503, "No connection is free") from None
        time.sleep(0.001)
        return "ada"

    def close(self) -> None:
        if self._connection is not None:
            self._pool.put(self._connection)


class User(BaseModel):
    name: str


def create_app(app_class: type[FastAPI]) -> FastAPI:
    """Nothing is marked."""
    app, pool = app_class(), queue.Queue[str]()
    for number in range(CONNECTIONS):
        pool.put(f"connection {number}")

    def get_session() -> Iterator[Session]:
        session = Session(pool)
        try:
            yield session
        finally:
            session.close()

    def get_user(session: Annotated[Session, Depends(get_session)]) -> str:
        return session.query()

    @app.get("/me")
    def read_me(
        user: Annotated[str, Depends(get_user)], session: Annotated[Session, Depends(get_session)]
    ) -> User:
        session.query()
        return User(name=user)

    return app


stock = create_app(FastAPI)
ours = create_app(FastDepsAPI)


@dataclass(frozen=True)
class Crowd:
    """What requests that all were there at once came to."""

    name: str
    answered: int
    failed: int
    seconds: float

    def __str__(self) -> str:
        failed = f", {self.failed} failed for want of a connection" if self.failed else ""
        return f"  {self.name:<12} {self.answered:>3} answered{failed}; {self.seconds:.1f} s in all"


async def crowd(server: RunningServer) -> Crowd:
    """All requests at once, on a server that has answered some before."""
    asked = request("GET", "/me")
    with server.blamed_for("/me"):
        for _ in range(3):
            await fetch(server.port, asked)
        started = time.perf_counter()
        responses = await asyncio.gather(*(fetch(server.port, asked) for _ in range(REQUESTS)))
    statuses = Counter(response.status for response in responses)
    seconds = time.perf_counter() - started
    return Crowd(server.name, statuses[200], REQUESTS - statuses[200], seconds)


def told(crowds: list[Crowd]) -> list[str]:
    """What they came to, for a terminal."""
    return [
        f"{REQUESTS} requests at once to an unmarked session with yield, a user and a sync",
        f"endpoint, with {CONNECTIONS} connections to a database (fastapi#3205):",
        *map(str, crowds),
    ]
