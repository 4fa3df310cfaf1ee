"""What it takes to build an app of many routes, in a process of its own each time.

`python -m benchmarks.building CONTENDER STYLE GAUGE...` is one such process.
"""

import asyncio
import gc
import json
import resource
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from benchmarks.cases.case import router_class
from benchmarks.contenders import FAST, STOCK, fastdeps_app
from benchmarks.exchange import HTTPExchange
from benchmarks.results import Building
from benchmarks.stats import rotated

ROUTES = 1000
STYLES = {
    "direct": 0,
    "in one router": 1,
    "in one APIRouter": 1,
    "in twenty routers": 20,
    "in twenty APIRouters": 20,
}
"""How many routers hold the routes; without one the app does. They are of the package that the
app is of, or FastAPI's."""
STAGES = ("built", "first request")
_KEYS = (STOCK.key, FAST.key)


class Page:
    def __init__(self, q: str | None = None, skip: int = 0, limit: int = 100) -> None:
        self.q = q
        self.skip = skip
        self.limit = limit


class Item(BaseModel):
    name: str
    price: float


def user(page: Annotated[Page, Depends()]) -> str:
    return str(page.q)


def _add_route(router: APIRouter | FastAPI, number: int) -> None:
    @router.get(f"/items/{number}/{{key}}")
    async def endpoint(
        key: int, page: Annotated[Page, Depends()], user: Annotated[str, Depends(user)]
    ) -> Item:
        return Item(name=user, price=key + page.skip)


def build_app(contender: str, style: str) -> FastAPI:
    """An app of many routes, which no request has come to."""
    app = FastAPI() if contender == STOCK.key else fastdeps_app(inline=True)
    routers = STYLES[style]
    if not routers:
        for number in range(ROUTES):
            _add_route(app, number)
    else:
        share = ROUTES // routers
        for first in range(0, ROUTES, share):
            router = APIRouter() if "APIRouter" in style else router_class(app)()
            for number in range(first, first + share):
                _add_route(router, number)
            app.include_router(router, prefix="/shop")
    return app


def _first_request(app: FastAPI, style: str) -> None:
    prefix = "/shop" if STYLES[style] else ""
    exchange = HTTPExchange(f"{prefix}/items/{ROUTES - 1}/1", "q=foo")
    answer = asyncio.run(exchange.answer(app))
    assert answer.status == 200, answer


def _measured(contender: str, style: str, gauges: Sequence[str]) -> dict[str, list[float]]:
    """What each gauge grew by, up to each stage."""
    _build_little(contender)
    before = [_GAUGES[gauge]() for gauge in gauges]
    app = build_app(contender, style)
    built = [_GAUGES[gauge]() for gauge in gauges]
    _first_request(app, style)
    served = [_GAUGES[gauge]() for gauge in gauges]
    return {
        gauge: [built[index] - before[index], served[index] - before[index]]
        for index, gauge in enumerate(gauges)
    }


def _build_little(contender: str) -> None:
    """Import what is imported late, so that it does not count."""
    app = FastAPI() if contender == STOCK.key else fastdeps_app(inline=True)
    _add_route(app, ROUTES - 1)
    _first_request(app, "direct")
    gc.collect()


def _allocated() -> float:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _resident() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * float(resource.getpagesize())


_GAUGES = {"seconds": time.process_time, "resident": _resident, "bytes": _allocated}


def main(contender: str, style: str, *gauges: str) -> None:
    if "bytes" in gauges:
        tracemalloc.start()
    print(json.dumps(_measured(contender, style, gauges)))


def measure_building(rounds: int, *, trace: bool) -> list[Building]:
    """Every style, contenders in turns; `trace` also asks Python's allocator, which is slow."""
    return [building for style in STYLES for building in _measure_style(style, rounds, trace)]


def _measure_style(style: str, rounds: int, trace: bool) -> list[Building]:
    seen: dict[str, dict[str, list[list[float]]]] = {gauge: {} for gauge in _GAUGES}
    for number in range(rounds + trace):
        gauges = ("seconds", "resident") if number < rounds else ("bytes",)
        for key in rotated(_KEYS, number):
            for gauge, stages in _in_process_of_its_own(key, style, *gauges).items():
                seen[gauge].setdefault(key, []).append(stages)
    return [
        Building(
            style,
            stage,
            **{
                gauge: {key: [each[index] for each in taken] for key, taken in by_key.items()}
                for gauge, by_key in seen.items()
            },
        )
        for index, stage in enumerate(STAGES)
    ]


def _in_process_of_its_own(*arguments: str) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "benchmarks.building", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    measured: dict[str, list[float]] = json.loads(ended.stdout)
    return measured


if __name__ == "__main__":
    main(*sys.argv[1:])
