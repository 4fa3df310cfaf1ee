"""Sends a program's calls to an application and observes everything that comes back."""

import difflib
import json
import os
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI, routing

from .build import Framework, Functions, build, mounted, override
from .program import Call, Program
from .recorder import Event, describe_error, run

_HUNG_AFTER = 20


@dataclass(frozen=True)
class Answer:
    """What one call led to. `events` includes the messages that were sent, in their place."""

    events: tuple[Event, ...]
    error: str = ""


@dataclass(frozen=True)
class Observation:
    """All of an application's behaviour that two frameworks are compared by."""

    build_error: str = ""
    openapi: str = ""
    answers: tuple[Answer, ...] = ()

    def keeping(self, kept: Callable[[Answer], Iterable[Event]]) -> "Observation":
        answers = (replace(answer, events=tuple(kept(answer))) for answer in self.answers)
        return replace(self, answers=tuple(answers))

    def lines(self) -> list[str]:
        shown = [f"build: {self.build_error or 'done'}", f"openapi: {self.openapi}"]
        for number, answer in enumerate(self.answers):
            shown.append(f"call {number}:")
            shown += [f"  {_line(event)}" for event in answer.events]
            shown.append(f"  error: {answer.error or None}")
        return shown


def _line(event: Event) -> str:
    seen = f"  sees {','.join(event.visible)}" if event.visible else ""
    return f"{event}{seen}" + ("" if event.on_loop else "  in a thread")


def difference(expected: Observation, actual: Observation) -> str:
    """A readable diff, empty where there is none."""
    if expected == actual:
        return ""
    return "\n".join(
        difflib.unified_diff(
            expected.lines(), actual.lines(), "expected", "actual", n=50, lineterm=""
        )
    )


class Driver:
    """One event loop, and its worker threads, for all programs."""

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal

    def observe(self, functions: Functions, framework: Framework) -> Observation:
        # FastAPI keys this by the address of the endpoint, which a later one can have too.
        routing._endpoint_context_cache.clear()
        with patch.dict(os.environ, dict(framework.environment)):
            try:
                app = build(functions, framework)
                openapi = json.dumps(app.openapi(), default=str)
                served = mounted(app, framework) if functions.program.mounted else app
            except Exception as error:
                return Observation(build_error=describe_error(error))
            calls = functions.program.calls
            answers = tuple(self._answer(app, served, functions, call) for call in calls)
            return Observation(openapi=openapi, answers=answers)

    def _answer(self, app: FastAPI, served: FastAPI, functions: Functions, call: Call) -> Answer:
        if call.overridden:
            override(app, functions)
        else:
            app.dependency_overrides.clear()
        return self._portal.call(_answer, served, functions.program, call)


@contextmanager
def driver() -> Iterator[Driver]:
    with start_blocking_portal() as portal:
        yield Driver(portal)


async def _answer(app: FastAPI, program: Program, call: Call) -> Answer:
    nodes = {f"n{index}": node for index, node in enumerate(program.nodes)}
    endpoints = {f"e{index}": endpoint for index, endpoint in enumerate(program.endpoints)}
    run.reset({**nodes, **endpoints}, armed=call.armed)
    websocket = program.endpoints[call.endpoint].reply == "talk"
    client = _Client(call, websocket=websocket)
    error = ""
    try:
        with anyio.fail_after(_HUNG_AFTER):
            await app(_scope(program, call, websocket=websocket), client.receive, client.send)
    except Exception as raised:
        error = describe_error(raised)
    return Answer(_settled(run.events, program, call), error)


def _settled(events: list[Event], program: Program, call: Call) -> tuple[Event, ...]:
    """Server-sent events are produced and sent by two tasks: which goes first is chance.

    How much is produced before a failure elsewhere stops it is chance too.
    """
    if not program.endpoints[call.endpoint].reply.startswith("events"):
        return tuple(events)
    name = f"e{call.endpoint}"
    produced = [event for event in events if event.name == name and event.kind != "leave"]
    finished = any(event.kind == "item" and event.detail == "2" for event in produced)
    others = [event for event in events if event not in produced]
    return (*others, *(produced if finished else ()))


def _scope(program: Program, call: Call, *, websocket: bool) -> dict[str, Any]:
    headers = [(key.lower().encode(), value.encode()) for key, value in call.headers]
    scope = {
        "asgi": {"version": "3.0", "spec_version": call.spec_version},
        "http_version": "1.1",
        "path": unquote(call.path),
        "raw_path": call.path.encode(),
        "root_path": "",
        "query_string": call.query.encode(),
        "headers": [(b"host", b"testserver"), *headers],
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        "state": {},
    }
    if websocket:
        return {**scope, "type": "websocket", "scheme": "ws", "subprotocols": []}
    method = program.endpoints[call.endpoint].method
    return {**scope, "type": "http", "scheme": "http", "method": method}


class _Client:
    def __init__(self, call: Call, *, websocket: bool) -> None:
        self._call = call
        self._sent = 0
        if websocket:
            texts = [{"type": "websocket.receive", "text": text} for text in call.messages]
            self._incoming: list[dict[str, Any]] = [
                {"type": "websocket.connect"},
                *texts,
                {"type": "websocket.disconnect", "code": 1000},
            ]
        else:
            half = len(call.body) // 2
            self._incoming = [
                {"type": "http.request", "body": call.body[:half], "more_body": True},
                {"type": "http.request", "body": call.body[half:], "more_body": False},
            ]

    async def receive(self) -> MutableMapping[str, Any]:
        if self._incoming:
            return self._incoming.pop(0)
        await anyio.sleep_forever()
        raise AssertionError

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self._sent += 1
        if self._call.breaks_after is not None and self._sent > self._call.breaks_after:
            run.note("broken", message["type"])
            raise OSError("the client is gone")
        kind = message["type"]
        run.note("send", kind, str({key: message[key] for key in message if key != "type"}))
