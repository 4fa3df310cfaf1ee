"""Serves an app and prints what of FastAPI, Starlette, AnyIO or the user was assigned to."""

import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

_NONE = object()

Attributes = dict[str, dict[str, object]]

PACKAGES = ("fastapi", "starlette", "anyio")
PATHS = (
    "/direct",
    "/handmade",
    "/plain",
    "/included/read",
    "/included/inner/read",
    "/included/stream",
)
FUNCTION = ("__code__", "__defaults__", "__kwdefaults__", "__annotations__", "__name__", "__doc__")


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


class Checker:
    def __call__(self) -> None: ...


checker = Checker()


def session() -> Iterator[str]:
    yield "session"


def user(session: Annotated[str, Depends(session)], page: Annotated[Page, Depends()]) -> str:
    return session


def fake() -> str:
    return "fake"


def read(page: Annotated[Page, Depends()], user: Annotated[str, Depends(user)]) -> list[str]:
    return [user]


def stream(user: Annotated[str, Depends(user)]) -> Iterable[str]:
    yield user


async def connect(websocket: WebSocket, user: Annotated[str, Depends(user)]) -> None:
    await websocket.accept()
    await websocket.close()


class Plain(HTTPEndpoint):
    def get(self, request: Request) -> Response:
        return PlainTextResponse("plain")


def handmade() -> list[BaseRoute]:
    return [
        APIRoute("/handmade", read),
        APIWebSocketRoute("/handmade-ws", connect),
        Route("/plain", Plain),
    ]


def router() -> APIRouter:
    inner = APIRouter(dependencies=[Depends(checker)])
    inner.get("/read")(read)
    outer = APIRouter()
    outer.get("/read")(read)
    outer.get("/stream", response_class=StreamingResponse)(stream)
    outer.websocket("/ws")(connect)
    outer.include_router(inner, prefix="/inner")
    return outer


def serve(app: FastAPI, router: APIRouter, routes: list[BaseRoute]) -> None:
    app.get("/direct")(read)
    app.router.routes.extend(routes)
    app.include_router(router, prefix="/included")
    for _ in range(2):
        with TestClient(app) as client:
            for path in PATHS:
                assert client.get(path).status_code == 200
            assert client.get("/direct?skip=none").status_code == 422
            assert client.get("/openapi.json").status_code == 200
            for path in ("/included/ws", "/handmade-ws"):
                with client.websocket_connect(path):
                    pass
        app.dependency_overrides[user] = fake


def attributes(routers: list[APIRouter], routes: list[BaseRoute]) -> Attributes:
    """Every attribute that an assignment could have changed."""
    found: Attributes = {}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in PACKAGES:
            found[name] = dict(vars(module))
            for value in vars(module).values():
                if isinstance(value, type) and value.__module__ == name:
                    found[f"{name}.{value.__qualname__}"] = dict(vars(value))
                elif hasattr(value, "__code__"):
                    found[f"{name}.{value.__qualname__}"] = _function(value)
    for value in (Page, Checker, Plain, checker, session, user, fake, read, stream, connect):
        found[f"user's {value!r}"] = dict(vars(value)) | _function(value)
    for number, each in enumerate(routers):
        found |= _router(f"user's router {number}", each)
    return found | _routes("user's route", routes)


def _function(value: Any) -> dict[str, object]:
    return {name: getattr(value, name, None) for name in FUNCTION}


def _router(name: str, router: APIRouter) -> Attributes:
    attributes = {**vars(router), "all": list(router.routes)}
    return {name: attributes} | _routes(name, router.routes)


def _routes(name: str, routes: list[BaseRoute]) -> Attributes:
    found: Attributes = {}
    for number, route in enumerate(routes):
        found[f"{name}.{number}"] = {**vars(route), "type": type(route)}
        if (inner := getattr(route, "original_router", None)) is not None:
            found |= _router(f"{name}.{number}.router", inner)
        elif (dependant := vars(route).get("dependant")) is not None:
            found |= _dependants(f"{name}.{number}.dependant", dependant)
    return found


def _dependants(name: str, dependant: Any) -> Attributes:
    found: Attributes = {
        name: {slot: getattr(dependant, slot) for slot in type(dependant).__slots__}
    }
    for number, child in enumerate(dependant.dependencies):
        found |= _dependants(f"{name}.{number}", child)
    return found


def changes(before: Attributes, after: Attributes) -> Iterator[str]:
    for owner, old in before.items():
        new = after[owner]
        for name in sorted(old.keys() | new.keys()):
            # `copy.copy` has the standard library note the slots of a class on it.
            if name != "__slotnames__" and _differ(old.get(name, _NONE), new.get(name, _NONE)):
                yield f"{owner}: {name}"


def _differ(old: object, new: object) -> bool:
    return old is not new and old != new


def main() -> None:
    for name in dir(anyio):
        getattr(anyio, name)  # AnyIO imports lazily, and keeps what it imported
    routers, routes = [router(), router()], handmade()
    for each in (router(), *routers):
        serve(FastAPI(), each, routes)
    before = attributes(routers, routes)
    from fastapi_fastdeps import FastDepsAPI, explain, predicate

    for shared in routers:
        for app in (FastDepsAPI(classifier=predicate(lambda _: True)), FastDepsAPI()):
            serve(app, shared, routes)
            explain(app)
    print(*changes(before, attributes(routers, routes)), sep="\n", end="")


if __name__ == "__main__":
    main()
