"""The comparison notices each way in which what is changed could be overlooked."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, routing
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import solve_dependencies
from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.types import Receive, Scope, Send

from .drawing import draw
from .judging import Framework, Judge
from .shrinking import shrink, way

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

_SEEDS = range(400)


def _snapshot(dependant: Dependant) -> Dependant:
    """A tree that later changes do not reach; calls and fields are shared."""
    taken = copy.copy(dependant)
    for name in ("path", "query", "header", "cookie", "body"):
        fields = f"{name}_params"
        setattr(taken, fields, list(getattr(dependant, fields)))
    taken.dependencies = [_snapshot(child) for child in dependant.dependencies]
    return taken


class SnapshotRoute(APIRoute):
    def get_route_handler(self) -> Any:
        own = self.dependant
        self.dependant = _snapshot(own)
        try:
            return super().get_route_handler()
        finally:
            self.dependant = own


class SettlesTrees(FastAPI):
    """A route's tree is read once, when the route is made."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.router.route_class = SnapshotRoute


class _Broken(FastAPI):
    """FastAPI with a fault while it serves."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        solving = routing.solve_dependencies
        routing.solve_dependencies = self.solving(solving)  # type: ignore[assignment]
        try:
            await super().__call__(scope, receive, send)
        finally:
            routing.solve_dependencies = solving

    def solving(self, solve: Callable[..., Any]) -> Callable[..., Any]:
        return solve


class KeepsTheRequest(_Broken):
    """Headers, queries and cookies are those of the request's beginning."""

    def solving(self, solve: Callable[..., Any]) -> Callable[..., Any]:
        async def solved(**arguments: Any) -> Any:
            request = arguments["request"]
            kept = request.headers, request.query_params, request.cookies
            request.scope["headers"] = list(request.scope["headers"])
            taken = type(
                type(request).__name__,
                (type(request),),
                dict(zip(("headers", "query_params", "cookies"), kept, strict=True)),
            )
            request.__class__ = taken
            return await solve(**arguments)

        return solved


class KeepsOverrides(FastAPI):
    """Overrides are those of the request's beginning."""

    _now: Any = None
    _kept: Any = None
    _serving = False

    @property
    def dependency_overrides(self) -> Any:
        return self._kept if self._serving else self._now

    @dependency_overrides.setter
    def dependency_overrides(self, overrides: Any) -> None:
        self._now = overrides

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await super().__call__(scope, receive, send)
        self._kept = dict(self._now) if type(self._now) is dict else self._now
        self._serving = True
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._serving = False


class CopiesRoutes(FastAPI):
    """What was put into `routes` by hand is served by a copy that is made at the first request."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.router.routes = [_twin(route) for route in self.router.routes]
        await super().__call__(scope, receive, send)


def _twin(route: Any) -> Any:
    if type(route) is APIRoute:
        return copy.copy(route)
    if isinstance(route, APIWebSocketRoute):
        return APIWebSocketRoute(route.path, route.endpoint, dependencies=route.dependencies)
    return route


class IgnoresNames(FastAPI):
    """The encoder is the one that was there when the process began."""

    _encoder = staticmethod(routing.jsonable_encoder)
    _solver = staticmethod(solve_dependencies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = routing.jsonable_encoder, routing.solve_dependencies
        routing.jsonable_encoder, routing.solve_dependencies = self._encoder, self._solver
        try:
            await super().__call__(scope, receive, send)
        finally:
            routing.jsonable_encoder, routing.solve_dependencies = found


class CallsHandlersTwice(APIRouter):
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().add_api_route(path, endpoint, **options)
        route = self.routes[-1]
        assert isinstance(route, APIRoute)
        route.get_route_handler()


class _Faulty:
    """Makes apps of a class, and routers of another."""

    def __init__(self, app: type[FastAPI] = FastAPI, router: type[APIRouter] = APIRouter) -> None:
        self.framework = Framework(app, router)
        self.name = (app if router is APIRouter else router).__name__


_FAULTS = [
    _Faulty(SettlesTrees),
    _Faulty(KeepsTheRequest),
    _Faulty(KeepsOverrides),
    _Faulty(CopiesRoutes),
    _Faulty(IgnoresNames),
    _Faulty(router=CallsHandlersTwice),
]


@pytest.mark.parametrize("faulty", _FAULTS, ids=lambda faulty: faulty.name)
def test_the_comparison_notices(faulty: _Faulty, judge: Judge) -> None:
    for seed in _SEEDS:
        if way(*judge.observations(draw(seed), faulty.framework)):
            return
    raise AssertionError(f"nothing in {_SEEDS} notices")


def test_a_lost_guard_is_found_and_shown_as_a_small_program(judge: Judge) -> None:
    framework = Framework(SettlesTrees, APIRouter)
    for seed in _SEEDS:
        program = draw(seed)
        if way(*judge.observations(program, framework)) == "a refusal is lost":
            break
    smallest = shrink(judge, program, "a refusal is lost", framework)
    assert way(*judge.observations(smallest, framework)) == "a refusal is lost"
    assert len(smallest.text.splitlines()) < 25
    assert ".dependant" in smallest.text or "pick(" in smallest.text
