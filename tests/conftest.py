"""Fixtures of all tests."""

import fastapi.routing
import pytest

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
