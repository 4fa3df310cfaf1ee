"""What FastAPI made a route's `app` of, read from its closure.

A route that the user constructed is served by a plan only if its `app` is what FastAPI made,
of the handler that FastAPI made: whatever was wrapped around either must be called.
"""

from collections.abc import Callable
from functools import partial
from types import CodeType, FunctionType
from typing import Any, Final

import starlette.routing
from fastapi import routing
from fastapi.routing import APIRoute
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps._fastapi.names import (
    get_websocket_app,
    request_response,
    streams,
    websocket_session,
    wrap_app_with_body_limit,
)
from fastapi_fastdeps._fastapi.replacements import is_known, original_of
from fastapi_fastdeps._fastapi.routers import fastapis


def _inner(function: Callable[..., Any] | None) -> CodeType | None:
    """The code of the function `app` that one of FastAPI's returns."""
    function = original_of(function)
    constants = function.__code__.co_consts if isinstance(function, FunctionType) else ()
    return next(
        (each for each in constants if isinstance(each, CodeType) and each.co_name == "app"), None
    )


_HTTP_APP = _inner(request_response)
_HTTP_HANDLER = _inner(getattr(routing, "get_request_handler", None))
_STARLETTES_APP = _inner(getattr(starlette.routing, "request_response", None))
_WEBSOCKET_APP = _inner(websocket_session)
_WEBSOCKET_HANDLER = _inner(get_websocket_app)


def _layers(app: object) -> tuple[object, object]:
    """The classes of an app and of the one that it is wrapped around."""
    return app.__class__, getattr(app, "app", None).__class__


async def _unlimited(scope: Scope, receive: Receive, send: Send) -> None: ...


_LIMITED = _layers(wrap_app_with_body_limit(_unlimited, 0))


def http_arguments(app: Any) -> dict[str, Any] | None:
    """What `get_request_handler` was given for the handler in this app, `None` if the app,
    or the handler in it, is not FastAPI's own."""
    return handler_arguments(_closure(app, _HTTP_APP).get("f"))


def handler_arguments(handler: Any) -> dict[str, Any] | None:
    """What `get_request_handler` was given for this handler, `None` if it is not FastAPI's.

    What a known tool makes of FastAPI's is as good, as long as it does so.
    """
    if is_known(getattr(routing, "get_request_handler", None)):
        handler = original_of(handler)
    return _closure(handler, _HTTP_HANDLER) or None


def handler_of(app: Any) -> Any:
    """The handler that FastAPI made this app of, with or without a limit for the body. `None`
    if the app is not FastAPI's own."""
    if _layers(app) == _LIMITED != _layers(_unlimited):
        app = app.app.app
    return _closure(app, _HTTP_APP).get("f")


def websocket_arguments(app: Any) -> dict[str, Any] | None:
    """What `get_websocket_app` was given for the handler in this app, `None` if the app, or
    the handler in it, is not FastAPI's own."""
    return _closure(_closure(app, _WEBSOCKET_APP).get("func"), _WEBSOCKET_HANDLER) or None


def app_of(function: Callable[..., Any]) -> Any:
    """What Starlette makes of a function of a request."""
    return starlette.routing.request_response(function)


def function_of(app: Any) -> Any:
    """The sync function of a request that Starlette made this app of, `None` if the app is
    not Starlette's own, or the function is async."""
    handler: Any = _closure(app, _STARLETTES_APP).get("f")
    if type(handler) is not partial or handler.func is not run_in_threadpool:
        return None
    return handler.args[0]


def iterated_in_threads(items: Any) -> tuple[Any] | None:
    """What Starlette is to iterate in threads by this iterator, which nobody has asked for an item
    yet. `None` for any other."""
    code = getattr(items, "ag_code", None)
    if not streams or code is not iterate_in_threadpool.__code__:
        return None
    variables: dict[str, Any] = dict(items.ag_frame.f_locals) if items.ag_frame is not None else {}
    return (variables["iterator"],) if variables.keys() == {"iterator"} else None


def _is(code: CodeType, fastapis: CodeType) -> bool:
    """Whether it is FastAPI's, or was before it came from another process."""
    return code is fastapis or (code == fastapis and code.co_filename == fastapis.co_filename)


def _closure(function: Any, code: CodeType | None) -> dict[str, Any]:
    if code is None or not isinstance(function, FunctionType) or not _is(function.__code__, code):
        return {}
    cells = function.__closure__ or ()
    return {name: cell.cell_contents for name, cell in zip(code.co_freevars, cells, strict=True)}


make_handler: Final[Any] = fastapis(APIRoute, "get_route_handler")
"""What has made the handler of a route whose handler is FastAPI's own."""
