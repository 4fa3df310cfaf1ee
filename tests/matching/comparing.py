"""The same program by FastAPI's search and by the index: what can be seen of each request."""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Any, Final

from starlette.types import Message, Scope

from .programs import MOST_DIGITS, Change, Meanwhile, Program, Request, Step
from .worlds import FAMILIES, World


def observed(program: Program, family: int) -> list[Any]:
    """What becomes of the program's requests, and what of the routes after each step."""
    world = World(program, *FAMILIES[family])
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(MOST_DIGITS)
    try:
        asyncio.run(_steps(world, program.steps, []))
    finally:
        sys.set_int_max_str_digits(limit)
    return world.events


def difference(program: Program) -> str | None:
    """The first thing that tells the index from FastAPI's search, `None` if nothing does."""
    expected, found = _comparable(observed(program, 0)), _comparable(observed(program, 1))
    for index, (before, after) in enumerate(zip(expected, found, strict=False)):
        if before != after:
            return f"event {index}\nFastAPI: {before}\nindex:   {after}"
    if len(expected) != len(found):
        return f"{len(expected)} events, {len(found)} with the index: {expected} {found}"
    return None


def _comparable(events: list[Any]) -> list[Any]:
    """The events until an app is called that is mounted in itself: how deep that gets, and
    how often anything was called meanwhile, is Python's business."""
    return events[: events.index(_ENDLESS) + 1] if _ENDLESS in events else events


_ENDLESS: Final = ("endless",)


async def _steps(world: World, steps: tuple[Step, ...], above: list[Request]) -> None:
    for step in steps:
        if isinstance(step, Change):
            world.change(step)
            world.events.append(("changed", sorted(world.labels().values())))
        elif isinstance(step, Request):
            # A table is only made of routes that stayed the same from one request to the next.
            for _ in range(2 if not above else 1):
                await _request(world, step)
        else:
            await _meanwhile(world, step, above)


async def _meanwhile(world: World, step: Meanwhile, above: list[Request]) -> None:
    async def waiting(_: Scope) -> None:
        world.waiting = None
        await _steps(world, step.steps, [*above, step.request])

    world.waiting = waiting
    await _request(world, step.request)
    world.waiting = None


async def _request(world: World, request: Request) -> None:
    sent: list[Message] = []
    received = 0

    async def receive() -> Message:
        nonlocal received
        received += 1
        if received > 1:
            await asyncio.Future[None]()
        if request.kind == "websocket":
            return {"type": "websocket.connect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    async with AsyncExitStack() as stack:
        scope: Scope = {
            "type": request.kind,
            "path": request.path,
            "root_path": request.root_path,
            "query_string": b"q=1",
            "headers": [(b"host", request.host.encode())],
            "scheme": "http" if request.kind == "http" else "ws",
            "server": ("a.org", 80),
            "app": world.app,
            "fastapi_middleware_astack": stack,
        }
        if request.kind == "http":
            scope["method"] = request.method
        error = None
        begun = len(world.events)
        try:
            await world.app.router(scope, receive, send)
        except RecursionError:
            world.events[begun:] = [_ENDLESS]
            return
        except Exception as raised:
            allowed = (getattr(raised, "headers", None) or {}).get("Allow", "")
            error = (type(raised).__name__, str(raised), sorted(allowed.split(", ")))
        labels = world.labels()
        seen = world.seen(scope, labels)
        world.events.append(("answered", request, sent, error, seen, sorted(labels.values())))
