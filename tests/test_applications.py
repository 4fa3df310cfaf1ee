"""The application: what it leaves alone, and when it decides."""

import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from unittest import mock

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    FastDepsRoute,
    FastDepsRouter,
    Inline,
    all_classes,
    default_classifier,
    explain,
    predicate,
)
from fastapi_fastdeps._fastapi.names import asked_lane, fast_lane
from tests.harness.hops import ask, everything, here, hops

pytestmark = pytest.mark.usefixtures("both_lanes")

ROUTERS: list[Any] = [APIRouter, FastDepsRouter]


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.where = here()


def session() -> Iterator[str]:
    yield here()


def add(target: Any) -> Any:
    @target.get("/read")
    def read(
        page: Annotated[Page, Depends()], session: Annotated[str, Depends(session)]
    ) -> list[str]:
        return [page.where, session, here()]

    @target.websocket("/ws")
    async def connect(
        websocket: WebSocket,
        page: Annotated[Page, Depends()],
        session: Annotated[str, Depends(session)],
    ) -> None:
        await websocket.accept()
        await websocket.send_json([page.where, session])
        await websocket.close()

    return target


def connect(app: Any, path: str) -> Any:
    with TestClient(app).websocket_connect(path) as websocket:
        return websocket.receive_json()


def test_nothing_of_fastapi_starlette_anyio_or_the_user_is_assigned_to() -> None:
    command = [sys.executable, "-m", "tests.untouched"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("router_class", ROUTERS)
def test_two_apps_share_a_router_and_each_gets_its_own_decision(router_class: Any) -> None:
    router = add(router_class())
    apps = [
        FastDepsAPI(classifier=everything),
        FastDepsAPI(classifier=all_classes),
        FastDepsAPI(),
        FastAPI(),
    ]
    for app in apps:
        app.include_router(router)
    for request in range(2):
        is_fused = fast_lane and request and asked_lane() != "fastapi"
        assert ask(apps[0], "/read") == (["loop", "loop", "loop"], 0)
        assert ask(apps[1], "/read") == (["loop", "thread", "thread"], 2 if is_fused else 4)
        assert ask(apps[2], "/read") == (["thread", "thread", "thread"], 2 if is_fused else 5)
        assert ask(apps[3], "/read") == (["thread", "thread", "thread"], 5)
        assert connect(apps[0], "/ws") == ["loop", "loop"]
        assert connect(apps[1], "/ws") == ["loop", "thread"]
        assert connect(apps[2], "/ws") == ["thread", "thread"]


@pytest.mark.parametrize("router_class", ROUTERS)
def test_one_app_includes_a_router_twice(router_class: Any) -> None:
    router = add(router_class())
    app = FastDepsAPI(classifier=by_path)
    app.include_router(router, prefix="/first")
    app.include_router(router, prefix="/second")
    assert ask(app, "/first/read") == (["loop", "loop", "loop"], 0)
    assert ask(app, "/second/read") == (["thread", "thread", "thread"], 5)
    assert connect(app, "/first/ws") == ["loop", "loop"]
    assert connect(app, "/second/ws") == ["thread", "thread"]


def by_path(candidate: Candidate, /) -> Execution | None:
    return Inline() if candidate.path.startswith("/first") else None


def test_no_lifespan_is_needed() -> None:
    started: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        started.append("started")
        yield

    app = add(FastDepsAPI(classifier=everything, lifespan=lifespan))
    app.include_router(add(APIRouter(prefix="/plain")))
    assert ask(app, "/read") == (["loop", "loop", "loop"], 0)
    assert ask(app, "/plain/read") == (["loop", "loop", "loop"], 0)
    assert started == []
    with hops() as sent, TestClient(app) as client:
        assert client.get("/read").json() == ["loop", "loop", "loop"]
    assert (started, sent) == (["started"], [])


class Counting:
    def __init__(self) -> None:
        self.asked: list[Candidate] = []

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        self.asked.append(candidate)
        return Inline()


def counted() -> tuple[FastDepsAPI, Counting]:
    classifier = Counting()
    app = add(FastDepsAPI(classifier=classifier, dependencies=[Depends(lambda: None)]))
    app.include_router(add(APIRouter(prefix="/plain")))
    inner = add(FastDepsRouter(prefix="/inner"))
    outer = add(FastDepsRouter(prefix="/outer"))
    outer.include_router(inner)
    app.include_router(outer, dependencies=[Depends(lambda: None)])
    return app, classifier


PATHS = ["/read", "/plain/read", "/outer/read", "/outer/inner/read"]


def test_callables_are_classified_when_built_and_nothing_is_when_run() -> None:
    app, classifier = counted()
    asked = len(classifier.asked)
    assert asked > 20
    for path in PATHS * 2:
        assert ask(app, path) == (["loop", "loop", "loop"], 0)
        assert connect(app, path.replace("read", "ws")) == ["loop", "loop"]
    with TestClient(app) as client:
        assert client.get("/openapi.json").status_code == 200
    explain(app)
    assert len(classifier.asked) == asked


def test_each_candidate_is_asked_about_once() -> None:
    asked = counted()[1].asked
    assert len(asked) == len({(id(each.call), each.path, each.parameter) for each in asked})


def test_no_signature_is_inspected_when_run() -> None:
    app, _ = counted()
    with TestClient(app) as client:
        for path in PATHS:
            client.get(path)
        with mock.patch.object(inspect, "signature", side_effect=AssertionError):
            for path in PATHS:
                assert client.get(path).json() == ["loop", "loop", "loop"]


def test_the_classifier_of_an_app_can_be_read_from_it() -> None:
    assert FastDepsAPI().classifier is default_classifier
    assert FastDepsAPI(classifier=everything).classifier is everything
    assert FastDepsRouter().classifier is None
    assert FastDepsRouter(classifier=everything).classifier is everything


def test_an_app_is_a_fastapi_with_a_fastdeps_router() -> None:
    app = FastDepsAPI(title="shop", version="2", docs_url=None)
    assert isinstance(app, FastAPI)
    assert isinstance(app.router, FastDepsRouter)
    assert app.router.route_class is FastDepsRoute
    assert (app.title, app.version, app.docs_url) == ("shop", "2", None)


def test_an_app_can_be_subclassed() -> None:
    class Shop(FastDepsAPI):
        def __init__(self, **options: Any) -> None:
            super().__init__(classifier=predicate(lambda call: call is session), **options)
            add(self)

    assert ask(Shop(), "/read") == (["thread", "loop", "thread"], 3)


def test_an_app_runs_on_trio() -> None:
    app = add(FastDepsAPI(classifier=everything))
    with hops() as sent:
        response = TestClient(app, backend="trio").get("/read")
    assert response.status_code == 200
    assert sent == []


def test_the_classifier_of_an_app_holds_for_a_router_that_takes_the_place_of_its_own() -> None:
    app = FastDepsAPI(classifier=everything)
    app.router = FastDepsRouter()
    app.get("/")(here)
    assert ask(app) == ("loop", 0)
    assert app.classifier is everything


def test_an_app_names_the_classifier_that_is_in_force() -> None:
    app = FastDepsAPI(classifier=everything)
    app.get("/")(here)
    assert ask(app) == ("loop", 0)
    app.router.classifier = None  # type: ignore[attr-defined]
    assert ask(app) == ("thread", 2)
    assert app.classifier is default_classifier


def test_an_app_whose_setup_leaves_out_that_of_fastapi_decides_all_the_same() -> None:
    class Bare(FastDepsAPI):
        def setup(self) -> None: ...

    app = Bare(classifier=everything)
    app.get("/")(here)
    assert ask(app) == ("loop", 0)


def test_a_classifier_may_stand_in_the_class() -> None:
    class App(FastDepsAPI):
        @property
        def classifier(self) -> Any:
            return everything

    class Router(FastDepsRouter):
        classifier = staticmethod(everything)  # type: ignore[assignment]

    app, including, router = App(), FastDepsAPI(), Router()
    app.get("/")(here)
    router.get("/")(here)
    including.include_router(router)
    assert ask(app) == ask(including) == ("loop", 0)
