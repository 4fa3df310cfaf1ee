"""A 422 is what FastAPI's own exception handler answers, made with less."""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any
from unittest import mock

import fastapi.encoders
import pytest
from fastapi import Body, Depends, FastAPI, Header, Query, Request, exception_handlers
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.testclient import TestClient
from pydantic import AfterValidator, BaseModel

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.names import fast_lane
from fastapi_fastdeps._serving import invalid
from tests.harness.hops import everything


class Item(BaseModel):
    name: str
    price: Annotated[float, "price"] = 0


class Page:
    def __init__(
        self,
        skip: int,
        limit: Annotated[int, Query(le=10)] = 5,
        tags: Annotated[list[int] | None, Query()] = None,
        agent: Annotated[int, Header()] = 1,
    ) -> None:
        self.skip = skip


def odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError(Decimal(value))
    return value


def declare(app: FastAPI) -> FastAPI:
    @app.post("/{number}")
    def post(
        number: Annotated[int, AfterValidator(odd)],
        page: Annotated[Page, Depends()],
        again: Annotated[Page, Depends(Page, use_cache=False)],
        item: Item,
        extra: Annotated[dict[str, Any], Body()],
    ) -> Any:
        return number

    @app.put("/")
    def put(item: Item, page: Annotated[Page, Depends()]) -> Any:
        return item

    return app


ASKED: list[tuple[str, str, Any]] = [
    ("POST", "/x?skip=a&limit=11&tags=1&tags=b", {"item": {"name": 1}, "extra": []}),
    ("POST", "/2?skip=1", {"item": {"name": "a"}, "extra": {"a": [1, {"b": None}]}}),
    ("POST", "/3?limit=x", None),
    ("PUT", "/", {"name": ["a", {"b": 1.5}], "price": "é"}),
    ("PUT", "/?skip=%ff", [1]),
    ("PUT", "/?skip=1&tags=", {"price": {}}),
]


def answers(app: FastAPI) -> list[Any]:
    client = TestClient(app, raise_server_exceptions=False)
    found: list[Any] = []
    for method, path, body in ASKED:
        for _ in range(3):
            response = client.request(method, path, json=body, headers={"agent": "z"})
            found.append((response.status_code, response.content, response.headers.multi_items()))
    return found


@pytest.mark.parametrize("inline", [False, True])
def test_every_error_is_answered_as_by_fastapi(inline: bool) -> None:
    expected = answers(declare(FastAPI()))
    assert {status for status, *_ in expected} == {422}
    assert answers(declare(FastDepsAPI(classifier=everything if inline else None))) == expected


def text(request: Request, error: Any) -> PlainTextResponse:
    return PlainTextResponse(str(error.errors()), 400)


def handled_by_a_status(app: FastAPI) -> None:
    app.add_exception_handler(422, text)


def handled_by_its_class(app: FastAPI) -> None:
    app.add_exception_handler(RequestValidationError, text)


def handled_by_fastapis_again(app: FastAPI) -> None:
    handler: Any = exception_handlers.request_validation_exception_handler
    app.add_exception_handler(RequestValidationError, handler)


@pytest.mark.parametrize(
    "change", [handled_by_a_status, handled_by_its_class, handled_by_fastapis_again]
)
def test_the_handler_in_force_answers(change: Callable[[FastAPI], None]) -> None:
    found: list[Any] = []
    for make in (FastAPI, FastDepsAPI):
        app = declare(make())
        change(app)
        found.append(answers(app))
    assert found[0] == found[1]


def another(value: object, **_: object) -> str:
    return "another"


class Rendered(JSONResponse):
    def render(self, content: object) -> bytes:
        return b'"rendered"'


@pytest.mark.parametrize(
    ("holder", "name", "replacement"),
    [
        (exception_handlers, "jsonable_encoder", another),
        (exception_handlers, "JSONResponse", Rendered),
        (fastapi.encoders, "jsonable_encoder", another),
        (JSONResponse, "render", Rendered.render),
    ],
)
def test_what_is_replaced_makes_the_answer(holder: Any, name: str, replacement: Any) -> None:
    apps = declare(FastAPI()), declare(FastDepsAPI())
    before = [answers(app) for app in apps]
    with mock.patch.object(holder, name, replacement):
        expected, found = (answers(app) for app in apps)
    assert found == expected != before[0] == before[1]


@pytest.mark.skipif(not fast_lane, reason="FastAPI answers")
def test_errors_that_are_plain_data_need_no_encoder() -> None:
    with mock.patch.object(invalid, "jsonable_encoder", wraps=invalid.jsonable_encoder) as encode:
        exception = exception_handlers.jsonable_encoder
        with mock.patch.object(exception_handlers, "jsonable_encoder", encode):
            assert exception is not encode
            client = TestClient(declare(FastDepsAPI()))
            assert client.put("/", json={}).status_code == 422
            assert encode.call_count == 0
            assert client.post("/2?skip=1", json={}).status_code == 422
            assert encode.call_count == 1
