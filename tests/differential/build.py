"""From a program to an application of a given class."""

import functools
import gc
import linecache
import sys
import types
import typing
import uuid
from collections.abc import AsyncIterable, Callable, Coroutine, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import fastapi
import pydantic
from anyio.lowlevel import checkpoint
from fastapi import APIRouter, FastAPI, Request
from fastapi.exception_handlers import (
    request_validation_exception_handler,
    websocket_request_validation_exception_handler,
)
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer, SecurityScopes
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.background import BackgroundTask
from starlette.requests import HTTPConnection
from starlette.responses import Response
from typing_extensions import TypeAliasType

from fastapi_fastdeps import InlineMixin, ThreadedMixin, inline, threaded
from fastapi_fastdeps.marking import Inline, Threaded

from . import models, recorder
from .program import Depend, Endpoint, Layer, Mark, Marks, Program, Reply
from .recorder import run
from .source import depends_text, reference, source

MODULE = "differential_program"
_FILE = "/differential/program.py"
_DECORATORS: dict[Mark, Callable[[Any], Any]] = {"inline": inline, "threaded": threaded}
_PLACES: dict[Mark, type] = {"inline": Inline, "threaded": Threaded}
_MIXINS: dict[Mark, type] = {"inline": InlineMixin, "threaded": ThreadedMixin}


def _wrapping(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(**arguments: Any) -> Any:
        return function(**arguments)

    return wrapper


def _async_wrapping(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(**arguments: Any) -> Any:
        await checkpoint()
        return function(**arguments)

    return wrapper


_NAMES: dict[str, Any] = {
    **{name: getattr(fastapi, name) for name in fastapi.__dict__ if name[0].isupper()},
    **{name: getattr(pydantic, name) for name in ("AliasChoices", "AfterValidator", "BaseModel")},
    **{name: getattr(pydantic, name) for name in ("BeforeValidator", "Json", "PrivateAttr")},
    **{name: value for name, value in vars(models).items() if not name.startswith("__")},
    **{name: getattr(recorder, name) for name in ("FailedError", "ReplacedError", "LateError")},
    "Annotated": typing.Annotated,
    "Any": Any,
    "APIKeyHeader": APIKeyHeader,
    "AsyncIterable": AsyncIterable,
    "BackgroundTask": BackgroundTask,
    "HTTPConnection": HTTPConnection,
    "Iterable": Iterable,
    "JSONResponse": JSONResponse,
    "Literal": typing.Literal,
    "OAuth2PasswordBearer": OAuth2PasswordBearer,
    "SecurityScopes": SecurityScopes,
    "ServerSentEvent": ServerSentEvent,
    "TypeAliasType": TypeAliasType,
    "UUID": uuid.UUID,
    "async_wrapping": _async_wrapping,
    "checkpoint": checkpoint,
    "contextmanager": contextmanager,
    "dataclass": dataclass,
    "date": date,
    "gc": gc,
    "partial": functools.partial,
    "run": run,
    "wrapping": _wrapping,
}


class _OwnRoute(APIRoute):
    """A user's own `route_class`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def noted(request: Request) -> Response:
            run.note("own route", self.path)
            try:
                return await handler(request)
            finally:
                run.note("own route done", self.path)

        return noted


class Functions:
    """A program's functions and classes, freshly made, with their marks on them."""

    def __init__(self, program: Program, marks: Marks) -> None:
        self.program = program
        text = source(program)
        linecache.cache[_FILE] = (len(text), None, text.splitlines(keepends=True), _FILE)
        module = types.ModuleType(MODULE)
        module.__file__ = _FILE
        sys.modules[MODULE] = module
        self._namespace = vars(module)
        self._namespace.update(_NAMES)
        decorated, placed, inherited = map(dict, (marks.decorated, marks.placed, marks.inherited))

        def mark(name: str) -> Callable[[Any], Any]:
            return _DECORATORS[decorated[name]] if name in decorated else lambda call: call

        def place(name: str) -> tuple[type, ...]:
            return (_PLACES[placed[name]],) if name in placed else ()

        def bases(name: str) -> tuple[type, ...]:
            return (_MIXINS[inherited[name]],) if name in inherited else ()

        self._namespace.update(mark=mark, place=place, bases=bases)
        exec(compile(text, _FILE, "exec", dont_inherit=True), self._namespace)

    def evaluate(self, expression: str) -> Any:
        return eval(expression, self._namespace)

    def node(self, index: int) -> Any:
        return self.evaluate(reference(f"n{index}", self.program.nodes[index].kind))

    def endpoint(self, index: int) -> Any:
        return self.evaluate(reference(f"e{index}", self.program.endpoints[index].kind))

    def dependencies(self, depends: Iterable[Depend]) -> list[Any]:
        return [self.evaluate(depends_text(self.program, depend)) for depend in depends]


@dataclass(frozen=True)
class Framework:
    """The classes under comparison, and what they are created with."""

    app: type[FastAPI]
    router: type[APIRouter]
    options: tuple[tuple[str, Any], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


STOCK = Framework(FastAPI, APIRouter)


def build(functions: Functions, framework: Framework) -> FastAPI:
    program = functions.program
    app = framework.app(
        dependencies=functions.dependencies(program.app_dependencies),
        **dict(framework.options),
    )
    app.add_exception_handler(recorder.RefusedError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(WebSocketRequestValidationError, _invalid_websocket)
    routers: list[FastAPI | APIRouter] = [app]
    for layer in program.layers:
        router_class = APIRouter if layer.plain else framework.router
        own: dict[str, Any] = {"route_class": _OwnRoute} if layer.own_routes else {}
        router = router_class(
            prefix=layer.prefix,
            dependencies=functions.dependencies(layer.dependencies),
            **own,
        )
        routers.append(router)
    inclusions = list(zip(routers, routers[1:], program.layers, strict=False))
    for parent, child, layer in inclusions:
        if layer.included_first:
            _include(functions, parent, child, layer)
    for index, endpoint in enumerate(program.endpoints):
        _add_route(functions, routers[-1], index, endpoint)
    for parent, child, layer in reversed(inclusions):
        if not layer.included_first:
            _include(functions, parent, child, layer)
    return app


def mounted(app: FastAPI, framework: Framework) -> FastAPI:
    outer = framework.app(**dict(framework.options))
    outer.mount("/mounted", app)
    return outer


def override(app: FastAPI, functions: Functions) -> None:
    for replaced, replacement in functions.program.overrides:
        app.dependency_overrides[functions.node(replaced)] = functions.node(replacement)


def _include(functions: Functions, parent: FastAPI | APIRouter, child: Any, layer: Layer) -> None:
    parent.include_router(
        child,
        prefix=layer.include_prefix,
        dependencies=functions.dependencies(layer.include_dependencies),
    )


def _add_route(
    functions: Functions, router: FastAPI | APIRouter, index: int, endpoint: Endpoint
) -> None:
    path = f"/e{index}{endpoint.path}"
    call = functions.endpoint(index)
    dependencies = functions.dependencies(endpoint.dependencies)
    if endpoint.reply == "talk":
        router.add_api_websocket_route(path, call, dependencies=dependencies)
        return
    options: dict[Reply, dict[str, Any]] = {
        "model": {"response_model": models.Out},
        "exclude unset": {"response_model": models.Out, "response_model_exclude_unset": True},
        "created": {"status_code": 201},
        "empty": {"status_code": 204},
        "text": {"response_class": PlainTextResponse},
        "response": {"response_model": None},
        "raw": {"response_class": StreamingResponse},
        "events": {"response_class": EventSourceResponse},
        "events typed": {"response_class": EventSourceResponse},
    }
    router.add_api_route(
        path,
        call,
        methods=[endpoint.method],
        dependencies=dependencies,
        **options.get(endpoint.reply, {}),
    )


async def _refused(_: Request, error: Exception) -> Response:
    run.note("refused", str(error))
    return JSONResponse({"refused": str(error)}, status_code=409)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    run.note("invalid", repr(error.body), str(error))
    return await request_validation_exception_handler(request, error)


async def _invalid_websocket(websocket: Any, error: Exception) -> None:
    assert isinstance(error, WebSocketRequestValidationError)
    run.note("invalid websocket", "", str(error))
    await websocket_request_validation_exception_handler(websocket, error)
