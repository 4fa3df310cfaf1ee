"""The same program on FastAPI and on FastDepsAPI: nobody can tell them apart."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
)
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer, SecurityScopes
from fastapi.testclient import TestClient
from pydantic import BaseModel, field_validator

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter
from tests.harness.hops import everything

pytestmark = pytest.mark.usefixtures("both_lanes")

Program = Callable[[FastAPI, APIRouter], None]
Exchange = tuple[int, list[tuple[str, str]], bytes]

KINDS = ["unmarked", "inline"]


def stock_app(program: Program) -> FastAPI:
    app, router = FastAPI(title="shop"), APIRouter(prefix="/router")
    program(app, router)
    app.include_router(router)
    return app


def fastdeps_app(program: Program, kind: str) -> FastAPI:
    app = FastDepsAPI(title="shop", classifier=everything if kind == "inline" else None)
    router = FastDepsRouter(prefix="/router")
    program(app, router)
    app.include_router(router)
    return app


def exchanges(app: FastAPI, requests: list[dict[str, Any]]) -> list[Exchange]:
    client = TestClient(app, raise_server_exceptions=False)
    answers = []
    for request in requests:
        response = client.request(**{"method": "GET", "url": "/"} | request)
        answers.append((response.status_code, sorted(response.headers.items()), response.content))
    return answers


class Item(BaseModel):
    name: str
    price: float = 1.0

    @field_validator("price")
    @classmethod
    def positive(cls, price: float) -> float:
        if price <= 0:
            raise ValueError("not positive")
        return price


class Filter:
    def __init__(self, q: Annotated[str, Query(min_length=2)], limit: int = 10) -> None:
        self.shown = f"{q} {limit}"


def nested(filters: Annotated[Filter, Depends()], x_token: Annotated[int, Header()]) -> str:
    return f"{filters.shown} {x_token}"


api_key = APIKeyHeader(name="x-key")
oauth2 = OAuth2PasswordBearer("token", scopes={"read": "Reads", "write": "Writes"})


def user(required: SecurityScopes, token: Annotated[str, Depends(oauth2)]) -> list[str]:
    if token == "bad":
        raise HTTPException(401, "bad token", {"WWW-Authenticate": required.scope_str})
    return [*required.scopes, token]


def shop(app: FastAPI, router: APIRouter) -> None:
    for target in (app, router):

        @target.get("/query")
        def query(
            filters: Annotated[Filter, Depends()],
            nested: Annotated[str, Depends(nested)],
            session: Annotated[int, Cookie()],
            tags: Annotated[list[int], Query()] = [],  # noqa: B006
        ) -> dict[str, Any]:
            return {"filters": filters.shown, "nested": nested, "session": session, "tags": tags}

        @target.get("/all/{path}")
        def everywhere(
            x_head: Annotated[int, Header()],
            cook: Annotated[int, Cookie()],
            query: int,
            path: int,
        ) -> list[int]:
            return [x_head, cook, query, path]

        @target.get("/items/{item}", response_model=Item)
        def item(item: int, kind: Literal["good", "bad"] = "good") -> Any:
            return {"name": f"item {item}", "price": 2 if kind == "good" else "high"}

        @target.post("/items", status_code=201, response_model_exclude_defaults=True)
        def create(item: Item, note: Annotated[str, Body()] = "none") -> Item:
            return item

        @target.post("/form")
        def form(name: Annotated[str, Form()], upload: Annotated[UploadFile, File()]) -> list[Any]:
            return [name, upload.filename, upload.file.read().decode()]

        @target.get("/security")
        def security(
            user: Annotated[list[str], Security(user, scopes=["read"])],
            writer: Annotated[list[str], Security(user, scopes=["write"])],
            key: Annotated[str, Security(api_key)],
        ) -> list[Any]:
            return [user, writer, key]

        @target.get("/response")
        def respond(response: Response, tasks: BackgroundTasks) -> dict[str, str]:
            response.headers["x-own"] = "own"
            response.set_cookie("a", "b")
            response.status_code = 202
            return {"own": "body"}

        @target.get("/raw")
        def raw() -> Response:
            return Response("raw", 203, {"x-raw": "raw"})

        @target.get("/nothing", status_code=204)
        def nothing() -> None: ...

        @target.get("/teapot")
        def teapot() -> None:
            raise HTTPException(418, {"kind": "teapot"})

        @target.get("/crash")
        def crash() -> None:
            raise LookupError("crash")


PARTS: list[dict[str, Any]] = [
    {
        "url": "/query?q=abc&limit=3&tags=1&tags=2",
        "headers": {"x-token": "4"},
        "cookies": {"session": "5"},
    },
    {"url": "/query"},
    {"url": "/query?q=a&limit=none&tags=one", "headers": {"x-token": "none"}},
    {"url": "/query?q=abc", "headers": {"x-token": "none"}, "cookies": {"session": "none"}},
    {"url": "/all/a"},
    {"url": "/all/a?query=b", "headers": {"x-head": "c"}, "cookies": {"cook": "d"}},
    {"url": "/all/1?query=2", "headers": {"x-head": "3"}, "cookies": {"cook": "4"}},
    {"url": "/items/1"},
    {"url": "/items/one"},
    {"url": "/items/one?kind=other"},
    {"url": "/items/1?kind=bad"},
    {"method": "POST", "url": "/items", "json": {"item": {"name": "a", "price": 2}}},
    {"method": "POST", "url": "/items", "json": {"item": {"price": -1}, "note": 3}},
    {"method": "POST", "url": "/items", "json": [1]},
    {"method": "POST", "url": "/items"},
    {
        "method": "POST",
        "url": "/items",
        "content": "{broken",
        "headers": {"content-type": "application/json"},
    },
    {"method": "POST", "url": "/items", "content": "{}", "headers": {"content-type": "text/plain"}},
    {"method": "POST", "url": "/form", "data": {"name": "n"}, "files": {"upload": ("f", b"text")}},
    {"method": "POST", "url": "/form", "data": {"name": ""}},
    {"url": "/security", "headers": {"authorization": "Bearer good", "x-key": "key"}},
    {"url": "/security", "headers": {"authorization": "Bearer bad", "x-key": "key"}},
    {"url": "/security", "headers": {"x-key": "key"}},
    {"url": "/security", "headers": {"authorization": "Bearer good"}},
    {"url": "/response"},
    {"url": "/raw"},
    {"url": "/nothing"},
    {"url": "/teapot"},
    {"url": "/crash"},
    {"url": "/nowhere"},
    {"method": "DELETE", "url": "/query"},
]
REQUESTS = [part | {"url": prefix + part["url"]} for prefix in ("", "/router") for part in PARTS]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
def test_responses_and_errors_are_fastapis_in_their_order(kind: str) -> None:
    stock = exchanges(stock_app(shop), REQUESTS)
    fastdeps = exchanges(fastdeps_app(shop, kind), REQUESTS)
    assert {answer[0] for answer in stock} >= {200, 201, 202, 203, 204, 401, 404, 405, 418, 422}
    for request, expected, answer in zip(REQUESTS, stock, fastdeps, strict=True):
        assert answer == expected, request


@pytest.mark.parametrize("kind", KINDS)
def test_openapi_is_fastapis_byte_for_byte(kind: str) -> None:
    stock = TestClient(stock_app(shop)).get("/openapi.json").content
    assert TestClient(fastdeps_app(shop, kind)).get("/openapi.json").content == stock


@pytest.mark.parametrize("kind", KINDS)
def test_a_response_that_does_not_validate_raises_what_fastapi_raises(kind: str) -> None:
    raised = []
    for app in (stock_app(shop), fastdeps_app(shop, kind)):
        for path in ("/items/1?kind=bad", "/router/items/1?kind=bad"):
            with pytest.raises(Exception) as error:  # noqa: PT011 - the type is compared
                TestClient(app).get(path)
            raised.append((type(error.value), str(error.value)))
    assert raised[0] == raised[2]
    assert raised[1] == raised[3]
    assert "test_is_fastapi.py" in raised[0][1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_is_shared_by_all_who_use_the_cache_and_by_no_one_else(kind: str) -> None:
    def program(app: FastAPI, router: APIRouter) -> None:
        counter = iter(range(100))

        def number() -> int:
            return next(counter)

        def first(number: Annotated[int, Depends(number)]) -> int:
            return number

        def second(
            number: Annotated[int, Depends(number)],
            own: Annotated[int, Depends(number, use_cache=False)],
        ) -> list[int]:
            return [number, own]

        for target in (app, router):

            @target.get("/")
            def read(
                first: Annotated[int, Depends(first)],
                second: Annotated[list[int], Depends(second)],
                number: Annotated[int, Depends(number)],
                own: Annotated[int, Depends(number, use_cache=False)],
                again: Annotated[list[int], Depends(second)],
            ) -> list[Any]:
                return [first, second, number, own, again]

    requests = [{"url": "/"}, {"url": "/router/"}, {"url": "/"}]
    stock = exchanges(stock_app(program), requests)
    assert [answer[2] for answer in stock] == [
        b"[0,[0,1],0,2,[0,1]]",
        b"[4,[4,5],4,6,[4,5]]",
        b"[8,[8,9],8,10,[8,9]]",
    ]
    assert exchanges(fastdeps_app(program, kind), requests) == stock


@pytest.mark.parametrize("kind", KINDS)
def test_the_request_scope_holds_what_fastapi_puts_there(kind: str) -> None:
    def program(app: FastAPI, router: APIRouter) -> None:
        def scope(request: Request) -> dict[str, str]:
            names = ("endpoint", "route", "router", "app", "path_params", "path", "root_path")
            held = {name: scope_item(request.scope[name]) for name in names}
            fastapi = sorted(request.scope["fastapi"]) if "fastapi" in request.scope else []
            return held | {"names": str(sorted(request.scope)), "fastapi": str(fastapi)}

        def scope_item(value: Any) -> str:
            if value is read:
                return "the endpoint"
            call = getattr(getattr(value, "dependant", None), "call", None)
            if call is not None:
                assert value.endpoint is call is read
                assert [each.call for each in value.dependant.dependencies] == [scope]
                return f"the route {value.path}"
            return "an object" if hasattr(value, "__dict__") else repr(value)

        def read(held: Annotated[dict[str, str], Depends(scope)], item: int) -> dict[str, str]:
            return held

        app.get("/{item}")(read)
        router.get("/{item}")(read)

    requests = [{"url": "/1"}, {"url": "/router/2"}]
    stock = exchanges(stock_app(program), requests)
    assert [answer[0] for answer in stock] == [200, 200]
    assert exchanges(fastdeps_app(program, kind), requests) == stock


@pytest.mark.parametrize("kind", KINDS)
def test_routes_show_the_users_callables(kind: str) -> None:
    app = fastdeps_app(shop, kind)
    routes: dict[str, Any] = {getattr(route, "path", ""): route for route in app.router.routes}
    route = routes["/query"]
    assert route.dependant.call is route.endpoint
    assert [each.call for each in route.dependant.dependencies] == [Filter, nested]


@pytest.mark.parametrize("kind", KINDS)
def test_urls_are_built_by_name(kind: str) -> None:
    for app in (stock_app(shop), fastdeps_app(shop, kind)):
        assert app.url_path_for("item", item=3) == "/items/3"


@pytest.mark.parametrize("kind", KINDS)
def test_overrides_are_found_by_the_original_callable(kind: str) -> None:
    def fake_filter(fake: str) -> str:
        return fake

    def fake_session() -> Iterator[str]:
        yield "fake session"

    def session() -> str:
        raise AssertionError("not overridden")

    def program(app: FastAPI, router: APIRouter) -> None:
        for target in (app, router):

            @target.get("/")
            def read(
                filters: Annotated[Filter, Depends()], session: Annotated[str, Depends(session)]
            ) -> list[Any]:
                return [filters, session]

        app.dependency_overrides |= {Filter: fake_filter, session: fake_session}

    requests = [{"url": "/?fake=a"}, {"url": "/router/?fake=b"}, {"url": "/"}]
    stock = exchanges(stock_app(program), requests)
    assert [answer[2] for answer in stock[:2]] == [b'["a","fake session"]', b'["b","fake session"]']
    assert exchanges(fastdeps_app(program, kind), requests) == stock
