"""The dependencies of frontends run where the classifier says."""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import fastapi.routing
import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Request,
    Response,
    Security,
)
from fastapi.security import SecurityScopes
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, explain, inline
from tests.harness.hops import everything, hops
from tests.harness.marks import needs_plans
from tests.test_routing import Log

ROUTERS: list[Any] = [APIRouter, FastDepsRouter]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("index")
    return tmp_path


def visit(app: FastAPI, path: str) -> None:
    response = TestClient(app).get(path)
    assert (response.status_code, response.text) == (200, "index")


def test_the_frontend_of_an_app_has_its_dependencies_inline(site: Path) -> None:
    log = Log()
    app = FastDepsAPI(
        classifier=everything, dependencies=[Depends(log("app")), Depends(log.generator("session"))]
    )
    app.frontend("/", directory=site)
    visit(app, "/")
    assert log.entries == ["app loop", "session loop", "/session loop"]


def test_an_unmarked_dependency_of_a_frontend_keeps_its_thread(site: Path) -> None:
    entries = []
    for app_class in (FastAPI, FastDepsAPI):
        log = Log()
        app = app_class(dependencies=[Depends(log("app")), Depends(log.generator("session"))])
        app.frontend("/", directory=site)
        visit(app, "/")
        entries.append(log.entries)
    assert entries[0] == entries[1] == ["app thread", "session thread", "/session thread"]


@pytest.mark.parametrize("router_class", ROUTERS)
def test_the_frontend_of_an_included_router_has_its_dependencies_inline(
    router_class: Any, site: Path
) -> None:
    log = Log()
    router = router_class(dependencies=[Depends(log("router"))])
    router.frontend("/site", directory=site)
    app = FastDepsAPI(classifier=everything, dependencies=[Depends(log("app"))])
    app.include_router(router, prefix="/at", dependencies=[Depends(log("include"))])
    visit(app, "/at/site/")
    assert log.entries == ["app loop", "include loop", "router loop"]


@pytest.mark.parametrize("router_class", ROUTERS)
def test_frontends_of_nested_routers_answer_to_the_nearest_classifier(
    router_class: Any, site: Path
) -> None:
    log = Log()
    own = FastDepsRouter(dependencies=[Depends(log("own"))], classifier=lambda _: None)
    own.frontend("/site", directory=site)
    inner = router_class(dependencies=[Depends(log("inner"))])
    inner.frontend("/site", directory=site)
    outer = router_class()
    outer.include_router(own, prefix="/own")
    outer.include_router(inner, prefix="/inner")
    app = FastDepsAPI(classifier=everything)
    app.include_router(outer)
    visit(app, "/own/site/")
    visit(app, "/inner/site/")
    assert log.entries == ["own thread", "inner loop"]


def test_one_router_with_a_frontend_is_decided_about_in_each_app(site: Path) -> None:
    log = Log()
    router = APIRouter(dependencies=[Depends(log("dependency"))])
    router.frontend("/", directory=site)
    apps = [FastDepsAPI(classifier=everything), FastDepsAPI(), FastAPI()]
    for app in apps:
        app.include_router(router)
    for app in apps:
        visit(app, "/")
    assert log.entries == ["dependency loop", "dependency thread", "dependency thread"]


@pytest.mark.parametrize("included", [False, True])
def test_a_dependency_of_a_frontend_is_overridden(included: bool, site: Path) -> None:
    log = Log()

    @inline
    def replaced() -> None:
        raise AssertionError("not overridden")

    router = FastDepsRouter(dependencies=[Depends(replaced)])
    app = FastDepsAPI(dependencies=[] if included else [Depends(replaced)])
    (router if included else app).frontend("/", directory=site)
    app.include_router(router)
    app.dependency_overrides[replaced] = log("fake")
    visit(app, "/")
    assert log.entries == ["fake loop"]


def test_a_page_that_is_not_found_has_no_dependency_called(site: Path) -> None:
    log = Log()
    app = FastDepsAPI(classifier=everything, dependencies=[Depends(log("app"))])
    app.frontend("/site", directory=site)
    assert TestClient(app).get("/elsewhere").status_code == 404
    assert log.entries == []


def guarded(called: list[str]) -> list[Any]:
    """Dependencies of every kind, the last of which a request may fail."""

    class Page:
        def __init__(self, request: Request, number: int = 1) -> None:
            called.append(f"page {number} of {request.url.path}")
            self.number = number

    def session() -> Iterator[str]:
        called.append("session")
        try:
            yield "session"
        except HTTPException as error:
            called.append(f"raised {error.status_code}")
            raise
        finally:
            called.append("/session")

    async def headers(
        response: Response, tasks: BackgroundTasks, page: Annotated[Page, Depends()]
    ) -> None:
        response.headers["x-page"] = str(page.number)
        tasks.add_task(called.append, "task")

    def guard(
        page: Annotated[Page, Depends()],
        scopes: SecurityScopes,
        session: Annotated[str, Depends(session)],
        key: Annotated[str | None, Header()] = None,
    ) -> None:
        called.append(f"guard {scopes.scopes} {session} {page.number}")
        if key == "wrong":
            raise HTTPException(403)

    return [Depends(headers), Security(guard, scopes=["read"])]


def answers(app: FastAPI, path: str, called: list[str]) -> list[Any]:
    found: list[Any] = []
    client = TestClient(app)
    for query in ("", "?number=2", "?number=none", ""):
        for headers in ({}, {"key": "wrong"}):
            for method in ("GET", "HEAD", "POST"):
                called.clear()
                got = client.request(method, f"{path}{query}", headers=headers)
                # Of the file, when it was written.
                seen = {k: v for k, v in got.headers.items() if k not in ("last-modified", "etag")}
                found.append((got.status_code, got.content, seen, [*called]))
    return found


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("is_inline", [False, True], ids=["unmarked", "inline"])
@pytest.mark.parametrize("place", ["app", "router", "plain router"])
def test_a_frontend_is_guarded_as_by_fastapi(place: str, is_inline: bool, site: Path) -> None:
    def answered(app_class: Any, router_class: Any) -> Any:
        called: list[str] = []
        dependencies = guarded(called)
        app = app_class(dependencies=dependencies if place == "app" else [])
        if place == "app":
            app.frontend("/", directory=site)
            return answers(app, "/", called)
        router = (APIRouter if place == "plain router" else router_class)(dependencies=dependencies)
        router.frontend("/site", directory=site)
        app.include_router(router, prefix="/at")
        return answers(app, "/at/site/", called)

    ours = functools.partial(FastDepsAPI, classifier=everything) if is_inline else FastDepsAPI
    expected = answered(FastAPI, APIRouter)
    assert {status for status, *_ in expected} == {200, 403, 405, 422}
    assert answered(ours, FastDepsRouter) == expected


@needs_plans
@pytest.mark.parametrize("place", ["app", "router", "plain router"])
def test_the_dependencies_of_a_frontend_are_one_visit(place: str, site: Path) -> None:
    log = Log()
    dependencies = [Depends(log("one")), Depends(log("two")), Depends(log("three"))]
    app = FastDepsAPI(dependencies=dependencies if place == "app" else [])
    router: Any = {"plain router": APIRouter}.get(place, FastDepsRouter)(dependencies=dependencies)
    (app if place == "app" else router).frontend("/site", directory=site)
    if place != "app":
        app.include_router(router)
    client = TestClient(app)
    for _ in range(3):
        client.get("/site/")
    before = [(each.lane, each.why, each.hops) for each in explain(app)]
    assert before == [("fast", "", 1)]
    stock = FastAPI(dependencies=dependencies)
    stock.frontend("/site", directory=site)
    # The first one has the directory checked.
    _, theirs = hops_of(TestClient(stock), "/site/"), hops_of(TestClient(stock), "/site/")
    assert hops_of(client, "/site/") == theirs - 2


def hops_of(client: TestClient, path: str) -> int:
    with hops() as sent:
        assert client.get(path).status_code == 200
    return len(sent)


@needs_plans
def test_a_solver_that_is_replaced_is_called_for_a_frontend(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, solved = Log(), list[str]()
    app = FastDepsAPI(classifier=everything, dependencies=[Depends(log("app"))])
    app.frontend("/site", directory=site)
    visit(app, "/site/")
    solve = fastapi.routing.solve_dependencies  # type: ignore[attr-defined]

    async def replaced(**given: Any) -> Any:
        solved.extend(each.call.__name__ for each in given["dependant"].dependencies)
        return await solve(**given)

    monkeypatch.setattr(fastapi.routing, "solve_dependencies", replaced)
    assert [each.lane for each in explain(app)] == ["fastapi"]
    visit(app, "/site/")
    assert len(solved) == 1
    assert log.entries == ["app loop", "app loop"]
