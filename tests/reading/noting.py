"""What random classes are made of: FastAPI's classes, and code that notes that it ran."""

from dataclasses import dataclass
from typing import Any

from fastapi import BackgroundTasks, HTTPException, Request, Response, WebSocket
from fastapi.exceptions import WebSocketException
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasicCredentials, SecurityScopes
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteException

RAN: list[int] = []


def noting(*arguments: Any, **named: Any) -> int:
    """Whatever it stands for, it is noted that it ran."""
    RAN.append(1)
    return 1


class Noting:
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else noting()

    def __set__(self, instance: Any, value: Any) -> None:
        noting()


class Reading:
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else noting()


class Plain:
    limit = 3

    def __init__(self, status_code: int = 1, detail: Any = None) -> None:
        self.status_code = status_code
        self.detail = detail


@dataclass
class Record:
    status_code: int = 1
    detail: Any = None


class Model(BaseModel):
    status_code: int = 1
    detail: str = ""


__all__ = [
    "RAN",
    "BackgroundTasks",
    "HTMLResponse",
    "HTTPAuthorizationCredentials",
    "HTTPBasicCredentials",
    "HTTPException",
    "JSONResponse",
    "Model",
    "Noting",
    "Plain",
    "PlainTextResponse",
    "Reading",
    "Record",
    "RedirectResponse",
    "Request",
    "Response",
    "SecurityScopes",
    "StarletteException",
    "WebSocket",
    "WebSocketException",
    "noting",
]
