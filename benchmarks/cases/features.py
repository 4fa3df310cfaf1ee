"""What an app uses beside parameters: sessions, security, response models, WebSockets."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Security, WebSocket
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from pydantic import BaseModel

from benchmarks.cases.case import Case
from benchmarks.exchange import HTTPExchange, WebSocketExchange


class Session:
    def __init__(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False


def sync_session() -> Iterator[Session]:
    session = Session()
    try:
        yield session
    finally:
        session.close()


async def async_session() -> AsyncIterator[Session]:
    session = Session()
    try:
        yield session
    finally:
        session.close()


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


class Page:
    def __init__(self, skip: int = 0, limit: int = 100) -> None:
        self.skip = skip
        self.limit = limit


bearer = OAuth2PasswordBearer(tokenUrl="token", scopes={"items": "Items", "users": "Users"})


def user(scopes: SecurityScopes, token: Annotated[str, Depends(bearer)]) -> list[str]:
    if token != "secret":
        raise HTTPException(401)
    return scopes.scopes


def active_user(user: Annotated[list[str], Security(user, scopes=["users"])]) -> list[str]:
    return user


_ITEMS = [Item(name=f"item {n}", price=n + 0.5, tags=["a", "b"]) for n in range(5)]
_ROWS = [{"name": f"item {n}", "price": n + 0.5, "tags": ["a", "b"]} for n in range(100)]


def _sync_yield(app: FastAPI) -> None:
    @app.get("/yield", response_model=None)
    async def endpoint(session: Annotated[Session, Depends(sync_session)]) -> Any:
        return {"open": session.is_open}


def _async_yield(app: FastAPI) -> None:
    @app.get("/yield", response_model=None)
    async def endpoint(session: Annotated[Session, Depends(async_session)]) -> Any:
        return {"open": session.is_open}


def _security(app: FastAPI) -> None:
    @app.get("/security", response_model=None)
    async def endpoint(
        user: Annotated[list[str], Security(active_user, scopes=["items"])],
    ) -> Any:
        return {"scopes": user}


def _sync_response_model(app: FastAPI) -> None:
    @app.get("/items")
    def endpoint() -> list[Item]:
        return _ITEMS


def _async_response_model(app: FastAPI) -> None:
    @app.get("/items")
    async def endpoint() -> list[Item]:
        return _ITEMS


def _large(app: FastAPI) -> None:
    @app.get("/rows", response_model=None)
    async def endpoint() -> Any:
        return _ROWS


def _websocket(app: FastAPI) -> None:
    @app.websocket("/ws")
    async def endpoint(websocket: WebSocket, page: Annotated[Page, Depends()]) -> None:
        await websocket.accept()
        text = await websocket.receive_text()
        await websocket.send_text(f"{text} {page.skip} {page.limit}")


def _session_and_user(app: FastAPI) -> None:
    def owner(session: Annotated[Session, Depends(sync_session)], name: str = "me") -> str:
        assert session.is_open
        return name

    @app.get("/owned")
    def endpoint(owner: Annotated[str, Depends(owner)]) -> Item:
        return Item(name=owner, price=1.5)


CASES = (
    Case("sync-yield", "a sync `yield` session", HTTPExchange("/yield"), _sync_yield),
    Case("async-yield", "an async `yield` session", HTTPExchange("/yield"), _async_yield),
    Case(
        "session-in-one-visit",
        "session, user, sync endpoint, response model; nothing inline, two visits",
        HTTPExchange("/owned"),
        _session_and_user,
        inline=False,
    ),
    Case(
        "security",
        "OAuth2 with scopes, three sync callables",
        HTTPExchange("/security", headers=(("authorization", "Bearer secret"),)),
        _security,
    ),
    Case(
        "response-model",
        "sync endpoint with a response model",
        HTTPExchange("/items"),
        _sync_response_model,
    ),
    Case(
        "async-response-model",
        "async endpoint with a response model",
        HTTPExchange("/items"),
        _async_response_model,
    ),
    Case("large-response", "a hundred rows, no response model", HTTPExchange("/rows"), _large),
    Case(
        "websocket",
        "WebSocket, one class, one message",
        WebSocketExchange("/ws", "skip=3&limit=7", text="hello"),
        _websocket,
    ),
)
