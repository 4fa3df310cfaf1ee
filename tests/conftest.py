"""Fixtures of all tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastapi.routing
import pytest

from fastapi_fastdeps._compiling.functions import compile_function
from fastapi_fastdeps._fastapi.names import fast_lane
from fastapi_fastdeps._lane.choice import LANE_VARIABLE

ONCE = (
    *("benchmarks", "conformance", "documentation", "test_typings.py"),
    *("cli/test_bad_input.py", "cli/test_page_in_browser.py", "cli/test_profile_command.py"),
    *("cli/test_migrate_command.py", "cli/test_migrate_programs.py", "cli/test_try_command.py"),
    *("differential/test_detection.py", "differential/reaching/test_detection.py"),
    "test_next_fastapi.py",
)
"""What does the same on each Python, most of it in processes of its own: `.ci/run` has it on the
default one alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tests = Path(__file__).parent
    for item in items:
        if any(item.path.is_relative_to(tests / each) for each in ONCE):
            item.add_marker("once")


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
