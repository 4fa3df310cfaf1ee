"""The app that is kept under load, and what is made of its counts. The load itself is a command."""

from dataclasses import replace

import pytest

from benchmarks.load.__main__ import PATHS, Stretch, problems_of
from benchmarks.load.app import app, counts
from benchmarks.results import Load
from tests.harness.crowd import crowd, statuses

FINE = {
    **dict.fromkeys(("begun", "ended", "entered", "left", "tasks added", "tasks done"), 10.0),
    "connections": 5.0,
    "threads": 60.0,
    "asyncio tasks": 3.0,
    "resident": 50.0,
}


def stretch(**counted: float) -> Stretch:
    names = {name.replace(" ", "_"): name for name in FINE} | {"failed": "failed"}
    load = Load(1000.0, 0.1, 0.2, 0.3, 0)
    return Stretch(load, 5, {**FINE, **{names[name]: value for name, value in counted.items()}})


def test_all_that_it_counts_has_ended_when_the_answers_are_there() -> None:
    counts.clear()
    assert statuses(crowd(app, [*PATHS] * 20)) == {200}
    assert counts["begun"] == counts["ended"] == 22 * len(PATHS)
    assert counts["entered"] == counts["left"] == 9 * 22
    assert counts["tasks added"] == counts["tasks done"] == 22


def test_a_run_in_which_nothing_is_left_over_has_no_problems() -> None:
    assert list(problems_of(FINE, [stretch(), stretch(resident=52)])) == []


@pytest.mark.parametrize(
    ("found", "problem"),
    [
        ({"ended": 9}, "1 requests have not ended"),
        ({"failed": 2}, "2 requests have failed"),
        ({"left": 9}, "10 generators were entered, 9 left"),
        ({"tasks_done": 11}, "More background tasks"),
        ({"connections": 4}, "4 connections"),
        ({"asyncio_tasks": 5}, "5 tasks are left"),
        ({"threads": 200}, "200 threads"),
        ({"resident": 60}, "grown from 50.0 MB to 60.0 MB"),
    ],
)
def test_what_is_left_over_is_a_problem(found: dict[str, float], problem: str) -> None:
    (said,) = problems_of(FINE, [stretch(), stretch(**found)])
    assert problem in said


def test_what_was_not_answered_is_a_problem() -> None:
    fine = stretch()
    (said,) = problems_of(FINE, [fine, replace(fine, load=replace(fine.load, errors=3))])
    assert said.startswith("3 requests of wrk")
