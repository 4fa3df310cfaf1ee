"""The names that a program's text may use, beside `App` and `Router`."""

# ruff: noqa: F401  # The programs use them.

import copy
import enum
import functools
import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import fastapi.dependencies.utils
import fastapi.routing
import starlette.routing
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    WebSocket,
)
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant, get_parameterless_sub_dependant
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute, APIWebSocketRoute, iter_route_contexts
from fastapi.security import SecurityScopes
from pydantic import AfterValidator, BaseModel, BeforeValidator
from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection
from starlette.routing import Match, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_fastdeps import Candidate, Inline, default_classifier

from .stage import (
    fact,
    gate,
    get,
    hold,
    left,
    made,
    note,
    patch,
    release,
    see,
    shown,
    stage,
    start,
    talk,
    times,
    unpatch,
)

routing = fastapi.routing
utils = fastapi.dependencies.utils


def everything(_: Candidate) -> Inline:
    return Inline()


def walk(dependant: Dependant) -> list[Dependant]:
    """A tree in FastAPI's order, each object once."""
    found: list[Dependant] = []
    waiting = [dependant]
    while waiting:
        each = waiting.pop()
        if not any(each is known for known in found):
            found.append(each)
            waiting += reversed(each.dependencies)
    return found


def pick(route: Any, number: int) -> Dependant:
    """One place of a route's tree; the first is its endpoint."""
    found = walk(route.dependant)
    return found[number % len(found)]


def sub(call: Callable[..., Any]) -> Dependant:
    return get_parameterless_sub_dependant(depends=Depends(call), path="/")


def put(parent: Dependant, index: int, child: Dependant) -> None:
    """Insert a dependency, unless that makes a circle."""
    parent.dependencies.insert(index, child)
    if _is_in_a_circle(child, ()):
        del parent.dependencies[index if index >= 0 else index - 1]


def _is_in_a_circle(dependant: Dependant, above: tuple[Dependant, ...]) -> bool:
    if any(dependant is each for each in above):
        return True
    return any(_is_in_a_circle(child, (*above, dependant)) for child in dependant.dependencies)


def lend(source: Dependant, target: Dependant, kind: str) -> None:
    """Give one dependant's first parameter of a kind to another."""
    getattr(target, kind).extend(getattr(source, kind)[:1])


def effective(app: Any, route: Any, number: int) -> Any:
    """A route as it is included, with a tree of its own; itself where it is not."""
    found = [
        context
        for context in iter_route_contexts(app.routes)
        if context.original_route is route and hasattr(context, "dependant")
    ]
    return found[number % len(found)] if found else route


def wrap(app: ASGIApp, name: str) -> ASGIApp:
    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        note("app", name, scope["path"])
        await app(scope, receive, send)

    return wrapped


async def refused(scope: Scope, receive: Receive, send: Send) -> None:
    """An app in place of a route's, as a guard has it."""
    note("app", "refused", scope["path"])
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4403})
    else:
        await PlainTextResponse("refused", 403)(scope, receive, send)


def spied(owner: Any, name: str) -> Any:
    """A function that notes each call of the one that it replaces."""
    original = getattr(owner, name)
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def spying(*values: Any, **named: Any) -> Any:
            note("spied", name)
            return await original(*values, **named)

        return spying

    @functools.wraps(original)
    def spying_sync(*values: Any, **named: Any) -> Any:
        note("spied", name)
        return original(*values, **named)

    return spying_sync


def changed(owner: Any, name: str, change: Callable[[Any], Any]) -> Any:
    """A function whose result is another than that of the one that it replaces."""
    original = getattr(owner, name)
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def changing(*values: Any, **named: Any) -> Any:
            return change(await original(*values, **named))

        return changing

    @functools.wraps(original)
    def changing_sync(*values: Any, **named: Any) -> Any:
        return change(original(*values, **named))

    return changing_sync


def with_header(init_headers: Callable[..., None]) -> Callable[..., None]:
    def init(self: Response, headers: Any = None) -> None:
        init_headers(self, headers)
        self.raw_headers.append((b"x-patched", b"yes"))

    return init


async def at_once(function: Callable[..., Any], /, *values: Any, **named: Any) -> Any:
    """A thread pool without threads."""
    return function(*values, **named)


class SpiedRequest(Request):
    @property
    def query_params(self) -> QueryParams:
        return QueryParams([*super().query_params.multi_items(), ("b", "77")])


class OwnRequest(Request):
    """A request that shows other values than it was sent with."""

    @property
    def headers(self) -> Headers:
        kept = [pair for pair in self.scope["headers"] if pair[0] != b"token"]
        return Headers(raw=[*kept, (b"x-user", b"own")])

    @property
    def query_params(self) -> Any:
        return {"a": "5", "b": "6"}

    @property
    def cookies(self) -> dict[str, str]:
        return {"token": "own"}


class ReadRequest(Request):
    """A request that tells what its body is asked for, and shows another one."""

    async def body(self) -> bytes:
        note("read", "body")
        return (await super().body()).replace(b"1", b"2")

    async def json(self) -> Any:
        note("read", "json")
        return json.loads(await self.body())

    def form(self, **limits: Any) -> Any:
        note("read", "form", str(limits))
        return super().form(**limits)


async def handled(request: Any, error: Exception) -> Response:
    note("handled", type(error).__name__)
    return JSONResponse("handled", 418)


async def anything(**values: Any) -> Any:
    """What can stand in a tree in place of anything else."""
    see("anything", values)
    return made("anything")


def anything_sync(**values: Any) -> Any:
    see("anything_sync", values)
    return made("anything_sync")


async def anything_yielded(**values: Any) -> AsyncIterator[Any]:
    see("anything_yielded", values)
    yield made("anything_yielded")
    left("anything_yielded")


async def deny(**values: Any) -> Any:
    see("deny", values)
    raise HTTPException(403, "denied")


def deny_sync(**values: Any) -> Any:
    see("deny_sync", values)
    raise HTTPException(403, "denied")


async def guard() -> Any:
    """A guard that FastAPI can analyse; it refuses all."""
    see("guard", {})
    raise HTTPException(401, "guarded")


async def fake(request: HTTPConnection, a: int = 50) -> Any:
    see("fake", locals())
    return made("fake")


def fake_sync(b: str = "fake") -> Any:
    see("fake_sync", locals())
    return made("fake_sync")


async def scoped(scopes: SecurityScopes) -> Any:
    see("scoped", locals())
    if "admin" in scopes.scopes:
        raise HTTPException(403, "scoped")
    return made("scoped")


async def fake_scoped(d0: Annotated[Any, Depends(scoped)]) -> Any:
    see("fake_scoped", locals())
    return made("fake_scoped")


class Service:
    """Its method is another object each time, and equal to itself."""

    async def fake(self, b: str = "service") -> Any:
        see("Service.fake", locals())
        return made("Service.fake")


class Permission:
    """Equal by name; its tree is its own.

    Not equal to one of another program: FastAPI would be given what it remembered of that.
    """

    def __init__(self, name: str, dependency: Callable[..., Any]) -> None:
        self.name = name
        self._key = (name, stage.number)
        parameter = inspect.Parameter(
            "d0", inspect.Parameter.KEYWORD_ONLY, default=Depends(dependency)
        )
        self.__signature__ = inspect.Signature([parameter])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Permission) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __call__(self, d0: Any) -> Any:
        see(f"Permission({self.name})", {"d0": d0})
        return made(self.name)


class AsyncPermission(Permission):
    async def __call__(self, d0: Any) -> Any:
        see(f"AsyncPermission({self.name})", {"d0": d0})
        return made(self.name)


class OnlyGet:
    """Overrides that know nothing but `get`."""

    def __init__(self, replacements: dict[Any, Any]) -> None:
        self._replacements = replacements

    def get(self, call: Any, default: Any = None) -> Any:
        return self._replacements.get(call, default)


class Counting(OnlyGet):
    """Overrides that note what they are asked."""

    def get(self, call: Any, default: Any = None) -> Any:
        found = super().get(call, default)
        note("override", getattr(found, "__name__", type(found).__name__))
        return found


class Fresh(OnlyGet):
    """Overrides that answer with another object each time."""

    def get(self, call: Any, default: Any = None) -> Any:
        return Service().fake if call in self._replacements else default


class Falsy(OnlyGet):
    """Overrides that have an answer, but not for those who ask for truth first."""

    def __bool__(self) -> bool:
        return False


class ByName(dict[Any, Any]):
    """Overrides by the name of what is overridden."""

    def get(self, call: Any, default: Any = None) -> Any:
        return super().get(getattr(call, "__name__", ""), default)


class Colour(enum.Enum):
    RED = "red"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        note("missing", str(value))
        return cls.RED


def noted(value: Any) -> Any:
    note("validator", str(value))
    return value


def produced() -> int:
    note("factory", "produced")
    return 9


class Filter(BaseModel):
    a: int = 3
    b: str = "filter"


class Out(BaseModel):
    name: str = "out"
    a: Any = None


NAMES = {name: value for name, value in globals().items() if not name.startswith("__")}
