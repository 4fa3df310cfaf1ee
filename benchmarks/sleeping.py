"""Endpoints that sleep, as coroutines and in threads: what a pool of 40 threads means."""

import asyncio
import time
from typing import Annotated, Any

from fastapi import Depends, FastAPI

from benchmarks.exchange import HTTPExchange
from benchmarks.results import Sleeping

REQUESTS = (20, 40, 80, 120)


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


def _stock(sleep: float) -> FastAPI:
    app = FastAPI()
    _declare(app, sleep)
    return app


def _fastdeps(sleep: float) -> FastAPI:
    from fastapi_fastdeps import FastDepsAPI, all_classes

    app = FastDepsAPI(classifier=all_classes)
    _declare(app, sleep)
    return app


def _declare(app: FastAPI, sleep: float) -> None:
    @app.get("/async")
    async def asleep() -> dict[str, str]:
        await asyncio.sleep(sleep)
        return {"slept": "on the loop"}

    @app.get("/sync")
    def blocked() -> dict[str, str]:
        time.sleep(sleep)
        return {"slept": "in a thread"}

    @app.get("/page")
    async def page(page: Annotated[Page, Depends()]) -> dict[str, int]:
        return {"skip": page.skip}


async def measure_sleeping(sleep: float) -> list[Sleeping]:
    """The experiment, and a page that is asked for while the pool is full of sleepers."""
    measured = []
    for key, app in (("stock", _stock(sleep)), ("fast", _fastdeps(sleep))):
        await HTTPExchange("/page").answer(app)
        for requests in REQUESTS:
            for endpoint in ("/async", "/sync"):
                measured.append(await _measure(key, app, endpoint, requests, sleep))
        measured.append(await _page_beside_sleepers(key, app, sleep))
    return measured


async def _measure(key: str, app: Any, endpoint: str, requests: int, sleep: float) -> Sleeping:
    exchange = HTTPExchange(endpoint)
    started = time.perf_counter()
    await asyncio.gather(*(exchange.run(app, 1) for _ in range(requests)))
    return Sleeping(key, endpoint, requests, sleep, time.perf_counter() - started)


async def _page_beside_sleepers(key: str, app: Any, sleep: float) -> Sleeping:
    requests = REQUESTS[-1]
    sleepers = [asyncio.create_task(HTTPExchange("/sync").run(app, 1)) for _ in range(requests)]
    await asyncio.sleep(sleep / 10)
    started = time.perf_counter()
    await HTTPExchange("/page").run(app, 1)
    took = time.perf_counter() - started
    await asyncio.gather(*sleepers)
    return Sleeping(key, "/page", requests, sleep, took)
