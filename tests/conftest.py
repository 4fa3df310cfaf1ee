"""Fixtures of all tests."""

from collections.abc import Iterator
from typing import Any

import fastapi.routing
import pytest

from fastapi_fastdeps._compiling.functions import compile_function
from fastapi_fastdeps._fastapi.names import fast_lane
from fastapi_fastdeps._lane.choice import LANE_VARIABLE


@pytest.fixture(params=["fast", "fastapi"])
def both_lanes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test once where routes take the fast lane, and once where none does."""
    if request.param == "fast":
        monkeypatch.delenv(LANE_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(LANE_VARIABLE, request.param)


@pytest.fixture(autouse=True)
def fastapi_forgets_endpoints() -> None:
    """FastAPI keeps file and line of each endpoint by its `id`, which another one may get
    once the first is gone: with thousands of apps in one process, some do."""
    getattr(fastapi.routing, "_endpoint_context_cache", {}).clear()


@pytest.fixture(autouse=True)
def every_plan_is_written(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A plan that can't be written is done without, in silence: no test is to do so unawares."""
    failed: list[Exception] = []

    def write(*args: Any) -> Any:
        try:
            return compile_function(*args)
        except Exception as error:
            failed.append(error)
            raise

    if fast_lane:
        monkeypatch.setattr("fastapi_fastdeps._serving.current.compile_function", write)
    yield
    assert not failed, failed
