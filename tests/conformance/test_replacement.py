import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.suite import unreplaced
from tests.harness.injected.fastdeps_conformance.replacement import MODE_VARIABLE
from tests.harness.suites import INJECTED

NAMES = "print(fastapi.FastAPI.__name__, fastapi.APIRouter.__name__)"


def run_in_mode(mode: str, program: str) -> str:
    paths = [str(INJECTED), *sys.path]
    variables = os.environ | {MODE_VARIABLE: mode, "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=variables, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize(
    ("mode", "classes"),
    [
        ("stock", "FastAPI APIRouter"),
        ("bare", "BareAPI BareRouter"),
        ("fastdeps", "FastDepsAPI FastDepsRouter"),
        ("inline", "InlineAPI InlineRouter"),
    ],
)
def test_every_interpreter_of_the_suite_gets_the_classes_of_its_mode(
    mode: str, classes: str
) -> None:
    assert run_in_mode(mode, f"import fastapi; {NAMES}") == classes


@pytest.mark.parametrize(
    "statement",
    ["from fastapi import FastAPI; import fastapi", "import fastapi.routing"],
)
def test_it_does_not_matter_how_fastapi_is_first_imported(statement: str) -> None:
    assert run_in_mode("bare", f"{statement}; {NAMES}") == "BareAPI BareRouter"


def test_fastapis_own_modules_keep_their_classes() -> None:
    program = (
        "import fastapi, fastapi.applications, fastapi.routing;"
        "print(fastapi.applications.FastAPI.__name__, fastapi.routing.APIRouter.__name__)"
    )

    assert run_in_mode("inline", program) == "FastAPI APIRouter"


def test_inline_runs_a_sync_endpoint_on_the_event_loop() -> None:
    program = """
import threading
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

router = APIRouter()

@router.get("/")
def endpoint() -> str:
    return threading.current_thread().name

@router.get("/loop")
async def loop() -> str:
    return threading.current_thread().name

app = FastAPI()
app.include_router(router)
with TestClient(app) as client:
    print(client.get("/").json() == client.get("/loop").json())
"""
    assert run_in_mode("inline", program) == "True"
    assert run_in_mode("fastdeps", program) == "False"


@pytest.mark.parametrize(
    ("line", "is_missed"),
    [
        ("from fastapi import APIRouter, FastAPI", False),
        ("import fastapi; fastapi.FastAPI()", False),
        ("from fastapi.routing import APIRoute", False),
        ("from fastapi.applications import FastAPI", True),
        ("from fastapi.routing import APIRoute, APIRouter", True),
        ("from fastapi import routing; routing.APIRouter()", True),
        ("import fastapi.applications; fastapi.applications.FastAPI()", True),
    ],
)
def test_an_import_that_bypasses_the_replacement_is_found(
    tmp_path: Path, line: str, is_missed: bool
) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text(line)

    assert bool([*unreplaced(tmp_path)]) is is_missed
