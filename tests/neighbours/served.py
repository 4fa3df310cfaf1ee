"""What servers are given to serve: the shop, of either class, and what asks about the server."""

import os
from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, FastAPI

from fastapi_fastdeps import FastDepsAPI, inline
from tests.neighbours.shop import AppClass, Page, make_shop, place


@inline
def inline_stream(page: Annotated[Page, Depends()]) -> Iterator[str]:
    for _ in range(3):
        yield place()


def threaded_stream(page: Annotated[Page, Depends()]) -> Iterator[str]:
    for _ in range(3):
        yield place()


@inline
def process() -> int:
    return os.getpid()


def make_served(app_class: AppClass) -> FastAPI:
    app = make_shop(app_class)
    app.get("/stream/inline")(inline_stream)
    app.get("/stream/threaded")(threaded_stream)
    app.get("/process")(process)
    return app


stock = make_served(FastAPI)
fastdeps = make_served(FastDepsAPI)
