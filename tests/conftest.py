"""Fixtures of all tests."""

import pytest

from fastapi_fastdeps._lane.choice import LANE_VARIABLE


@pytest.fixture(params=["fast", "fastapi"])
def both_lanes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test once where routes take the fast lane, and once where none does."""
    if request.param == "fast":
        monkeypatch.delenv(LANE_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(LANE_VARIABLE, request.param)
