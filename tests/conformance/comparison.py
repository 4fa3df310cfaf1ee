"""Compare how tests ended with how they ended without replacement."""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ABSENT = "absent"
FAILING = ("failed", "error")
ORDER = ("passed", "failed", "error", "skipped", "xfailed", "xpassed")
LATE = re.compile(r"subprocess\.TimeoutExpired: |Failed: Timeout \(>")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended, and what pytest printed about it unless it passed."""

    kind: str
    text: str = ""

    @property
    def is_late(self) -> bool:
        """Whether the test failed because it took longer than it may."""
        return self.kind in FAILING and LATE.search(self.text) is not None


Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Difference:
    """A test that did not end as it ended without replacement."""

    test: str
    stock: Outcome
    here: Outcome

    def __str__(self) -> str:
        return f"{self.test}: {self.stock.kind} in stock, {self.here.kind} here"


@dataclass(frozen=True, slots=True)
class Expectation:
    """A difference that is right: why, and the pattern that the failure must show for it."""

    test: str
    reason: str
    evidence: str

    def is_shown_by(self, outcome: Outcome) -> bool:
        return re.search(self.evidence, outcome.text, re.MULTILINE) is not None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The differences, and what is wrong with them."""

    differences: tuple[Difference, ...]
    unlisted: tuple[Difference, ...]
    without_evidence: tuple[Difference, ...]
    stale: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not (self.unlisted or self.without_evidence or self.stale)


def compare(stock: Outcomes, here: Outcomes) -> tuple[Difference, ...]:
    """Every test whose outcome differs, those that only one side has included."""
    absent = Outcome(ABSENT)
    pairs = (
        Difference(test, stock.get(test, absent), here.get(test, absent))
        for test in sorted(stock.keys() | here.keys())
    )
    return tuple(pair for pair in pairs if pair.stock.kind != pair.here.kind)


def failing(outcomes: Outcomes) -> tuple[str, ...]:
    """The tests that failed or could not be set up."""
    return tuple(test for test, each in outcomes.items() if each.kind in FAILING)


def judge(differences: Iterable[Difference], expectations: Iterable[Expectation]) -> Verdict:
    """Hold the differences against the list of those that are right, both ways."""
    differences = tuple(differences)
    listed = {expectation.test: expectation for expectation in expectations}
    differing = {difference.test for difference in differences}
    return Verdict(
        differences=differences,
        unlisted=tuple(each for each in differences if each.test not in listed),
        without_evidence=tuple(
            each
            for each in differences
            if each.test in listed and not listed[each.test].is_shown_by(each.here)
        ),
        stale=tuple(sorted(listed.keys() - differing)),
    )


def read_outcomes(file: Path) -> Outcomes:
    """What the plugin wrote."""
    content: dict[str, dict[str, str]] = json.loads(file.read_text())
    return {test: Outcome(each["outcome"], each["text"]) for test, each in content.items()}


def write_outcomes(file: Path, outcomes: Outcomes) -> None:
    """Write what `read_outcomes` reads."""
    content = {test: {"outcome": each.kind, "text": each.text} for test, each in outcomes.items()}
    file.write_text(json.dumps(content, indent=1))


def read_expectations(*files: Path) -> tuple[Expectation, ...]:
    """The right differences that stand in these files, as far as they exist.

    A file has groups of tests with one reason and one evidence. Raises `ValueError` for a
    test that is listed twice.
    """
    expectations = tuple(
        Expectation(test, group["reason"], group["evidence"])
        for file in files
        if file.exists()
        for group in tomllib.loads(file.read_text())["group"]
        for test in group["tests"]
    )
    counts = Counter(expectation.test for expectation in expectations)
    if twice := [test for test, count in counts.items() if count > 1]:
        raise ValueError(f"Listed more than once: {', '.join(twice)}")
    return expectations


def summary(outcomes: Outcomes) -> str:
    """`5209 passed, 20 skipped`: the kinds that occur, in pytest's order."""
    counts = Counter(outcome.kind for outcome in outcomes.values())
    return ", ".join(f"{counts[kind]} {kind}" for kind in ORDER if counts[kind])
