"""The application: its routers, and what lives as long as it does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from catalogue import account, products, reports
from catalogue.database import Database
from catalogue.names import NameIndex
from catalogue.prices import PriceFeed
from catalogue.settings import Settings
from fastapi_fastdeps import FastDepsAPI


def create_app(
    settings: Settings | None = None, *, app_class: type[FastAPI] = FastDepsAPI
) -> FastAPI:
    """The routers are FastAPI's own: what the app includes, its classifier decides about."""
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


app = create_app()
