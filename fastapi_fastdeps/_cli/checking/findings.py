"""What is found, where, and what silences it."""

import linecache
import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding; what it is about, why, and the way out are in docs/checks."""

    code: str
    title: str
    level: Level


BLOCKS = Rule("FD101", "An inline callable blocks", "error")
LAZY = Rule("FD102", "A lazy load in an inline endpoint's response", "error")
INHERITED = Rule("FD103", "A mark is inherited by a class that does more", "error")
HARMLESS = Rule("FD201", "A threaded callable could be inline", "note")
CONTEXT = Rule("FD202", "A context variable is set in a thread", "warning")
OVERRULED = Rule("FD203", "A mark that a classifier overrules", "warning")
CONNECTIONS = Rule("FD301", "More threads than connections", "warning")
MIDDLEWARE = Rule("FD302", "BaseHTTPMiddleware", "note")
RULES = (BLOCKS, LAZY, INHERITED, HARMLESS, CONTEXT, OVERRULED, CONNECTIONS, MIDDLEWARE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Attributes:
        places: `file`, `line` of what is to change first, then of where it was reached from; a
            comment at any of them silences it.
    """

    rule: Rule
    message: str
    places: tuple[tuple[str, int], ...]

    @property
    def file(self) -> str:
        return self.places[0][0] if self.places else ""

    @property
    def line(self) -> int:
        return self.places[0][1] if self.places else 1

    @property
    def is_silenced(self) -> bool:
        """Whether a comment `# fastdeps: ignore[CODE]` stands at one of its places."""
        for file, line in self.places:
            found = _COMMENT.search(linecache.getline(file, line))
            if found and self.rule.code in re.split(r"[\s,]+", found[1].strip()):
                return True
        return False


_COMMENT = re.compile(r"#\s*fastdeps:\s*ignore\[([^\]]*)\]")
