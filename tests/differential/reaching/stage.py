"""What the programs are run on: requests, the lifespan, replaced names, and what is noted."""

import asyncio
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any
from urllib.parse import unquote

from fastapi import Request, WebSocket
from fastapi.dependencies import utils
from fastapi.security import SecurityScopes

from ..drive import Answer
from ..recorder import Event, Result, describe_error, run

_HUNG_AFTER = 10
_ARGUMENTS = frozenset(
    {"a", "b", "x", "x_user", "token", "model", "body", "d0", "d1", "request", "response"}
    | {"tasks", "scopes", "connection", "websocket", "values"}
)
Answering = Coroutine[Any, Any, None]


class Stage:
    """The app that a program made, and all that came of it; one program at a time."""

    def __init__(self) -> None:
        self.number = 0
        self.clear()

    def clear(self) -> None:
        run.reset({}, armed=False)
        self.number += 1
        self.app: Any = None
        self.answers: list[Answer] = []
        self.replaced: list[tuple[Any, str, Any, bool]] = []
        self.requests = 0
        self.postponed: list[tuple[Any, str, Any]] = []
        self.counts: dict[str, int] = {}
        self._closing: Callable[[], Answering] | None = None
        self._gate: _Gate | None = None

    async def ending(self) -> None:
        """End what the program left open, and take back what it replaced."""
        if self._gate is not None:
            await release()
        if self._closing is not None:
            await self._closing()
        self.restore()
        self.finish()

    def restore(self) -> None:
        while self.replaced:
            owner, name, value, was_own = self.replaced.pop()
            if was_own:
                setattr(owner, name, value)
            else:
                delattr(owner, name)

    def finish(self, error: str = "") -> None:
        """What was noted since the last answer becomes one."""
        self.answers.append(Answer(tuple(run.events), error))
        run.events = []


class _Gate:
    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


stage = Stage()


def note(kind: str, name: str, detail: str = "") -> None:
    run.note(kind, name, detail)


def see(name: str, arguments: dict[str, Any]) -> None:
    """Note a call, with those of its local variables that are arguments."""
    run.note("call", name, str(shown(arguments)))


def shown(arguments: dict[str, Any]) -> dict[str, str]:
    return {key: _described(value) for key, value in arguments.items() if key in _ARGUMENTS}


def made(name: str) -> Result:
    """A value that says which call it came from."""
    stage.counts[name] = stage.counts.get(name, 0) + 1
    return Result(name, stage.counts[name])


def times(name: str, most: int) -> bool:
    """Whether this was not asked so many times before."""
    stage.counts[name] = stage.counts.get(name, 0) + 1
    return stage.counts[name] <= most


def left(name: str, error: BaseException | None = None) -> None:
    run.leave(name, error)


def fact(text: str, value: object) -> None:
    run.note("fact", text, str(value))


def _described(value: Any) -> str:
    if isinstance(value, Request | WebSocket):
        known = run._identity(value)
        return f"{type(value).__name__} {known} {value.scope['path']}"
    if isinstance(value, dict):
        described = {key: _described(item) for key, item in value.items()}
        return str(described)
    if isinstance(value, SecurityScopes):
        return f"scopes {value.scopes}"
    return run.describe(value)


def patch(owner: Any, name: str, value: Any) -> None:
    """Replace a name of FastAPI or Starlette until the end of the program, or `unpatch()`.

    What a request replaces in FastAPI's solver counts from the next one on: a plan asks
    once, when a request begins, whether what it stands in for is FastAPI's.
    """
    if owner is utils and stage.requests:
        stage.postponed.append((owner, name, value))
        return
    own = vars(owner)
    stage.replaced.append((owner, name, own.get(name), name in own))
    setattr(owner, name, value)


def unpatch() -> None:
    stage.restore()


async def get(path: str, method: str = "GET", body: bytes = b"", **headers: str) -> None:
    """Send a request to the program's app and keep the answer."""
    path, _, query = path.partition("?")
    pairs = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    if body:
        pairs.append((b"content-type", b"application/json"))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"test"), *pairs],
        "client": ("client", 1),
        "server": ("test", 80),
        "state": {},
    }
    incoming = [{"type": "http.request", "body": body, "more_body": False}]
    await _answered(scope, incoming)


async def talk(path: str, **headers: str) -> None:
    """Open a WebSocket, say one word, and close it."""
    path, _, query = path.partition("?")
    pairs = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"test"), *pairs],
        "client": ("client", 1),
        "server": ("test", 80),
        "subprotocols": [],
        "state": {},
    }
    await _answered(
        scope,
        [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": "word"},
            {"type": "websocket.disconnect", "code": 1000},
        ],
    )


async def _answered(scope: dict[str, Any], incoming: list[dict[str, Any]]) -> None:
    # A scope that is noted by type and path only: what FastAPI puts there is its own.
    error = ""
    run.note("request", scope.get("method", "WS"), scope["path"])

    async def receive() -> MutableMapping[str, Any]:
        if incoming:
            return incoming.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: MutableMapping[str, Any]) -> None:
        kind = message["type"]
        run.note("send", kind, str({key: message[key] for key in message if key != "type"}))

    stage.requests += 1
    try:
        async with asyncio.timeout(_HUNG_AFTER):
            await stage.app(scope, receive, send)
    except Exception as raised:
        error = describe_error(raised)
    stage.requests -= 1
    if not stage.requests:
        while stage.postponed:
            patch(*stage.postponed.pop(0))
    stage.finish(error)


async def start() -> None:
    """Start the lifespan of the app; it ends with the program."""
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    answered = asyncio.Event()

    async def send(message: MutableMapping[str, Any]) -> None:
        note("send", message["type"])
        answered.set()

    async def life() -> None:
        try:
            await stage.app({"type": "lifespan", "state": {}}, to_app.get, send)
        except Exception as raised:
            note("lifespan failed", describe_error(raised))
        answered.set()

    task = asyncio.create_task(life())

    async def step(kind: str) -> None:
        answered.clear()
        to_app.put_nowait({"type": kind})
        if not task.done():
            async with asyncio.timeout(_HUNG_AFTER):
                await answered.wait()

    async def close() -> None:
        await step("lifespan.shutdown")
        async with asyncio.timeout(_HUNG_AFTER):
            await task

    stage._closing = close
    await step("lifespan.startup")
    stage.finish()


async def gate() -> None:
    """Within a request that was sent by `hold`: wait here, once, until `release`."""
    held = stage._gate
    if held is not None and not held.reached.is_set():
        held.reached.set()
        await held.opened.wait()


async def hold(request: Answering) -> None:
    """Send a request, and go on when it has come to a gate, or is done."""
    if stage._gate is not None:
        await release()
    held = stage._gate = _Gate()
    held.task = asyncio.create_task(request)
    waiting = asyncio.create_task(held.reached.wait())
    await asyncio.wait({held.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    held.reached.set()
    note("held", "", "done" if held.task.done() else "at a gate")


async def release() -> None:
    """Let the held request go on to its end."""
    held, stage._gate = stage._gate, None
    if held is not None and held.task is not None:
        held.opened.set()
        await held.task


__all__ = [
    "Event", "fact", "gate", "get", "hold", "left", "made", "note", "patch", "release", "see",
    "shown", "stage", "start", "talk", "times", "unpatch",
]  # fmt: skip
