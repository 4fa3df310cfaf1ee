"""Programs that reach inside FastAPI: those of the first seeds, on every kind of app."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..drive import difference
from .drawing import VARIANTS, draw
from .judging import STOCK, Judge
from .pieces import Program
from .running import run_seeds, script
from .shrinking import shrink, way

pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

_QUICK = 300
_UNLIKE_STOCK_ITSELF = 100


def _report(program: Program) -> str:
    return f"seed {program.seed}, {program.variant}\n\n{program.text}"


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_does_as_fastapi_does_whatever_is_changed_and_when(variant: str, judge: Judge) -> None:
    for seed in range(VARIANTS.index(variant), _QUICK, len(VARIANTS)):
        program = draw(seed)
        expected, actual = judge.observations(program)
        if found := way(expected, actual):
            smallest = shrink(judge, program, found)
            shown = difference(*judge.observations(smallest))
            raise AssertionError(f"{found}\n{_report(smallest)}\n{shown}")


def test_fastapi_does_not_differ_from_itself(judge: Judge) -> None:
    assert run_seeds(judge, range(_UNLIKE_STOCK_ITSELF), STOCK).differing == []


def test_a_seed_is_always_the_same_program() -> None:
    assert [draw(seed).text for seed in range(50)] == [draw(seed).text for seed in range(50)]


def test_few_seeds_cover_all_that_programs_try(judge: Judge) -> None:
    tally = run_seeds(judge, range(1000, 1150), STOCK)
    tried = {kind.partition(" (")[0] for kind in tally.kinds}
    moments = {kind.partition(" (")[2] for kind in tally.kinds if ": " in kind}
    assert len(tried) > 100
    assert {"before the start)", "lifespan)", "between requests)", "request)"} < moments
    refused = sum(
        count for answer, count in tally.answers.items() if "401" in answer or "403" in answer
    )
    assert refused > 20
    assert sum(count for answer, count in tally.answers.items() if "'status': 2" in answer) > 100


def test_a_program_is_printed_as_a_file_that_runs_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(script(draw(3)))
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    run = subprocess.run(
        [sys.executable, file], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout == "no difference\n"
