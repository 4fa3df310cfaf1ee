"""MLflow: its tracking server, which is a FastAPI app, alone and mounted in another."""

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.neighbours.conftest import CheckOwn
from tests.neighbours.own import Request
from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop

SERVERS = "/api/3.0/mlflow/mcp-servers"
OWN_REQUESTS: tuple[Request, ...] = (
    ("GET", "/health", {}),
    ("GET", "/version", {}),
    ("POST", "/api/2.0/mlflow/experiments/search", {"json": {"max_results": 10}}),
    ("GET", "/api/3.0/mlflow/server-info", {}),
    ("GET", SERVERS, {}),
    ("GET", f"{SERVERS}/endpoints", {}),
)
CHANCE = r'"(creation_time|last_update_time)": ?\d+|"artifact_location": ?"[^"]*"'


def settings(directory: Path) -> dict[str, str]:
    """What `mlflow server --backend-store-uri ...` sets for its workers."""
    database = f"sqlite:///{directory}/mlflow.db"
    return {
        "_MLFLOW_SERVER_FILE_STORE": database,
        "_MLFLOW_SERVER_REGISTRY_STORE": database,
        "_MLFLOW_SERVER_ARTIFACT_ROOT": f"{directory}/artifacts",
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    }


def make_own() -> FastAPI:
    from mlflow.server.fastapi_app import create_fastapi_app

    app: FastAPI = create_fastapi_app()
    return app


@pytest.fixture(scope="module", autouse=True)
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for all processes: to make its tables takes long."""
    with mock.patch.dict(os.environ, settings(tmp_path_factory.mktemp("mlflow"))):
        yield


def test_the_server_is_mounted_in_an_app(app_class: AppClass, record_lanes: RecordLanes) -> None:
    from mlflow.server.fastapi_app import create_fastapi_app

    app = make_shop(app_class)
    app.mount("/mlflow", create_fastapi_app())
    with TestClient(app, base_url="http://localhost") as client:
        assert client.get("/mlflow/health").text == "OK"
        name = f"of {app_class.__name__}"
        path = "/mlflow/api/2.0/mlflow/experiments"
        created = client.post(f"{path}/create", json={"name": name}).json()["experiment_id"]
        found = client.get(f"{path}/get", params={"experiment_id": created}).json()
        assert found["experiment"]["name"] == name
        check_shop(client, app_class)
    record_lanes(app)


def test_the_server_answers_alike(check_own: CheckOwn) -> None:
    check_own(__name__)
