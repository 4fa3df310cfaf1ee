"""Errors that come after a response has begun, told from those before, by FastAPI's layers.

Starlette makes three functions for each request, in three layers, to note whether a response
has begun, which matters once there is an exception. Here one object notes it for all layers
between which nobody sends anything of his own; on an exception the layers themselves, FastAPI's
and Starlette's code, are told what they would have noted.
"""

from types import MethodType
from typing import Any, Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fastapi_fastdeps._fastapi.names import wrap_app_handling_exceptions

HANDLERS_KEY: Final = "starlette.exception_handlers"
MISSING: Final = object()


class Noting:
    """Notes whether a response has begun.

    Attributes:
        has_begun: whether it has.
    """

    __slots__ = ("_send", "has_begun")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
        await self._send(message)


def noting_of(send: Any) -> Noting | None:
    """What notes already whether something is sent, `None` if nothing does since now."""
    if type(send) is not MethodType or send.__func__ is not Noting.send:
        return None
    noting: Any = send.__self__
    return None if noting.has_begun else noting


class Failing:
    """An app that fails as another has failed, for a layer that is to deal with it."""

    def __init__(self, error: BaseException, *, has_begun: bool) -> None:
        self._errors = [error]
        self._begun: Message | None = {"type": "http.response.start"} if has_begun else None

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        if self._begun is not None:
            await send(self._begun)
        # A traceback that holds its own exception is a cycle.
        raise self._errors.pop()

    def sent_by(self, send: Send) -> Send:
        """`send` without what was sent before."""

        async def send_rest(message: Message) -> None:
            if message is not self._begun:
                await send(message)

        return send_rest


def handled(app: ASGIApp, handlers: Any, request: Request) -> ASGIApp:
    """Starlette's layer that calls the exception handlers, those that were in force before."""
    scope = request.scope
    current = scope.get(HANDLERS_KEY, MISSING)
    _put(scope, handlers)
    try:
        return wrap_app_handling_exceptions(app, request)
    finally:
        _put(scope, current)


def _put(scope: Scope, handlers: Any) -> None:
    if handlers is MISSING:
        scope.pop(HANDLERS_KEY, None)
    else:
        scope[HANDLERS_KEY] = handlers
