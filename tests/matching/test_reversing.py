"""The URL of a route is found by its name as FastAPI finds it."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import starlette.routing
from fastapi import APIRouter, FastAPI, Request, WebSocket
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.datastructures import URLPath
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, NoMatchFound, Route

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.names import inclusions

from .worlds import FAMILIES

needs_inclusions = pytest.mark.skipif(not inclusions, reason="routers are included by copy")

Kinds = tuple[type[FastAPI], type[APIRouter]]


async def endpoint() -> str:
    return "endpoint"


async def page(_: object) -> PlainTextResponse:
    return PlainTextResponse("page")


async def socket(websocket: WebSocket) -> None: ...


def found(app: FastAPI, name: Any, /, **path_params: Any) -> Any:
    try:
        url = app.url_path_for(name, **path_params)
    except Exception as error:
        return type(error), str(error), error.__context__
    return str(url), type(url), url.protocol, url.host


def same(scenario: Callable[..., Any]) -> Any:
    """What a scenario gives, with FastAPI and with this package."""
    expected, result = (scenario(*kinds) for kinds in FAMILIES)
    assert result == expected
    return result


def app_of(app_class: type[FastAPI], router_class: type[APIRouter]) -> FastAPI:
    """Two levels of routers of every kind of route; some names stand in several places."""
    inner = router_class(prefix="/inner")
    inner.get("/one/{a}", name="one")(endpoint)
    inner.get("/shared", name="shared")(endpoint)
    inner.websocket("/socket/{a}", name="socket")(socket)
    inner.routes.append(Route("/plain/{a}", page, name="plain"))
    inner.mount("/mounted", Mount("/deep", routes=[Route("/{a}", page, name="page")]), "mounted")
    outer = router_class(prefix="/outer")
    outer.get("/shared", name="shared")(endpoint)
    outer.include_router(inner, prefix="/first")
    outer.include_router(inner, prefix="/second")
    app = app_class()
    app.get("/one/{a}/{b:int}", name="one")(endpoint)
    app.include_router(APIRouter())
    app.include_router(outer)
    app.routes.append(Host("{a}.example.org", app=Mount("/", routes=[]), name="host"))
    app.get("/last", name="last")(endpoint)
    return app


ASKED: list[tuple[Any, dict[str, Any]]] = [
    ("one", {"a": "x"}),
    ("one", {"a": "x", "b": 3}),
    ("one", {"a": "x", "b": -3}),
    ("one", {"a": "x/y"}),
    ("one", {}),
    ("shared", {}),
    ("socket", {"a": "x"}),
    ("plain", {"a": "x"}),
    ("mounted", {"path": "x"}),
    ("mounted:page", {"a": "x"}),
    ("host", {"a": "x", "path": "y"}),
    ("last", {}),
    ("openapi", {}),
    ("nobody", {"name": "x"}),
    (None, {}),
    (3, {}),
]


@needs_inclusions
@pytest.mark.parametrize(("name", "path_params"), ASKED)
def test_a_name_is_found_where_fastapi_finds_it(name: Any, path_params: dict[str, Any]) -> None:
    def scenario(*kinds: Any) -> Any:
        app = app_of(*kinds)
        return [found(app, name, **path_params) for _ in range(3)]

    same(scenario)


@needs_inclusions
def test_a_request_finds_it_below_the_path_of_its_app() -> None:
    def scenario(*kinds: Any) -> Any:
        app, mounted = app_of(*kinds), app_of(*kinds)

        @mounted.get("/ask")
        async def ask(request: Request) -> list[str]:
            return [str(request.url_for("shared")), str(request.url_for("one", a="x"))]

        app.mount("/below", mounted, name="below")
        return [TestClient(app).get("/below/ask").json() for _ in range(3)], found(
            app, "below:shared"
        )

    assert "/below/outer/shared" in str(same(scenario))


@needs_inclusions
def test_a_change_of_a_name_holds_at_once() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        router = router_class()
        router.get("/b", name="b")(endpoint)
        app = app_class()
        app.get("/a", name="a")(endpoint)
        app.include_router(router, prefix="/in")
        seen = [found(app, "a"), found(app, "b"), found(app, "c"), found(app, "d")]
        own: Any = app.routes[-2]
        own.name = "c"
        router.get("/d", name="d")(endpoint)
        return seen, [found(app, "a"), found(app, "b"), found(app, "c"), found(app, "d")]

    before, after = same(scenario)
    assert before[2][0] is before[3][0] is after[0][0] is NoMatchFound
    assert [each[0] for each in after[1:]] == ["/in/b", "/a", "/in/d"]


@needs_inclusions
def test_a_route_with_a_way_of_its_own_is_asked() -> None:
    class Anywhere(APIRoute):
        def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
            if name == "anything":
                return URLPath("/anywhere")
            return super().url_path_for(name, **path_params)

    def own(name: str, /, **path_params: Any) -> URLPath:
        if name == "everything":
            return URLPath("/everywhere")
        raise NoMatchFound(name, path_params)

    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        router = router_class(route_class=Anywhere)
        router.get("/b", name="b")(endpoint)
        app = app_class()
        app.get("/a", name="a")(endpoint)
        route: Any = app.routes[-1]
        route.url_path_for = own
        app.routes.append(Anywhere("/hand-made", endpoint, name="made"))
        app.include_router(router)
        return [found(app, name) for name in ("a", "b", "made", "anything", "everything")]

    assert same(scenario)[-2][0] == "/anywhere"


@needs_inclusions
@pytest.mark.parametrize("kind", [starlette.routing.Router, starlette.routing.Route])
def test_a_method_that_is_replaced_is_called(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def replaced(self: object, name: str, /, **path_params: Any) -> URLPath:
        return URLPath(f"/replaced/{name}")

    def scenario(*kinds: Any) -> Any:
        app = app_of(*kinds)
        with monkeypatch.context() as patched:
            patched.setattr(kind, "url_path_for", replaced)
            return found(app, "nobody")

    assert same(scenario)[0] == "/replaced/nobody"


@needs_inclusions
def test_a_name_that_compares_in_a_way_of_its_own_does_so() -> None:
    class Insensitive(str):
        __slots__ = ()

        def __ne__(self, other: object) -> bool:
            return self.lower() != str(other).lower()

    def scenario(*kinds: Any) -> Any:
        return found(app_of(*kinds), Insensitive("LAST"))

    assert same(scenario)[0] == "/last"


@needs_inclusions
def test_of_many_routes_only_the_one_of_that_name_is_asked() -> None:
    router = APIRouter(prefix="/in")
    for number in range(50):
        router.get(f"/{number}", name=f"route {number}")(endpoint)
    app = FastDepsAPI()
    app.include_router(router)
    assert app.url_path_for("route 49") == "/in/49"
    called: Counter[str] = Counter()

    def count(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            called[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        assert app.url_path_for("route 49") == "/in/49"
    finally:
        sys.setprofile(None)
    assert called["_EffectiveRouteContext.url_path_for"] == 1
    assert called["NoMatchFound.__init__"] == 0
