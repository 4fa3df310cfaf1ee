from pathlib import Path

import pytest

from tests.conformance.__main__ import DIFFERENCES
from tests.conformance.comparison import Expectation, judge, read_expectations
from tests.harness.outcomes import (
    Outcome,
    Outcomes,
    compare,
    read_outcomes,
    summary,
    write_outcomes,
)

STOCK = {
    "test_a.py::test_one": Outcome("passed"),
    "test_a.py::test_two": Outcome("passed"),
    "test_b.py::test_three": Outcome("skipped", "needs Windows"),
}
EXPECTED = Expectation("test_a.py::test_two", "needs a thread", "^E .*not in a thread")


def stock_but(**kinds: str) -> Outcomes:
    changed = {f"test_a.py::test_{name}": Outcome(kind) for name, kind in kinds.items()}
    return STOCK | changed


def without(test: str) -> Outcomes:
    return {name: outcome for name, outcome in STOCK.items() if name != test}


def test_the_same_outcomes_are_no_difference() -> None:
    same = STOCK | {"test_b.py::test_three": Outcome("skipped", "another text")}

    assert compare(STOCK, same) == ()
    assert judge(compare(STOCK, same), []).holds


def test_a_changed_outcome_is_a_difference() -> None:
    verdict = judge(compare(STOCK, stock_but(one="failed")), [])

    assert not verdict.holds
    assert [str(each) for each in verdict.unlisted] == [
        "test_a.py::test_one: passed in stock, failed here"
    ]


@pytest.mark.parametrize("kind", ["skipped", "xfailed", "error"])
def test_an_outcome_that_pytest_would_let_pass_is_a_difference_too(kind: str) -> None:
    assert len(compare(STOCK, stock_but(one=kind))) == 1


def test_a_test_that_fails_in_stock_has_to_fail_here() -> None:
    failing = stock_but(one="failed")

    assert compare(failing, failing) == ()
    assert len(compare(failing, STOCK)) == 1


def test_a_removed_test_is_a_difference() -> None:
    (difference,) = compare(STOCK, without("test_b.py::test_three"))

    assert str(difference) == "test_b.py::test_three: skipped in stock, absent here"


def test_an_added_test_is_a_difference() -> None:
    (difference,) = compare(without("test_a.py::test_one"), STOCK)

    assert str(difference) == "test_a.py::test_one: absent in stock, passed here"


def test_a_listed_difference_with_its_evidence_holds() -> None:
    here = STOCK | {EXPECTED.test: Outcome("failed", "> run()\nE  RuntimeError: not in a thread")}
    verdict = judge(compare(STOCK, here), [EXPECTED])

    assert verdict.holds
    assert len(verdict.differences) == 1


def test_a_listed_test_that_fails_for_another_reason_does_not_hold() -> None:
    here = STOCK | {EXPECTED.test: Outcome("failed", "E  ZeroDivisionError")}
    verdict = judge(compare(STOCK, here), [EXPECTED])

    assert not verdict.holds
    assert verdict.without_evidence == verdict.differences


def test_a_listed_test_that_no_longer_differs_is_stale() -> None:
    verdict = judge(compare(STOCK, STOCK), [EXPECTED])

    assert not verdict.holds
    assert verdict.stale == (EXPECTED.test,)


def test_a_listed_test_that_exists_no_more_is_stale() -> None:
    gone = without(EXPECTED.test)

    assert judge(compare(gone, gone), [EXPECTED]).stale == (EXPECTED.test,)


def test_a_test_listed_twice_is_refused(tmp_path: Path) -> None:
    group = '[[group]]\nreason = "r"\nevidence = "e"\ntests = ["test_a.py::test_one"]\n'
    twice_in_one, once = tmp_path / "inline.toml", tmp_path / "inline-fastapi.toml"
    twice_in_one.write_text(group * 2)
    once.write_text(group)

    assert len(read_expectations(once)) == 1
    for files in ([twice_in_one], [once, once]):
        with pytest.raises(ValueError, match=r"Listed more than once: test_a\.py::test_one"):
            read_expectations(*files)


def test_a_mode_without_a_list_expects_no_difference() -> None:
    assert read_expectations(DIFFERENCES / "fastdeps.toml") == ()


@pytest.mark.parametrize("file", [*DIFFERENCES.glob("*.toml")], ids=lambda file: file.name)
def test_every_listed_difference_has_a_reason_and_evidence(file: Path) -> None:
    expectations = read_expectations(file)

    assert expectations
    assert all(each.reason and each.evidence for each in expectations)


@pytest.mark.parametrize(
    ("outcome", "is_late"),
    [
        (Outcome("failed", "E  subprocess.TimeoutExpired: Command 'python' timed out"), True),
        (Outcome("error", "E  Failed: Timeout (>20.0s) from pytest-timeout."), True),
        (Outcome("failed", "E  TimeoutError"), False),
        (Outcome("xfailed", "E  Failed: Timeout (>20.0s) from pytest-timeout."), False),
    ],
)
def test_only_a_test_that_ran_out_of_its_own_time_is_late(outcome: Outcome, is_late: bool) -> None:
    assert outcome.is_late is is_late


def test_outcomes_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_outcomes(tmp_path / "outcomes.json", STOCK)

    assert read_outcomes(tmp_path / "outcomes.json") == STOCK


def test_the_summary_counts_what_occurs() -> None:
    assert summary(stock_but(one="failed")) == "1 passed, 1 failed, 1 skipped"
