"""Apps that are gone are gone: nothing of them is kept, but for what FastAPI keeps itself."""

import gc
import time
import typing
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.dependencies import models
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, explain, inline, predicate

SITE = Path(__file__).parents[1] / "docs" / "example"

COUNT = 12
"""Apps of each kind. One more than any of them may be kept by what was used last."""

Keep = Callable[[str, object], None]
"""Told of each object whose end is watched."""


@pytest.fixture(autouse=True)
def quick_collections() -> Iterator[None]:
    """What is there already is not looked through again and again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Watched:
    """What ended, and what did not."""

    def __init__(self) -> None:
        self._references: list[tuple[str, weakref.ref[Any]]] = []

    def __call__(self, kind: str, what: object) -> None:
        self._references.append((kind, weakref.ref(what)))

    def kept(self) -> dict[str, int]:
        """How many of each are still there."""
        gc.collect()
        return dict(Counter(kind for kind, reference in self._references if reference()))


class Held:
    """Something large that the functions of an app close over."""


def forget_what_fastapi_keeps() -> None:
    """FastAPI keeps what kind of callable something is, for some thousands of callables."""
    for name in dir(models):
        if clear := getattr(getattr(models, name), "cache_clear", None):
            clear()


def forget_what_typing_keeps() -> None:
    """`typing` keeps the last 128 annotations, with what they carry. FastAPI has more of them
    made, and so has them keep less of what was there before."""
    for clear in vars(typing)["_cleanups"]:
        clear()


# Each makes an app, serves requests, and tells of what is to be gone when the app is.


def direct(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()

    @inline
    class Page:
        def __init__(self, skip: int = 0) -> None:
            self.skip = skip

    class Item(BaseModel):
        name: str = "x"

    def user(size: int = 0) -> Iterator[int]:
        assert held
        yield size

    app: FastAPI = app_class()

    @app.get("/x", response_model=Item)
    def read(page: Annotated[Page, Depends()], user: Annotated[int, Depends(user)]) -> Any:
        return Item()

    @app.post("/x")
    @inline
    def write(item: Item) -> Item:
        return item

    with TestClient(app) as client:
        assert client.get("/x").status_code == 200
        assert client.get("/x?skip=x").status_code == 422
        assert client.post("/x", json={}).status_code == 200
        client.get("/openapi.json")
    for kind, what in {
        "app": app,
        "what is closed over": held,
        "class": Page,
        "model": Item,
        "dependency": user,
        "endpoint": read,
        "route": app.routes[-1],
        "tree": app.router,
    }.items():
        keep(kind, what)


def included(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()

    def guard(key: str = "") -> None:
        assert held

    def read(guard: Annotated[None, Depends(guard)]) -> int:
        return 3

    async def connect(websocket: WebSocket, guard: Annotated[None, Depends(guard)]) -> None:
        await websocket.accept()
        await websocket.close()

    inner = APIRouter(dependencies=[Depends(guard)])
    inner.get("/x")(read)
    inner.websocket("/ws")(connect)
    outer = router_class(prefix="/outer")
    outer.include_router(inner, prefix="/inner")
    app: FastAPI = app_class()
    app.include_router(outer)
    app.include_router(outer, prefix="/again")
    with TestClient(app) as client:
        for prefix in ("", "/again"):
            assert client.get(f"{prefix}/outer/inner/x").json() == 3
            with client.websocket_connect(f"{prefix}/outer/inner/ws"):
                pass
    for kind, what in {
        "app": app,
        "router": inner,
        "outer router": outer,
        "endpoint": read,
        "what is closed over": held,
    }.items():
        keep(kind, what)


def shared(app_class: Any, router_class: Any, keep: Keep) -> None:
    """An app that includes a router which lives on."""
    app: FastAPI = app_class()
    app.include_router(SHARED[router_class])
    with TestClient(app) as client:
        assert client.get("/shared").json() == 3
    keep("app", app)
    keep("router of the app", app.router)


def of_shared() -> int:
    return 3


SHARED = {APIRouter: APIRouter(), FastDepsRouter: FastDepsRouter()}
for _router in SHARED.values():
    _router.get("/shared")(of_shared)


def hand_made(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()

    def value() -> int:
        assert held
        return 3

    async def read(value: Annotated[int, Depends(value)]) -> int:
        return value

    async def connect(websocket: WebSocket, value: Annotated[int, Depends(value)]) -> None:
        await websocket.accept()
        await websocket.close()

    routes: list[Any] = [APIRoute("/x", read), APIWebSocketRoute("/ws", connect)]
    app: FastAPI = app_class()
    app.router.routes.extend(routes)
    with TestClient(app) as client:
        assert client.get("/x").json() == 3
        with client.websocket_connect("/ws"):
            pass
    for kind, what in {
        "app": app,
        "route": routes[0],
        "WebSocket route": routes[1],
        "what is closed over": held,
    }.items():
        keep(kind, what)


def own_route_class(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()

    class Logged(APIRoute):
        def get_route_handler(self) -> Callable[..., Any]:
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                assert held
                response: Response = await handler(request)
                return response

            return handle

    async def read(size: int = 0) -> int:
        return size

    router = router_class(route_class=Logged)
    router.get("/x")(read)
    app: FastAPI = app_class()
    app.include_router(router)
    app.router.route_class = Logged
    app.get("/y")(read)
    with TestClient(app) as client:
        assert client.get("/x").json() == client.get("/y").json() == 0
    for kind, what in {
        "app": app,
        "route class": Logged,
        "router": router,
        "endpoint": read,
        "what is closed over": held,
    }.items():
        keep(kind, what)


def overridden(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()

    def value() -> int:
        return 3

    def other() -> int:
        assert held
        return 4

    app: FastAPI = app_class()

    @app.get("/x")
    async def read(value: Annotated[int, Depends(value), Inline]) -> int:
        return value

    with TestClient(app) as client:
        assert client.get("/x").json() == 3
        app.dependency_overrides[value] = other
        assert client.get("/x").json() == 4
    for kind, what in {"app": app, "override": other, "what is closed over": held}.items():
        keep(kind, what)


def classified(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()

    def is_cheap(call: object) -> bool:
        assert held
        return True

    options = {"classifier": predicate(is_cheap)} if router_class is FastDepsRouter else {}
    app: FastAPI = app_class(**options)
    router = router_class(**options)

    @router.get("/x")
    def read() -> int:
        return 3

    app.include_router(router)
    app.get("/y")(read)
    with TestClient(app) as client:
        assert client.get("/x").json() == client.get("/y").json() == 3
    if isinstance(app, FastDepsAPI):
        str(explain(app))
    for kind, what in {"app": app, "predicate": is_cheap, "what is closed over": held}.items():
        keep(kind, what)


def frontend(app_class: Any, router_class: Any, keep: Keep) -> None:
    def guard() -> None: ...

    app: FastAPI = app_class()
    router = router_class(dependencies=[Depends(guard)])
    if hasattr(app, "frontend"):
        app.frontend("/app", directory=SITE)
        router.frontend("/router", directory=SITE)
    app.include_router(router)
    with TestClient(app) as client:
        client.get("/app/README.md")
        client.get("/router/README.md")
    for kind, what in {"app": app, "router": router, "dependency": guard}.items():
        keep(kind, what)


def failing(app_class: Any, router_class: Any, keep: Keep) -> None:
    held = Held()
    app: FastAPI = app_class()

    def refuse() -> None:
        assert held
        raise HTTPException(418)

    @app.get("/x")
    def read(refuse: Annotated[None, Depends(refuse), Inline]) -> None: ...

    @app.get("/y")
    @inline
    def raises() -> None:
        raise ValueError(held)

    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.get("/x").status_code == 418
        assert client.get("/y").status_code == 500
    for kind, what in {"app": app, "endpoint": read, "what is closed over": held}.items():
        keep(kind, what)


def changed(app_class: Any, router_class: Any, keep: Keep) -> None:
    """Routes that were taken out of an app that lives on."""
    app = LIVING.setdefault(app_class, app_class())
    held = Held()

    def value() -> int:
        assert held
        return 3

    @app.get("/x")  # type: ignore[untyped-decorator,unused-ignore]
    async def read(value: Annotated[int, Depends(value), Inline]) -> int:
        return value

    route = app.routes[-1]
    client = TestClient(app)
    assert client.get("/x").json() == 3
    app.router.routes.remove(route)
    assert client.get("/x").status_code == 404
    keep("route", route)
    keep("endpoint", read)
    keep("what is closed over", held)


LIVING: dict[Any, FastAPI] = {}

KINDS = [
    direct,
    included,
    shared,
    hand_made,
    own_route_class,
    overridden,
    classified,
    frontend,
    failing,
    changed,
]


def kept(
    kind: Callable[[Any, Any, Keep], None], app_class: Any, router_class: Any
) -> dict[str, int]:
    watched = Watched()
    for _ in range(COUNT):
        kind(app_class, router_class, watched)
    forget_what_fastapi_keeps()
    forget_what_typing_keeps()
    # A thread that has just answered lets go of what it was given in its own time.
    for _ in range(20):
        if not watched.kept():
            break
        time.sleep(0.02)
    return watched.kept()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("both_lanes")
def test_no_more_is_kept_than_with_fastapi(kind: Callable[[Any, Any, Keep], None]) -> None:
    stock = kept(kind, FastAPI, APIRouter)
    ours = kept(kind, FastDepsAPI, FastDepsRouter)
    assert {name: count for name, count in ours.items() if count > stock.get(name, 0)} == {}


def test_an_override_that_is_gone_is_not_kept_by_the_app_that_used_it() -> None:
    """Test suites override with a new function for each test."""
    watched = Watched()
    app = FastDepsAPI()

    def value() -> int:
        return 1

    @app.get("/x")
    async def read(value: Annotated[int, Depends(value), Inline]) -> int:
        return value

    def override() -> None:
        held = Held()

        def other() -> int:
            assert held
            return 2

        app.dependency_overrides[value] = other
        watched("what is closed over", held)

    with TestClient(app) as client:
        for _ in range(COUNT):
            override()
            assert client.get("/x").json() == 2
            app.dependency_overrides.clear()
        client.get("/x")
    assert watched.kept() == {}
