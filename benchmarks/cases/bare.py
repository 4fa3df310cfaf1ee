"""The work of a case as a bare ASGI function, alone and inside FastAPI's outer layers."""

import json
from typing import Any
from urllib.parse import parse_qsl

from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware

from benchmarks.cases.case import ASGIApp


async def four_classes(scope: Any, _: Any, send: Any) -> None:
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    limit = int(query.get("limit", 100))
    skip = int(query.get("skip", 0))
    await _answer(send, {"q": query.get("q"), "skip": skip, "limit": limit + limit})


async def no_dependency(_: Any, __: Any, send: Any) -> None:
    await _answer(send, {"q": "foo", "skip": 3, "limit": 7})


async def _answer(send: Any, content: Any) -> None:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [
        (b"content-length", str(len(body)).encode("latin-1")),
        (b"content-type", b"application/json"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def in_outer_layers(app: ASGIApp) -> ASGIApp:
    """The app inside what FastAPI puts around its router."""
    return ServerErrorMiddleware(ExceptionMiddleware(AsyncExitStackMiddleware(app)))
