"""What is measured for a meter provider."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import Depends
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, Guard, everything, inline

pytest.importorskip("opentelemetry.sdk.metrics")

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

REQUESTS = 3


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemoryMetricReader]:
    """What reads the metrics of the program's provider."""
    given = InMemoryMetricReader()
    provider = MeterProvider(metric_readers=[given])
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: provider)
    yield given
    provider.shutdown()


def points(reader: InMemoryMetricReader, name: str) -> list[Any]:
    data = reader.get_metrics_data()
    if data is None:
        return []
    return [
        point
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        if metric.name == name
        for point in metric.data.data_points
    ]


def app_of(**options: Any) -> tuple[FastDepsAPI, Callable[..., None]]:
    app = FastDepsAPI(limiters={"db": 3}, **options)

    @inline
    def cheap() -> None: ...

    def threaded() -> None: ...

    @app.get("/items/{skip}")
    def items(
        skip: int,
        one: Annotated[None, Depends(cheap)],
        other: Annotated[None, Depends(threaded)],
    ) -> int:
        return skip

    return app, cheap


@pytest.mark.usefixtures("both_lanes")
def test_inline_calls_and_the_wait_for_threads_are_measured(reader: InMemoryMetricReader) -> None:
    app, cheap = app_of(guard=Guard(slow_call=0, callback=str))
    client = TestClient(app)
    for _ in range(REQUESTS):
        assert client.get("/items/1").json() == 1
    attributes = {
        "code.function.name": f"{cheap.__module__}.{cheap.__qualname__}",
        "fastdeps.role": "dependency",
        "fastdeps.part": "call",
        "http.route": "/items/{skip}",
    }
    (duration,) = points(reader, "fastdeps.inline_call.duration")
    assert (dict(duration.attributes), duration.count) == (attributes, REQUESTS)
    (blocking,) = points(reader, "fastdeps.inline_call.blocking")
    assert (dict(blocking.attributes), blocking.value) == (attributes, REQUESTS)


def test_limiters_are_measured(reader: InMemoryMetricReader) -> None:
    app, _ = app_of()
    with TestClient(app) as client:
        for _ in range(REQUESTS):
            client.get("/items/1")
        (wait,) = points(reader, "fastdeps.limiter.wait_time")
        assert dict(wait.attributes) == {"fastdeps.limiter.name": "default"}
        assert wait.count >= REQUESTS
        for name in ("busy", "waiting"):
            found = points(reader, f"fastdeps.limiter.{name}")
            values = {point.attributes["fastdeps.limiter.name"]: point.value for point in found}
            assert values["db"] == values["default"] == 0
        found = points(reader, "fastdeps.limiter.max")
        values = {point.attributes["fastdeps.limiter.name"]: point.value for point in found}
        assert values["db"] >= 3


def test_nothing_is_measured_without_a_provider() -> None:
    app = FastDepsAPI(classifier=everything, guard=False)
    app.get("/")(lambda: 1)
    for _ in range(REQUESTS):
        TestClient(app).get("/")
    assert app.threads.instruments is None
    assert app.threads.observer is None
