"""What routes of these tests tell, and what keeps it."""

from fastapi import HTTPException, WebSocket
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send


def secret() -> str:
    return "secret"


async def whisper(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("secret")
    await websocket.close()


def guard() -> None:
    raise HTTPException(403)


async def deny(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("no", 403)(scope, receive, send)
