"""The first route that can match is matched and handled at once, as long as nothing can tell."""

import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from unittest import mock

import fastapi.routing
import pytest
import starlette.routing
from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.routing import Route

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.names import (
    EFFECTIVE_ROUTE_CONTEXT_KEY,
    EffectiveRouteContext,
    IncludedRouter,
    matching,
)
from tests.harness.raw import call

pytestmark = pytest.mark.skipif(not matching, reason="there is no index of routes")

SKIPPED = [
    (APIRoute, "matches"),
    (APIRoute, "handle"),
    (Route, "matches"),
    (Route, "handle"),
    (fastapi.routing, "_get_scope_effective_route_context"),
    (starlette.routing, "get_route_path"),
]


@pytest.fixture(params=["/", "/{key:path}"])
def path(request: pytest.FixtureRequest) -> str:
    """What names the path of a request, or has parameters."""
    return str(request.param)


@pytest.fixture(params=[0, 1, 2])
def depth(request: pytest.FixtureRequest) -> int:
    """In how many routers the route is."""
    return int(request.param)


def reads(app: FastAPI, path: str, depth: int) -> APIRoute:
    app.router.routes.clear()
    routers = [app.router, *(APIRouter() for _ in range(depth))]

    @routers[-1].get(path)
    async def read(request: Request) -> dict[str, Any]:
        scope = request.scope
        fastapis = scope.get("fastapi", {})
        return {
            "path_params": scope["path_params"],
            "route": scope["route"] is route,
            "endpoint": scope["endpoint"] is read,
            "keys": sorted(scope),
            "noted": sorted(fastapis),
            "context": getattr(fastapis.get(EFFECTIVE_ROUTE_CONTEXT_KEY), "path", None),
        }

    for outer, inner in reversed([*pairwise(routers)]):
        outer.include_router(inner)
    route = routers[-1].routes[-1]
    assert isinstance(route, APIRoute)
    return route


def apps(path: str = "/", depth: int = 0) -> list[tuple[FastAPI, APIRoute]]:
    """A stock app and one of ours, that has been asked often enough to have an index."""
    made: list[tuple[FastAPI, APIRoute]] = []
    for app in (FastAPI(), FastDepsAPI()):
        route = reads(app, path, depth)
        for _ in range(4):
            call(app)
        made.append((app, route))
    return made


def test_the_scope_is_as_fastapi_makes_it(path: str, depth: int) -> None:
    (stock, _), (ours, _) = apps(path, depth)
    assert call(ours) == call(stock)
    assert call(ours, method="POST") == call(stock, method="POST")
    assert call(ours, method="HEAD") == call(stock, method="HEAD")


def test_nothing_is_asked_whether_it_matches(path: str, depth: int) -> None:
    _, (app, _) = apps(path, depth)
    called: Counter[Any] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            called[frame.f_code] += 1

    sys.setprofile(count)
    try:
        assert call(app)[0][0]["status"] == 200
    finally:
        sys.setprofile(None)
    for kind in (APIRoute, Route, EffectiveRouteContext, IncludedRouter, APIRouter):
        for name in ("matches", "handle"):
            method: Any = getattr(kind, name, None)
            assert method is None or called[method.__code__] == 0


@pytest.mark.parametrize(("holder", "name"), SKIPPED)
def test_what_is_replaced_is_called(holder: Any, name: str, path: str, depth: int) -> None:
    if depth and holder in (Route, starlette.routing):
        pytest.skip("FastAPI asks what it knows of an included route")
    original = getattr(holder, name)
    called: Counter[str] = Counter()
    for app, _ in apps(path, depth):

        def counted(*args: Any, kind: str = type(app).__name__) -> Any:
            called[kind] += 1
            return original(*args)

        before = call(app)
        with mock.patch.object(holder, name, counted):
            assert call(app) == before
        assert call(app) == before
    assert called["FastAPI"] > 0
    assert called["FastDepsAPI"] > 0


def other_path(route: Any) -> None:
    vars(route)["path_regex"] = starlette.routing.compile_path("/other")[0]


def own_matches(route: Any) -> None:
    def matches(_: Any) -> Any:
        return starlette.routing.Match.NONE, {}

    vars(route)["matches"] = matches


def own_handle(route: Any) -> None:
    async def handle(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})

    vars(route)["handle"] = handle


def other_class(route: APIRoute) -> None:
    def matches(*_: Any) -> Any:
        return starlette.routing.Match.NONE, {}

    object.__setattr__(route, "__class__", type("Other", (type(route),), {"matches": matches}))


def other_methods(route: Any) -> None:
    route.methods = {"POST"}


def other_endpoint(route: Any) -> None:
    route.endpoint = other_endpoint


@pytest.mark.parametrize(
    "change", [other_path, own_matches, own_handle, other_class, other_methods, other_endpoint]
)
def test_a_change_that_nobody_is_told_of_is_noticed(
    change: Callable[[Any], None], path: str, depth: int
) -> None:
    outcomes: list[Any] = []
    for app, route in apps(path, depth):
        change(route)
        outcomes.append([call(app), call(app), call(app)])
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["matches", "handle"])
def test_a_class_between_a_route_and_starlettes_has_its_say(name: str) -> None:
    seen: list[str] = []

    class Between(Route):
        async def handle(self, scope: Any, receive: Any, send: Any) -> None:
            seen.append("handle")
            await super().handle(scope, receive, send)

        def matches(self, scope: Any) -> Any:
            seen.append("matches")
            return super().matches(scope)

    class Mine(APIRoute, Between):
        pass

    for make in (FastAPI, FastDepsAPI):
        app = make()
        app.router.routes.clear()
        app.router.route_class = Mine

        @app.get("/")
        async def read() -> None: ...

        for _ in range(4):
            call(app)
    assert seen.count(name) == 8


def test_a_handle_that_was_replaced_before_there_was_an_index_is_called() -> None:
    seen: list[list[str]] = []
    for make in (FastAPI, FastDepsAPI):
        app, called = make(), list[str]()
        app.get("/")(lambda: None)
        handle = Route.handle

        async def replaced(
            route: Any, *args: Any, handle: Any = handle, called: list[str] = called
        ) -> None:
            called.append("handle")
            await handle(route, *args)

        with pytest.MonkeyPatch.context() as monkeypatch:
            call(app)
            monkeypatch.setattr(Route, "handle", replaced)
            for _ in range(3):
                call(app)
        seen.append(called)
    assert seen == [["handle"] * 3] * 2


def test_a_list_of_ones_own_is_looked_at_in_each_request() -> None:
    answers: list[Any] = []
    for app, _ in apps():
        app.get("/")(lambda: "another")
        app.router.routes = list(app.router.routes)
        answers.append([call(app), call(app), call(app)])
        app.router.routes.reverse()
        answers[-1] += [call(app), call(app), call(app)]
    assert answers[0] == answers[1]
