"""An app called by raw ASGI: every message that it sends, and what leaves it."""

from collections.abc import Iterable
from typing import Any

import anyio
from starlette.types import ASGIApp

Outcome = tuple[list[dict[str, Any]], Any]


def described(error: BaseException | None) -> Any:
    """An exception as one can compare it, with its causes and what a group contains."""
    if error is None:
        return None
    is_group = isinstance(error, BaseExceptionGroup)
    parts = [described(part) for part in error.exceptions] if is_group else []
    return type(error).__name__, str(error), described(error.__cause__), parts


def call(
    app: ASGIApp,
    *,
    method: str = "GET",
    body: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    fails_at: int | None = None,
    spec_version: str = "2.3",
    kind: str = "http",
) -> Outcome:
    """What the app sends for a request to its root, and the exception that leaves it.

    `fails_at`: the number of the message at which the client is gone, so that sending
    raises `OSError`. `kind` is `http` or `websocket`.
    """
    sent: list[dict[str, Any]] = []

    async def run() -> Any:
        try:
            await exchange(
                app,
                sent,
                method=method,
                body=body,
                headers=headers,
                fails_at=fails_at,
                spec_version=spec_version,
                kind=kind,
            )
        except BaseException as error:
            return described(error)
        return None

    return sent, anyio.run(run)


async def exchange(
    app: ASGIApp,
    sent: list[dict[str, Any]],
    *,
    path: str = "/",
    method: str = "GET",
    body: bytes = b"",
    headers: Iterable[tuple[bytes, bytes]] = (),
    fails_at: int | None = None,
    spec_version: str = "2.3",
    kind: str = "http",
) -> None:
    """Call the app in the event loop that runs, and note what it sends. Raises what leaves it."""
    received: list[dict[str, Any]] = (
        [{"type": "http.request", "body": body, "more_body": False}]
        if kind == "http"
        else [{"type": "websocket.connect"}]
    )

    async def receive() -> Any:
        if received:
            return received.pop()
        await anyio.sleep_forever()
        return None

    async def send(message: Any) -> None:
        if len(sent) == fails_at:
            raise OSError("gone")
        sent.append(dict(message))

    scope = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": spec_version},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"t"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "subprotocols": [],
        "state": {},
    }
    await app(scope, receive, send)
