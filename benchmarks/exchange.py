"""Exchanges with an ASGI app that is called directly, without a server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

ASGIApp = Callable[..., Any]
Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]


async def _ignore(_: Message) -> None:
    """What the client does with what it gets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app sent back: HTTP's status and body, or a WebSocket's texts."""

    status: int
    body: bytes


class HTTPExchange:
    """One HTTP request, as uvicorn would hand it to an app."""

    def __init__(
        self,
        path: str,
        query: str = "",
        *,
        method: str = "GET",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        status: int = 200,
    ) -> None:
        self.target = f"{path}?{query}" if query else path
        self.status = status
        self.body = body
        sent = (("host", "localhost"), ("user-agent", "benchmarks"), ("accept", "*/*"), *headers)
        if body:
            sent += (("content-length", str(len(body))),)
        self._scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 8000),
        }
        self._request: Message = {"type": "http.request", "body": body, "more_body": False}

    async def run(self, app: ASGIApp, count: int, send: Send = _ignore) -> None:
        """The same request, again and again."""
        receive = self._receiver()
        for _ in range(count):
            await app({**self._scope, "state": {}}, receive, send)

    async def answer(self, app: ASGIApp) -> Answer:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        await app({**self._scope, "state": {}}, self._receiver(), send)
        return Answer(sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:]))

    def _receiver(self) -> Callable[[], Any]:
        request = self._request

        async def receive() -> Message:
            return request

        return receive


class StreamExchange(HTTPExchange):
    """A request whose client stays, and says nothing more: an app that waits for it to leave
    while it sends has to be able to wait."""

    async def run(self, app: ASGIApp, count: int, send: Send = _ignore) -> None:
        for _ in range(count):
            await app({**self._scope, "state": {}}, self._receiver(), send)

    def _receiver(self) -> Callable[[], Any]:
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:
                await asyncio.Event().wait()
            asked = True
            return self._request

        return receive


class WebSocketExchange:
    """A WebSocket that is opened, gets one text, and is left by the client."""

    status = 101

    def __init__(self, path: str, query: str = "", *, text: str) -> None:
        self.target = f"{path}?{query}" if query else path
        self._scope: Message = {
            "type": "websocket",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "ws",
            "query_string": query.encode(),
            "headers": [(b"host", b"localhost"), (b"user-agent", b"benchmarks")],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 8000),
            "subprotocols": [],
        }
        self._messages: tuple[Message, ...] = (
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": text},
            {"type": "websocket.disconnect", "code": 1000},
        )

    async def run(self, app: ASGIApp, count: int) -> None:
        """The same exchange, again and again."""

        async def send(message: Message) -> None:
            pass

        for _ in range(count):
            await self._once(app, send)

    async def answer(self, app: ASGIApp) -> Answer:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        await self._once(app, send)
        status = 101 if sent[0]["type"] == "websocket.accept" else 403
        return Answer(status, "".join(part.get("text", "") for part in sent).encode())

    async def _once(self, app: ASGIApp, send: Callable[[Message], Any]) -> None:
        messages = iter(self._messages)

        async def receive() -> Message:
            return next(messages)

        await app({**self._scope, "state": {}}, receive, send)
