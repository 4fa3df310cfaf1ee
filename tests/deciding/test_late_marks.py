"""A mark that is set when a route has been built holds, or is told where it is set."""

import functools
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsError,
    FastDepsRouter,
    all_classes,
    explain,
    inline,
    threaded,
)
from fastapi_fastdeps.marking import last_late_mark
from tests.harness.hops import here

pytestmark = pytest.mark.usefixtures("both_lanes")


def get(app: FastAPI, path: str = "/") -> Any:
    with TestClient(app) as client:
        return client.get(path).json()


def test_a_mark_above_the_decorator_of_the_route_holds() -> None:
    app = FastDepsAPI(openapi_url=None)

    @inline
    @app.get("/")
    def root() -> str:
        return here()

    assert get(app) == "loop"
    assert [call.execution for route in explain(app) for call in route.calls] == ["inline"]


@pytest.mark.parametrize("router_class", [APIRouter, FastDepsRouter])
def test_a_mark_above_the_route_of_an_included_router_holds(router_class: Any) -> None:
    app, before, after = FastDepsAPI(), router_class(), router_class()
    app.include_router(before, prefix="/before")

    def add(router: Any) -> None:
        @inline
        @router.get("/get")
        def root() -> str:
            return here()

    add(before)
    add(after)
    app.include_router(after, prefix="/after")
    assert get(app, "/before/get") == get(app, "/after/get") == "loop"


def test_a_mark_above_the_route_holds_for_what_the_endpoint_depends_on() -> None:
    app = FastDepsAPI()

    def outer(value: Annotated[str, Depends(lambda: here())]) -> list[str]:
        return [value, here()]

    @app.get("/")
    async def root(value: Annotated[list[str], Depends(outer)]) -> list[str]:
        return value

    assert get(app) == ["thread", "thread"]
    inline(outer)
    assert get(app) == ["thread", "loop"]


def test_a_mark_that_is_set_between_two_requests_holds_for_the_second() -> None:
    def value() -> str:
        return here()

    class Checker:
        def __call__(self) -> str:
            return here()

    checker = Checker()
    bound = functools.partial(value)
    app = FastDepsAPI(routes=[APIRoute("/made", value)])
    app.get("/")(value)
    app.get("/partial")(bound)
    app.get("/instance")(checker)
    paths = ("/made", "/", "/partial", "/instance")
    with TestClient(app) as client:
        assert [client.get(path).json() for path in paths] == ["thread"] * 4
        inline(value)
        inline(checker)
        assert [client.get(path).json() for path in paths] == ["loop"] * 4
        threaded(bound)
        assert [client.get(path).json() for path in paths] == ["loop", "loop", "thread", "loop"]


def test_a_mark_that_is_set_later_on_a_class_its_base_or_its_call_holds() -> None:
    class Base:
        def __init__(self) -> None:
            self.where = here()

    class Page(Base): ...

    class Checker:
        def __call__(self) -> str:
            return here()

    app = FastDepsAPI(classifier=all_classes)

    @app.get("/")
    async def root(
        page: Annotated[Page, Depends()], checker: Annotated[str, Depends(Checker())]
    ) -> list[str]:
        return [page.where, checker]

    assert get(app) == ["loop", "thread"]
    threaded(Base)
    inline(Checker.__call__)
    assert get(app) == ["thread", "loop"]


def test_a_mark_that_is_set_later_holds_in_websocket_routes() -> None:
    def value() -> str:
        return here()

    app = FastDepsAPI()

    @app.websocket("/ws")
    async def connect(websocket: WebSocket, where: Annotated[str, Depends(value)]) -> None:
        await websocket.accept()
        await websocket.send_text(where)
        await websocket.close()

    with TestClient(app) as client:
        for expected in ("thread", "loop"):
            with client.websocket_connect("/ws") as session:
                assert session.receive_text() == expected
            if expected == "thread":
                inline(value)


def built_with(call: Callable[..., Any]) -> None:
    async def root(value: Annotated[Any, Depends(call)]) -> None: ...

    FastDepsAPI().get("/")(root)


def test_a_late_mark_on_something_async_is_told_where_it_is_set() -> None:
    app = FastDepsAPI()

    async def dependency() -> str:
        return here()

    built_with(dependency)
    with pytest.raises(FastDepsError, match=r"dependency' \(.*\) is async: .* @threaded says noth"):
        threaded(dependency)
    with pytest.raises(FastDepsError, match=r"root' \(.*\) is async: .* and @inline says nothing"):

        @inline
        @app.get("/")
        async def root() -> str:
            return here()

    built_with(dependency)
    assert get(app) == "loop"


def test_a_late_mark_that_contradicts_is_told_where_it_is_set() -> None:
    @inline
    def value() -> None: ...

    built_with(value)
    with pytest.raises(FastDepsError, match=r"value' \(.*\) is marked both @inline and @threaded"):
        threaded(value)
    built_with(value)


def test_a_mark_that_comes_in_time_has_nothing_looked_at_again() -> None:
    before = last_late_mark()

    @inline
    class Page: ...

    @threaded
    def value() -> None: ...

    assert last_late_mark() is before
    built_with(Page)
    inline(Page)
    assert last_late_mark() is not before
