"""The application, built on whichever class it is given."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from typing import TypeVar

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from benchmarks.catalogue import account, products, reports
from benchmarks.catalogue.database import Database
from benchmarks.catalogue.names import NameIndex
from benchmarks.catalogue.prices import PriceFeed
from benchmarks.catalogue.settings import Settings

AppT = TypeVar("AppT", bound=FastAPI)


def create_app(app_class: type[AppT], settings: Settings | None = None) -> AppT:
    """The routers are FastAPI's own, and shared: the app that includes them decides."""
    app = app_class(title="Catalogue", lifespan=_lifespan)
    app.state.settings = settings or Settings.from_environment()
    for module in (account, products, reports):
        app.include_router(module.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    with closing(Database(app.state.settings.database)) as database:
        app.state.database = database
        app.state.prices = PriceFeed()
        app.state.names = await run_in_threadpool(_prepare, database)
        yield


def _prepare(database: Database) -> NameIndex:
    database.prepare()
    connection = database.borrow()
    names = NameIndex(connection)
    database.give_back(connection)
    return names
