"""Where one request is while it is served: `python -m benchmarks.timeline FILE`.

Four class dependencies, as the case four-classes has them, marked. Of many requests, one after
the other, the one is kept whose time is the median.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import Depends, FastAPI

from benchmarks.run import environment
from fastapi_fastdeps import FastDepsAPI, inline

Span = tuple[str, float, float]
"""What it is, `"hop"`, `"loop"` or `"thread"`, and when it begins and ends, in µs."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.timeline", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--requests", type=int, default=2001)
    options = parser.parse_args(arguments)
    found = {
        "environment": environment() | {"command": "python -m benchmarks.timeline FILE"},
        "requests": options.requests,
        "spans": {
            "stock": asyncio.run(measure(FastAPI, options.requests)),
            "fast": asyncio.run(measure(FastDepsAPI, options.requests)),
        },
    }
    options.file.write_text(json.dumps(found, indent=1))
    return 0


async def measure(app_class: type[FastAPI], requests: int) -> list[Span]:
    """The spans of the median request; the first one is the whole of it."""
    noted: list[Span] = []
    app = _app(app_class, noted)
    taken: list[list[Span]] = []
    run_sync = anyio.to_thread.run_sync

    async def hop(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        began = time.perf_counter()
        try:
            return await run_sync(function, *args, **options)
        finally:
            noted.append(("hop", began, time.perf_counter()))

    anyio.to_thread.run_sync = hop  # type: ignore[assignment]  # this process only measures
    try:
        for _ in range(requests):
            noted.clear()
            began = time.perf_counter()
            await _ask(app)
            ended = time.perf_counter()
            spans = [("request", began, ended), *noted]
            taken.append([(what, (a - began) * 1e6, (b - began) * 1e6) for what, a, b in spans])
    finally:
        anyio.to_thread.run_sync = run_sync
    return sorted(taken, key=lambda spans: spans[0][2])[len(taken) // 2]


def _app(app_class: type[FastAPI], noted: list[Span]) -> FastAPI:
    app = app_class()
    here = threading.get_ident()

    def note(began: float) -> None:
        where = "loop" if threading.get_ident() == here else "thread"
        noted.append((where, began, time.perf_counter()))

    def made() -> type[Any]:
        @inline
        class Parameters:
            def __init__(self, q: str | None = None, skip: int = 0, limit: int = 100) -> None:
                began = time.perf_counter()
                self.q = q
                self.skip = skip
                self.limit = limit
                note(began)

        return Parameters

    first, second, third, fourth = made(), made(), made(), made()

    @app.get("/x")
    async def read(
        a: Annotated[Any, Depends(first)],
        b: Annotated[Any, Depends(second)],
        c: Annotated[Any, Depends(third)],
        d: Annotated[Any, Depends(fourth)],
    ) -> dict[str, Any]:
        note(time.perf_counter())
        return {"q": a.q, "skip": b.skip, "limit": c.limit + d.limit}

    return app


async def _ask(app: FastAPI) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        pass

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/x",
        "raw_path": b"/x",
        "root_path": "",
        "query_string": b"q=foo&skip=3&limit=7",
        "headers": [],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)


if __name__ == "__main__":
    sys.exit(main())
