"""FastAPI's own `telemetry=`."""

import re
from functools import partial
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.telemetry import get_telemetry_data
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from fastapi_fastdeps import FastDepsAPI
from tests.neighbours.shop import (
    AppClass,
    RecordLanes,
    add_traced_route,
    check_shop,
    make_shop,
    traced,
)
from tests.neighbours.spans import Recorder
from tests.neighbours.watched import ask_for_all, difference, make_watched


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


class Reading(SpanProcessor):
    """Notes what FastAPI tells of a request while spans of it end."""

    def __init__(self) -> None:
        self.noted: list[Any] = []

    def on_end(self, span: ReadableSpan) -> None:
        data = get_telemetry_data()
        told = None if data is None else (data.body, data.values, data.errors)
        self.noted.append((span.name, span.status.status_code, dict(span.attributes or {}), told))


@pytest.mark.parametrize("is_marked", [False, True], ids=["unmarked", "inline"])
def test_what_is_told_of_a_request_is_what_fastapi_tells(is_marked: bool) -> None:
    noted: list[Any] = []
    for app_class in (FastAPI, FastDepsAPI):
        reading, provider = Reading(), TracerProvider()
        provider.add_span_processor(reading)

        def record(name: str, provider: TracerProvider = provider) -> None:
            with provider.get_tracer("watched").start_as_current_span(name):
                pass

        make = partial(app_class, telemetry={"tracer_provider": provider})
        answers = ask_for_all(make_watched(make, record, is_marked=is_marked))
        told = (*answers, *reading.noted)
        noted.append([re.sub(r" at 0x\w+", "", repr(each)) for each in told])
    assert len(noted[0]) > 100
    assert difference(*noted) is None
