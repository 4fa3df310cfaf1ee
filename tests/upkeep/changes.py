"""What another FastAPI has changed of what this package stands in for."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from fastapi_fastdeps._fastapi.fingerprints import PACKAGES, PARTS, functions_of
from fastapi_fastdeps._fastapi.proven import SOURCES
from fastapi_fastdeps._fastapi.versions import LANE_VARIABLE
from tests.harness.commands import REPOSITORY, inherited_variables, run

TEXTS = """
import json
from fastapi_fastdeps._fastapi import fingerprints as of

print(json.dumps({
    part: {
        str(function): [function.fingerprint(), function.source()]
        for package in of.PACKAGES
        for function in of.functions_of(part, package)
    }
    for part in of.PARTS
}))
"""
"""A program that prints what is there."""

Texts = Mapping[str, tuple[str | None, str | None]]
"""The fingerprint and the source of each function."""


@dataclass(frozen=True, slots=True)
class Change:
    """A function that is not as it was proven.

    Attributes:
        part: the capability that stands in for it.
        before: its source in the FastAPI that this Python has.
        after: its source in the other one, `None` where it is gone.
    """

    part: str
    function: str
    before: str | None
    after: str | None

    @property
    def is_gone(self) -> bool:
        return self.after is None

    def diff(self) -> str:
        before, after = ((text or "").splitlines() for text in (self.before, self.after))
        lines = unified_diff(
            before, after, f"{self.function}, here", f"{self.function}, there", lineterm=""
        )
        return "\n".join(lines)


def changes(python: Path, *folders: Path) -> list[Change]:
    """What the FastAPI has changed that a Python has, or that one of the folders has."""
    variables = inherited_variables("PYTHON", LANE_VARIABLE) | {
        "PYTHONPATH": os.pathsep.join(map(str, (*folders, REPOSITORY))),
        LANE_VARIABLE: "fast",
    }
    there: dict[str, Texts] = json.loads(
        run(python, "-W", "ignore", "-c", TEXTS, variables=variables)
    )
    return [*_changes(there, _here())]


def _here() -> dict[str, Texts]:
    return {
        part: {
            str(function): (function.fingerprint(), function.source())
            for package in PACKAGES
            for function in functions_of(part, package)
        }
        for part in PARTS
    }


def _changes(there: Mapping[str, Texts], here: Mapping[str, Texts]) -> Iterator[Change]:
    for part, texts in there.items():
        for name, (fingerprint, source) in texts.items():
            if fingerprint not in SOURCES.get(name, ()):
                yield Change(part, name, here[part].get(name, (None, None))[1], source)
