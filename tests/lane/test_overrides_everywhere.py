"""`dependency_overrides` hold at every place, each app's for itself."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Security, WebSocket
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, inline
from tests.harness.hops import ask, here
from tests.lane.test_overrides import answer, app_with, fake, replaced, safe, safe_fake

pytestmark = pytest.mark.usefixtures("both_lanes")


class Service:
    @inline
    def bound(self) -> str:
        raise AssertionError("not overridden")

    def __call__(self) -> str:
        raise AssertionError("not overridden")


service = Service()


@pytest.mark.parametrize(
    ("placed", "key"), [(service.bound, service.bound), (service, service), (Service, Service)]
)
def test_an_override_is_found_by_any_callable_that_equals_the_original(
    placed: Any, key: Any
) -> None:
    assert answer(app_with(placed, Inline), key, fake) == "fake loop"


@pytest.mark.parametrize("router_class", [APIRouter, FastDepsRouter])
def test_overrides_of_the_app_hold_at_every_place(router_class: Any) -> None:
    log: list[str] = []

    def logged() -> str:
        log.append(here())
        return "fake"

    router = router_class(dependencies=[Depends(replaced)])

    @router.get("/read", dependencies=[Depends(replaced)])
    async def read(value: Annotated[str, Depends(replaced, use_cache=False)]) -> str:
        return value

    @router.websocket("/ws")
    async def connect(websocket: WebSocket, value: Annotated[str, Depends(replaced)]) -> None:
        await websocket.accept()
        await websocket.send_text(value)
        await websocket.close()

    app = FastDepsAPI(dependencies=[Depends(replaced)])
    app.get("/direct")(lambda: "direct")
    app.websocket("/direct-ws")(connect)
    app.include_router(router, dependencies=[Depends(replaced)])
    app.dependency_overrides[replaced] = logged
    assert ask(app, "/read") == ("fake", 0)
    assert log == ["loop", "loop"]
    for path in ("/ws", "/direct-ws"):
        with TestClient(app).websocket_connect(path) as websocket:
            assert websocket.receive_text() == "fake"
    assert ask(app, "/direct")[0] == "direct"
    assert set(log) == {"loop"}


def test_two_apps_override_in_a_shared_router_each_for_itself() -> None:
    router = FastDepsRouter()

    @router.get("/")
    async def read(value: Annotated[str, Depends(safe)]) -> str:
        return value

    apps = [FastDepsAPI(), FastDepsAPI(), FastAPI()]
    for app in apps:
        app.include_router(router)
    apps[0].dependency_overrides[safe] = fake
    apps[2].dependency_overrides[safe] = safe_fake
    assert [ask(app)[0] for app in apps] == ["fake loop", "safe loop", "safe fake loop"]


def test_a_mounted_app_has_overrides_of_its_own() -> None:
    outer, inner = app_with(safe), app_with(safe)
    outer.mount("/inner", inner)
    outer.dependency_overrides[safe] = fake
    assert ask(outer)[0] == "fake loop"
    assert ask(outer, "/inner/")[0] == "safe loop"
    inner.dependency_overrides[safe] = safe_fake
    assert ask(outer, "/inner/")[0] == "safe fake loop"


def test_an_override_has_parameters_of_its_own() -> None:
    @inline
    def original(token: str) -> str:
        return token

    def parametrized(request: Request, q: int, scopes: SecurityScopes) -> list[Any]:
        return [request.url.path, q, scopes.scopes]

    app = FastDepsAPI()

    @app.get("/")
    async def read(value: Annotated[Any, Security(original, scopes=["a"])]) -> Any:
        return value

    app.dependency_overrides[original] = parametrized
    assert ask(app, "/?q=3") == (["/", 3, ["a"]], 0)
    missing = TestClient(app).get("/?q=none").json()
    assert missing["detail"][0]["loc"] == ["query", "q"]


def test_a_security_scheme_is_overridden() -> None:
    scheme = OAuth2PasswordBearer("token")

    @inline
    def user(token: Annotated[str, Depends(scheme)]) -> str:
        return f"{token}, {here()}"

    assert answer(app_with(user), scheme, lambda: "token") == "token, loop"
