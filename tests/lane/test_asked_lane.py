"""Which lane the environment asks for."""

import subprocess
import sys

import pytest

from fastapi_fastdeps import FastDepsAPI, FastDepsError, explain
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE

MESSAGE = f"The environment has {LANE_VARIABLE}=quick, which is no lane. It can be fast or fastapi"


def read() -> None: ...


def test_a_lane_that_there_is_not_is_told_at_import() -> None:
    program = f"import os; os.environ[{LANE_VARIABLE!r}] = 'quick'; import fastapi_fastdeps"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert f"FastDepsError: {MESSAGE}" in done.stderr


def test_a_lane_that_there_is_not_is_told_where_a_route_is_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = FastDepsAPI()
    monkeypatch.setenv(LANE_VARIABLE, "quick")
    with pytest.raises(FastDepsError) as raised:
        app.get("/")(read)
    assert str(raised.value).startswith(MESSAGE)


@pytest.mark.parametrize(
    ("asked", "lane"), [("fast", "fast"), ("fastapi", "fastapi"), ("", "fast")]
)
def test_a_lane_that_there_is_is_taken(
    asked: str, lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANE_VARIABLE, asked)
    app = FastDepsAPI(openapi_url=None)
    app.get("/")(read)
    assert [route.lane for route in explain(app)] == [lane]
