"""prometheus-fastapi-instrumentator: requests are counted under their handler."""

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

from tests.neighbours.shop import AppClass, RecordLanes, add_routes, check_shop


@pytest.mark.parametrize("exposed", ["before its routes", "after its routes"])
def test_each_request_is_counted_under_its_handler(
    app_class: AppClass, exposed: str, record_lanes: RecordLanes
) -> None:
    registry = CollectorRegistry()
    instrumentator = Instrumentator(registry=registry)
    app = app_class()
    instrumentator.instrument(app)
    if exposed == "before its routes":
        instrumentator.expose(app)
    add_routes(app)
    router = APIRouter()
    add_routes(router)
    app.include_router(router, prefix="/v1")
    if exposed == "after its routes":
        instrumentator.expose(app)
    client = TestClient(app)
    check_shop(client, app_class)
    check_shop(client, app_class, prefix="/v1")
    assert client.get("/inline", params={"skip": "x"}).status_code == 422

    def count(handler: str, status: str = "2xx") -> float | None:
        labels = {"handler": handler, "method": "GET", "status": status}
        return registry.get_sample_value("http_requests_total", labels)

    assert count("/inline") == count("/threaded") == 1
    assert count("/v1/inline") == count("/v1/threaded") == 1
    assert count("/inline", "4xx") == 1
    exposition = client.get("/metrics")
    assert exposition.status_code == 200
    assert 'http_requests_total{handler="/v1/inline"' in exposition.text
    record_lanes(app)
