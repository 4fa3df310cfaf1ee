"""A program that a tool watches: routes of each kind, and requests that succeed and fail."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any

from fastapi import (
    APIRouter,
    BackgroundTasks,
    Cookie,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Request,
    Response,
    WebSocket,
)
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import Inline, annotated, inline
from tests.neighbours.shop import AppClass

Record = Callable[[str], object]
"""What has the tool note something, below the request that it belongs to."""


class Item(BaseModel):
    name: str
    size: int = 3


class Page:
    def __init__(self, skip: int = 0, limit: int = 10) -> None:
        self.skip = skip
        self.limit = limit

    def __repr__(self) -> str:
        return f"Page({self.skip}, {self.limit})"


class AsyncCallable:
    """An endpoint that is called like an async function, and is none."""

    async def __call__(self, page: Annotated[Page, Depends()]) -> int:
        return page.skip


def make_watched(app_class: AppClass, record: Record, *, is_marked: bool) -> FastAPI:
    """The app, with its sync callables marked inline or as FastAPI runs them."""
    app, router = app_class(), APIRouter()
    add_endpoints(app, record, is_marked=is_marked)
    add_endpoints(router, record, is_marked=is_marked)
    app.include_router(router, prefix="/included")
    return app


def add_endpoints(router: FastAPI | APIRouter, record: Record, *, is_marked: bool) -> None:
    mark: Callable[[Any], Any] = inline if is_marked else lambda function: function
    place = Inline if is_marked else None

    def price(skip: int = 0) -> int:
        record("price")
        return skip * 2

    def session() -> Iterator[str]:
        record("session opened")
        try:
            yield "session"
        finally:
            record("session closed")

    def refuse() -> None:
        record("refuse")
        raise LookupError("sold out")

    @router.get("/sync")
    @mark
    def sync_endpoint(
        page: Annotated[Page, Depends(), place],
        price: Annotated[int, Depends(price), place],
        session: Annotated[str, Depends(session), place],
        user_agent: Annotated[str, Header()],
        flavour: Annotated[str, Cookie()] = "plain",
    ) -> Item:
        record("sync endpoint")
        return Item(name=f"{flavour} {session}", size=page.skip + price)

    @router.get("/async/{number}")
    async def async_endpoint(
        number: int,
        request: Request,
        response: Response,
        page: Annotated[Page, Depends(), place],
    ) -> dict[str, int]:
        record("async endpoint")
        response.headers["x-number"] = str(number)
        return {"skip": page.skip, "number": number}

    @router.post("/items")
    @mark
    def post_item(item: Item, page: Annotated[Page, Depends(), place]) -> Item:
        record("post")
        return item

    @router.post("/form")
    @mark
    def post_form(name: Annotated[str, Form()], size: Annotated[int, Form()] = 1) -> str:
        record("form")
        return name * size

    @router.get("/tasks", status_code=202)
    @mark
    def later(tasks: BackgroundTasks, page: Annotated[Page, Depends(), place]) -> None:
        tasks.add_task(record, "task")

    @router.get("/refused", dependencies=[annotated(Depends(refuse), place)])
    @mark
    def never() -> None:
        raise AssertionError

    @router.get("/failing")
    @mark
    def failing(session: Annotated[str, Depends(session), place]) -> None:
        record("failing")
        raise LookupError("out of stock")

    @router.get("/failing-async")
    async def failing_async(page: Annotated[Page, Depends(), place]) -> None:
        raise LookupError("out of stock")

    @router.get("/unavailable")
    @mark
    def unavailable() -> None:
        raise HTTPException(503, "closed")

    @router.get("/misshapen", response_model=Item)
    @mark
    def misshapen() -> Any:
        return {"size": "large"}

    router.get("/callable")(AsyncCallable())

    @router.get("/lines/{number}")
    async def lines(
        number: int,
        page: Annotated[Page, Depends(), place],
        price: Annotated[int, Depends(price), place],
        session: Annotated[str, Depends(session), place],
    ) -> AsyncIterator[Item]:
        record("lines")
        yield Item(name=session, size=page.skip + price)
        yield Item(name=session, size=number)

    @router.get("/events", response_class=EventSourceResponse)
    async def events(page: Annotated[Page, Depends(), place]) -> AsyncIterator[int]:
        record("events")
        yield page.skip

    @router.post("/echo")
    async def echo(item: Item, page: Annotated[Page, Depends(), place]) -> AsyncIterator[Item]:
        yield item

    @router.get("/refused-lines", dependencies=[annotated(Depends(refuse), place)])
    async def never_lines() -> AsyncIterator[Item]:
        yield Item(name="never")

    @router.websocket("/socket")
    async def connect(
        websocket: WebSocket, page: Annotated[Page, Depends(), place], room: str
    ) -> None:
        record("connect")
        await websocket.accept()
        await websocket.send_text(f"{room} {page.skip}")
        await websocket.close()


REQUESTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", "/sync?skip=3", {"cookies": {"flavour": "sweet"}}),
    ("GET", "/sync?skip=three&limit=four", {}),
    ("GET", "/async/7?skip=1", {}),
    ("GET", "/async/seven", {}),
    ("POST", "/items?limit=2", {"json": {"name": "tea", "size": 2}}),
    ("POST", "/items", {"json": {"size": "large"}}),
    ("POST", "/items", {"content": b"{", "headers": {"content-type": "application/json"}}),
    ("POST", "/form", {"data": {"name": "tea", "size": "2"}}),
    ("GET", "/tasks", {}),
    ("GET", "/refused", {}),
    ("GET", "/failing", {}),
    ("GET", "/failing-async", {}),
    ("GET", "/unavailable", {}),
    ("GET", "/misshapen", {}),
    ("GET", "/callable?skip=5", {}),
    ("GET", "/lines/7?skip=2", {}),
    ("GET", "/lines/seven?skip=two", {}),
    ("GET", "/events?skip=2", {}),
    ("POST", "/echo", {"json": {"name": "tea", "size": 2}}),
    ("POST", "/echo", {"json": {"size": "large"}}),
    ("POST", "/echo", {"content": b"{", "headers": {"content-type": "application/json"}}),
    ("GET", "/refused-lines", {}),
    ("GET", "/nowhere", {}),
)


def ask_for_all(app: FastAPI) -> list[tuple[int, str]]:
    """What the app answers to each request, asked twice: a plan is compiled by the second."""
    answers: list[tuple[int, str]] = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for prefix in ("", "/included"):
            for method, path, options in (each for each in REQUESTS for _ in range(2)):
                client.cookies.clear()
                client.cookies.update(options.get("cookies", {}))
                rest = {name: value for name, value in options.items() if name != "cookies"}
                answer = client.request(method, prefix + path, **rest)
                answers.append((answer.status_code, answer.text))
            for query in ("?room=blue&skip=2", "?skip=two"):
                with (
                    suppress(Exception),
                    client.websocket_connect(f"{prefix}/socket{query}") as socket,
                ):
                    answers.append((101, socket.receive_text()))
    return answers


def difference(one: Any, other: Any, path: str = "") -> str | None:
    """Where two records differ first, `None` if they are equal. Theirs are long, and a whole
    comparison of them takes minutes to print."""
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            if found := difference(one.get(key), other.get(key), f"{path}.{key}"):
                return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other, strict=True)):
            if found := difference(*pair, f"{path}[{index}]"):
                return found
    return f"{path}: {one!r:.2000} | {other!r:.2000}"
