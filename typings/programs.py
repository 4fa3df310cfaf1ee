"""The programs, and what each says about itself in comments.

- `# error: KIND`: every checker reports an error of that kind on this line.
- `# differs: NAME`, alone or after a `;`: some checker says something else, see
  `differences.py`.
- `# python: 3.12` on the first line: the oldest Python that has the syntax.

A line without such a comment has no error.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parent / "programs"
OLDEST = "3.11"

_COMMENT = re.compile(r"# (?:error: ([\w-]+))?(?:; )?(?:differs: ([\w-]+))?$")
_VERSION = re.compile(r"# python: ([\d.]+)$")


@dataclass(frozen=True, slots=True)
class Expectation:
    """What stands on one line of a program: the kind of its error, the name of a difference."""

    kind: str | None = None
    differs: str | None = None


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    python: str
    expectations: dict[int, Expectation]


def programs() -> Iterator[Program]:
    """Every program, with what it expects by line."""
    for path in sorted(DIRECTORY.glob("*.py")):
        lines = path.read_text().splitlines()
        version = _VERSION.match(lines[0])
        yield Program(
            name=path.name,
            python=version[1] if version else OLDEST,
            expectations={
                number: Expectation(*comment.groups())
                for number, line in enumerate(lines, 1)
                if (comment := _COMMENT.search(line)) and any(comment.groups())
            },
        )
