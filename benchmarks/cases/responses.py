"""What is large, read from a file, wrong, or sent in parts."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, File, Form, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from benchmarks.cases.case import Case
from benchmarks.exchange import HTTPExchange, StreamExchange


class Tag(BaseModel):
    name: str
    weight: int


class Item(BaseModel):
    name: str
    price: float
    tags: list[Tag] = []


class Line(BaseModel):
    name: str = Field(min_length=1)
    price: float
    tags: list[str] = []


class Order(BaseModel):
    customer: str
    lines: list[Line]


class Page:
    def __init__(self, skip: int = 0, limit: int = 100) -> None:
        self.skip = skip
        self.limit = limit


_ITEMS = [
    Item(name=f"item {n}", price=n + 0.5, tags=[Tag(name="a", weight=n), Tag(name="b", weight=1)])
    for n in range(100)
]
_CHUNKS = [f"part {number}\n".encode() for number in range(20)]


def _models(app: FastAPI) -> None:
    @app.get("/items")
    async def endpoint(page: Annotated[Page, Depends()]) -> list[Item]:
        return _ITEMS[page.skip : page.skip + page.limit]


def _order(app: FastAPI) -> None:
    @app.post("/orders", response_model=None)
    async def endpoint(order: Order, page: Annotated[Page, Depends()]) -> Any:
        return {"lines": len(order.lines), "skip": page.skip}


def _file(app: FastAPI) -> None:
    @app.post("/files", response_model=None)
    async def endpoint(
        title: Annotated[str, Form()],
        file: Annotated[UploadFile, File()],
        page: Annotated[Page, Depends()],
    ) -> Any:
        return {"title": title, "bytes": len(await file.read()), "skip": page.skip}


def _stream(app: FastAPI) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for chunk in _CHUNKS:
            yield chunk

    @app.get("/stream", response_model=None)
    async def endpoint(page: Annotated[Page, Depends()]) -> StreamingResponse:
        return StreamingResponse(parts(), headers={"x-skip": str(page.skip)})


def _yielded(app: FastAPI) -> None:
    @app.get("/stream")
    def endpoint(page: Annotated[Page, Depends()]) -> Iterator[Tag]:
        for number in range(page.limit):
            yield Tag(name="a", weight=number + page.skip)


def _posted(path: str, content: Any, status: int = 200) -> HTTPExchange:
    return HTTPExchange(
        path,
        method="POST",
        headers=(("content-type", "application/json"),),
        body=json.dumps(content).encode(),
        status=status,
    )


_LINES = [
    {"name": f"line {number} {'x' * 60}", "price": number + 0.5, "tags": ["a", "b", "c"]}
    for number in range(800)
]
_WRONG = [{"name": "", "price": "dear"}, {"price": 1}]
_BOUNDARY = "of-the-parts"
_MULTIPART = (
    f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="title"\r\n\r\na file\r\n'
    f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n'
    f"content-type: text/plain\r\n\r\n{'text ' * 2000}\r\n--{_BOUNDARY}--\r\n"
)

CASES = (
    Case("models", "a list of a hundred models", HTTPExchange("/items"), _models),
    Case(
        "large-body",
        "a JSON body of 100 KB",
        _posted("/orders", {"customer": "blue", "lines": _LINES}),
        _order,
    ),
    Case(
        "invalid-body",
        "four errors in a body and the query (422)",
        HTTPExchange(
            "/orders",
            "skip=three",
            method="POST",
            headers=(("content-type", "application/json"),),
            body=json.dumps({"customer": "blue", "lines": _WRONG}).encode(),
            status=422,
        ),
        _order,
    ),
    Case(
        "file",
        "a form with a file of 10 KB",
        HTTPExchange(
            "/files",
            method="POST",
            headers=(("content-type", f"multipart/form-data; boundary={_BOUNDARY}"),),
            body=_MULTIPART.encode(),
        ),
        _file,
    ),
    Case("stream", "a response in twenty parts", StreamExchange("/stream"), _stream),
    Case(
        "yielded",
        "twenty models, yielded by a sync endpoint",
        StreamExchange("/stream", "limit=20"),
        _yielded,
    ),
)
