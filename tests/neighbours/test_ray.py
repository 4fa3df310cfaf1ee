"""Ray Serve: an app is pickled and served by an actor, whose methods are routes."""

import os
import tempfile
from collections.abc import Iterator
from typing import Annotated, Any
from unittest import mock

import httpx
import pytest
import ray
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient
from ray import serve

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, inline
from tests.harness.commands import REPOSITORY
from tests.neighbours.server import free_port
from tests.neighbours.shop import (
    ASKED,
    AppClass,
    Filters,
    Page,
    RecordLanes,
    Report,
    Session,
    add_routes,
    check_answer,
    check_answers,
    check_shop,
    make_shop,
    open_session,
    report,
)

SETTINGS = {
    "RAY_AUTH_MODE": "disabled",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray replaces what has not started in time, too little on a busy machine.
    "RAY_raylet_start_wait_time_s": "120",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "120",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "120",
}
ATTEMPTS = 3


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where a cluster of this machine serves."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="ray-") as directory,
        mock.patch.dict(os.environ, SETTINGS),
    ):
        start_cluster(directory)
        try:
            serve.start(http_options={"port": port})
            yield f"http://127.0.0.1:{port}"
        finally:
            serve.shutdown()
            ray.shutdown()


def start_cluster(directory: str) -> None:
    """Start one. Ray gives its node half a minute, too little for it on a busy machine."""
    for attempt in range(ATTEMPTS):
        try:
            ray.init(
                num_cpus=2,
                include_dashboard=False,
                runtime_env={"env_vars": {"PYTHONPATH": str(REPOSITORY)}},
                _temp_dir=f"{directory}/{attempt}",
            )
        except Exception:
            ray.shutdown()
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


def make_app(app_class: AppClass) -> FastAPI:
    app = make_shop(app_class)
    own_class = FastDepsRouter if app_class is FastDepsAPI else APIRouter
    for name, router in (("plain", APIRouter()), ("own", own_class())):
        add_routes(router)
        app.include_router(router, prefix=f"/{name}")
    return app


def make_deployment(app: FastAPI) -> Any:
    """The app as the ingress of a class that has routes of its own."""

    @serve.deployment(ray_actor_options={"num_cpus": 0.1})
    @serve.ingress(app)
    class Served:
        def __init__(self) -> None:
            self.report = report

        @app.get("/method/inline")
        @inline
        def of_class_inline(
            self,
            page: Annotated[Page, Depends()],
            filters: Annotated[Filters, Depends()],
            session: Annotated[Session, Depends(open_session), Inline],
        ) -> Report:
            return self.report(page, filters, session)

        @app.get("/method/threaded")
        def of_class_threaded(
            self,
            page: Annotated[Page, Depends()],
            filters: Annotated[Filters, Depends()],
            session: Annotated[Session, Depends(open_session), Inline],
        ) -> Report:
            return self.report(page, filters, session)

    return Served


@pytest.mark.parametrize("served", [False, True], ids=["fresh", "served before"])
def test_what_is_inline_stays_inline_in_routes_of_the_app_of_routers_and_of_the_class(
    address: str, app_class: AppClass, served: bool, record_lanes: RecordLanes
) -> None:
    app = make_app(app_class)
    if served:
        with TestClient(app) as client:
            check_shop(client, app_class)
    name = f"{app_class.__name__}-{served}"
    serve.run(make_deployment(app).bind(), name=name, route_prefix=f"/{name}")
    try:
        with httpx.Client(base_url=f"{address}/{name}", timeout=30) as remote:
            for prefix in ("", "/plain", "/own"):
                check_answers(remote, app_class, prefix)
            for path in ("/inline", "/threaded"):
                check_answer(remote.get(f"/method{path}", params=ASKED), app_class, path)
            assert remote.get("/inline", params={"skip": "x"}).status_code == 422
            assert remote.get("/openapi.json").json()["paths"].keys() >= {
                "/plain/inline",
                "/method/inline",
            }
    finally:
        serve.delete(name)
    record_lanes(app)
