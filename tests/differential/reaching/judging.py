"""Runs a program on both frameworks, and says whether they differ."""

import asyncio
import os
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import CodeType
from typing import Any, Final
from unittest.mock import patch

from fastapi import APIRouter, FastAPI, routing

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter
from fastapi_fastdeps._lane.choice import LANE_VARIABLE

from ..drive import Answer, Observation, difference
from ..recorder import Event, describe_error
from .pieces import Program
from .scenery import NAMES, everything
from .stage import stage

_FILE = "/differential/reaching.py"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_OUR_CLASS = re.compile(r"FastDeps(Route\b|Router\b|WebSocketRoute\b|API\b)")
_STUCK_AFTER = 30

_POOL = frozenset({"run_in_threadpool"})
"""Names that what runs inline does not come to."""


@dataclass(frozen=True)
class Framework:
    app: Callable[..., FastAPI]
    router: Callable[..., APIRouter]
    lane: str = "fast"


STOCK = Framework(FastAPI, APIRouter)
_INLINE = partial(FastDepsAPI, classifier=everything)
OURS: dict[str, Framework] = {
    "unmarked": Framework(FastDepsAPI, FastDepsRouter),
    "inline": Framework(_INLINE, FastDepsRouter),
    "unmarked, FastAPI's lane": Framework(FastDepsAPI, FastDepsRouter, "fastapi"),
    "inline, FastAPI's lane": Framework(_INLINE, FastDepsRouter, "fastapi"),
}


class StuckError(BaseException):
    """A program did not end."""


def _stuck(*_: object) -> None:
    raise StuckError


@contextmanager
def _ending() -> Iterator[None]:
    signal.signal(signal.SIGALRM, _stuck)
    signal.alarm(_STUCK_AFTER)
    try:
        yield
    finally:
        signal.alarm(0)


class Judge:
    """One event loop, for all programs of a process."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def close(self) -> None:
        self._runner.close()

    def observe(self, code: CodeType, framework: Framework) -> Observation:
        routing._endpoint_context_cache.clear()
        with (
            patch.dict(os.environ, {LANE_VARIABLE: framework.lane}),
            warnings.catch_warnings(),
            _ending(),
        ):
            warnings.simplefilter("ignore")
            try:
                return self._runner.run(_observed(code, framework))
            except StuckError:
                # Its loop can't be trusted any more, nor closed.
                self._runner = asyncio.Runner()
                stage.restore()
                return Observation(build_error="it does not end")

    def observations(
        self, program: Program, ours: Framework | None = None
    ) -> tuple[Observation, Observation]:
        """What FastAPI did, and what `ours` did, without what may differ.

        `ours` is FastDepsAPI as the program's variant says, unless another is given.
        """
        return self.compared(program.text, program.variant, ours or OURS[program.variant])

    def compared(self, text: str, variant: str, ours: Framework) -> tuple[Observation, Observation]:
        code = compile(text, _FILE, "exec")
        expected, actual = self.observe(code, STOCK), self.observe(code, ours)
        if "inline" in variant or "app.classifier" in text:
            expected, actual = expected.keeping(_placeless), actual.keeping(_placeless)
            if "cloned" in text:
                expected, actual = expected.keeping(_made_once), actual.keeping(_made_once)
        if "await hold(" in text:
            expected, actual = _unmixed(expected), _unmixed(actual)
        return expected, actual


def _unmixed(observation: Observation) -> Observation:
    """Without where an error says that it was, while another request is held.

    FastAPI has one description of an endpoint, in which each request writes its own path: an
    error names the path of the request that began last. Ours names its own.
    """
    answers = tuple(
        Answer(
            tuple(replace(each, detail=_PLACE.sub("", each.detail)) for each in answer.events),
            _PLACE.sub("", answer.error),
        )
        for answer in observation.answers
    )
    return replace(observation, answers=answers)


_PLACE: Final = re.compile(r"\n\s*(?:Endpoint: |[A-Z]+ /)[^\n]*")


def _placeless(answer: Answer) -> Iterator[Event]:
    """Without what says in which thread something ran."""
    for event in answer.events:
        if event.kind != "spied" or event.name not in _POOL:
            yield replace(event, on_loop=True)


def _made_once(answer: Answer) -> Iterator[Event]:
    """Without the making of handlers.

    A route that is constructed on its own has a handler for threads. It gets another one from
    what stands in the place of FastAPI's function once it is put into an app that decides that
    its endpoint runs inline.
    """
    return (event for event in answer.events if event.name != "get_route_handler")


async def _observed(code: CodeType, framework: Framework) -> Observation:
    stage.clear()
    names: dict[str, Any] = {**NAMES, "__name__": "reaching_program"}
    exec(code, names)
    error = ""
    try:
        await names["program"](framework.app, framework.router)
    except Exception as raised:
        error = describe_error(raised)
    try:
        await stage.ending()
    except Exception as raised:
        error += f" ending: {describe_error(raised)}"
    finally:
        stage.restore()
    answers = tuple(
        Answer(tuple(map(_without_context, answer.events)), _nameless(answer.error))
        for answer in stage.answers
    )
    return Observation(build_error=_nameless(error), answers=answers)


def _without_context(event: Event) -> Event:
    return Event(event.kind, event.name, _nameless(event.detail), (), event.on_loop)


def _nameless(text: str) -> str:
    """Without addresses, and with what is ours under the name of what it stands for.

    An inline generator is an async one to FastAPI.
    """
    text = _ADDRESS.sub("", text).replace("async_generator", "generator")
    return _OUR_CLASS.sub(lambda found: f"API{found[1]}".replace("APIAPI", "FastAPI"), text)


def compare_file(path: str, variant: str) -> None:
    """Print how the program in a file differs."""
    with open(path) as file:
        text = file.read()
    print(difference(*Judge().compared(text, variant, OURS[variant])) or "no difference")
