"""What is looked for in an app."""

import asyncio
import inspect
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response

from fastapi_fastdeps._cli.checking.blocking import blocking_calls
from fastapi_fastdeps._cli.checking.calls import calls_of, places_of
from fastapi_fastdeps._cli.checking.findings import (
    BLOCKS,
    CONNECTIONS,
    CONTEXT,
    HARMLESS,
    INHERITED,
    LAZY,
    MIDDLEWARE,
    OVERRULED,
    Finding,
)
from fastapi_fastdeps._cli.checking.lazily import lazy_loads
from fastapi_fastdeps._cli.checking.table import names_that_block
from fastapi_fastdeps._cli.checking.values import class_of
from fastapi_fastdeps._marks import find_marker
from fastapi_fastdeps._reading.once import one_question
from fastapi_fastdeps.classifiers import Candidate, harmless
from fastapi_fastdeps.errors import is_users_own, name_of
from fastapi_fastdeps.explanation import CallRecord, Explanation
from fastapi_fastdeps.marking import Inline, InlineMixin

_THREADS = 40
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__", "__call__"})


def findings_of(app: FastAPI, found: Explanation) -> list[Finding]:
    """Each thing once, however many routes it is in; what is silenced is left out."""
    findings: dict[Finding, None] = {}
    with one_question():
        for call, candidate in _judged_once(found):
            findings.update(dict.fromkeys(_of_call(call, candidate)))
    findings.update(dict.fromkeys(_middleware(app)))
    return [each for each in findings if not each.is_silenced]


def _judged_once(found: Explanation) -> Iterator[tuple[CallRecord, Candidate]]:
    """What runs, each once as it is at one place: at most of them it is as at another one."""
    seen: set[tuple[object, ...]] = set()
    for route in found:
        for call in route.calls:
            candidate = call.candidate
            if candidate is None:
                continue
            place = (candidate.role, id(candidate.response_model), *map(id, candidate.metadata))
            key = (id(candidate.call), call.name, call.execution, call.decided_by, *place)
            if key not in seen:
                seen.add(key)
                yield call, candidate


def _of_call(call: CallRecord, candidate: Candidate) -> Iterator[Finding]:
    yield from _overruled(call, candidate)
    if call.execution == "inline":
        yield from _blocking(candidate)
        yield from _lazy_loads(call, candidate)
        yield from _inherited(call, candidate)
    elif call.execution == "threaded":
        yield from _could_be_inline(call, candidate)
        yield from _context_variables(candidate)
        yield from _connections(candidate)


def _blocking(candidate: Candidate) -> Iterator[Finding]:
    name = name_of(candidate.call)
    for blocking, call in blocking_calls(candidate.call, names_that_block()):
        message = f"{name} runs on the event loop and calls {blocking}, which blocks"
        yield Finding(BLOCKS, message, (*call.places, *places_of(candidate.call)))


def _lazy_loads(call: CallRecord, candidate: Candidate) -> Iterator[Finding]:
    for entity, attribute in lazy_loads(candidate):
        message = (
            f"{call.name} runs on the event loop, and so does the query that loads "
            f"{entity.__name__}.{attribute} when its response model reads it"
        )
        yield Finding(LAZY, message, places_of(candidate.call))


def _overruled(call: CallRecord, candidate: Candidate) -> Iterator[Finding]:
    if call.execution == "async" or (marked := find_marker(candidate)) is None:
        return
    is_inline = isinstance(marked.execution, Inline)
    if is_inline != (call.execution == "inline"):
        where = "runs on the event loop" if call.execution == "inline" else "goes to a thread"
        marks = f"{call.name} is marked, by {marked.source}"
        message = f"{marks}, and {where} all the same, by {call.decided_by}"
        yield Finding(OVERRULED, message, places_of(candidate.call))


def _inherited(call: CallRecord, candidate: Candidate) -> Iterator[Finding]:
    kind = class_of(candidate.call)
    is_from_base = " on " in call.decided_by or (
        call.decided_by == InlineMixin.__name__ and InlineMixin not in kind.__bases__
    )
    if not is_from_base or not _CONSTRUCTORS.intersection(vars(kind)):
        return
    unmarked = Candidate(_without_marks(kind))
    if harmless(unmarked) is None:
        message = f"{call.name} is inline by {call.decided_by}, and has a constructor of its own"
        yield Finding(INHERITED, message, places_of(candidate.call))


def _without_marks(kind: type) -> Any:
    """Its constructor as a function, which inherits nothing."""
    return vars(kind).get("__init__") or vars(kind).get("__call__") or kind


def _could_be_inline(call: CallRecord, candidate: Candidate) -> Iterator[Finding]:
    if call.decided_by == "no opinion" and is_users_own(candidate.call):
        execution = harmless(candidate)
        if execution is not None:
            message = f"{call.name} goes to a thread, and can't block: it {execution.because}"
            yield Finding(HARMLESS, message, places_of(candidate.call))


def _context_variables(candidate: Candidate) -> Iterator[Finding]:
    for call in calls_of(candidate.call):
        owner: Any = call.owner
        if isinstance(call.owner, ContextVar) and call.name == "set":
            message = (
                f"{name_of(candidate.call)} sets {owner.name!r} in a thread, where nobody "
                "who comes after it sees that"
            )
            yield Finding(CONTEXT, message, (*call.places, *places_of(candidate.call)))


def _connections(candidate: Candidate) -> Iterator[Finding]:
    function: Any = inspect.unwrap(candidate.call)
    if not inspect.isgeneratorfunction(function):
        return
    for name in function.__code__.co_names:
        used = function.__globals__.get(name)
        engine = getattr(used, "kw", {}).get("bind") if hasattr(used, "kw") else used
        pool = getattr(engine, "pool", None)
        size, overflow = getattr(pool, "size", None), getattr(pool, "_max_overflow", None)
        if not callable(size) or not isinstance(overflow, int) or overflow < 0:
            continue
        connections: Any = size()
        connections += overflow
        if 0 < connections < _THREADS:
            message = (
                f"{name_of(candidate.call)} holds one of {connections} connections through a "
                f"request, and {_THREADS} threads ask for them"
            )
            yield Finding(CONNECTIONS, message, places_of(candidate.call))


def _middleware(app: FastAPI) -> Iterator[Finding]:
    for each in app.user_middleware:
        kind: Any = each.cls
        if isinstance(kind, type) and issubclass(kind, BaseHTTPMiddleware):
            dispatch: Any = each.kwargs.get("dispatch") or kind
            what = "is" if dispatch is kind else "is called by"
            message = (
                f"{name_of(dispatch)} {what} a BaseHTTPMiddleware, which costs each request "
                f"{cost_of_middleware() * 1e6:.0f} µs here before it does anything; as pure ASGI "
                "it is a class with `async def __call__(self, scope, receive, send)`"
            )
            yield Finding(MIDDLEWARE, message, places_of(dispatch))


def cost_of_middleware() -> float:
    """Seconds that a `BaseHTTPMiddleware` which does nothing adds to a request, on this machine."""

    class Nothing(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
            return await call_next(request)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Response(b"")(scope, receive, send)

    async def timed(app: Any) -> float:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_: Any) -> None: ...

        scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": []}
        rounds: list[float] = []
        # Short ones: on a busy machine at least one is not interrupted.
        for _ in range(25):
            started = time.perf_counter()
            for _ in range(10):
                await app(dict(scope), receive, send)
            rounds.append((time.perf_counter() - started) / 10)
        return min(rounds)

    async def difference() -> float:
        return await timed(Nothing(app)) - await timed(app)

    return asyncio.run(difference())
