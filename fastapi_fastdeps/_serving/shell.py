"""What FastAPI does around its router, in one function, where nothing can tell.

On an exception FastAPI's own layers do their work: they are told the exception, and whether
the response has begun.
"""

from contextlib import AsyncExitStack
from copy import copy
from typing import Any, Final

from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps._fastapi.ground import SHELL, Ground
from fastapi_fastdeps._fastapi.names import (
    MAX_BODY_SIZE_SCOPE_KEY,
    AppBodyLimitMiddleware,
    ExceptionTelemetryMiddleware,
    NativeTelemetry,
    shell,
)
from fastapi_fastdeps._fastapi.requests import (
    environment,
    exception_handlers,
    exit_callbacks,
    telemetry_providers,
    telemetry_variables,
)
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._serving.noting import HANDLERS_KEY, Failing, Noting, handled

_ground: Final = Ground(SHELL if shell else {}).on(~Way.ELSEWHERE)
# One that is set later is a name that was replaced.
_had_providers: Final = any(provider is not None for provider in telemetry_providers())
_variables: Final = environment()
_TRACER, _METER, _LOGGER = telemetry_variables()


def is_as_ever(scope: Scope, telemetry: Any) -> bool:
    """Whether a request that comes to an app goes through FastAPI's layers, the telemetry not
    among them, and nobody has replaced one of them."""
    if (
        scope["type"] != "http"
        or "fastapi.telemetry" in scope
        or MAX_BODY_SIZE_SCOPE_KEY in scope
        or type(telemetry) is not NativeTelemetry
        or _had_providers
        or _TRACER in _variables
        or _METER in _variables
        or _LOGGER in _variables
    ):
        return False
    config: Any = telemetry.config
    return (
        config["tracer_provider"] is None
        and config["meter_provider"] is None
        and config["logger_provider"] is None
        and (_ground.is_as_it_was() or not _ground.is_touched())
    )


async def serve(stack: Any, router: Any, scope: Scope, receive: Receive, send: Send) -> None:
    """Send a request through a stack of middleware.

    `router`: an app that does nothing but call its `middleware_stack`.
    """
    telemetry: Any
    limit: Any
    if (
        type(stack) is not ServerErrorMiddleware
        or stack.debug
        or type(telemetry := stack.app) is not ExceptionTelemetryMiddleware
        or type(limit := telemetry.app) is not AppBodyLimitMiddleware
    ):
        await stack(scope, receive, send)
        return
    noting = Noting(send)
    app: Any = limit.app
    exits: Any
    handlers: tuple[Any, Any] | None = None
    try:
        if type(app) is ExceptionMiddleware and type(exits := app.app) is AsyncExitStackMiddleware:
            handlers = scope[HANDLERS_KEY] = exception_handlers(app)
            inner: Any = exits.app
            if inner is router:
                inner = router.middleware_stack
            exit_stack = scope[exits.context_name] = AsyncExitStack()
            try:
                await inner(scope, receive, noting.send)
            except BaseException as error:
                if not await exit_stack.__aexit__(type(error), error, error.__traceback__):
                    raise
            else:
                if exit_callbacks(exit_stack):
                    await exit_stack.__aexit__(None, None, None)
        else:
            await app(scope, receive, noting.send)
        return
    except Exception as error:
        failing = Failing(error, has_begun=noting.has_begun)
    outermost, innermost = copy(stack), copy(telemetry)
    outermost.app, innermost.app = innermost, failing
    if handlers is not None:
        innermost.app = handled(failing, handlers, Request(scope, receive, noting.send))
    await outermost(scope, receive, failing.sent_by(send))
