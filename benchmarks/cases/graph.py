"""Services over repositories over a session: what real applications inject."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI

from benchmarks.cases.case import Case, declared
from benchmarks.exchange import HTTPExchange


class Session:
    def __init__(self) -> None:
        self.reads = 0

    def get(self, kind: str, key: int) -> dict[str, Any]:
        self.reads += 1
        return {"kind": kind, "key": key}


async def session() -> AsyncIterator[Session]:
    opened = Session()
    try:
        yield opened
    finally:
        opened.reads = 0


@dataclass
class Users:
    session: Annotated[Session, Depends(session)]


@dataclass
class Orders:
    session: Annotated[Session, Depends(session)]


@dataclass
class Accounts:
    users: Annotated[Users, Depends()]


@dataclass
class Sales:
    orders: Annotated[Orders, Depends()]
    users: Annotated[Users, Depends()]


@dataclass
class Shop:
    accounts: Annotated[Accounts, Depends()]
    sales: Annotated[Sales, Depends()]


async def user(accounts: Annotated[Accounts, Depends()]) -> dict[str, Any]:
    return accounts.users.session.get("user", 1)


async def order(sales: Annotated[Sales, Depends()]) -> dict[str, Any]:
    return sales.orders.session.get("order", 2)


def service_graph(app: FastAPI) -> None:
    @app.get("/graph", response_model=None)
    async def endpoint(
        shop: Annotated[Shop, Depends()],
        user: Annotated[dict[str, Any], Depends(user)],
        order: Annotated[dict[str, Any], Depends(order)],
    ) -> Any:
        return {"user": user, "order": order, "name": type(shop).__name__}


async def _users(session: Annotated[Session, Depends(session)]) -> Users:
    return Users(session)


async def _orders(session: Annotated[Session, Depends(session)]) -> Orders:
    return Orders(session)


async def _accounts(users: Annotated[Users, Depends(_users)]) -> Accounts:
    return Accounts(users)


async def _sales(
    orders: Annotated[Orders, Depends(_orders)], users: Annotated[Users, Depends(_users)]
) -> Sales:
    return Sales(orders, users)


async def _shop(
    accounts: Annotated[Accounts, Depends(_accounts)], sales: Annotated[Sales, Depends(_sales)]
) -> Shop:
    return Shop(accounts, sales)


async def _user(accounts: Annotated[Accounts, Depends(_accounts)]) -> dict[str, Any]:
    return accounts.users.session.get("user", 1)


async def _order(sales: Annotated[Sales, Depends(_sales)]) -> dict[str, Any]:
    return sales.orders.session.get("order", 2)


def _wrapped(app: FastAPI) -> None:
    @app.get("/graph", response_model=None)
    async def endpoint(
        shop: Annotated[Shop, Depends(_shop)],
        user: Annotated[dict[str, Any], Depends(_user)],
        order: Annotated[dict[str, Any], Depends(_order)],
    ) -> Any:
        return {"user": user, "order": order, "name": type(shop).__name__}


CASES = (
    Case(
        "service-graph",
        "services, repositories, a session",
        HTTPExchange("/graph"),
        service_graph,
        {"wrappers": declared(_wrapped)},
    ),
)
