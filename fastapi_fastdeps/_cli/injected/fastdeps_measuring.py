"""An app in a process of its own, which makes the requests that it is told to, and says what they
took. One line of JSON comes in for each round, and one goes out."""

import asyncio
import hashlib
import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, TextIO

_PATIENCE = 20.0
_WARM = 10


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    asked: dict[str, Any] = json.loads(sys.argv[1])
    headers = [(name.lower().encode(), value.encode()) for name, value in asked["headers"]]
    from fastapi_fastdeps._cli.apps import NotFoundError, find_app

    try:
        app = find_app(asked["app"])
    except NotFoundError as error:
        _say(answers, {"error": str(error)})
        return
    from fastapi_fastdeps.applications import FastDepsAPI

    if isinstance(app, FastDepsAPI) == (asked["mode"] == "stock"):
        is_ours = asked["mode"] == "stock"
        what = "is a FastDepsAPI already" if is_ours else "was not made by fastapi.FastAPI"
        _say(answers, {"error": f"The app {what}: there is nothing to try. See fastdeps explain."})
        return
    asyncio.run(_serve(app, headers, answers))


async def _serve(app: Any, headers: list[tuple[bytes, bytes]], answers: TextIO) -> None:
    lifespan = _Lifespan(app)
    failed = await lifespan.start()
    if failed is not None:
        _say(answers, {"error": f"The app does not start: {failed}."})
        return
    _say(answers, {"paths": _open_paths(app)})
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        client = _Client(app, order["path"], headers)
        try:
            work: Callable[[], Coroutine[Any, Any, Any]]
            work = client.first if order["count"] == 0 else lambda: client.round(order["count"])  # noqa: B023
            _say(answers, await asyncio.wait_for(work(), _PATIENCE))
        except Exception as error:
            what = f"no answer in {_PATIENCE:.0f} s" if isinstance(error, TimeoutError) else ""
            _say(answers, {"error": what or f"{type(error).__name__}: {error}"})
    await lifespan.stop()


class _Client:
    """Makes one GET request again and again."""

    def __init__(self, app: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        self.app = app
        self.path, _, self.query = path.partition("?")
        self.headers = [(b"host", b"testserver"), *headers]
        self.raised = ""

    async def first(self) -> dict[str, Any]:
        """What it answers, how many hops that takes when it is warm, and how long, roughly."""
        status, body = await self.request()
        for _ in range(_WARM):
            status, body = await self.request()
        _, again = await self.request()
        hops = min([await self._hops() for _ in range(3)])
        started = time.perf_counter()
        await self.request()
        return {
            "status": status,
            "raised": self.raised,
            "body": hashlib.sha256(body).hexdigest() if body == again else None,
            "hops": hops,
            "seconds": time.perf_counter() - started,
            "lane": _lane(self.app, self.path),
        }

    async def round(self, count: int) -> dict[str, Any]:
        started = time.perf_counter()
        for _ in range(count):
            await self.request()
        return {"seconds": (time.perf_counter() - started) / count}

    async def request(self) -> tuple[int, bytes]:
        messages = [{"type": "http.request", "body": b"", "more_body": False}]
        status, body = 0, b""

        async def receive() -> dict[str, Any]:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop()

        async def send(message: dict[str, Any]) -> None:
            nonlocal status, body
            status = message.get("status", status)
            body += message.get("body", b"")

        try:
            await self.app(self._scope(), receive, send)
        except Exception as error:
            # Starlette answers 500 and raises, for the log of the server.
            if not status:
                raise
            self.raised = type(error).__name__
        return status, body

    def _scope(self) -> dict[str, Any]:
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "root_path": "",
            "query_string": self.query.encode(),
            "headers": self.headers,
            "client": ("127.0.0.1", 50000),
            "server": ("testserver", 80),
            "state": {},
        }

    async def _hops(self) -> int:
        """Counted in this process alone, and for one request."""
        import anyio.to_thread

        run_sync: Any = anyio.to_thread.run_sync
        hops = 0

        async def counted(*args: Any, **options: Any) -> Any:
            nonlocal hops
            hops += 1
            return await run_sync(*args, **options)

        module: Any = anyio.to_thread
        module.run_sync = counted
        try:
            await self.request()
        finally:
            module.run_sync = run_sync
        return hops


class _Lifespan:
    """The startup and shutdown of an app, as a server has them."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.orders: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> str | None:
        """Why it does not start, `None` if it does."""
        await self.orders.put({"type": "lifespan.startup"})
        self.task = asyncio.create_task(self._run())
        message = await self.came.get()
        if message["type"] == "lifespan.startup.complete":
            return None
        lines = str(message.get("message", "")).strip().splitlines()
        return lines[-1] if lines else "its lifespan failed"

    async def stop(self) -> None:
        await self.orders.put({"type": "lifespan.shutdown"})
        await self.came.get()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        try:
            await self.app(scope, self.orders.get, self.came.put)
        except BaseException as error:
            what = f"{type(error).__name__}: {error}"
            await self.came.put({"type": "lifespan.startup.failed", "message": what})


def _open_paths(app: Any) -> list[str]:
    """The paths that a GET request needs no parameter in its path for."""
    from fastapi_fastdeps._cli.overview import dry_run
    from fastapi_fastdeps.explanation import explain

    found = explain(app) if not _is_stock() else dry_run(app)
    paths = [
        route.path
        for route in found
        if route.kind == "http" and "GET" in route.methods and "{" not in route.path
    ]
    return list(dict.fromkeys(paths))


def _lane(app: Any, path: str) -> str:
    from starlette.routing import compile_path

    from fastapi_fastdeps.explanation import explain

    if _is_stock():
        return "stock"
    for route in explain(app):
        if route.kind == "http" and "GET" in route.methods:
            pattern, _, _ = compile_path(route.path)
            if pattern.match(path):
                return route.lane
    return "stock"


def _is_stock() -> bool:
    return os.environ.get("FASTDEPS_TRY", "stock") == "stock"


def _say(answers: TextIO, what: dict[str, Any]) -> None:
    answers.write(json.dumps(what) + "\n")
    answers.flush()


if __name__ == "__main__":
    # Before this package is, as the program would: see sitecustomize.
    importlib.import_module("fastapi")
    main()
