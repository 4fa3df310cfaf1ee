"""The ASGI app around the request handler of a planned route."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

from fastapi import routing
from starlette._exception_handler import wrap_app_handling_exceptions
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _ExitStack(AsyncExitStack):
    """An exit stack that is free to leave where nothing was entered."""

    _exit_callbacks: Any

    async def __aexit__(self, *exc_details: Any) -> bool | None:
        return await super().__aexit__(*exc_details) if self._exit_callbacks else None


def planned_app(handle: Handler) -> ASGIApp:
    """What FastAPI's `request_response` makes of a handler, for a planned one."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        started = False

        async def sender(message: Any) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
            await send(message)

        try:
            awaited = False
            async with _ExitStack() as request_stack:
                scope["fastapi_inner_astack"] = request_stack
                async with _ExitStack() as function_stack:
                    scope["fastapi_function_astack"] = function_stack
                    response = await handle(request)
                await response(scope, receive, sender)
                awaited = True
        except Exception as error:
            await _handle(error, started, request, scope, receive, send)
        else:
            if not awaited:
                await routing.request_response(_swallowed)(scope, receive, send)

    return app


async def _swallowed(request: Request) -> Response:
    """Does what led here, for FastAPI to say what is wrong: an exception was swallowed by
    a dependency with `yield`, so that there is no response."""
    request.scope["fastapi_inner_astack"].push(_swallow)
    raise RuntimeError


def _swallow(*_: object) -> bool:
    return True


async def _handle(
    error: Exception, started: bool, request: Request, scope: Scope, receive: Receive, send: Send
) -> None:
    """Let Starlette look for the exception handler and call it."""

    async def failed(_: Scope, __: Receive, starlettes_send: Send) -> None:
        if started:
            await starlettes_send({"type": "http.response.start"})
        raise error

    async def dropped(_: Any) -> None:
        """Nothing more is sent once a response has started."""

    await wrap_app_handling_exceptions(failed, request)(
        scope, receive, dropped if started else send
    )
