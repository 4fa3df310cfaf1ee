"""Logfire: `instrument_fastapi` with the arguments and the endpoint of each request."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import logfire
import pytest
from fastapi import Depends
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import ReadableSpan

from fastapi_fastdeps import Inline, inline
from tests.neighbours.shop import (
    PATHS,
    AppClass,
    RecordLanes,
    add_routes,
    add_traced_route,
    check_shop,
    traced,
)
from tests.neighbours.spans import Recorder

ENDPOINT_SPAN = "{method} {http.route} ({code.function})"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    logfire.configure(
        send_to_logfire=False,
        console=False,
        inspect_arguments=False,
        additional_span_processors=[recorder.processor],
    )
    yield recorder
    logfire.shutdown()


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.mark.parametrize("instrumented", ["before its routes", "after its routes"])
def test_each_request_has_spans_of_its_arguments_and_its_endpoint(
    app_class: AppClass, recorder: Recorder, instrumented: str, record_lanes: RecordLanes
) -> None:
    app = app_class()
    if instrumented == "before its routes":
        logfire.instrument_fastapi(app, extra_spans=True)
    add_routes(app)
    if instrumented == "after its routes":
        logfire.instrument_fastapi(app, extra_spans=True)
    check_shop(TestClient(app), app_class)
    for path in PATHS:
        request = recorder.named(f"GET {path}")
        assert "fastapi.endpoint_function.end_timestamp" in attributes(request)
        assert recorder.names_below(request) == ["FastAPI arguments", ENDPOINT_SPAN]
    functions = [
        attributes(span)["code.function"] for span in recorder.spans if span.name == ENDPOINT_SPAN
    ]
    assert functions == ["inline_endpoint", "threaded_endpoint"]
    record_lanes(app)


def test_the_arguments_are_those_that_the_endpoint_takes(
    app_class: AppClass, recorder: Recorder
) -> None:
    def double(number: int) -> int:
        return number * 2

    app = app_class()
    logfire.instrument_fastapi(app)

    @app.get("/")
    @inline
    def endpoint(number: int, doubled: Annotated[int, Depends(double), Inline]) -> None:
        pass

    client = TestClient(app)
    client.get("/", params={"number": 4}).raise_for_status()
    right = attributes(recorder.spans[-1])
    assert json.loads(right["fastapi.arguments.values"]) == {"number": 4, "doubled": 8}
    assert json.loads(right["fastapi.arguments.errors"]) == []
    assert client.get("/", params={"number": "four"}).status_code == 422
    wrong = attributes(recorder.spans[-1])
    # The dependency is not called, and so there is no `doubled`, where its own `number` fails.
    assert json.loads(wrong["fastapi.arguments.values"]) == {}
    assert [error["loc"] for error in json.loads(wrong["fastapi.arguments.errors"])] == [
        ["query", "number"],
        ["query", "number"],
    ]


def test_a_span_of_a_sync_callable_belongs_to_the_request(
    app_class: AppClass, recorder: Recorder
) -> None:
    app = app_class()
    logfire.instrument_fastapi(app)
    add_traced_route(app, lambda message: logfire.info("{message}", message=message))
    TestClient(app).get("/").raise_for_status()
    below = recorder.names_below(recorder.named("GET /"))
    assert len(below) == 3
    messages = [attributes(span)["logfire.msg"] for span in recorder.spans[:3]]
    assert messages == traced(app_class)
