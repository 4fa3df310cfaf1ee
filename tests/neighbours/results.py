"""What was found about the neighbours, as data."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """A neighbour's own suite, with FastAPI's classes and with this package's.

    Attributes:
        stock: how many tests ended in which way with FastAPI's own classes.
        fastdeps: the same with this package's.
        different: the tests that ended in another way, each with both outcomes.
        failing_in_both: the tests that fail with FastAPI's own classes too.
        unavailable: why it could not be run; empty if it was.
    """

    stock: dict[str, int] = field(default_factory=dict)
    fastdeps: dict[str, int] = field(default_factory=dict)
    different: dict[str, str] = field(default_factory=dict)
    failing_in_both: tuple[str, ...] = ()
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One neighbour.

    Attributes:
        works: whether every test of it passed.
        version: of the distribution that was tested.
        lanes: the lanes of the HTTP routes in its tests.
        outcomes: how many of its tests ended in which way.
        failed: the tests that did not pass.
    """

    name: str
    works: bool
    version: str
    lanes: tuple[str, ...]
    caveat: str
    outcomes: dict[str, int]
    failed: tuple[str, ...] = ()
    suite: SuiteResult | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """All of them, and what they were tested with."""

    python: str
    fastapi: str
    starlette: str
    neighbours: dict[str, Result]

    def write(self, file: Path = FILE) -> None:
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")


def read(file: Path = FILE) -> dict[str, Result]:
    """The results of an earlier run, by neighbour."""
    if not file.exists():
        return {}
    return {
        name: Result(**{**result, "suite": SuiteResult(**suite) if suite else None})
        for name, result in json.loads(file.read_text())["neighbours"].items()
        for suite in (result["suite"],)
    }


def counted(outcomes: list[str]) -> dict[str, int]:
    return dict(sorted(Counter(outcomes).items()))
