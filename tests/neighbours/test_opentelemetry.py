"""opentelemetry-instrumentation-fastapi: server spans, and their context in sync callables."""

import subprocess
import sys

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.trace import StatusCode

from fastapi_fastdeps import inline
from tests.neighbours.shop import (
    AppClass,
    RecordLanes,
    add_routes,
    add_traced_route,
    check_shop,
    make_shop,
    traced,
)
from tests.neighbours.spans import Recorder


@pytest.mark.parametrize("instrumented", ["before its routes", "after its routes"])
def test_each_request_is_a_span_with_its_route(
    app_class: AppClass, recorder: Recorder, instrumented: str, record_lanes: RecordLanes
) -> None:
    app = app_class()
    router = APIRouter()
    add_routes(router)
    if instrumented == "before its routes":
        FastAPIInstrumentor.instrument_app(app, tracer_provider=recorder.provider)
    add_routes(app)
    app.include_router(router, prefix="/v1")
    if instrumented == "after its routes":
        FastAPIInstrumentor.instrument_app(app, tracer_provider=recorder.provider)
    client = TestClient(app)
    check_shop(client, app_class)
    check_shop(client, app_class, prefix="/v1")
    for path in ("/inline", "/threaded", "/v1/inline", "/v1/threaded"):
        attributes = recorder.named(f"GET {path}").attributes
        assert attributes is not None
        assert attributes["http.route"] == path
        assert attributes["http.status_code"] == 200
    record_lanes(app)


def test_a_span_of_a_sync_callable_belongs_to_the_request(
    app_class: AppClass, recorder: Recorder
) -> None:
    app = app_class()
    add_traced_route(app, recorder.record)
    FastAPIInstrumentor.instrument_app(app, tracer_provider=recorder.provider)
    TestClient(app).get("/").raise_for_status()
    below = recorder.names_below(recorder.named("GET /"))
    assert [name for name in below if " on the " in name] == traced(app_class)


def test_an_exception_of_a_sync_callable_is_recorded(
    app_class: AppClass, recorder: Recorder
) -> None:
    app = app_class()

    @app.get("/")
    @inline
    def endpoint() -> None:
        raise LookupError("sold out")

    FastAPIInstrumentor.instrument_app(app, tracer_provider=recorder.provider)
    TestClient(app, raise_server_exceptions=False).get("/")
    span = recorder.named("GET /")
    assert span.status.status_code is StatusCode.ERROR
    assert "LookupError" in {
        (event.attributes or {}).get("exception.type") for event in span.events
    }


def test_an_app_is_uninstrumented(app_class: AppClass, recorder: Recorder) -> None:
    app = make_shop(app_class)
    FastAPIInstrumentor.instrument_app(app, tracer_provider=recorder.provider)
    FastAPIInstrumentor.uninstrument_app(app)
    check_shop(TestClient(app), app_class)
    assert not recorder.spans


AUTOMATIC = """
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from tests.neighbours.spans import Recorder

recorder = Recorder()
FastAPIInstrumentor().instrument(tracer_provider=recorder.provider)

from fastapi.testclient import TestClient
from fastapi_fastdeps import FastDepsAPI
from tests.neighbours.shop import check_shop, make_shop

check_shop(TestClient(make_shop(FastDepsAPI)), FastDepsAPI)
recorder.named("GET /inline")
recorder.named("GET /threaded")
"""


def test_instrumenting_every_app_works_before_the_package_is_imported() -> None:
    subprocess.run([sys.executable, "-c", AUTOMATIC], check=True)
