"""Logfire: `instrument_fastapi` with the arguments and the endpoint of each request."""

import gc
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import logfire
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan

import fastapi_fastdeps
from fastapi_fastdeps import FastDepsAPI, Inline, explain, inline
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
from tests.neighbours.watched import ask_for_all, difference, make_watched

ENDPOINT_SPAN = "{method} {http.route} ({code.function})"


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    # Where it is installed, Logfire takes it for what it is.
    logfire.add_non_user_code_prefix(str(Path(fastapi_fastdeps.__file__).parent))
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


@pytest.mark.parametrize("is_marked", [False, True], ids=["unmarked", "inline"])
@pytest.mark.parametrize("extra_spans", [False, True], ids=["arguments", "spans of their own"])
def test_each_span_is_that_beside_fastapi_field_by_field(
    recorder: Recorder, extra_spans: bool, is_marked: bool
) -> None:
    recorded: list[list[Any]] = []
    answers: list[Any] = []
    for app_class in (FastAPI, FastDepsAPI):
        app = make_watched(app_class, lambda text: logfire.info(text), is_marked=is_marked)
        logfire.instrument_fastapi(app, extra_spans=extra_spans)
        recorder.exporter.clear()
        answers.append(ask_for_all(app))
        recorded.append(comparable(recorder.spans))
        if isinstance(app, FastDepsAPI):
            assert [each.why for each in explain(app) if each.lane != "fast"] == []
    assert answers[0] == answers[1]
    assert len(recorded[0]) > 100
    assert difference(*recorded) is None


def comparable(spans: Sequence[ReadableSpan]) -> list[Any]:
    """The spans without ids, times, threads, and the frames of libraries, of which Logfire
    makes fingerprints, too."""
    numbers: dict[int, int] = {}
    for span in spans:
        assert span.context is not None
        numbers.setdefault(span.context.span_id, len(numbers))
    return [
        {
            "name": span.name,
            "kind": span.kind,
            "parent": numbers.get(span.parent.span_id) if span.parent else None,
            "status": (span.status.status_code, span.status.description),
            "scope": span.instrumentation_scope and span.instrumentation_scope.name,
            "attributes": without_what_varies(attributes(span)),
            "events": [
                (event.name, without_what_varies(dict(event.attributes or {})))
                for event in span.events
            ],
        }
        for span in spans
    ]


def without_what_varies(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: re.findall(r"tests/neighbours/watched.*\n.*", value)
        if name == "exception.stacktrace"
        else value
        for name, value in found.items()
        if not name.endswith(("timestamp", "fingerprint")) and not name.startswith("thread.")
    }


class Read:
    """What Logfire's meter provider hands on."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        logfire.configure(
            send_to_logfire=False,
            console=False,
            inspect_arguments=False,
            metrics=logfire.MetricsOptions(additional_readers=[self._reader]),
        )

    def points(self, name: str) -> list[Any]:
        data = self._reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.mark.usefixtures("recorder")
def test_what_is_inline_and_what_waits_is_measured_also_when_logfire_is_configured_anew() -> None:
    app = FastDepsAPI()
    logfire.instrument_fastapi(app)

    def threaded() -> int:
        return 1

    @app.get("/")
    @inline
    def endpoint(number: Annotated[int, Depends(threaded)]) -> int:
        return number

    # The event loops of other tests, which have the same provider.
    gc.collect()
    with TestClient(app) as client:
        for _ in range(2):
            read = Read()
            for _ in range(3):
                assert client.get("/").json() == 1
            (calls,) = read.points("fastdeps.inline_call.duration")
            assert calls.count == 3
            assert calls.attributes["code.function.name"].endswith("endpoint")
            (waits,) = read.points("fastdeps.limiter.wait_time")
            assert waits.count == 3
            (size,) = read.points("fastdeps.limiter.max_threads")
            assert size.value == 40
