"""dishka: objects of its scopes in endpoints, and their end with the request."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import pytest
from dishka import Provider, Scope, make_async_container, make_container, provide
from dishka.integrations.fastapi import (
    DishkaRoute,
    DishkaSyncRoute,
    FromDishka,
    inject_sync,
    setup_dishka,
)
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    default_classifier,
    first_match,
    inline,
    markers,
)
from tests.neighbours.shop import AppClass, Page, RecordLanes, on_loop, place


class Prices:
    def __init__(self, tea: int) -> None:
        self.tea = tea


class Shop(Provider):
    def __init__(self) -> None:
        super().__init__()
        self.ended = 0

    @provide(scope=Scope.REQUEST)
    def prices(self) -> Iterator[Prices]:
        yield Prices(tea=3)
        self.ended += 1


def test_a_route_of_its_class_gives_objects_of_the_request(
    app_class: AppClass, record_lanes: RecordLanes
) -> None:
    provider = Shop()
    router = APIRouter(route_class=DishkaRoute)

    @router.get("/async")
    async def async_endpoint(
        prices: FromDishka[Prices], page: Annotated[Page, Depends()]
    ) -> list[str | int]:
        return [prices.tea, place(), page.place]

    @router.get("/inline")
    @inline
    def inline_endpoint(
        prices: FromDishka[Prices], page: Annotated[Page, Depends()]
    ) -> list[str | int]:
        return [prices.tea, place(), page.place]

    app = app_class()
    app.include_router(router)
    setup_dishka(make_async_container(provider), app)
    marked = on_loop(app_class)
    with TestClient(app) as client:
        assert client.get("/async").json() == [3, "loop", marked]
        assert provider.ended == 1
        assert client.get("/inline").json() == [3, marked, marked]
        assert provider.ended == 2
    record_lanes(app)


def beneath_dishka(candidate: Candidate) -> Execution | None:
    """What is said about the function that a wrapper of dishka calls."""
    original = getattr(candidate.call, "__dishka_orig_func__", None)
    return markers(replace(candidate, call=original)) if original else None


@pytest.mark.parametrize("looked_beneath", [False, True])
def test_a_route_of_its_sync_class_hides_the_decorator_of_its_endpoint(
    app_class: AppClass, looked_beneath: bool
) -> None:
    # dishka wraps the endpoint without `functools.wraps`, so only a classifier finds the mark.
    provider = Shop()
    options: dict[str, Any] = {}
    if looked_beneath and app_class is FastDepsAPI:
        options["classifier"] = first_match(default_classifier, beneath_dishka)
    app = app_class(**options)
    app.router.route_class = DishkaSyncRoute

    @app.get("/inline")
    @inline
    def inline_endpoint(
        prices: FromDishka[Prices], page: Annotated[Page, Depends()]
    ) -> list[str | int]:
        return [prices.tea, place(), page.place]

    @app.get("/threaded")
    def threaded_endpoint(
        prices: FromDishka[Prices], page: Annotated[Page, Depends()]
    ) -> list[str | int]:
        return [prices.tea, place(), page.place]

    setup_dishka(make_container(provider), app)
    marked = on_loop(app_class)
    found = marked if looked_beneath else "thread"
    with TestClient(app) as client:
        assert client.get("/inline").json() == [3, found, marked]
        assert client.get("/threaded").json() == [3, "thread", marked]
    assert provider.ended == 2


def test_an_injected_endpoint_runs_where_it_is_marked(app_class: AppClass) -> None:
    provider = Shop()
    app = app_class()

    @app.get("/inline")
    @inline
    @inject_sync
    def inline_endpoint(
        prices: FromDishka[Prices], page: Annotated[Page, Depends()]
    ) -> list[str | int]:
        return [prices.tea, place(), page.place]

    setup_dishka(make_container(provider), app)
    marked = on_loop(app_class)
    with TestClient(app) as client:
        assert client.get("/inline").json() == [3, marked, marked]
    assert provider.ended == 1
