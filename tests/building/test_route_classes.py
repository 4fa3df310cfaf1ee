"""A user's own `route_class` keeps its word, and runs inline what is marked."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.concurrency import run_in_threadpool

from fastapi_fastdeps import FastDepsAPI, FastDepsRoute, FastDepsRouter
from tests.harness.hops import ask, everything, here, hops

pytestmark = pytest.mark.usefixtures("both_lanes")


def where() -> str:
    return here()


class Headed(APIRoute):
    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def headed(request: Request) -> Response:
            response: Response = await handler(request)
            response.headers["x-route"] = type(self).__name__
            return response

        return headed


def through(route_class: type[APIRoute], way: str) -> FastDepsAPI:
    app = FastDepsAPI(classifier=everything)
    if way == "app":
        app.router.route_class = route_class
        app.get("/")(where)
    elif way == "override":
        app.router.add_api_route("/", where, route_class_override=route_class)
    else:
        router_class = FastDepsRouter if way == "router" else APIRouter
        router: APIRouter = router_class(route_class=route_class)
        router.get("/")(where)
        app.include_router(router)
    return app


WAYS = ["app", "override", "router", "plain router"]


@pytest.mark.parametrize("way", WAYS)
def test_a_users_own_route_class_keeps_its_handler_and_runs_inline(way: str) -> None:
    app = through(Headed, way)
    with hops() as sent:
        response = TestClient(app).get("/")
    assert (response.json(), response.headers["x-route"]) == ("loop", "Headed")
    assert sent == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("route_class", [APIRoute, FastDepsRoute])
def test_the_route_class_may_be_given_as_what_it_is_anyway(
    route_class: type[APIRoute], way: str
) -> None:
    assert ask(through(route_class, way)) == ("loop", 0)


@pytest.mark.parametrize("way", WAYS)
def test_a_route_class_on_fastdeps_route_is_left_as_it_is(way: str) -> None:
    class Own(Headed, FastDepsRoute): ...

    app = through(Own, way)
    assert ask(app) == ("loop", 0)
    if way in ("app", "override"):
        assert type(app.router.routes[-1]) is Own


def test_a_users_route_class_sees_its_own_constructor_and_attributes() -> None:
    class Named(APIRoute):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.label = self.path.upper()

    app = through(Named, "app")
    route: Any = app.router.routes[-1]
    assert type(route) is Named
    assert route.label == "/"


def test_a_route_class_that_swaps_the_endpoint_is_classified_by_what_it_swaps_in() -> None:
    class Swapping(APIRoute):
        def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
            def swapped() -> list[Any]:
                return ["swapped", endpoint(), here()]

            super().__init__(path, swapped, **options)

    app = FastDepsAPI(classifier=everything)
    app.router.route_class = Swapping
    app.get("/", response_model=None)(where)
    assert ask(app) == (["swapped", "loop", "loop"], 0)


def test_a_generator_that_replaces_the_endpoint_of_a_wrapped_handler_in_fastapis_lane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def generate() -> Iterator[str]:
        yield "item"

    async def endpoint() -> str:
        return "answer"

    monkeypatch.setattr("fastapi.dependencies.utils.run_in_threadpool", run_in_threadpool_again)
    errors = []
    for make in (FastAPI, FastDepsAPI):
        app = make()
        app.router.route_class = Headed
        app.get("/", response_model=None)(endpoint)
        route: Any = app.router.routes[-1]
        route.dependant.call = generate
        with pytest.raises(TypeError) as caught:
            TestClient(app).get("/")
        errors.append(str(caught.value))
    assert errors == ["Object of type generator is not JSON serializable"] * 2


async def run_in_threadpool_again(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    return await run_in_threadpool(call, *args, **options)
