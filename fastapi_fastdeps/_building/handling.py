"""How the requests of one route at one place come to be handled."""

from collections.abc import Callable, Coroutine
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from fastapi import BackgroundTasks, routing
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.closures import handler_of
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    effective_route_context_var,
    fast_lane,
    inclusions,
    wrap_app_with_body_limit,
)
from fastapi_fastdeps._fastapi.replacements import around, is_known
from fastapi_fastdeps._fastapi.solving import calls_solver, with_solver
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._lane.choice import (
    HANDLER_INSTRUMENTED,
    SOLVER_INSTRUMENTED,
    is_handler_instrumented,
    is_solver_instrumented,
    ways_to_plan,
    why_not_now,
    why_not_planned,
)
from fastapi_fastdeps._lane.overrides import ClassifiedOverrides
from fastapi_fastdeps._lane.placing import Placing
from fastapi_fastdeps._lane.standins import is_awaited_by_fastapi
from fastapi_fastdeps._lane.tree import ClassifiedDependant, classified_dependant
from fastapi_fastdeps._lane.within import (
    PlannedDependant,
    PlannedStream,
    body_field_outside,
    body_field_within,
    can_be_planned_within,
    is_stream,
)
from fastapi_fastdeps._threads import Visits, threads_of

if TYPE_CHECKING or fast_lane:
    from fastapi_fastdeps._serving.asgi import planned_app
    from fastapi_fastdeps._serving.handler import PlannedHandler

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

NOT_FASTAPIS: Final = "its app is not what FastAPI made of it"
"""Why a route is left to itself."""


class Handling:
    """How the requests of one route at one place are handled.

    Attributes:
        live: the classified tree.
        why_not_planned: why it takes FastAPI's lane, empty in the fast lane.
        planned: the handler by its plan, in the fast lane.
        handle: the request handler, in place of FastAPI's.
    """

    def __init__(
        self,
        route: APIRoute,
        state: Any,
        live: LiveGraph,
        provider: Any | None,
        make: Callable[[Any], Handler] | None = None,
        *,
        is_within: bool = False,
    ) -> None:
        """`state` is what FastAPI knows of the route at this place, the route itself or an
        inclusion: read now, when FastAPI makes its handler. `make` makes FastAPI's own.
        `is_within`: whether it is called within FastAPI's own."""
        self.live = live
        live.serve_in(threads_of(provider))
        self._route = route
        self._state = _as_it_is(route, state, live, provider)
        self._fastapis: Handler | None = None
        self._streaming: Handler | None = None
        # What replaces this method later is called for routes that are made later.
        self._make = APIRoute.get_route_handler if make is None else make
        self._is_awaited = False
        self._is_within = is_within
        self._is_stream = is_stream(live, state)
        self.planned: PlannedHandler | None = None
        self.placing: Placing = Placing(live, self._state.body_field)
        self.handle: Handler = self._handle_as_fastapi
        self.why_not_planned: str = why_not_planned() or ""
        is_instrumented = not is_within and not self._is_stream and is_handler_instrumented()
        is_around = not is_within and self._is_stream
        if self.why_not_planned or is_instrumented or is_around:
            self._fastapis = self._make_fastapis()
            if self.why_not_planned:
                return
            if not (is_known(self._fastapis) if is_instrumented else calls_solver(self._fastapis)):
                self.why_not_planned = HANDLER_INSTRUMENTED
                return
        self.planned = PlannedHandler(
            self._state,
            live,
            provider,
            self._handle_as_fastapi,
            self._state.form_limits,
            self.placing,
            ways_to_plan(is_streamed=self._is_stream) if is_within else Way(0),
        )
        self.handle = self.planned.handle
        if is_instrumented:
            self.planned.serve_within(partial(around, self._fastapis), self._state.dependant)
        elif is_around:
            self.planned.serve = self._stream

    def why_not_now(self) -> str:
        """Why it takes FastAPI's lane at the moment, empty if it does not."""
        if self.why_not_planned or self.planned is None:
            return self.why_not_planned
        if self._needs_fastapis_solver():
            return SOLVER_INSTRUMENTED
        return why_not_now(self.planned.ground) or ""

    def is_served_by_fastapi(self) -> bool:
        """`why_not_now` in a hurry."""
        return (
            self.planned is None
            or self.planned.ground.is_touched()
            or self._needs_fastapis_solver()
        )

    def _needs_fastapis_solver(self) -> bool:
        """Whether FastAPI's handler, in which the plan is, calls a solver that is to see more."""
        return self._is_within and is_solver_instrumented()

    async def solve(
        self, request: Request, response: Response, background_tasks: BackgroundTasks
    ) -> dict[str, Any]:
        """The arguments of an endpoint that streams, by its plan."""
        assert self.planned is not None
        visits = Visits(self.live.threads, self.live).begin()
        return await self.planned.solve(request, response, background_tasks, visits)

    def tree(self) -> ClassifiedDependant:
        """The tree for a handler of FastAPI's in which the plan is to be, if there is one."""
        if self.planned is None:
            return classified_dependant(self.live)
        if self._is_stream:
            return PlannedStream(self.live, self)
        return PlannedDependant(self.live, self)

    @property
    def source(self) -> str | None:
        """The function of its plan, once there is one."""
        return self.planned.source if self.planned is not None else None

    def app(self) -> ASGIApp | None:
        """The whole ASGI app of the route, `None` where FastAPI makes it of the handler."""
        if self.planned is None:
            return None
        served = planned_app(self.planned, routing.request_response(self.planned.handle))
        app: ASGIApp = _App(served)
        return wrap_app_with_body_limit(app, self._state.max_body_size)

    def in_place_of(self, app: ASGIApp) -> ASGIApp:
        """What is to serve the route in place of what FastAPI has made of `handle`. Whatever
        else someone has put there stays."""
        if self.planned is not None and handler_of(app) != self.handle:
            self.why_not_planned = NOT_FASTAPIS
        return (not self.why_not_planned and self.app()) or app

    def app_in_full(self) -> ASGIApp:
        """The whole ASGI app of the route, in whichever lane."""
        app = self.app()
        return app if app is not None else routing.request_response(self.handle)

    def __deepcopy__(self, memo: object) -> "Handling":
        # What copies a route leaves FastAPI's handler, a function, what it is.
        return self

    def __getstate__(self) -> dict[str, Any]:
        if not self._is_stream or self.planned is None:
            return vars(self)
        # What reads FastAPI's names where they are is made again where it is needed.
        return vars(self) | {"_fastapis": None, "_streaming": None}

    async def _handle_as_fastapi(self, request: Request) -> Response:
        return await self._handle_by(self._as_to_be_awaited(), request)

    async def _stream(self, request: Request) -> Response:
        """Have FastAPI's own handler stream, whose solver is the plan."""
        handle = self._as_to_be_awaited()
        if self._streaming is None:
            assert self.planned is not None
            self._streaming = with_solver(handle, self.planned.solve_dependencies)
        return await self._handle_by(self._streaming, request)

    async def _handle_by(self, handle: Handler, request: Request) -> Response:
        self.live.threads.settle()
        visits = Visits(self.live.threads, self.live)
        with visits.as_current():
            response = await handle(request)
        self.placing.response(response, visits)
        return response

    def _as_to_be_awaited(self) -> Handler:
        """FastAPI's handler, which knows whether to await the endpoint from when it was made."""
        if self._fastapis is None or self._is_awaited != self._is_to_be_awaited():
            self._fastapis, self._streaming = self._make_fastapis(), None
        return self._fastapis

    def _is_to_be_awaited(self) -> bool:
        """Whether FastAPI is to await what it would have called in a thread."""
        is_awaited = is_awaited_by_fastapi(self.live.current().root.execution)
        return is_awaited and not (self.live.was_async or self.live.is_streamed)

    def _make_fastapis(self) -> Handler:
        self._is_awaited = self._is_to_be_awaited()
        dependant = self._state.dependant = classified_dependant(self.live)
        # What FastAPI asks now, it asks of the endpoint that was there at first.
        dependant.is_being_asked = True
        token = effective_route_context_var.set(self._state)
        try:
            return self._make(self._route if inclusions else self._state)
        finally:
            effective_route_context_var.reset(token)
            dependant.is_being_asked = False


class _App(partial[Any]):
    """An app that is copied as a function is: not at all."""

    def __deepcopy__(self, memo: object) -> "_App":
        return self


_READ: Final = (
    "body_field",
    "form_limits",
    "is_json_stream",
    "is_sse_stream",
    "max_body_size",
    "response_class",
    "response_field",
    "response_model_by_alias",
    "response_model_exclude",
    "response_model_exclude_defaults",
    "response_model_exclude_none",
    "response_model_exclude_unset",
    "response_model_include",
    "status_code",
    "stream_item_field",
    "strict_content_type",
    "_embed_body_fields",
)
"""What FastAPI reads of a route when it makes its handler, in one release or another."""


class _AsItIs(SimpleNamespace):
    """What is known of a route, and the route itself for what another FastAPI reads."""

    def __getattr__(self, name: str) -> Any:
        if "_state" not in vars(self):
            # A copy is asked for its methods before it has anything.
            raise AttributeError(name)
        return getattr(self._state, name)


def _as_it_is(route: APIRoute, state: Any, live: LiveGraph, provider: Any | None) -> Any:
    """What FastAPI's handler is made of, later changes of the route left out."""
    known = {name: getattr(state, name) for name in _READ if hasattr(state, name)}
    known["body_field"] = body_field_outside(known.get("body_field"))
    return _AsItIs(
        _state=state,
        **{"form_limits": getattr(route, "form_limits", None), "max_body_size": None, **known},
        original_route=route,
        dependant=classified_dependant(live),
        dependency_overrides_provider=overrides_of(provider, live),
    )


def overrides_of(provider: Any | None, live: LiveGraph) -> ClassifiedOverrides | None:
    """What FastAPI's solver is to take for the provider of overrides."""
    return None if provider is None else ClassifiedOverrides(provider, live)


def handled_within(
    route: APIRoute, state: Any, live: LiveGraph, provider: Any | None
) -> tuple[Dependant, Handling | None]:
    """The tree that FastAPI's handler is to be made of where a route's class wraps it, and
    how the plan in it handles the route, if there can be one."""
    is_awaited = is_stream(live, state) or can_be_planned_within(live.current())
    if why_not_planned() or not is_awaited:
        return classified_dependant(live), None
    handling = Handling(route, state, live, provider, is_within=True)
    return handling.tree(), handling


class Construction:
    """A route while its class constructs it, as FastAPI's `get_route_handler` is to see it.

    FastAPI's own hook for inclusions: whichever way a class of the user's comes to that
    method, the handler is made of the classified tree.

    Attributes:
        live: the classified tree, once FastAPI has asked for it.
        handling: how the plan within FastAPI's handler handles the route.
    """

    def __init__(
        self, route: APIRoute, live_graph: Callable[[], LiveGraph], *, is_wrapped: bool
    ) -> None:
        """`is_wrapped`: whether the user's class wraps FastAPI's handler."""
        self.original_route = route
        self._is_wrapped = is_wrapped
        self.live: LiveGraph | None = None
        self.handling: Handling | None = None
        self._live_graph = live_graph
        self._dependant: Dependant | None = None

    @property
    def dependant(self) -> Dependant:
        route = self.original_route
        provider = route.dependency_overrides_provider
        self.live = self._live_graph()
        self.live.serve_in(threads_of(provider))
        if not self._is_wrapped:
            return classified_dependant(self.live)
        self._dependant, self.handling = handled_within(route, route, self.live, provider)
        return self._dependant

    @property
    def body_field(self) -> Any:
        """Asked for after the tree."""
        return body_field_within(self._dependant, self.original_route.body_field)

    @property
    def dependency_overrides_provider(self) -> ClassifiedOverrides | None:
        assert self.live is not None
        return overrides_of(self.original_route.dependency_overrides_provider, self.live)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original_route, name)
