"""An app called by raw ASGI: every message that it sends, and what leaves it."""

from collections.abc import Callable, Iterator
from typing import Any

import anyio
from starlette.types import ASGIApp

Outcome = tuple[list[dict[str, Any]], Any]


def described(error: BaseException | None) -> Any:
    """An exception as one can compare it, with its causes and what a group contains."""
    if error is None:
        return None
    parts = [described(part) for part in error.exceptions] if _is_group(error) else []
    return type(error).__name__, str(error), described(error.__cause__), parts


def _is_group(error: BaseException) -> bool:
    return isinstance(error, BaseExceptionGroup)


def call(
    app: ASGIApp,
    path: str = "/",
    *,
    method: str = "GET",
    query: str = "",
    body: bytes = b"",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    fails_at: int | None = None,
    spec_version: str = "2.3",
    scope: dict[str, Any] | None = None,
    backend: str = "asyncio",
) -> Outcome:
    """What the app sends, and the exception that leaves it, described.

    `fails_at`: the number of the message at which the client is gone, so that sending
    raises `OSError`.
    """
    sent: list[dict[str, Any]] = []
    request: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": body, "more_body": False}]
    )

    async def receive() -> Any:
        for message in request:
            return message
        await anyio.sleep_forever()
        return None

    async def send(message: Any) -> None:
        if len(sent) == fails_at:
            raise OSError("gone")
        sent.append(dict(message))

    async def run() -> Any:
        try:
            await app(
                {
                    "type": "http",
                    "asgi": {"version": "3.0", "spec_version": spec_version},
                    "http_version": "1.1",
                    "method": method,
                    "scheme": "http",
                    "path": path,
                    "raw_path": path.encode(),
                    "query_string": query.encode(),
                    "root_path": "",
                    "headers": [(b"host", b"t"), *headers],
                    "client": ("127.0.0.1", 1),
                    "server": ("127.0.0.1", 80),
                    "state": {},
                    **(scope or {}),
                },
                receive,
                send,
            )
        except BaseException as error:
            return described(error)
        return None

    return sent, anyio.run(run, backend=backend)


def outcomes(build: Callable[[Any], Any], *apps: Any, **options: Any) -> list[Outcome]:
    """What the same program does on each kind of app."""
    return [call(build(app), **options) for app in apps]
