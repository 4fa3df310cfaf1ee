"""What stands in the way of a lower cost: `python -m benchmarks.limits FILE`.

What is asked or made for each request, piece by piece, and a request without the shell; what of
a large body or response is Pydantic's and `json`'s own work; what a visit to a thread costs by
the ways there are to make one; the tail of latencies in one process; what
metrics add; and what building an app spends its time on. In processor time, but for the visits
and the tail.
"""

import argparse
import asyncio
import cProfile
import json
import pstats
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import anyio
import anyio.to_thread
import uvloop
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import request_response
from pydantic import TypeAdapter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks import metered
from benchmarks.building import build_app
from benchmarks.cases.registry import BY_NAME
from benchmarks.cases.responses import Item, Order
from benchmarks.contenders import FAST, STARLETTE, STOCK, build, fastdeps_app
from benchmarks.exchange import HTTPExchange
from benchmarks.rounds import Clock, Effort, Subject, prepare, take_turns
from benchmarks.run import environment
from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.names import get_request_telemetry
from fastapi_fastdeps._fastapi.requests import telemetry_of
from fastapi_fastdeps._serving import answering, shell
from fastapi_fastdeps._threads import _OPEN as OPEN
from fastapi_fastdeps._threads import Visits

COMMAND: Final = "python -m benchmarks.limits FILE"
REQUESTS_AT_ONCE: Final = 100


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--rounds", type=int, default=15, help="default: %(default)s")
    options = parser.parse_args(arguments)
    parts: dict[str, Callable[[int], Coroutine[Any, Any, Any]]] = {
        "taken off": _taken_off,
        "asked": _asked,
        "whole": _whole,
        "large": _large,
        "visits": _visits,
        "tail": _tail,
        "metrics": _metrics,
    }
    found: dict[str, Any] = {
        "environment": environment() | {"command": COMMAND},
        "building": _building(),
    }
    for name, measure in parts.items():
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found[name] = runner.run(measure(options.rounds))
    options.file.write_text(json.dumps(found, indent=1))
    return 0


def _building() -> dict[str, float]:
    """The share of each package in the time that an app of many routes takes to build."""
    build_app(FAST.key, "direct")
    profile = cProfile.Profile()
    profile.runcall(build_app, FAST.key, "direct")
    taken: dict[str, float] = {"fastapi_fastdeps": 0.0, "others": 0.0}
    stats: Any = pstats.Stats(profile)
    for (file, _, _), (_, _, own, _, _) in stats.stats.items():
        taken["fastapi_fastdeps" if "/fastapi_fastdeps/" in file else "others"] += own
    return {name: each / sum(taken.values()) for name, each in taken.items()}


async def _taken_off(rounds: int) -> dict[str, float]:
    """The microseconds that FastAPI takes around a request for what is taken off, each piece
    around an app that does nothing."""
    app, router = FastAPI(openapi_url=None), APIRouter()
    app.get("/own")(_endpoint)
    router.get("/included")(_endpoint)
    app.include_router(router)
    bare: Any = FastAPI(openapi_url=None)
    bare.router = _app
    await _ask(app, "/included")
    own, included = app.router.routes
    own.app = _app  # type: ignore[attr-defined]
    for context in included.effective_candidates():  # type: ignore[attr-defined]
        context.app = _app
    pieces = {
        "layers": partial(_ask, bare.build_middleware_stack()),
        "own": partial(_ask, app.router, "/own"),
        "included": partial(_ask, app.router, "/included"),
        "handler": partial(_ask, request_response(_handler)),
        "nothing": partial(_ask, _app),
    }
    found = {name: await _least_awaited(piece, rounds) for name, piece in pieces.items()}
    nothing = found.pop("nothing")
    return {
        "telemetry": _least(telemetry_of(app).enabled, rounds),
        **{name: each - nothing for name, each in found.items()},
    }


async def _endpoint() -> None:
    pass


async def _app(_: Scope, __: Receive, ___: Send) -> None:
    pass


async def _handler(_: Request) -> Any:
    return _app


async def _ask(app: ASGIApp, path: str = "/") -> None:
    stack = AsyncExitStack()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "headers": [],
        "fastapi_middleware_astack": stack,
        "query_string": b"",
        "app": None,
    }
    await app(scope, _receive, _send)


async def _receive() -> Message:
    return {"type": "http.request"}


async def _send(_: Message) -> None:
    pass


async def _least_awaited(piece: Callable[[], Awaitable[object]], rounds: int) -> float:
    least = float("inf")
    for _ in range(rounds * 30):
        began = time.perf_counter()
        for _ in range(50):
            await piece()
        least = min(least, (time.perf_counter() - began) / 50)
    return least * 1e6


async def _asked(rounds: int) -> dict[str, float]:
    """The microseconds of each piece of a request without parameters, the least of many
    repetitions; and how many names are looked at."""
    app: Any = fastdeps_app(inline=True)
    case = BY_NAME["no-dependency"]
    case.declare(app)
    for _ in range(3):
        await case.exchange.answer(app)
    route = app.router.routes[-1]
    planned = route.handling.planned
    plan, live = planned._solver.plan, planned._live
    path, telemetry = route.path, telemetry_of(app)
    scope = {"type": "http", "method": "GET", "path": path, "root_path": ""}

    def find() -> None:
        index = app.router.indexed.index()
        assert index.direct(scope, path, index.table.candidates(path)) is not None

    def stacks() -> None:
        AsyncExitStack()
        AsyncExitStack()
        AsyncExitStack()

    pieces: Mapping[str, Callable[[], object]] = {
        "names": plan.ground.is_as_it_was,
        "shell": partial(shell.is_as_ever, scope, telemetry),
        "routes": find,
        "tree": lambda: (plan.is_touched(), plan.get()),
        "response": answering.is_as_it_was,
        "stacks": stacks,
        "traced": get_request_telemetry,
        "visits": lambda: Visits(app.threads, live).begin(),
    }
    found = {name: _least(piece, rounds) for name, piece in pieces.items()}
    # It asks for the names, too.
    found["tree"] -= found["names"]
    return found


def _least(
    piece: Callable[[], object],
    rounds: int,
    calls: int = 100,
    clock: Clock = time.perf_counter,
) -> float:
    least = float("inf")
    for _ in range(rounds * 30):
        began = clock()
        for _ in range(calls):
            piece()
        least = min(least, (clock() - began) / calls)
    return least * 1e6


async def _whole(rounds: int) -> dict[str, float]:
    """The microseconds of a request without parameters, and without the shell."""
    case = BY_NAME["no-dependency"]
    subjects = await prepare(case, [STOCK, FAST, STARLETTE])
    without: Any = build(case, FAST)
    without._has_shell = False
    for _ in range(3):
        await case.exchange.answer(without)
    subjects["without the shell"] = Subject(without, case.exchange)
    return await _microseconds(subjects, rounds)


async def _large(rounds: int) -> dict[str, dict[str, float]]:
    """By case, the microseconds of a request, and of what is Pydantic's and `json`'s alone."""
    found = {}
    for name in ("large-body", "models", "invalid-body", "file", "stream"):
        subjects = await prepare(BY_NAME[name], [STOCK, FAST])
        found[name] = await _microseconds(subjects, rounds)
    exchange = BY_NAME["large-body"].exchange
    assert isinstance(exchange, HTTPExchange)
    body = exchange.body
    order, items = TypeAdapter(Order), TypeAdapter(list[Item])
    stock = build(BY_NAME["models"], STOCK)
    answer = await BY_NAME["models"].exchange.answer(stock)
    given = items.validate_json(answer.body)
    found["large-body"]["alone"] = _least(
        lambda: order.validate_python(json.loads(body)), rounds, 5, time.process_time
    )
    found["models"]["alone"] = _least(
        lambda: items.dump_json(items.validate_python(given, from_attributes=True)),
        rounds,
        5,
        time.process_time,
    )
    return found


async def _microseconds(subjects: Mapping[str, Subject], rounds: int) -> dict[str, float]:
    seconds = await take_turns(subjects, Effort(rounds, 0.1), clock=time.process_time)
    return {key: median(each) * 1e6 for key, each in seconds.items()}


async def _visits(rounds: int) -> dict[str, float]:
    """The microseconds of a visit to a thread that does nothing, by the way there."""
    loop = asyncio.get_running_loop()
    forty = anyio.CapacityLimiter(40)
    run = anyio.to_thread.run_sync

    async def leaving() -> None:
        limiter = anyio.CapacityLimiter(1)
        with anyio.CancelScope(shield=True):
            await run(_nothing, limiter=limiter)

    async def beside() -> None:
        forty.acquire_nowait()
        try:
            await run(_nothing, limiter=OPEN)
        finally:
            forty.release()

    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "default": lambda: run(_nothing),
        "leaving": leaving,
        "infinite": partial(run, _nothing, limiter=anyio.CapacityLimiter(float("inf"))),
        "beside": beside,
        "executor": lambda: loop.run_in_executor(None, _nothing),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds * 2):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(200):
                await way()
            taken[name].append((time.perf_counter() - began) / 200)
    return {name: median(each) * 1e6 for name, each in taken.items()}


def _nothing() -> None:
    pass


async def _tail(rounds: int) -> dict[str, dict[str, float]]:
    """The mean and the p99 of latencies, in milliseconds, of many requests at a time, each with a
    session, a user and a sync endpoint in threads."""
    case = BY_NAME["session-in-one-visit"]
    apps: dict[str, FastAPI] = {STOCK.key: FastAPI(), FAST.key: FastDepsAPI()}
    for app in apps.values():
        case.declare(app)
    taken: dict[str, list[float]] = {key: [] for key in apps}

    async def ask(key: str, latencies: list[float]) -> None:
        for _ in range(10):
            began = time.perf_counter()
            await case.exchange.run(apps[key], 1)
            latencies.append(time.perf_counter() - began)

    for number in range(1 + max(1, rounds // 3)):
        for key in apps:
            latencies: list[float] = []
            await asyncio.gather(*(ask(key, latencies) for _ in range(REQUESTS_AT_ONCE)))
            # The first turn starts the threads.
            taken[key] += latencies if number else []
    return {
        key: {"mean": sum(each) / len(each) * 1e3, "p99": quantiles(each, n=100)[98] * 1e3}
        for key, each in taken.items()
    }


async def _metrics(rounds: int) -> dict[str, float]:
    """The microseconds of a request with four class dependencies, by who measures."""
    seconds = await metered.measure(Effort(rounds, 0.05))
    return {key: median(each) * 1e6 for key, each in seconds.items()}


if __name__ == "__main__":
    sys.exit(main())
