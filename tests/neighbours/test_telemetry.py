"""FastAPI's own `telemetry=`."""

from fastapi.testclient import TestClient

from tests.neighbours.shop import (
    AppClass,
    RecordLanes,
    add_traced_route,
    check_shop,
    make_shop,
    traced,
)
from tests.neighbours.spans import Recorder


def test_each_request_has_the_spans_of_its_operations(
    app_class: AppClass, recorder: Recorder, record_lanes: RecordLanes
) -> None:
    app = make_shop(app_class, telemetry={"tracer_provider": recorder.provider})
    check_shop(TestClient(app), app_class)
    for path in ("/inline", "/threaded"):
        request = recorder.named(f"GET {path}")
        assert recorder.names_below(request) == [
            "fastapi.dependencies",
            "fastapi.endpoint",
            "fastapi.serialization",
        ]
        functions = {
            (span.attributes or {}).get("code.function.name")
            for span in recorder.spans
            if span.parent == request.context
        }
        assert functions == {f"tests.neighbours.shop.{path[1:]}_endpoint"}
    record_lanes(app)


def test_a_span_of_a_sync_callable_belongs_to_its_operation(
    app_class: AppClass, recorder: Recorder
) -> None:
    app = app_class(telemetry={"tracer_provider": recorder.provider})
    add_traced_route(app, recorder.record)
    TestClient(app).get("/").raise_for_status()
    *dependencies, endpoint = traced(app_class)
    assert recorder.names_below(recorder.named("fastapi.dependencies")) == dependencies
    assert recorder.names_below(recorder.named("fastapi.endpoint")) == [endpoint]
