"""What stands in the way of less, and applications of others: each measured once, on little."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import applications, limits
from benchmarks.report.limits import TABLES

STATEMENTS = """
from fastapi import FastAPI
app = FastAPI()
@app.get("/sync")
def read() -> str:
    return "read"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop, with which it measures")
def test_every_table_of_limits_has_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.building.ROUTES", 5)
    assert limits.main([str(tmp_path / "limits.json"), "--rounds", "1"]) == 0
    found = json.loads((tmp_path / "limits.json").read_text())
    for table in TABLES.values():
        assert table(found).count("\n") > 2


def test_an_application_is_measured_by_each_way_to_run_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(applications, "_installed", lambda *_: Path(sys.executable))
    one = applications.Application("one", ("one==1.0",), STATEMENTS, ("/sync",))
    without = applications.Application("without", (), STATEMENTS, ("/sync",))
    monkeypatch.setattr(applications, "APPLICATIONS", (one, without))
    file = tmp_path / "applications.json"
    few = ["--rounds", "1", "--requests", "2"]
    assert applications.main([str(tmp_path), str(file), *few]) == 0
    found = json.loads(file.read_text())
    assert found["versions"] == {"one": "1.0"}
    (route,) = found["routes"]
    assert route["route"] == "one /sync"
    # The call, and what comes of it for the response model; both in one visit; none.
    assert route["hops"] == [2, 1, 0]


def test_an_application_that_does_not_start_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(applications, "_installed", lambda *_: Path(sys.executable))
    broken = applications.Application("broken", ("broken==1.0",), "1 / 0", ("/",))
    monkeypatch.setattr(applications, "APPLICATIONS", (broken,))
    assert applications.main([str(tmp_path), str(tmp_path / "applications.json")]) == 1
    assert "broken: not measured: broken, stock: " in capsys.readouterr().out
