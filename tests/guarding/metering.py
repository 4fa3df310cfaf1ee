"""Meter providers for tests, and what was recorded for them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.metrics import MeterProvider, NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider as SDKMeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, Metric

CALLS = "fastdeps.inline_call.duration"
BLOCKING = "fastdeps.blocking_calls"
WAITS = "fastdeps.limiter.wait_time"
BUSY = "fastdeps.limiter.busy_threads"
WAITING = "fastdeps.limiter.waiting_tasks"
MAX = "fastdeps.limiter.max_threads"


class Metered:
    """A provider of the SDK's, and what was measured for it."""

    def __init__(self) -> None:
        self._reader = InMemoryMetricReader()
        self.provider = SDKMeterProvider([self._reader], shutdown_on_exit=False)

    def metrics(self) -> list[Metric]:
        """What this package has measured, as it is now."""
        data = self._reader.get_metrics_data()
        return [
            metric
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            if scope.scope.name == "fastapi_fastdeps"
            for metric in scope.metrics
        ]

    def points(self, name: str) -> list[Any]:
        return [
            point
            for metric in self.metrics()
            if metric.name == name
            for point in metric.data.data_points
        ]

    def counts(self, name: str, *attributes: str) -> Counter[tuple[Any, ...]]:
        """How often something was recorded or counted, by what is said of it."""
        counts: Counter[tuple[Any, ...]] = Counter()
        for point in self.points(name):
            key = tuple(point.attributes.get(attribute) for attribute in attributes)
            counts[key] += getattr(point, "count", None) or point.value
        return counts

    def of_limiters(self, name: str) -> dict[str, float]:
        """What is observed of each limiter."""
        return {
            point.attributes["fastdeps.limiter.name"]: point.value for point in self.points(name)
        }


class FailingProvider(MeterProvider):
    """One that is neither hashable nor equal to anything, and whose instruments raise.

    Attributes:
        calls: how often each method was called, of the provider, its meter and its instruments.
        callbacks: what was to be observed.
    """

    __hash__ = None  # type: ignore[assignment]  # as of any dataclass, Logfire's provider for one

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.calls: Counter[str] = Counter()
        self.callbacks: list[Callable[..., Any]] = []

    def __eq__(self, other: object) -> bool:
        raise AssertionError("compared")

    def get_meter(self, name: str, *args: Any, **options: Any) -> Any:
        if name != "fastapi_fastdeps":
            # FastAPI lets a request fail whose metrics do.
            return NoOpMeter(name)
        self.call("get_meter")
        return _FailingMeter(self)

    def call(self, name: str) -> None:
        self.calls[name] += 1
        if name in self.failing:
            raise LookupError(name)


class _FailingMeter(NoOpMeter):
    def __init__(self, provider: FailingProvider) -> None:
        super().__init__("failing")
        self._provider = provider

    def _create(self, name: str, *args: Any, **options: Any) -> Any:
        self._provider.call("create")
        return _FailingInstrument(self._provider)

    create_histogram = create_counter = _create

    def create_observable_up_down_counter(
        self, name: str, callbacks: Any = None, *args: Any, **options: Any
    ) -> Any:
        self._provider.callbacks += callbacks
        return self._create(name)


class _FailingInstrument:
    def __init__(self, provider: FailingProvider) -> None:
        self._provider = provider

    def record(self, *args: Any, **options: Any) -> None:
        self._provider.call("record")

    def add(self, *args: Any, **options: Any) -> None:
        self._provider.call("add")


def set_for_all(monkeypatch: pytest.MonkeyPatch, provider: MeterProvider | None) -> None:
    """Do what `set_meter_provider` does, for one test."""
    monkeypatch.setattr("opentelemetry.metrics._internal._METER_PROVIDER", provider)
