"""Four classes in apps that a tool watches, and before a stream, by the ways to write them,
and a route that has nothing to solve, for the least that FastAPI and the tool take.

A tool replaces functions of FastAPI for the whole process, so each has a process of its own, in
an environment that has it, where the contenders take turns. `python -m benchmarks.instrumented
TOOL ROUNDS SECONDS CLOCK` is one of them.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.sse import EventSourceResponse

from benchmarks.apart import environment_of, told_by
from benchmarks.cases import classes
from benchmarks.cases.case import ASGIApp
from benchmarks.contenders import EMPTY, FAST, INLINED, STOCK, WRAPPERS, fastdeps_app
from benchmarks.exchange import HTTPExchange, Message, StreamExchange
from benchmarks.results import Rounds, Timing
from benchmarks.rounds import Clock, Effort, Subject, take_turns

Instrument = Callable[[FastAPI], None]

TOOLS = {
    "sentry": "Sentry, errors only",
    "sentry-tracing": "Sentry with tracing",
    "logfire": "Logfire",
    "opentelemetry": "OpenTelemetry",
    "json-lines": "JSON Lines, up to the first item",
    "sse": "server-sent events, up to the first item",
}
REQUIREMENTS = (
    "logfire[fastapi]",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-sdk",
    "sentry-sdk",
)
_SAME = ("fastapi", "starlette", "pydantic", "anyio", "uvloop")
_CASE = next(case for case in classes.CASES if case.name == "four-classes")


def measure_instrumented(
    folder: Path, tool: str, effort: Effort, processes: int, clock: Clock
) -> Timing:
    """Four classes with a tool, by FastAPI, with wrappers, inlined by hand, and by this package.

    Raises:
        OSError: its environment cannot be made.
        subprocess.SubprocessError: its packages cannot be installed, or it failed.
    """
    python = environment_of(
        folder, [*REQUIREMENTS, *(f"{name}=={version(name)}" for name in _SAME)]
    )
    seconds: dict[str, Rounds] = {}
    share = Effort(max(1, effort.rounds // processes), effort.seconds)
    for _ in range(processes):
        arguments = (tool, str(share.rounds), str(share.seconds), clock.__name__)
        told = told_by(python, "benchmarks.instrumented", *arguments)
        for key, rounds in told.items():
            seconds[key] = seconds.get(key, []) + rounds
    return Timing(tool, TOOLS[tool], 1, seconds)


def _sentry(traces_sample_rate: float | None) -> Instrument:
    import sentry_sdk  # type: ignore[import-not-found]

    sentry_sdk.init(
        dsn="http://key@localhost/1",
        transport=_drop,
        traces_sample_rate=traces_sample_rate,
    )
    return _left_as_it_is


def _drop(_: object) -> None:
    """What is done with what would be sent."""


def _left_as_it_is(_: FastAPI) -> None:
    """Nothing is done to an app."""


def _logfire() -> Instrument:
    import logfire  # type: ignore[import-not-found]

    logfire.configure(send_to_logfire=False, console=False, inspect_arguments=False)

    def instrument(app: FastAPI) -> None:
        logfire.instrument_fastapi(app)

    return instrument


def _opentelemetry() -> Instrument:
    from opentelemetry.instrumentation.fastapi import (  # type: ignore[import-not-found]
        FastAPIInstrumentor,
    )
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()

    def instrument(app: FastAPI) -> None:
        FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)

    return instrument


_INSTRUMENTS: dict[str, Callable[[], Instrument]] = {
    "sentry": lambda: _sentry(None),
    "sentry-tracing": lambda: _sentry(1.0),
    "logfire": _logfire,
    "opentelemetry": _opentelemetry,
}


def _watched(instrument: Instrument) -> dict[str, ASGIApp]:
    """The apps of the contenders, of which each is given to the tool when it has its routes."""
    apps: dict[str, FastAPI] = {}
    apps[STOCK.key] = FastAPI()
    _CASE.declare(apps[STOCK.key])
    for contender in (WRAPPERS, INLINED):
        made: Any = _CASE.peers[contender.key]()
        apps[contender.key] = made
    apps[EMPTY.key] = FastAPI()
    apps[EMPTY.key].get(classes.PATH)(_nothing_to_solve)
    apps[FAST.key] = fastdeps_app(inline=True)
    _CASE.declare(apps[FAST.key])
    for app in apps.values():
        instrument(app)
    return {**apps}


_ANSWER = {"q": "foo", "skip": 3, "limit": 14}


async def _nothing_to_solve() -> dict[str, Any]:
    """What the others answer, so that what is left is FastAPI's handler, and the tool."""
    return _ANSWER


def _streaming(**options: Any) -> dict[str, ASGIApp]:
    stock = (STOCK.key, WRAPPERS.key, INLINED.key, EMPTY.key)
    apps: dict[str, FastAPI] = {key: FastAPI() for key in stock}
    apps[FAST.key] = fastdeps_app(inline=True)
    pages = (classes.First, classes.Second, classes.Third, classes.Fourth)
    wrapped = tuple(map(classes.wrapped, pages))
    for key, given in ((STOCK.key, pages), (WRAPPERS.key, wrapped), (FAST.key, pages)):
        _stream_four(apps[key], *given, **options)
    _stream_inlined(apps[INLINED.key], **options)
    _stream_constant(apps[EMPTY.key], **options)
    return {**apps}


def _stream_four(
    app: FastAPI, first: Any, second: Any, third: Any, fourth: Any, **options: Any
) -> None:
    @app.get(classes.PATH, **options)
    async def endpoint(
        a: Annotated[Any, Depends(first)],
        b: Annotated[Any, Depends(second)],
        c: Annotated[Any, Depends(third)],
        d: Annotated[Any, Depends(fourth)],
    ) -> AsyncIterable[dict[str, Any]]:
        yield {"q": a.q, "skip": b.skip, "limit": c.limit + d.limit}


def _stream_inlined(app: FastAPI, **options: Any) -> None:
    @app.get(classes.PATH, **options)
    async def endpoint(
        q: str | None = None, skip: int = 0, limit: int = 100
    ) -> AsyncIterable[dict[str, Any]]:
        yield {"q": q, "skip": skip, "limit": limit + limit}


def _stream_constant(app: FastAPI, **options: Any) -> None:
    @app.get(classes.PATH, **options)
    async def endpoint() -> AsyncIterable[dict[str, Any]]:
        yield _ANSWER


class UntilFirstItem(Subject):
    """An app that streams, of whose requests the time up to the first item counts."""

    async def time(self, count: int, concurrency: int, clock: Clock) -> float:
        assert concurrency == 1
        taken, arrived = 0.0, 0.0

        async def send(message: Message) -> None:
            nonlocal arrived
            if message.get("body") and not arrived:
                arrived = clock()

        for _ in range(count):
            arrived = 0.0
            started = clock()
            await self.exchange.run(self.app, 1, send)
            taken += arrived - started
        return taken


async def _measure(tool: str, effort: Effort, clock: Clock) -> dict[str, Rounds]:
    kind: type[Subject]
    exchange: HTTPExchange
    if tool in _INSTRUMENTS:
        kind, exchange, apps = Subject, classes.EXCHANGE, _watched(_INSTRUMENTS[tool]())
    else:
        options = {"response_class": EventSourceResponse} if tool == "sse" else {}
        exchange = StreamExchange(classes.PATH, "q=foo&skip=3&limit=7")
        kind, apps = UntilFirstItem, _streaming(**options)
    expected = None
    for key, app in apps.items():
        for _ in range(2):
            answer = await exchange.answer(app)
        expected = expected or answer
        if answer.status != 200 or answer != expected:
            raise AssertionError(f"{tool}: {key} answers {answer}, not {expected}")
    subjects = {key: kind(app, exchange) for key, app in apps.items()}
    return await take_turns(subjects, effort, clock=clock)


def main(tool: str, rounds: str, seconds: str, clock: str) -> None:
    import uvloop

    clocks: dict[str, Clock] = {
        each.__name__: each for each in (time.perf_counter, time.process_time)
    }
    effort = Effort(int(rounds), float(seconds))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(_measure(tool, effort, clocks[clock]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
