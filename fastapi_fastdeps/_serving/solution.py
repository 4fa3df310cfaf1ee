"""What is found for one request."""

from contextlib import AsyncExitStack
from typing import Any, Final

from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.names import Dependant, SolvedDependency, get_oauth_scopes
from fastapi_fastdeps._fastapi.requests import NO_BODY, solver_names
from fastapi_fastdeps._threads import Visits

_names: Final = solver_names()


class Solution:
    """FastAPI's `SolvedDependency`, as it grows.

    Attributes:
        request: what it is found for.
        body: what was read of its body, `NO_BODY` for nothing.
        values: the arguments of the endpoint.
        errors: the validation errors, in FastAPI's order.
        response: what is injected for headers and a status, `None` as long as nobody asks.
        background_tasks: what is injected for them, likewise.
        visits: what goes to a thread for this request.
        validated: what the endpoint returned, validated, and what is wrong with it, where
            that was done already.
    """

    __slots__ = (
        "background_tasks",
        "body",
        "errors",
        "request",
        "response",
        "validated",
        "values",
        "visits",
    )

    def __init__(self, request: Request | WebSocket, visits: Visits, body: Any = NO_BODY) -> None:
        self.request = request
        self.visits = visits
        self.body = body
        self.response: Response | None = None
        self.background_tasks: StarletteBackgroundTasks | None = None
        self.errors: list[Any] = []
        self.values: dict[str, Any] = {}
        self.validated: tuple[Any, Any] | None = None

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that were set on the injected response."""
        return self.response.headers.raw if self.response is not None else []

    def add_special(self, dependant: Dependant, values: dict[str, Any]) -> None:
        """Add what FastAPI injects by type."""
        request = self.request
        if dependant.http_connection_param_name:
            values[dependant.http_connection_param_name] = request
        if dependant.request_param_name and isinstance(request, _names["Request"]):
            values[dependant.request_param_name] = request
        elif dependant.websocket_param_name and isinstance(request, _names["WebSocket"]):
            values[dependant.websocket_param_name] = request
        if dependant.background_tasks_param_name:
            if self.background_tasks is None:
                self.background_tasks = _names["BackgroundTasks"]()
            values[dependant.background_tasks_param_name] = self.background_tasks
        if dependant.response_param_name:
            if self.response is None:
                self.response = empty_response()
            values[dependant.response_param_name] = self.response
        if dependant.security_scopes_param_name:
            scopes_of = _names.get("_get_oauth_scopes", get_oauth_scopes)
            values[dependant.security_scopes_param_name] = _names["SecurityScopes"](
                scopes=scopes_of(dependant=dependant)
            )

    def as_fastapis(self) -> SolvedDependency:
        """What FastAPI's solver returns."""
        if self.response is None:
            self.response = empty_response()
        return SolvedDependency(
            values=self.values,
            errors=self.errors,
            background_tasks=self.background_tasks,
            response=self.response,
            dependency_cache={},
        )

    def stacks(self) -> tuple[Any, Any]:
        """Where generators are left: after the response, and when the endpoint has returned."""
        scope = self.request.scope
        for name in ("fastapi_inner_astack", "fastapi_function_astack"):
            assert isinstance(scope.get(name), AsyncExitStack), f"{name} not found in request scope"
        return scope["fastapi_inner_astack"], scope["fastapi_function_astack"]


def empty_response() -> Response:
    """What FastAPI makes when a request begins, whatever was replaced since then."""
    response = Response.__new__(Response)
    not_set: Any = None
    response.status_code = response.background = not_set
    response.body = b""
    response.raw_headers = []
    return response
