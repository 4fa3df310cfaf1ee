"""Fixtures of the neighbours' tests, and the switch that keeps them out of other runs."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from fastapi import FastAPI

from fastapi_fastdeps import FastDepsAPI, explain
from tests.neighbours.own import Served, serve_own
from tests.neighbours.shop import AppClass, RecordLanes

if TYPE_CHECKING:
    from tests.neighbours.spans import Recorder

CheckOwn = Callable[[str], tuple[Served, ...]]

SWITCH = "FASTDEPS_NEIGHBOURS"

if SWITCH not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(params=[FastAPI, FastDepsAPI], ids=["stock", "fastdeps"])
def app_class(request: pytest.FixtureRequest) -> AppClass:
    """FastAPI first: what it does is what the neighbour promises."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def recorder() -> "Recorder":
    # Not every environment of the tests has OpenTelemetry.
    from tests.neighbours.spans import Recorder

    return Recorder()


@pytest.fixture
def record_lanes(record_property: Callable[[str, object], None]) -> RecordLanes:
    """Write down which lanes the HTTP routes of an app took, for the table."""

    def record(app: FastAPI) -> None:
        if isinstance(app, FastDepsAPI):
            for lane in sorted({route.lane for route in explain(app) if route.kind == "http"}):
                record_property("lane", lane)

    return record


@pytest.fixture
def check_own(record_property: Callable[[str, object], None]) -> "CheckOwn":
    """Serve a module's own app with FastAPI's classes, ours, and ours with all inline, and check
    that it answers alike, with no hop more and, all inline, with fewer."""

    def check(module: str) -> tuple[Served, ...]:
        stock, ours, inline = (serve_own(module, mode) for mode in ("stock", "fastdeps", "inline"))
        assert [status for status, _ in stock.answers] == [200] * len(stock.answers), stock.answers
        assert ours.answers == stock.answers
        assert inline.answers == stock.answers
        assert all(here <= there for here, there in zip(ours.hops, stock.hops, strict=True))
        assert sum(inline.hops) < sum(stock.hops)
        for lane in ours.lanes:
            record_property("lane", lane)
        return stock, ours, inline

    return check
