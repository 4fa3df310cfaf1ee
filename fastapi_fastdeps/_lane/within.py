"""A plan within a handler of FastAPI's own.

A user's route class may wrap FastAPI's handler, which it gets by `super()`. That handler is
FastAPI's, made of the tree that it is given: of this one, which has no dependencies and the
planned route for an endpoint, as long as nothing needs FastAPI's solver. And what an endpoint
streams FastAPI's own handler sends: it is given a tree with a single dependency, the plan, where
there are dependencies.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import Any, ClassVar, Final, Protocol, cast

from fastapi import BackgroundTasks, Request, Response

from fastapi_fastdeps._deciding.graph import Graph
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    EventSourceResponse,
    classification,
    effective_route_context_var,
    get_request_telemetry,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)
from fastapi_fastdeps._lane.overrides import solves_by_plan
from fastapi_fastdeps._lane.standins import (
    awaiting_endpoint,
    is_awaited_by_fastapi,
    streaming_endpoint,
)
from fastapi_fastdeps._lane.tree import PROPERTIES, ClassifiedDependant
from fastapi_fastdeps._sending import Makers, nothing


class Planned(Protocol):
    """What handles the requests of a route by its plan."""

    @property
    def handle(self) -> Callable[[Request], Awaitable[Response]]: ...

    def is_served_by_fastapi(self) -> bool: ...


class Solving(Protocol):
    """What knows the plan of a route that streams, or of a frontend."""

    async def solve(
        self, request: Request, response: Response, background_tasks: BackgroundTasks
    ) -> dict[str, Any]: ...

    def is_served_by_fastapi(self) -> bool: ...


_REQUEST: Final = "fastdeps_request"
_VALUES: Final = "fastdeps_values"

_planned: ContextVar[object] = ContextVar("fastdeps_planned", default=None)
"""The tree of which FastAPI's solver has been told, in this request, that it is empty."""


class _Within(ClassifiedDependant):  # pyrefly: ignore[bad-class-definition]
    """A route's tree for FastAPI's handler, or another one with a plan in it."""

    __slots__ = ("_endpoint_seen", "_endpoint_within", "_has_begun_with_body")

    left_behind: ClassVar[Makers] = {
        **ClassifiedDependant.left_behind,
        "_endpoint_seen": nothing,
        "_endpoint_within": nothing,
    }

    def __init__(self, live: LiveGraph) -> None:
        super().__init__(live, live.root)
        self._endpoint_seen: object = None
        self._endpoint_within: Any = None
        self._has_begun_with_body = False

    def unread(self, body_field: Any) -> Any:
        """The body field for FastAPI's handler, which is made of this tree."""
        self._has_begun_with_body = True
        return _UnreadBody(body_field, self)

    def is_planned(self) -> bool:
        """Whether FastAPI's solver has been told in this request that there is nothing to do."""
        return _planned.get() is self

    def begin(self) -> bool:
        """Decide what to tell FastAPI's handler."""
        is_planned = get_request_telemetry() is None and self.can_begin()
        _planned.set(self if is_planned else None)
        return is_planned

    def has_begun(self) -> bool:
        """What FastAPI's solver is told, which asks for the dependencies first. FastAPI's
        handler has asked before whether there is a body to read, where there is one."""
        return self.is_planned() if self._has_begun_with_body else self.begin()

    def can_begin(self) -> bool:
        """Whether nothing but telemetry needs FastAPI's solver."""
        raise NotImplementedError

    def instead(self) -> list[Dependant]:
        """The dependencies of the tree with the plan in it."""
        raise NotImplementedError

    def endpoint(self) -> Any:
        """What FastAPI calls: what the plan needs, or the endpoint with the values found."""
        raise NotImplementedError


class _UnreadBody:
    """The body field of a route in whose handler a plan is: no body where the plan reads it.

    FastAPI's handler asks for the truth of it alone, once when it is made and then for each
    request; a `Request` of the user's own is so read once, as by FastAPI.
    """

    __slots__ = ("_dependant", "field_info", "given")

    def __init__(self, given: Any, dependant: _Within) -> None:
        self.given = given
        self._dependant = dependant
        self.field_info: Any = given.field_info

    def __bool__(self) -> bool:
        is_being_made = effective_route_context_var.get() is not None
        return is_being_made or not self._dependant.begin()

    def __getattr__(self, name: str) -> Any:
        if name in self.__slots__:
            # A copy is asked for its methods before it has anything.
            raise AttributeError(name)
        return getattr(self.given, name)


class PlannedDependant(_Within):  # pyrefly: ignore[bad-class-definition]
    """A route's tree for FastAPI's handler, which finds a plan in the place of the endpoint."""

    __slots__ = ("_planned_route",)

    def __init__(self, live: LiveGraph, planned_route: Planned) -> None:
        super().__init__(live)
        self._planned_route = planned_route

    def can_begin(self) -> bool:
        return not self._planned_route.is_served_by_fastapi()

    def instead(self) -> list[Dependant]:
        return []

    def endpoint(self) -> Any:
        call = self.get_call()
        if not self.is_planned() and (is_gen_callable(call) or is_async_gen_callable(call)):
            # FastAPI asks for this when the request comes.
            return call
        if call is not self._endpoint_seen:

            def call_as(**values: Any) -> Awaitable[Any]:
                if self.is_planned():
                    _planned.set(None)
                    return self._planned_route.handle(values[_REQUEST])
                called: Awaitable[Any] = self.get_call()(**values)
                return called

            self._endpoint_seen = call
            self._endpoint_within = awaiting_endpoint(call_as, cast("Any", self.of.call))
        return self._endpoint_within


class PlannedFrontend(_Within):  # pyrefly: ignore[bad-class-definition]
    """The tree of a frontend, for FastAPI's solver, which finds a plan in the place of the
    dependencies. There is no endpoint to call."""

    __slots__ = ("_planned_solving", "_solving")

    left_behind: ClassVar[Makers] = {**_Within.left_behind, "_solving": nothing}

    def __init__(self, live: LiveGraph, planned_solving: Solving) -> None:
        super().__init__(live)
        self._planned_solving = planned_solving
        self._solving: Dependant | None = None

    def can_begin(self) -> bool:
        # What FastAPI's solver does for a plan, it would do for a few parameters.
        return bool(self.of.dependencies) and not self._planned_solving.is_served_by_fastapi()

    def instead(self) -> list[Dependant]:
        if self._solving is None:
            # FastAPI's names that analyse a signature may not be FastAPI's any more.
            self._solving = Dependant(
                call=self.solve,
                name=_VALUES,
                path="/",
                request_param_name="request",
                response_param_name="response",
                background_tasks_param_name="background_tasks",
            )
        return [self._solving]

    @solves_by_plan
    async def solve(
        self, request: Request, response: Response, background_tasks: BackgroundTasks
    ) -> dict[str, Any]:
        """What the plan finds, for FastAPI's solver."""
        values = await self._planned_solving.solve(request, response, background_tasks)
        # A dependency may have sent a request to another route.
        _planned.set(self)
        return values

    def endpoint(self) -> Any:
        return self.get_call()


class PlannedStream(PlannedFrontend):  # pyrefly: ignore[bad-class-definition]
    """The tree of a route that streams, for FastAPI's handler, which calls the endpoint with what
    the plan has found."""

    __slots__ = ()

    def can_begin(self) -> bool:
        return super().can_begin() and not _is_partial(self.get_call())

    def endpoint(self) -> Any:
        call = self.get_call()
        if _is_partial(call) and not self.is_planned():
            # What it is a partial of, FastAPI finds out in more ways than one.
            return call
        if call is not self._endpoint_seen:
            self._endpoint_seen = call
            user_call = cast("Any", self.of.call)
            self._endpoint_within = streaming_endpoint(call, user_call, _values_of)
        return self._endpoint_within


def _is_partial(call: object) -> bool:
    return isinstance(call, partial)


def _values_of(values: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = values.get(_VALUES, values)
    return found


def is_stream(live: LiveGraph, state: Any) -> bool:
    """Whether FastAPI streams what the endpoint of a route returns, whatever stands there now.

    `state` is what FastAPI knows of the route. The tree, which may have seen another endpoint
    than FastAPI has, takes note.
    """
    live.is_streamed = live.is_streamed or has_settled_on_a_stream(state, state.response_class)
    call = live.root.call
    return live.is_streamed or is_gen_callable(call) or is_async_gen_callable(call)


def has_settled_on_a_stream(state: Any, response_class: Any) -> bool:
    """Whether FastAPI has seen that a route, answering with this class, streams."""
    kind = getattr(response_class, "value", response_class)
    return (
        getattr(state, "is_json_stream", False)
        or getattr(state, "is_sse_stream", False)
        # Of these, FastAPI takes an endpoint of any kind for a stream.
        or (isinstance(kind, type) and issubclass(kind, EventSourceResponse))
    )


def body_field_within(dependant: Dependant | None, body_field: Any) -> Any:
    """The body field of a route for FastAPI's handler, which is made of this tree."""
    if body_field is None or not isinstance(dependant, _Within):
        return body_field
    return dependant.unread(body_field)


def body_field_outside(body_field: Any) -> Any:
    """The body field of a route, where FastAPI's handler may have been given another one."""
    return body_field.given if isinstance(body_field, _UnreadBody) else body_field


def can_be_planned_within(graph: Graph) -> bool:
    """Whether FastAPI's handler awaits the endpoint, as it has to await a plan."""
    root = graph.root
    return is_awaited_by_fastapi(root.execution) or is_coroutine_callable(root.candidate.call)


def _unless_planned(name: str, otherwise: Any) -> property:
    given = PROPERTIES[name]

    def read(dependant: _Within) -> Any:
        assert given.fget is not None
        return otherwise if dependant.is_planned() else given.fget(dependant)

    return property(read, given.fset)


def _dependencies(dependant: _Within) -> Any:
    given = PROPERTIES["dependencies"].fget
    assert given is not None
    return dependant.instead() if dependant.has_begun() else given(dependant)


def _endpoint(dependant: _Within) -> Any:
    return dependant.endpoint()


_LISTS = ("path_params", "query_params", "header_params", "cookie_params", "body_params")
_NAMES = (
    "request_param_name",
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
        "dependencies": property(_dependencies, PROPERTIES["dependencies"].fset),
        "call": property(_endpoint, PROPERTIES["call"].fset),
    }.items():
        setattr(_Within, _name, _property)
    _name = "request_param_name"
    setattr(PlannedDependant, _name, _unless_planned(_name, _REQUEST))
