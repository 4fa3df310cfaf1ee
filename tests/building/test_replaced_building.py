"""Whoever replaces how FastAPI builds its routes has the last word, as in FastAPI."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, routing
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, explain
from tests.harness.hops import everything

from .guarded import deny, guard, secret, whisper

pytestmark = [
    pytest.mark.usefixtures("both_lanes"),
    pytest.mark.skipif(
        not hasattr(routing, "_EffectiveRouteContext"), reason="FastAPI includes by copy"
    ),
]


def denying_routes(patch: pytest.MonkeyPatch) -> None:
    initialise: Any = APIRoute.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        initialise(self, *args, **options)
        self.app = deny

    patch.setattr(APIRoute, "__init__", init)


def denying_contexts(patch: pytest.MonkeyPatch) -> None:
    contexts: Any = vars(routing)["_EffectiveRouteContext"]
    build = vars(contexts)["from_api_route"].__func__

    def from_api_route(cls: Any, **options: Any) -> Any:
        context = build(cls, **options)
        context.app = deny
        return context

    patch.setattr(contexts, "from_api_route", classmethod(from_api_route))


def another_class_of_contexts(patch: pytest.MonkeyPatch) -> None:
    contexts: Any = vars(routing)["_EffectiveRouteContext"]

    class Denying(contexts):
        @classmethod
        def from_api_route(cls, **options: Any) -> Any:
            context = super().from_api_route(**options)
            context.app = deny
            return context

    patch.setattr(routing, "_EffectiveRouteContext", Denying)


def guarding_inclusions(patch: pytest.MonkeyPatch) -> None:
    inclusions: Any = vars(routing)["_IncludedRouter"]
    build = inclusions._build_effective_context

    def guarding(self: Any, route: Any) -> Any:
        context = build(self, route)
        depends = get_parameterless_sub_dependant(depends=Depends(guard), path="/")
        context.dependant.dependencies.append(depends)
        return context

    patch.setattr(inclusions, "_build_effective_context", guarding)


def answers(
    app: FastAPI, router: APIRouter, replace: Callable[[pytest.MonkeyPatch], None]
) -> tuple[int, int]:
    with pytest.MonkeyPatch.context() as patch:
        replace(patch)
        app.get("/own")(secret)
        router.get("/included")(secret)
        app.include_router(router)
        client = TestClient(app)
        first, second = client.get("/own"), client.get("/included")
    return first.status_code, second.status_code


@pytest.mark.parametrize(
    ("replace", "expected"),
    [
        (denying_routes, (403, 200)),
        (denying_contexts, (200, 403)),
        (another_class_of_contexts, (200, 403)),
        (guarding_inclusions, (200, 403)),
    ],
)
def test_what_a_replacement_builds_is_what_serves(
    replace: Callable[[pytest.MonkeyPatch], None], expected: tuple[int, int]
) -> None:
    assert answers(FastAPI(), APIRouter(), replace) == expected
    for router_class in (APIRouter, FastDepsRouter):
        assert answers(FastDepsAPI(), router_class(), replace) == expected
        assert answers(FastDepsAPI(classifier=everything), router_class(), replace) == expected


def test_a_way_into_routers_that_was_put_into_their_class_is_taken() -> None:
    async def call(_: Any, scope: Scope, receive: Receive, send: Send) -> None:
        await deny(scope, receive, send)

    def answer(app: FastAPI) -> tuple[int, int]:
        app.get("/")(secret)
        client = TestClient(app)
        before = client.get("/").status_code
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(APIRouter, "__call__", call, raising=False)
            return before, client.get("/").status_code

    assert answer(FastAPI()) == answer(FastDepsAPI()) == (200, 403)
    assert answer(FastDepsAPI(classifier=everything)) == (200, 403)


@pytest.mark.parametrize("is_included", [False, True])
def test_the_app_that_a_replacement_gives_a_websocket_route_serves_it(is_included: bool) -> None:
    initialise: Any = APIWebSocketRoute.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        initialise(self, *args, **options)
        self.app = deny

    def answer(app: FastAPI, router: APIRouter) -> str:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(APIWebSocketRoute, "__init__", init)
            (router if is_included else app).websocket("/")(whisper)
            app.include_router(router, prefix="/more" if not is_included else "")
            try:
                with TestClient(app).websocket_connect("/"):
                    return "accepted"
            except Exception as error:
                return type(error).__name__

    expected = answer(FastAPI(), APIRouter())
    assert expected == "WebSocketDenialResponse"
    assert answer(FastDepsAPI(), FastDepsRouter()) == expected
    assert answer(FastDepsAPI(classifier=everything), FastDepsRouter()) == expected


def test_a_limit_for_the_body_is_no_reason_to_leave_a_route_to_itself() -> None:
    app = FastDepsAPI(max_body_size=100, classifier=everything)
    router = APIRouter()
    app.get("/own")(secret)
    router.get("/included")(secret)
    app.include_router(router)
    assert TestClient(app).get("/included").json() == "secret"
    assert {record.why for record in explain(app)} <= {"", "FASTAPI_FASTDEPS_LANE=fastapi"}
    body = b"x" * 101
    for path in ("/own", "/included"):
        with TestClient(app) as client:
            assert client.request("GET", path, content=body).status_code in (200, 413)


def test_a_route_that_was_taken_out_is_not_kept() -> None:
    class Own(APIRoute):
        pass

    app = FastDepsAPI()
    app.get("/stays")(secret)
    app.router.route_class = Own
    app.get("/own")(secret)
    app.router.routes.append(APIRoute("/by-hand", secret))
    client = TestClient(app)
    paths = ("/own", "/by-hand")
    assert [client.get(path).status_code for path in paths] == [200, 200]
    gone = [weakref.ref(route) for route in app.routes if getattr(route, "path", "") in paths]
    app.router.routes[:] = [
        route for route in app.routes if getattr(route, "path", "") not in paths
    ]
    client.get("/stays")
    gc.collect()
    assert [route() for route in gone] == [None, None]
