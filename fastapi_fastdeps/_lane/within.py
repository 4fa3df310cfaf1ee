"""A plan within a handler of FastAPI's own.

A user's route class may wrap FastAPI's handler, which it gets by `super()`. That handler is
FastAPI's, made of the tree that it is given: of this one, which has no dependencies and the
planned route for an endpoint, as long as nothing needs FastAPI's solver.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, ClassVar, Final, Protocol, cast

from starlette.requests import Request
from starlette.responses import Response

from fastapi_fastdeps._deciding.graph import Graph
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import (
    classification,
    get_request_telemetry,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)
from fastapi_fastdeps._lane.standins import is_awaited_by_fastapi, standing_where
from fastapi_fastdeps._lane.tree import PROPERTIES, ClassifiedDependant
from fastapi_fastdeps._sending import Makers, nothing


class Planned(Protocol):
    """What handles the requests of a route by its plan."""

    @property
    def handle(self) -> Callable[[Request], Awaitable[Response]]: ...

    def is_served_by_fastapi(self) -> bool: ...


_REQUEST: Final = "fastdeps_request"

_planned: ContextVar[object] = ContextVar("fastdeps_planned", default=None)
"""The tree of which FastAPI's solver has been told, in this request, that it is empty."""


class PlannedDependant(ClassifiedDependant):  # pyrefly: ignore[bad-class-definition]
    """A route's tree for FastAPI's handler, which finds a plan in the place of the endpoint."""

    __slots__ = ("_endpoint_seen", "_endpoint_within", "_planned_route")

    left_behind: ClassVar[Makers] = {
        **ClassifiedDependant.left_behind,
        "_endpoint_seen": nothing,
        "_endpoint_within": nothing,
    }

    def __init__(self, live: LiveGraph, planned_route: Planned) -> None:
        super().__init__(live, live.root)
        self._planned_route = planned_route
        self._endpoint_seen: object = None
        self._endpoint_within: Any = None

    def is_planned(self) -> bool:
        """Whether FastAPI's solver has been told in this request that there is nothing to do."""
        return _planned.get() is self

    def begin(self) -> bool:
        """Decide what to tell FastAPI's solver, which asks for the dependencies first."""
        is_planned = (
            get_request_telemetry() is None and not self._planned_route.is_served_by_fastapi()
        )
        _planned.set(self if is_planned else None)
        return is_planned

    def endpoint(self) -> Any:
        """What FastAPI awaits: the planned route, or the endpoint with the values found."""
        call = self.get_call()
        if not self.is_planned() and (is_gen_callable(call) or is_async_gen_callable(call)):
            # FastAPI asks for this when the request comes.
            return call
        if call is not self._endpoint_seen:

            async def endpoint(**values: Any) -> Any:
                if self.is_planned():
                    _planned.set(None)
                    return await self._planned_route.handle(values[_REQUEST])
                return await self.get_call()(**values)

            self._endpoint_seen = call
            self._endpoint_within = standing_where(endpoint, cast("Any", self.of.call))
        return self._endpoint_within


def can_be_planned_within(graph: Graph) -> bool:
    """Whether FastAPI's handler awaits the endpoint, as it has to await a plan."""
    root = graph.root
    return is_awaited_by_fastapi(root.execution) or is_coroutine_callable(root.candidate.call)


def _unless_planned(name: str, otherwise: Any) -> property:
    given = PROPERTIES[name]

    def read(dependant: PlannedDependant) -> Any:
        assert given.fget is not None
        return otherwise if dependant.is_planned() else given.fget(dependant)

    return property(read, given.fset)


def _dependencies(dependant: PlannedDependant) -> Any:
    given = PROPERTIES["dependencies"].fget
    assert given is not None
    return [] if dependant.begin() else given(dependant)


_LISTS = ("path_params", "query_params", "header_params", "cookie_params", "body_params")
_NAMES = (
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
)
if classification:
    for _name, _property in {
        **{name: _unless_planned(name, []) for name in _LISTS},
        **{name: _unless_planned(name, None) for name in _NAMES},
        "request_param_name": _unless_planned("request_param_name", _REQUEST),
        "dependencies": property(_dependencies, PROPERTIES["dependencies"].fset),
        "call": property(PlannedDependant.endpoint, PROPERTIES["call"].fset),
    }.items():
        setattr(PlannedDependant, _name, _property)
