"""What goes wrong late ends as in FastAPI: every message, every exception, every exit."""

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from fastapi_fastdeps import FastDepsAPI
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE
from tests.harness.hops import everything
from tests.harness.raw import Outcome, call

from .late import Late, Log, build, late_programs


def _run(program: Late, app: FastAPI, kind: str) -> tuple[Outcome, Log]:
    log: Log = []
    outcome = call(
        build(program, app, log),
        kind=kind,
        fails_at=program.fails_at,
        spec_version=program.spec_version,
    )
    return outcome, log


def _is_settled(program: Late) -> bool:
    """Whether the end does not hang on how long a thread takes: events are made by a task of
    their own, while others are sent and dependencies are left."""
    if program.endpoint != "events":
        return True
    if program.is_async:
        return all(left.is_async or not left.yields for left in program.dependencies)
    return not program.dependencies and program.fails_at is None


@pytest.mark.parametrize("kind", ["http", "websocket"])
@given(program=late_programs.filter(_is_settled), lane=st.sampled_from(["", "fastapi"]))
def test_what_goes_wrong_late_ends_as_in_fastapi(kind: str, program: Late, lane: str) -> None:
    expected = _run(program, FastAPI(), kind)
    with pytest.MonkeyPatch.context() as patch:
        if lane:
            patch.setenv(LANE_VARIABLE, lane)
        assert _run(program, FastDepsAPI(), kind) == expected
        assert _run(program, FastDepsAPI(classifier=everything), kind) == expected
