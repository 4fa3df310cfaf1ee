"""Two pools of threads, one of them saturated: what that costs who waits for the other."""

import asyncio
import time
from typing import Any

from fastapi import FastAPI

from benchmarks.exchange import HTTPExchange
from benchmarks.results import Pools

SLEEPERS = 200
TOKENS = 20


def _declare(app: FastAPI, sleep: float, slow_mark: Any, quick_mark: Any) -> None:
    @app.get("/slow")
    @slow_mark
    def slow() -> None:
        time.sleep(sleep)

    @app.get("/quick")
    @quick_mark
    def quick() -> int:
        return 1


def _stock(sleep: float) -> FastAPI:
    app = FastAPI()
    _declare(app, sleep, lambda call: call, lambda call: call)
    return app


def _fastdeps(sleep: float) -> FastAPI:
    from fastapi_fastdeps import FastDepsAPI, threaded

    app = FastDepsAPI(limiters={"slow": TOKENS, "quick": TOKENS})
    _declare(app, sleep, threaded(limiter="slow"), threaded(limiter="quick"))
    return app


async def measure_pools(rounds: int, seconds: float, sleep: float) -> list[Pools]:
    """The 99th percentile of what goes to the one pool, in rounds of some seconds, while nothing
    and while `SLEEPERS` requests at once wait for the other."""
    measured = []
    for key, app in (("stock", _stock(sleep)), ("fast", _fastdeps(sleep))):
        for _ in range(2):
            await HTTPExchange("/quick").answer(app)
            await HTTPExchange("/slow").answer(app)
        idle, saturated = list[float](), list[float]()
        for _ in range(rounds):
            idle.append(await _p99(app, seconds))
            async with asyncio.TaskGroup() as tasks:
                is_over = asyncio.Event()
                for _ in range(SLEEPERS):
                    tasks.create_task(_sleep_until(is_over, app))
                await asyncio.sleep(sleep / 2)
                saturated.append(await _p99(app, seconds))
                is_over.set()
        measured.append(Pools(key, sleep, idle, saturated))
    return measured


async def _sleep_until(is_over: asyncio.Event, app: Any) -> None:
    exchange = HTTPExchange("/slow")
    while not is_over.is_set():
        await exchange.run(app, 1)


async def _p99(app: Any, seconds: float) -> float:
    exchange = HTTPExchange("/quick")
    latencies = list[float]()
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until or not latencies:
        await exchange.run(app, 1)
        latencies.append(time.perf_counter() - started)
    latencies.sort()
    return latencies[len(latencies) * 99 // 100]
