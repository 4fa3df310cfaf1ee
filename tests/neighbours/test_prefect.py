"""Prefect: its server, which is a FastAPI app, alone and mounted in another."""

import os
import tempfile

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.neighbours.conftest import CheckOwn
from tests.neighbours.own import Request
from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop

# One for all processes: to make the tables of its database takes it long.
os.environ.setdefault("PREFECT_HOME", tempfile.mkdtemp(prefix="prefect-"))
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")

FLOW = {"json": {"name": "tea"}}
OWN_REQUESTS: tuple[Request, ...] = (
    ("GET", "/api/health", {}),
    ("GET", "/api/ready", {}),
    ("GET", "/api/admin/version", {}),
    ("POST", "/api/flows/filter", {"json": {}}),
    ("POST", "/api/variables/count", {"json": {}}),
    ("POST", "/api/work_pools/filter", {"json": {}}),
    ("POST", "/api/flow_runs/count", {"json": {}}),
)
CHANCE = r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\dT[\d:.]+Z?"


def make_own() -> FastAPI:
    from prefect.server.api.server import create_app

    app: FastAPI = create_app(ephemeral=True)
    return app


def test_the_server_is_mounted_in_an_app(app_class: AppClass, record_lanes: RecordLanes) -> None:
    from prefect.server.api.server import create_app

    server = create_app(ephemeral=True, ignore_cache=True)
    app = make_shop(app_class)
    app.mount("/prefect", server)
    with TestClient(server), TestClient(app) as client:
        flow = client.post("/prefect/api/flows/", **FLOW).json()
        assert client.get(f"/prefect/api/flows/{flow['id']}").json()["name"] == "tea"
        check_shop(client, app_class)
    record_lanes(app)


def test_the_server_answers_alike(check_own: CheckOwn) -> None:
    check_own(__name__)
