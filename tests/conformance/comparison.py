"""Hold the differences of a run against the list of those that are right."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.harness.outcomes import Difference, Outcome


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
