"""Services of three levels, each made once per request, two of them closed at its end.

The graph is that of the comparison that wireup publishes: everything depends on the first,
one is a context manager, one an asynchronous one. Beside it the same, wired by hand.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI

from benchmarks.cases.case import Case, declared
from benchmarks.exchange import HTTPExchange


@dataclass(frozen=True)
class Settings:
    pass


@dataclass(frozen=True)
class Storage:
    settings: Settings


@dataclass(frozen=True)
class Users:
    settings: Settings
    storage: Storage


@dataclass(frozen=True)
class Orders:
    settings: Settings
    storage: Storage
    users: Users


@dataclass(frozen=True)
class Shop:
    settings: Settings
    storage: Storage
    users: Users
    orders: Orders


@dataclass(frozen=True)
class Session:
    settings: Settings
    storage: Storage


@dataclass(frozen=True)
class Mailer:
    users: Users
    orders: Orders


async def get_settings() -> Settings:
    return Settings()


async def get_storage(settings: Annotated[Settings, Depends(get_settings)]) -> Storage:
    return Storage(settings)


async def get_users(
    settings: Annotated[Settings, Depends(get_settings)],
    storage: Annotated[Storage, Depends(get_storage)],
) -> Users:
    return Users(settings, storage)


async def get_orders(
    settings: Annotated[Settings, Depends(get_settings)],
    storage: Annotated[Storage, Depends(get_storage)],
    users: Annotated[Users, Depends(get_users)],
) -> Orders:
    return Orders(settings, storage, users)


async def get_shop(
    settings: Annotated[Settings, Depends(get_settings)],
    storage: Annotated[Storage, Depends(get_storage)],
    users: Annotated[Users, Depends(get_users)],
    orders: Annotated[Orders, Depends(get_orders)],
) -> Shop:
    return Shop(settings, storage, users, orders)


def get_session(
    settings: Annotated[Settings, Depends(get_settings)],
    storage: Annotated[Storage, Depends(get_storage)],
) -> Iterator[Session]:
    yield Session(settings, storage)


async def get_mailer(
    users: Annotated[Users, Depends(get_users)], orders: Annotated[Orders, Depends(get_orders)]
) -> AsyncIterator[Mailer]:
    yield Mailer(users, orders)


def scoped(app: FastAPI) -> None:
    @app.get("/scoped")
    async def endpoint(
        settings: Annotated[Settings, Depends(get_settings)],
        again: Annotated[Settings, Depends(get_settings)],
        storage: Annotated[Storage, Depends(get_storage)],
        users: Annotated[Users, Depends(get_users)],
        orders: Annotated[Orders, Depends(get_orders)],
        shop: Annotated[Shop, Depends(get_shop)],
        session: Annotated[Session, Depends(get_session)],
        mailer: Annotated[Mailer, Depends(get_mailer)],
    ) -> dict[str, bool]:
        same = settings is again and shop.users is users
        return _told(same, shop.orders is orders, session.storage is storage, mailer)


_opened = contextmanager(get_session)
_opened_async = asynccontextmanager(get_mailer)


def _by_hand(app: FastAPI) -> None:
    @app.get("/scoped")
    async def endpoint() -> dict[str, bool]:
        settings = Settings()
        storage = Storage(settings)
        users = Users(settings, storage)
        orders = Orders(settings, storage, users)
        shop = Shop(settings, storage, users, orders)
        with _opened(settings, storage) as session:
            async with _opened_async(users, orders) as mailer:
                same = shop.settings is settings and shop.users is users
                return _told(same, shop.orders is orders, session.storage is storage, mailer)


def _told(settings: bool, orders: bool, storage: bool, mailer: Mailer) -> dict[str, bool]:
    return {
        "settings": settings,
        "orders": orders,
        "storage": storage,
        "mailer": type(mailer) is Mailer,
    }


CASES = (
    Case(
        "scoped-graph",
        "seven services, one of each per request",
        HTTPExchange("/scoped"),
        scoped,
        {"by-hand": declared(_by_hand)},
    ),
)
