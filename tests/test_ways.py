"""A plan asks for every name that FastAPI reads on its way, and for no more than it needs."""

import sys
from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Annotated, Any

import pytest
from fastapi import Body, Depends, FastAPI, Header, Request, Response, routing
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.ground import SERVING, Ground
from tests.harness.hops import everything
from tests.harness.marks import needs_plans

pytestmark = needs_plans

Read = tuple[str, str]


class Item(BaseModel):
    name: str


class Page:
    def __init__(self, skip: int = 0, agent: Annotated[str | None, Header()] = None) -> None:
        self.skip = skip


def session() -> Iterator[int]:
    yield 1


async def user(request: Request, response: Response) -> str:
    response.headers["x-user"] = "me"
    return request.url.path


def nothing() -> Any:
    return {"a": [1, None]}


def parameters(number: int, q: str = "", tag: Annotated[list[str] | None, Header()] = None) -> Any:
    return [number, q, tag]


async def dependencies(
    page: Annotated[Page, Depends()], user: Annotated[str, Depends(user)]
) -> Any:
    return page.skip


def generators(session: Annotated[int, Depends(session)]) -> Any:
    return session


def model() -> Item:
    return Item(name="a")


async def body(item: Item) -> Any:
    return item.name


def bodies(item: Item, extra: Annotated[int, Body()] = 1) -> Item:
    return item


ENDPOINTS: dict[str, Callable[..., Any]] = {
    "/nothing": nothing,
    "/parameters/{number}": parameters,
    "/dependencies": dependencies,
    "/generators": generators,
    "/model": model,
    "/body": body,
    "/bodies": bodies,
}
REQUESTS: dict[str, tuple[str, Any]] = {
    "/parameters/{number}": ("/parameters/1?q=a", None),
    "/dependencies": ("/dependencies?skip=1", None),
    "/body": ("/body", {"name": "a"}),
    "/bodies": ("/bodies", {"item": {"name": "a"}}),
}

CALLED: set[Read] = {
    ("fastapi.telemetry._api", "_REQUEST_TELEMETRY_KEY"),
    ("fastapi.telemetry._api", "_RequestTelemetry"),
    ("fastapi.telemetry._api", "otel_context"),
    ("fastapi.routing", "_endpoint_context_cache"),
}
"""What is read by `_get_request_telemetry` and `_extract_endpoint_context`, which the fast lane
calls too, the second where what it says is needed."""

CALLED_FOR_BODIES: set[Read] = {
    ("fastapi.dependencies.utils", "AliasChoices"),
    ("fastapi.dependencies.utils", "AliasPath"),
    ("fastapi.dependencies.utils", "deepcopy"),
    ("fastapi.dependencies.utils", "get_validation_alias"),
}
"""What is read by `request_body_to_args`, which the fast lane calls for several of them."""


class Recorded(dict[str, Any]):
    """The names of a module, for functions of which it is noted what they read."""

    def __init__(self, name: str, reads: set[Read], modules: dict[str, "Recorded"]) -> None:
        super().__init__(vars(sys.modules[name]))
        self.name = name
        self.reads = reads
        self.modules = modules
        self.functions: dict[FunctionType, FunctionType] = {}

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        self.reads.add((self.name, name))
        return self.recorded(found)

    def recorded(self, found: Any) -> Any:
        module = getattr(found, "__module__", None) or ""
        if not isinstance(found, FunctionType) or module not in SERVING or module == "json":
            return found
        home = self.modules.setdefault(module, Recorded(module, self.reads, self.modules))
        if found not in home.functions:
            copied = FunctionType(
                found.__code__, home, found.__name__, found.__defaults__, found.__closure__
            )
            copied.__kwdefaults__ = found.__kwdefaults__
            home.functions[found] = copied
        return home.functions[found]


def read_by_fastapi(path: str) -> set[Read]:
    reads: set[Read] = set()
    names = Recorded("fastapi.routing", reads, {})
    names.modules["fastapi.routing"] = names
    get_route_handler = names.recorded(APIRoute.get_route_handler)

    class Route(APIRoute):
        def get_route_handler(self) -> Any:
            return get_route_handler(self)

    app = FastAPI()
    app.router.route_class = Route
    declare(app, path)
    route: Any = app.router.routes[-1]
    route.app = names.recorded(routing.request_response)(route.get_route_handler())
    client = TestClient(app)
    ask(client, path)
    reads.clear()
    ask(client, path)
    return reads


def declare(app: FastAPI, path: str) -> None:
    is_get = REQUESTS.get(path, ("", None))[1] is None
    app.api_route(path, methods=["GET" if is_get else "POST"])(ENDPOINTS[path])


def ask(client: TestClient, path: str) -> None:
    url, content = REQUESTS.get(path, (path, None))
    response = client.request("GET" if content is None else "POST", url, json=content)
    assert response.status_code == 200


def asked_for(path: str, inline: bool) -> set[Read]:
    app = FastDepsAPI(classifier=everything if inline else None)
    declare(app, path)
    client = TestClient(app)
    for _ in range(3):
        ask(client, path)
    route: Any = app.router.routes[-1]
    ground: Ground = route.handling.planned.ground
    return {(each.holder.__name__, each.name) for each in ground._watched}


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("inline", [False, True])
def test_whatever_fastapi_reads_is_asked_for(path: str, inline: bool) -> None:
    watched = {(each.holder.__name__, each.name) for each in Ground(SERVING)._watched}
    missing = (read_by_fastapi(path) & watched) - asked_for(path, inline)
    assert missing == CALLED | (CALLED_FOR_BODIES if path == "/bodies" else set())


def test_a_plan_asks_for_less_than_all() -> None:
    assert len(asked_for("/nothing", True)) < len(Ground(SERVING)._watched) / 2
