"""The dependencies of frontends run where the classifier says."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, inline
from tests.harness.hops import everything
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
