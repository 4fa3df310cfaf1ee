"""How each test of a suite ended, and what differs between two runs of it."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ABSENT = "absent"
COLLECTED = "collected"
"""There, and not run."""
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


PASSED = Outcome("passed")

Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Difference:
    """A test that did not end as it ended without replacement."""

    test: str
    stock: Outcome
    here: Outcome

    def __str__(self) -> str:
        return f"{self.test}: {self.stock.kind} in stock, {self.here.kind} here"


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


def read_outcomes(file: Path) -> Outcomes:
    """What the plugin wrote."""
    content: dict[str, dict[str, str]] = json.loads(file.read_text())
    return {test: Outcome(each["outcome"], each["text"]) for test, each in content.items()}


def write_outcomes(file: Path, outcomes: Outcomes) -> None:
    """Write what `read_outcomes` reads."""
    content = {test: {"outcome": each.kind, "text": each.text} for test, each in outcomes.items()}
    file.write_text(json.dumps(content, indent=1))


def summary(outcomes: Outcomes) -> str:
    """`5209 passed, 20 skipped`: the kinds that occur, in pytest's order."""
    counts = Counter(outcome.kind for outcome in outcomes.values())
    return ", ".join(f"{counts[kind]} {kind}" for kind in ORDER if counts[kind])
