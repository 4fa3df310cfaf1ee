"""`fastdeps try`: an app and its tests on our classes, in processes of their own."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from fastapi_fastdeps._cli import trying

APP = """
from typing import Annotated
from fastapi import APIRouter, Depends, FastAPI

class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip

app = FastAPI()
router = APIRouter()

@router.get("/pages")
def pages(page: Annotated[Page, Depends()]) -> int:
    return page.skip

app.include_router(router)
"""
TESTS = """
from fastapi.testclient import TestClient
from main import app

def test_that_passes():
    assert TestClient(app).get("/pages").json() == 0

def test_that_asks_for_the_class():
    assert type(app).__name__ == "FastAPI"
"""


def tried(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fastapi_fastdeps", "try", "--python", sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", "FASTDEPS_TRY": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(APP)
    return tmp_path


def test_an_app_is_asked_in_each_mode(folder: Path) -> None:
    result = tried(folder, "main:app", "/pages")
    assert result.returncode == 0, result.stderr
    [row] = [line.split() for line in result.stdout.splitlines() if line.startswith("/pages")]
    hops = [row[3], row[5], row[8], row[11]]
    assert hops == ["3", "1", "0", "0"]
    assert [row[6], row[9], row[12]] == ["fast"] * 3


def test_an_app_that_raises_does_so_in_each_mode(folder: Path) -> None:
    raising = """
@app.get("/raises")
def raises() -> int:
    raise KeyError

@app.get("/ours")
def ours() -> int:
    if type(app).__name__ != "FastAPI":
        raise KeyError
    return 1
"""
    (folder / "main.py").write_text(APP + raising)
    result = tried(folder, "main:app", "/raises")
    assert result.returncode == 0, result.stdout
    [row] = [line.split() for line in result.stdout.splitlines() if line.startswith("/raises")]
    assert row[1] == "500"
    result = tried(folder, "main:app", "/ours")
    assert result.returncode == 1
    assert "/ours, unmarked: 500 and KeyError instead of 200" in result.stdout


def test_what_fastapi_does_not_answer_is_left_out() -> None:
    never = {"stock": trying.Measured(error="no answer in 20 s")}
    both = {mode: trying.Measured(status=200, seconds=[1e-3]) for mode in trying.MODES}
    shown = StringIO()
    some = trying.Measurements({"/events": never, "/pages": both}, {})
    trying.show_measurements(Console(file=shown, width=200), some)
    assert "left out  /events: no answer in 20 s" in shown.getvalue()
    assert not list(some.differences())
    assert some.is_same
    assert not trying.Measurements({"/events": never}, {}).is_same


def test_an_app_may_say_more_than_a_pipe_holds(folder: Path) -> None:
    (folder / "main.py").write_text(f"{APP}\nprint('said while it was imported' * 20_000)\n")
    result = tried(folder, "main:app", "/pages")
    assert result.returncode == 0, result.stderr
    assert "said" not in result.stdout


@pytest.mark.parametrize("what", ["import time\ntime.sleep(600)", "while True: pass"])
def test_an_app_that_does_not_start_is_not_waited_for(folder: Path, what: str) -> None:
    (folder / "main.py").write_text(f"{APP}\n{what}\n")
    result = tried(folder, "main:app", "/pages", "--start", "3")
    assert result.returncode == 2
    assert result.stderr.strip().endswith("The app has not started within 3 s.")


def test_tests_that_end_otherwise_are_named(folder: Path) -> None:
    (folder / "test_app.py").write_text(TESTS)
    result = tried(folder, "--", "pytest", "-q", "-p", "no:cacheprovider")
    assert result.returncode == 1
    assert "2 tests, 1 differ" in result.stdout
    assert "test_app.py::test_that_asks_for_the_class: passed on" in result.stdout


def test_no_line_is_drawn_as_wide_as_a_pipe() -> None:
    run = trying.TestRun(0, {"test_one": ("passed", "")})
    shown = StringIO()
    console = Console(file=shown, width=10_000)
    trying.show_comparison(console, trying.Compared(run, run), "unmarked")
    assert max(map(len, shown.getvalue().splitlines())) == 80
