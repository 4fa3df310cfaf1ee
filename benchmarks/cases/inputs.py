"""Requests with much to read: headers, cookies, path, body, form."""

import json
from typing import Annotated, Any

from fastapi import Cookie, Depends, FastAPI, Form, Header
from pydantic import BaseModel

from benchmarks.cases.case import Case
from benchmarks.exchange import HTTPExchange


class Client:
    def __init__(
        self,
        x_request_id: Annotated[str, Header()],
        x_tenant: Annotated[str, Header()],
        x_region: Annotated[str, Header()],
        x_version: Annotated[int, Header()],
        x_debug: Annotated[bool, Header()] = False,
        x_priority: Annotated[int, Header()] = 0,
        x_missing: Annotated[str | None, Header()] = None,
        user_agent: Annotated[str | None, Header()] = None,
    ) -> None:
        self.payload = [x_request_id, x_tenant, x_region, x_version, x_debug, x_priority]
        self.agent = [x_missing, user_agent]


class Visitor:
    def __init__(
        self,
        session: Annotated[str, Cookie()],
        theme: Annotated[str, Cookie()],
        language: Annotated[str, Cookie()],
        visits: Annotated[int, Cookie()],
        tracking: Annotated[bool, Cookie()] = False,
        missing: Annotated[str | None, Cookie()] = None,
    ) -> None:
        self.payload = [session, theme, language, visits, tracking, missing]


class Place:
    def __init__(self, country: str, city: str, street: str, number: int) -> None:
        self.payload = [country, city, street, number]


class Item(BaseModel):
    name: str
    price: float
    tags: list[str] = []


class Order(BaseModel):
    customer: str
    items: list[Item]
    note: str | None = None


class Shipping:
    def __init__(self, express: bool = False) -> None:
        self.express = express


class Login:
    def __init__(
        self,
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        remember: Annotated[bool, Form()] = False,
    ) -> None:
        self.payload = [username, password, remember]


def _headers(app: FastAPI) -> None:
    @app.get("/headers", response_model=None)
    async def endpoint(client: Annotated[Client, Depends()]) -> Any:
        return {"client": client.payload, "agent": client.agent}


def _cookies(app: FastAPI) -> None:
    @app.get("/cookies", response_model=None)
    async def endpoint(visitor: Annotated[Visitor, Depends()]) -> Any:
        return {"visitor": visitor.payload}


def _path(app: FastAPI) -> None:
    @app.get("/{country}/{city}/{street}/{number}", response_model=None)
    async def endpoint(place: Annotated[Place, Depends()], number: int) -> Any:
        return {"place": place.payload, "number": number}


def _body(app: FastAPI) -> None:
    @app.post("/orders", response_model=None)
    async def endpoint(order: Order, shipping: Annotated[Shipping, Depends()]) -> Any:
        return {"lines": len(order.items), "express": shipping.express}


def _form(app: FastAPI) -> None:
    @app.post("/login", response_model=None)
    async def endpoint(login: Annotated[Login, Depends()]) -> Any:
        return {"login": login.payload}


_HEADERS = {
    "x-request-id": "c0ffee",
    "x-tenant": "blue",
    "x-region": "north",
    "x-version": "3",
    "x-debug": "true",
    "x-priority": "7",
}
_COOKIES = "session=c0ffee; theme=dark; language=en; visits=12; tracking=false"
_ORDER = {
    "customer": "blue",
    "items": [{"name": f"item {n}", "price": n + 0.5, "tags": ["a", "b"]} for n in range(20)],
}

CASES = (
    Case(
        "headers",
        "eight headers",
        HTTPExchange("/headers", headers=tuple(_HEADERS.items())),
        _headers,
    ),
    Case(
        "cookies",
        "six cookies",
        HTTPExchange("/cookies", headers=(("cookie", _COOKIES),)),
        _cookies,
    ),
    Case("path", "five path parameters", HTTPExchange("/fi/oulu/kirkkokatu/12"), _path),
    Case(
        "body",
        "JSON body, a model of twenty models",
        HTTPExchange(
            "/orders",
            "express=true",
            method="POST",
            headers=(("content-type", "application/json"),),
            body=json.dumps(_ORDER).encode(),
        ),
        _body,
    ),
    Case(
        "form",
        "a form of three fields",
        HTTPExchange(
            "/login",
            method="POST",
            headers=(("content-type", "application/x-www-form-urlencoded"),),
            body=b"username=blue&password=secret&remember=true",
        ),
        _form,
    ),
)
