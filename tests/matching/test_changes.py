"""Routes that change after requests were served, and code that FastAPI would call to match."""

import copy
import pickle
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
import starlette.routing
from fastapi import APIRouter, FastAPI, Request, routing
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.types import Scope

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter

from .worlds import FAMILIES

Kinds = tuple[type[FastAPI], type[APIRouter]]
NOWHERE = (Match.NONE, dict[str, Any]())


async def endpoint() -> str:
    return "endpoint"


async def other() -> str:
    return "other"


def served(app: FastAPI, *paths: str) -> list[Any]:
    """What comes of each path, asked for often enough for the app to know its routes."""
    client = TestClient(app, follow_redirects=False)
    answers: list[Any] = []
    for _ in range(3):
        answers = [(each.status_code, each.text) for each in map(client.get, paths)]
    return answers


def same(scenario: Callable[..., Any]) -> Any:
    """What a scenario gives, with FastAPI and with this package."""
    expected, found = (scenario(*kinds) for kinds in FAMILIES)
    assert found == expected
    return found


def app_of(app_class: type[FastAPI], *paths: str) -> FastAPI:
    app = app_class()
    for path in paths:
        app.get(path)(endpoint)
    return app


def route_of(app: FastAPI, path: str) -> Any:
    return next(route for route in app.routes if getattr(route, "path", None) == path)


@pytest.mark.parametrize("path", ["/a", "/docs"])
def test_another_path_regex_holds_from_then_on(path: str) -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        app = app_of(app_class, "/a", "/b")
        before = served(app, path, "/z")
        route_of(app, path).path_regex = re.compile("^/z$")
        return before, served(app, path, "/z")

    before, after = same(scenario)
    assert [status for status, _ in before] == [200, 404]
    assert [status for status, _ in after] == [404, 200]


@pytest.mark.parametrize("path", ["/a", "/docs", "/mounted"])
def test_matches_of_a_routes_own_is_called_from_then_on(path: str) -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        app = app_of(app_class, "/a", "/b")
        app.mount("/mounted", app_of(FastAPI, "/"))
        before = served(app, path, "/b")
        asked: list[str] = []

        def matches(scope: Scope) -> Any:
            asked.append(scope["path"])
            return NOWHERE

        route_of(app, path).matches = matches
        return before, served(app, path, "/b"), asked

    _, after, asked = same(scenario)
    assert after[0][0] == 404
    assert asked


def test_an_included_route_of_a_plain_router_can_be_switched_off() -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        router = APIRouter()
        router.get("/a")(endpoint)
        router.get("/{b}")(other)
        app = app_class()
        app.include_router(router)
        before = served(app, "/a")
        router.routes[0].matches = lambda scope: NOWHERE  # type: ignore[method-assign]
        return before, served(app, "/a", "/a/")

    before, after = same(scenario)
    assert before == [(200, '"endpoint"')]
    assert after[0] == (200, '"other"')


@pytest.mark.parametrize("name", ["matches", "handle"])
@pytest.mark.parametrize("is_plain", [False, True])
def test_a_method_of_its_own_of_an_included_router_is_called(name: str, *, is_plain: bool) -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        router: Any = (APIRouter if is_plain else router_class)()
        router.get("/a")(endpoint)
        app = app_class()
        app.include_router(router)
        before = served(app, "/a")
        method = getattr(router, name)
        called: list[None] = []

        def counted(*arguments: Any) -> Any:
            called.append(None)
            return method(*arguments)

        setattr(router, name, counted)
        return before, served(app, "/a"), len(called)

    _, _, called = same(scenario)
    assert called >= 3


def test_a_route_that_takes_the_place_of_its_equal_is_served() -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        app = app_of(app_class, "/a")
        before = served(app, "/a")
        index = app.routes.index(route_of(app, "/a"))
        app.routes[index] = APIRoute("/a", endpoint, status_code=418)
        return before, served(app, "/a")

    before, after = same(scenario)
    assert before[0][0], after[0][0] == (200, 418)


def test_what_is_put_into_a_plain_router_by_hand_is_seen_when_fastapi_sees_it() -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        router = APIRouter()
        router.get("/a")(endpoint)
        app = app_class()
        app.include_router(router)
        before = served(app, "/b")
        router.routes.append(APIRoute("/b", other))
        unseen = served(app, "/b")
        router.get("/c")(endpoint)
        return before, unseen, served(app, "/b", "/c")

    before, unseen, seen = same(scenario)
    assert before == unseen == [(404, '{"detail":"Not Found"}')]
    assert seen == [(200, '"other"'), (200, '"endpoint"')]


def test_an_inclusion_that_is_put_into_a_plain_router_by_hand_is_seen_at_once() -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        inner, aside, outer = APIRouter(), APIRouter(), APIRouter()
        inner.get("/inner")(endpoint)
        aside.include_router(inner)
        outer.get("/outer")(endpoint)
        app = app_class()
        app.include_router(outer)
        before = served(app, "/inner")
        outer.routes[:1] = aside.routes
        return before, served(app, "/inner", "/outer")

    before, after = same(scenario)
    assert before == [(404, '{"detail":"Not Found"}')]
    assert after[0] == (200, '"endpoint"')


def test_another_list_of_routes_is_read_from_then_on() -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        app = app_of(app_class, "/a", "/b")
        before = served(app, "/a", "/b")
        mine = [route_of(app, "/b")]
        app.router.routes = mine
        between = served(app, "/a", "/b")
        mine.append(APIRoute("/a", other))
        return before, between, served(app, "/a", "/b"), app.router.routes is mine

    *_, is_mine = same(scenario)
    assert is_mine


@pytest.mark.parametrize("kind", [Route, APIRoute])
def test_how_a_class_matches_can_be_replaced(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        app = app_of(app_class, "/a")
        before = served(app, "/a", "/prefix/a")
        matches = kind.matches
        with monkeypatch.context() as patching:
            patching.setattr(
                kind,
                "matches",
                lambda route, scope: matches(
                    route, {**scope, "path": scope["path"].removeprefix("/prefix")}
                ),
            )
            return before, served(app, "/a", "/prefix/a"), route_of(app, "/a").name

    _, after, _ = same(scenario)
    assert [status for status, _ in after] == [200, 200]


def test_what_finds_the_path_of_a_request_can_be_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def scenario(app_class: type[FastAPI], _: Any) -> Any:
        app = app_of(app_class, "/a")
        before = served(app, "/a", "/prefix/a")
        with monkeypatch.context() as patching:
            patching.setattr(
                starlette.routing,
                "get_route_path",
                lambda scope: scope["path"].removeprefix("/prefix"),
            )
            return before, served(app, "/a", "/prefix/a")

    _, after = same(scenario)
    assert [status for status, _ in after] == [200, 200]


NAMES = (
    *("URL", "RedirectResponse", "wrap_app_with_body_limit", "_apply_router_form_limits"),
    *("_get_fastapi_scope", "_route_selected", "_update_scope"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_replaced_is_called_as_by_fastapi(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        called: list[str] = []
        own = getattr(routing, name)

        def spy(*args: Any, **options: Any) -> Any:
            called.append(name)
            return own(*args, **options)

        router = router_class()
        router.get("/included/")(endpoint)
        router.routes.append(Route("/starlettes", lambda _: PlainTextResponse("starlettes")))
        app = app_of(app_class, "/a")
        app.include_router(router)
        paths = ("/a", "/a/", "/included", "/included/", "/starlettes", "/nowhere")
        before = served(app, *paths)
        with monkeypatch.context() as patching:
            patching.setattr(routing, name, spy)
            between = served(app, *paths)
        return before, between, called, served(app, *paths)

    *_, called, _ = same(scenario)
    assert called


def test_routes_match_as_often_as_fastapi_has_them_match() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        asked: list[str] = []

        class Asked(APIRoute):
            def matches(self, scope: Scope) -> Any:
                asked.append(self.path)
                return super().matches(scope)

        inner = router_class(route_class=Asked)
        inner.get("/first")(endpoint)
        inner.get("/second")(endpoint)
        outer = router_class()
        outer.include_router(inner)
        outer.get("/third")(endpoint)
        app = app_class()
        app.include_router(outer)
        return served(app, "/first", "/second", "/third", "/third/", "/fourth"), asked

    _, asked = same(scenario)
    assert len(asked) > 15


def test_a_request_that_an_endpoint_sends_on_goes_where_fastapi_sends_it() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        router = router_class()

        @router.get("/{rest:path}")
        async def forward(request: Request, rest: str) -> Response:
            sent: list[Any] = []

            async def send(message: Any) -> None:
                sent.append(message)

            if len(rest) < 4:
                scope = {**request.scope, "path": request.scope["path"] + "/x"}
                await router(scope, request.receive, send)
            return PlainTextResponse(f"{rest} {len(sent)}")

        app = app_class()
        app.include_router(router, prefix="/p")
        return served(app, "/p/a", "/p/a/x", "/p/")

    same(scenario)


def test_included_routers_are_built_by_the_request_that_comes_to_them() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        built: list[str] = []

        class Built(APIRoute):
            def get_route_handler(self) -> Any:
                built.append(self.path)
                return super().get_route_handler()

        app = app_class()
        for name in "abc":
            router = router_class(prefix=f"/{name}", route_class=Built)
            router.get("")(endpoint)
            app.include_router(router)
        counts: list[int] = []
        for path in ("/a", "/b", "/a", "/nowhere", "/b"):
            served(app, path)
            counts.append(len(built))
        app.routes[-1].original_router.get("/more")(endpoint)
        served(app, "/a")
        counts.append(len(built))
        served(app, "/c/more")
        return [*counts, len(built)]

    counts = same(scenario)
    assert counts == sorted(counts)


def test_a_copy_of_a_router_has_an_index_of_its_own() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        router = router_class()
        router.get("/a")(endpoint)
        first = app_class()
        first.mount("/m", router)
        before = served(first, "/m/a", "/m/b")
        twin = copy.copy(router)
        twin.routes = [APIRoute("/b", other)]
        # What Starlette calls is bound to the router that it was made with.
        twin.middleware_stack = twin.app
        second = app_class()
        second.mount("/m", twin)
        return before, served(second, "/m/a", "/m/b"), served(first, "/m/a", "/m/b")

    _, of_twin, of_router = same(scenario)
    assert [status for status, _ in of_twin] == [404, 200]
    assert [status for status, _ in of_router] == [200, 404]


def test_a_router_that_served_requests_can_be_pickled_and_copied() -> None:
    router = FastDepsRouter()
    router.get("/a")(endpoint)
    app = FastDepsAPI()
    app.mount("/m", router)
    served(app, "/m/a")
    assert router.indexed is not None
    for indexed in (pickle.loads(pickle.dumps(router.indexed)), copy.deepcopy(router.indexed)):
        assert indexed is None


def test_a_mount_without_a_path_and_an_empty_path_are_found() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        router = router_class()
        router.get("")(endpoint)
        router.routes.append(Mount("", app=PlainTextResponse("mounted")))
        app = app_class(openapi_url=None)
        app.include_router(router, prefix="/p")
        app.get("/z")(endpoint)
        app.routes.append(Mount("", app=PlainTextResponse("all")))
        return served(app, "/p", "/p/", "/p/x", "/z", "/", "//", "/y/")

    same(scenario)


def test_all_routes_of_an_included_router_are_asked_before_a_redirect() -> None:
    asked: list[list[str]] = []
    for make in (FastAPI, FastDepsAPI):
        calls: list[str] = []

        app, router = make(), APIRouter()
        router.add_api_route("/{x}/{y}", lambda: None, methods=["DELETE"])
        router.add_api_route("/a/{y:int}", lambda: None, methods=["POST"], name="int")
        app.include_router(router)
        client = TestClient(app, follow_redirects=False)
        for digits in (1, 1, 1, 700):
            try:
                sys.set_int_max_str_digits(640)
                calls.append(str(client.get(f"/a/{'9' * digits}/").status_code))
            except ValueError as error:
                calls.append(type(error).__name__)
            finally:
                sys.set_int_max_str_digits(4300)
        asked.append(calls)
    assert asked[0] == asked[1] == ["307", "307", "307", "ValueError"]
