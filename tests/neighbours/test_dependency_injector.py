"""dependency-injector: what its container provides, overridden and not."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from dependency_injector import containers, providers
from dependency_injector.wiring import Provide, inject
from fastapi import Depends
from fastapi.testclient import TestClient

from fastapi_fastdeps import explain, inline
from tests.neighbours.shop import AppClass, Page, RecordLanes, on_loop, place


class Prices:
    def __init__(self, tea: int) -> None:
        self.tea = tea


class Container(containers.DeclarativeContainer):
    prices = providers.Factory(Prices, tea=3)


@inject
def inline_endpoint(
    page: Annotated[Page, Depends()],
    prices: Annotated[Prices, Depends(Provide[Container.prices])],
) -> list[str | int]:
    return [prices.tea, place(), page.place]


@inject
def threaded_endpoint(
    page: Annotated[Page, Depends()],
    prices: Annotated[Prices, Depends(Provide[Container.prices])],
) -> list[str | int]:
    return [prices.tea, place(), page.place]


@inject
async def async_endpoint(
    page: Annotated[Page, Depends()],
    prices: Prices = Depends(Provide[Container.prices]),  # noqa: B008
) -> list[str | int]:
    return [prices.tea, place(), page.place]


@pytest.fixture
def container() -> Iterator[Container]:
    container = Container()
    container.wire(modules=[__name__])
    yield container
    container.unwire()


@pytest.mark.parametrize("wired", ["before the app", "after the app"])
def test_the_container_provides_and_its_overrides_are_in_force(
    app_class: AppClass, wired: str, record_lanes: RecordLanes
) -> None:
    container = Container()
    if wired == "before the app":
        container.wire(modules=[__name__])
    app = app_class()
    app.get("/inline")(inline(inline_endpoint))
    app.get("/threaded")(threaded_endpoint)
    app.get("/async")(async_endpoint)
    if wired == "after the app":
        container.wire(modules=[__name__])
    marked = on_loop(app_class)
    places = {"/inline": marked, "/threaded": "thread", "/async": "loop"}
    client = TestClient(app)
    for path, endpoint in places.items():
        assert client.get(path).json() == [3, endpoint, marked]
    with container.prices.override(providers.Factory(Prices, tea=4)):
        for path, endpoint in places.items():
            assert client.get(path).json() == [4, endpoint, marked]
    record_lanes(app)
    container.unwire()


def test_what_it_provides_takes_no_thread(app_class: AppClass, container: Container) -> None:
    app = app_class()
    app.get("/")(async_endpoint)
    (route,) = (route for route in explain(app) if route.path == "/")
    executions = {call.parameter: call.execution for call in route.calls}
    if route.lane != "stock":
        assert executions["prices"] == "inline"
    assert TestClient(app).get("/").json()[0] == 3
