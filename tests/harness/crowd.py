"""Many requests at once, in one event loop, without a server."""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import anyio
from starlette.types import ASGIApp

from tests.harness.raw import exchange

Answer = tuple[int, Any]


async def get(app: ASGIApp, path: str = "/") -> Answer:
    """The status and the JSON, or else the text, that an app answers; what leaves it is raised."""
    return await send(app, "GET", path)


Headers = Sequence[tuple[bytes, bytes]]


async def send(
    app: ASGIApp, method: str, path: str, headers: Headers = (), body: bytes = b""
) -> Answer:
    """The same for any request."""
    sent: list[dict[str, Any]] = []
    await exchange(app, sent, path=path, method=method, headers=headers, body=body)
    answer = b"".join(message.get("body", b"") for message in sent[1:])
    try:
        return sent[0]["status"], json.loads(answer or b"null")
    except ValueError:
        return sent[0]["status"], answer.decode()


async def get_all(app: ASGIApp, paths: Sequence[str]) -> list[Answer]:
    """What the app answers to requests that all are there at once, in their order."""
    answers: list[Any] = [None] * len(paths)

    async def ask(index: int, path: str) -> None:
        answers[index] = await get(app, path)

    async with anyio.create_task_group() as tasks:
        for index, path in enumerate(paths):
            tasks.start_soon(ask, index, path)
    return answers


def crowd(app: ASGIApp, paths: Sequence[str], *, within: float = 60) -> list[Answer]:
    """The answers to many requests at once; each path has been asked for before. Raises
    `TimeoutError` where they are not answered `within` so many seconds: they never will be."""

    async def run() -> list[Answer]:
        with anyio.fail_after(within):
            for path in [*dict.fromkeys(paths)] * 2:
                await get(app, path)
            return await get_all(app, paths)

    return anyio.run(run)


def in_loop(run: Callable[[], Awaitable[Any]], *, within: float = 60) -> Any:
    """What `run` returns, in an event loop of its own."""

    async def limited() -> Any:
        with anyio.fail_after(within):
            return await run()

    return anyio.run(limited)


def statuses(answers: Iterable[Answer]) -> set[int]:
    return {status for status, _ in answers}
