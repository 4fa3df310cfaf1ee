"""Every place where FastAPI would use a thread."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Response, WebSocket
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsRoute,
    FastDepsRouter,
    FastDepsWebSocketRoute,
    Inline,
    Threaded,
    all_classes,
    inline,
)
from tests.harness.hops import ask, everything, here, hops

pytestmark = pytest.mark.usefixtures("both_lanes")

ROUTERS: list[Any] = [APIRouter, FastDepsRouter]


def where() -> str:
    return here()


class Page:
    def __init__(self) -> None:
        self.where = here()


class Log:
    """What ran, in its order, and where."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def __call__(self, name: str) -> Callable[[], None]:
        def dependency() -> None:
            self.entries.append(f"{name} {here()}")

        return dependency

    def generator(self, name: str) -> Callable[[], Iterator[None]]:
        def dependency() -> Iterator[None]:
            self.entries.append(f"{name} {here()}")
            yield
            self.entries.append(f"/{name} {here()}")

        return dependency


def levels(app: FastAPI, router: APIRouter, log: Log) -> FastAPI:
    @router.get("/", dependencies=[Depends(log("route"))])
    async def read(parameter: Annotated[None, Depends(log.generator("parameter"))]) -> None: ...

    @router.websocket("/ws", dependencies=[Depends(log("route"))])
    async def connect(
        websocket: WebSocket, parameter: Annotated[None, Depends(log.generator("parameter"))]
    ) -> None:
        await websocket.accept()
        await websocket.close()

    app.include_router(router, dependencies=[Depends(log("include"))])
    return app


@pytest.mark.parametrize("router_class", ROUTERS)
@pytest.mark.parametrize("path", ["/", "/ws"])
def test_dependencies_of_each_level_run_inline(router_class: Any, path: str) -> None:
    log = Log()
    app = FastDepsAPI(classifier=everything, dependencies=[Depends(log("app"))])
    levels(app, router_class(dependencies=[Depends(log.generator("router"))]), log)
    with hops() as sent:
        request(app, path)
    assert log.entries == [
        "app loop",
        "include loop",
        "router loop",
        "route loop",
        "parameter loop",
        "/parameter loop",
        "/router loop",
    ]
    assert sent == []


@pytest.mark.parametrize("router_class", ROUTERS)
@pytest.mark.parametrize("path", ["/", "/ws"])
def test_dependencies_of_each_level_keep_their_thread_unless_marked(
    router_class: Any, path: str
) -> None:
    entries: list[list[str]] = []
    for app_class in (FastAPI, FastDepsAPI):
        log = Log()
        app = app_class(dependencies=[Depends(log("app"))])
        levels(app, router_class(dependencies=[Depends(log.generator("router"))]), log)
        with hops() as sent:
            request(app, path)
        assert len(sent) == 7
        entries.append(log.entries)
    assert entries[0] == entries[1]
    assert {entry.split()[1] for entry in entries[0]} == {"thread"}


def request(app: FastAPI, path: str) -> None:
    client = TestClient(app)
    if path.endswith("/ws"):
        with client.websocket_connect(path):
            pass
    else:
        assert client.get(path).status_code == 200


def test_a_sync_generator_enters_and_leaves_inline() -> None:
    log = Log()
    app = FastDepsAPI()

    @app.get("/")
    async def read(value: Annotated[None, Depends(log.generator("session")), Inline]) -> None:
        log.entries.append("endpoint")

    assert ask(app) == (None, 0)
    assert log.entries == ["session loop", "endpoint", "/session loop"]


class Item(BaseModel):
    where: str


@inline
def get_item() -> dict[str, str]:
    return {"where": here()}


@pytest.mark.parametrize("included", [False, True])
def test_a_sync_endpoint_and_the_validation_of_its_response_run_inline(included: bool) -> None:
    validated: list[str] = []

    class Checked(Item):
        def model_post_init(self, _: Any) -> None:
            validated.append(here())

    app, router = FastDepsAPI(), FastDepsRouter()
    (router if included else app).get("/", response_model=Checked)(get_item)
    app.include_router(router)
    assert ask(app) == ({"where": "loop"}, 0)
    assert validated == ["loop"]


def test_a_threaded_endpoint_hops_for_the_call_and_for_the_validation() -> None:
    app = FastDepsAPI()

    @app.get("/")
    def read() -> Item:
        return Item(where=here())

    assert ask(app) == ({"where": "thread"}, 2)


def test_every_http_method_is_classified() -> None:
    app = FastDepsAPI(classifier=everything)
    for method in ("get", "put", "post", "delete", "options", "patch", "trace"):
        getattr(app, method)("/")(where)
        assert ask(app, method=method.upper()) == ("loop", 0)
    app.api_route("/api", methods=["GET", "POST"])(where)
    app.add_api_route("/added", where)
    assert ask(app, "/api", "POST") == ("loop", 0)
    assert ask(app, "/added") == ("loop", 0)


def test_a_websocket_route_of_the_app_is_classified() -> None:
    app = FastDepsAPI(classifier=everything)

    @app.websocket("/ws")
    async def connect(websocket: WebSocket, where: Annotated[str, Depends(where)]) -> None:
        await websocket.accept()
        await websocket.send_text(where)
        await websocket.close()

    with hops() as sent, TestClient(app).websocket_connect("/ws") as session:
        assert session.receive_text() == "loop"
    assert sent == []
    assert isinstance(app.router.routes[-1], FastDepsWebSocketRoute)


def handmade(route_class: type[APIRoute], socket_class: type[APIWebSocketRoute]) -> list[Any]:
    async def read(page: Annotated[Page, Depends(), Inline]) -> list[str]:
        return [page.where]

    async def connect(websocket: WebSocket, page: Annotated[Page, Depends(), Inline]) -> None:
        await websocket.accept()
        await websocket.send_json([page.where])
        await websocket.close()

    return [route_class("/", read), socket_class("/ws", connect)]


@pytest.mark.parametrize(
    "classes", [(APIRoute, APIWebSocketRoute), (FastDepsRoute, FastDepsWebSocketRoute)]
)
@pytest.mark.parametrize("place", ["argument", "appended", "router argument", "router appended"])
def test_routes_constructed_by_hand_are_classified(classes: Any, place: str) -> None:
    routes = handmade(*classes)
    if place == "argument":
        app = FastDepsAPI(routes=routes)
    else:
        app = FastDepsAPI()
        if place == "appended":
            app.router.routes.extend(routes)
        elif place == "router argument":
            app.include_router(FastDepsRouter(routes=routes))
        else:
            router = APIRouter()
            router.routes.extend(routes)
            app.include_router(router)
    assert ask(app) == (["loop"], 0)
    with TestClient(app).websocket_connect("/ws") as session:
        assert session.receive_json() == ["loop"]


def test_a_route_constructed_by_hand_answers_to_the_apps_classifier() -> None:
    app = FastDepsAPI(classifier=everything, routes=[APIRoute("/", where)])
    assert ask(app) == ("loop", 0)


def test_a_handmade_route_that_is_not_fastapis_is_left_alone() -> None:
    app = FastDepsAPI(classifier=everything)
    route = Route("/", lambda _: Response(f'"{here()}"'))
    wrapped = route.app
    route.app = lambda *messages: wrapped(*messages)
    app.routes.append(route)
    assert ask(app) == ("thread", 1)


def pages(router: Any) -> Any:
    @router.get("/page")
    async def read(page: Annotated[Page, Depends()], where: Annotated[str, Depends(where)]) -> Any:
        return [page.where, where]

    return router


def test_a_mounted_app_answers_to_its_own_classifier() -> None:
    outer, inner = FastDepsAPI(classifier=everything), FastDepsAPI(classifier=all_classes)
    pages(outer)
    outer.mount("/inner", pages(inner))
    assert ask(outer, "/page") == (["loop", "loop"], 0)
    assert ask(outer, "/inner/page") == (["loop", "thread"], 1)


@pytest.mark.parametrize("outer", [FastAPI(), Starlette()])
def test_a_fastdeps_app_can_be_mounted_anywhere(outer: Any) -> None:
    outer.mount("/inner", pages(FastDepsAPI(classifier=everything)))
    assert ask(outer, "/inner/page") == (["loop", "loop"], 0)


def test_a_fastdeps_app_can_be_mounted_in_a_router_that_is_included() -> None:
    router = APIRouter(routes=[Mount("/inner", app=pages(FastDepsAPI(classifier=all_classes)))])
    app = FastDepsAPI(classifier=everything)
    app.include_router(router, prefix="/outer")
    assert ask(app, "/outer/inner/page") == (["loop", "thread"], 1)


def threads(_: Any) -> Threaded:
    return Threaded()


def test_the_nearest_classifier_decides_in_nested_routers() -> None:
    own = pages(FastDepsRouter(prefix="/own", classifier=all_classes))
    silent = pages(FastDepsRouter(prefix="/silent"))
    plain = pages(APIRouter(prefix="/plain"))
    middle = pages(FastDepsRouter(prefix="/middle", classifier=threads))
    for router in (own, silent, plain):
        middle.include_router(router)
    app = pages(FastDepsAPI(classifier=everything))
    for router in (own, silent, plain, middle):
        app.include_router(router)
    loop, mixed, thread = ["loop", "loop"], ["loop", "thread"], ["thread", "thread"]
    answers = {
        "/page": loop,
        "/own/page": mixed,
        "/silent/page": loop,
        "/plain/page": loop,
        "/middle/page": thread,
        "/middle/own/page": mixed,
        "/middle/silent/page": thread,
        "/middle/plain/page": thread,
    }
    assert {path: ask(app, path)[0] for path in answers} == answers


@pytest.mark.parametrize("router_class", ROUTERS)
def test_a_plain_router_may_stand_between_two_fastdeps_routers(router_class: Any) -> None:
    own = pages(FastDepsRouter(prefix="/own", classifier=all_classes))
    between = pages(router_class(prefix="/between"))
    between.include_router(own)
    app = FastDepsAPI(classifier=everything)
    app.include_router(between)
    assert ask(app, "/between/page") == (["loop", "loop"], 0)
    assert ask(app, "/between/own/page") == (["loop", "thread"], 1)


def test_a_fastdeps_router_keeps_its_classifier_in_a_plain_app() -> None:
    app = FastAPI()
    app.include_router(pages(FastDepsRouter(prefix="/own", classifier=everything)))
    app.include_router(pages(FastDepsRouter(prefix="/silent")))
    assert ask(app, "/own/page") == (["loop", "loop"], 0)
    assert ask(app, "/silent/page") == (["thread", "thread"], 2)


@pytest.mark.parametrize("router_class", ROUTERS)
def test_a_route_added_to_a_router_after_its_inclusion_is_classified(router_class: Any) -> None:
    app, router = FastDepsAPI(classifier=everything), router_class()
    app.include_router(router)
    assert TestClient(app).get("/page").status_code == 404
    pages(router)
    assert ask(app, "/page") == (["loop", "loop"], 0)


def test_a_route_added_to_an_app_that_already_answers_is_classified() -> None:
    app = FastDepsAPI(classifier=everything)
    assert TestClient(app).get("/page").status_code == 404
    pages(app)
    assert ask(app, "/page") == (["loop", "loop"], 0)
