"""Everything that `FastAPI(...)` takes, and a classifier."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import assert_type

from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsRouter,
    all_classes,
    default_classifier,
    first_match,
)


@asynccontextmanager
async def any_lifespan(app: FastAPI) -> AsyncGenerator[None]:
    app.title += "!"
    yield


class Shop(FastDepsAPI):
    currency = "EUR"


@asynccontextmanager
async def shop_lifespan(app: Shop) -> AsyncGenerator[None]:
    app.currency = "USD"
    yield


app = FastDepsAPI(
    title="shop",
    openapi_url=None,
    default_response_class=PlainTextResponse,
    lifespan=any_lifespan,
    max_body_size=1_000_000,
    form_limits={"max_files": 3},
    classifier=first_match(default_classifier, all_classes),
    fuse_visits=False,
    limiters={"db": 20},
    thread_tokens=100,
)
assert_type(app, FastDepsAPI)
assert_type(app.title, str)

stock: FastAPI = app
app.mount("/inner", FastDepsAPI(classifier=None))
app.include_router(FastDepsRouter())

shop = Shop(classifier=all_classes, lifespan=shop_lifespan)
assert_type(shop, Shop)

FastDepsAPI(title=3)  # error: argument-type
FastDepsAPI(openapi_tags=["items"])  # error: argument-type
FastDepsAPI(lifespan=shop_lifespan)  # error: argument-type
FastDepsAPI(form_limits={"max_pages": 3})  # error: typed-dict-key
FastDepsAPI(tittle="shop")  # error: unknown-argument
FastDepsAPI(clasifier=all_classes)  # error: unknown-argument
FastDepsAPI(classifier=True)  # error: argument-type
FastDepsAPI(limiters="db")  # error: argument-type
FastDepsAPI(classifier="inline")  # error: argument-type
FastDepsAPI("shop")  # error: positional-argument
Shop(clasifier=all_classes)  # error: unknown-argument
