"""FastAPI's own `telemetry=`."""

from typing import Annotated

import pytest
from fastapi import Depends
from fastapi.testclient import TestClient

from fastapi_fastdeps import Inline, inline
from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop, on_loop, place
from tests.neighbours.spans import Recorder


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


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
    tracer = recorder.provider.get_tracer("shop")

    def price() -> None:
        with tracer.start_as_current_span(f"price on the {place()}"):
            pass

    app = app_class(telemetry={"tracer_provider": recorder.provider})

    @app.get("/")
    @inline
    def endpoint(
        priced: Annotated[None, Depends(price), Inline],
        priced_again: Annotated[None, Depends(price, use_cache=False)],
    ) -> None:
        with tracer.start_as_current_span(f"endpoint on the {place()}"):
            pass

    TestClient(app).get("/").raise_for_status()
    marked = on_loop(app_class)
    assert recorder.names_below(recorder.named("fastapi.dependencies")) == [
        f"price on the {marked}",
        "price on the thread",
    ]
    assert recorder.names_below(recorder.named("fastapi.endpoint")) == [f"endpoint on the {marked}"]
