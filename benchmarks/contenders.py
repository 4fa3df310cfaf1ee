"""Who is measured, and how each makes its app of a case."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from benchmarks.cases.case import ASGIApp, Case

LANE_VARIABLE = "FASTAPI_FASTDEPS_LANE"


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to serve a case."""

    key: str
    label: str


STOCK = Contender("stock", "FastAPI")
WRAPPERS = Contender("wrappers", "FastAPI, async wrappers")
INLINED = Contender("inlined", "FastAPI, hand-inlined")
EMPTY = Contender("empty", "FastAPI, nothing to solve")
LANE = Contender("lane", "FastDeps, FastAPI's lane")
FAST = Contender("fast", "FastDeps, fast lane")
LITESTAR = Contender("litestar", "Litestar")
STARLETTE = Contender("starlette", "Starlette by hand")
BY_HAND = Contender("by-hand", "FastAPI, wired by hand")
LAYERED = Contender("layered", "bare ASGI in FastAPI's layers")
BARE = Contender("bare", "bare ASGI function")

CONTENDERS = (
    STOCK,
    WRAPPERS,
    INLINED,
    BY_HAND,
    EMPTY,
    LANE,
    FAST,
    LITESTAR,
    STARLETTE,
    LAYERED,
    BARE,
)
CORE = (STOCK, LANE, FAST)
BY_KEY = {contender.key: contender for contender in CONTENDERS}


def contenders_of(case: Case) -> list[Contender]:
    """Those that can serve a case."""
    return [one for one in CONTENDERS if one in CORE or one.key in case.peers]


def build(case: Case, contender: Contender) -> ASGIApp:
    """The app of a contender. Call `within` the contender until its first request is done."""
    if contender.key in case.peers:
        return case.peers[contender.key]()
    app = FastAPI() if contender is STOCK else fastdeps_app(case.inline, case.fused)
    case.declare(app)
    return app


def fastdeps_app(inline: bool, fused: bool = True) -> FastAPI:
    """An app of this package that runs everything that is sync inline, or nothing."""
    from fastapi_fastdeps import FastDepsAPI, predicate

    classifier = predicate(everything) if inline else None
    return FastDepsAPI(classifier=classifier, fuse_visits=fused)


def everything(_: Callable[..., Any]) -> bool:
    return True


@contextmanager
def within(contender: Contender) -> Iterator[None]:
    """The environment in which a contender's app is built."""
    before = os.environ.pop(LANE_VARIABLE, None)
    if contender is LANE:
        os.environ[LANE_VARIABLE] = "fastapi"
    try:
        yield
    finally:
        os.environ.pop(LANE_VARIABLE, None)
        if before is not None:
            os.environ[LANE_VARIABLE] = before
