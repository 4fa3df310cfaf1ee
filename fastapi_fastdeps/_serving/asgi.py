"""The ASGI app around the request handler of a planned route."""

from contextlib import AsyncExitStack
from functools import partial

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_fastdeps._fastapi.requests import (
    exit_callbacks,
    response_not_awaited,
    routing_names,
)
from fastapi_fastdeps._serving.handler import PlannedHandler
from fastapi_fastdeps._serving.invalid import quickened
from fastapi_fastdeps._serving.noting import (
    HANDLERS_KEY,
    MISSING,
    Failing,
    Noting,
    handled,
    noting_of,
)


def planned_app(handler: PlannedHandler, fastapis: ASGIApp) -> ASGIApp:
    """What FastAPI's `request_response` makes of a handler, for a planned one.

    Starlette reads which exception handlers are in force before anything runs, and finds
    the one for an exception. `fastapis`: the app in FastAPI's lane.
    """
    return partial(_app, handler, fastapis)


async def _app(
    handler: PlannedHandler, fastapis: ASGIApp, scope: Scope, receive: Receive, send: Send
) -> None:
    if handler.is_touched():
        await fastapis(scope, receive, send)
        return
    request = Request(scope, receive, send)
    handlers = scope.get(HANDLERS_KEY, MISSING)
    noting = noting_of(send)
    if noting is None:
        noting = Noting(send)
        send = noting.send
    awaited = False
    try:
        request_stack = scope["fastapi_inner_astack"] = AsyncExitStack()
        try:
            function_stack = scope["fastapi_function_astack"] = AsyncExitStack()
            try:
                response = await handler.serve(request)
            except BaseException as error:
                if not await function_stack.__aexit__(type(error), error, error.__traceback__):
                    raise
            else:
                if exit_callbacks(function_stack):
                    await function_stack.__aexit__(None, None, None)
            # Not bound where a dependency swallowed the exception: FastAPI fails like this.
            # pyrefly: ignore[unbound-name]
            await response(scope, receive, send)  # pyright: ignore[reportPossiblyUnboundVariable]
            awaited = True
        except BaseException as error:
            if not await request_stack.__aexit__(type(error), error, error.__traceback__):
                raise
        else:
            if exit_callbacks(request_stack):
                await request_stack.__aexit__(None, None, None)
        if not awaited:
            # A dependency with `yield` has swallowed an exception.
            raise routing_names()["FastAPIError"](response_not_awaited())
    except Exception as error:
        failing = Failing(error, has_begun=noting.has_begun)
        handlers = quickened(handlers, error)
        await handled(failing, handlers, request)(scope, receive, failing.sent_by(send))
