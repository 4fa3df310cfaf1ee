"""What a route's regular expression says of the paths that it can match."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

_CONVERTORS: Final = (
    r"[^/]+",
    r"[0-9]+",
    r"[0-9]+(\.[0-9]+)?",
    r"[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}",
)
"""Of Starlette's convertors those that stay within one segment, and match no empty one."""

_TOKEN: Final = re.compile(
    r"(?P<slash>/)"
    r"|(?P<text>(?:[^\\.^$*+?{}\[\]|()/]|\\[^a-zA-Z0-9/])+)"
    rf"|(?P<parameter>\(\?P<\w+>(?:{'|'.join(map(re.escape, _CONVERTORS))})\))"
    r"|(?P<end>\$\Z)"
)
_COMPILED: Final[Any] = re.Pattern
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_QUANTIFIERS: Final = frozenset("*+?{")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a path must look like, segment by segment, for a route to match it.

    It may let a path through that the route doesn't match, but keeps none out that it does.

    Attributes:
        segments: the text of each part between slashes, `None` where it may be any that is
            not empty. The part before the first slash of a path is the first, and empty.
        is_open: whether at least one more segment follows, of which nothing is known.
    """

    segments: tuple[str | None, ...]
    is_open: bool

    @property
    def path(self) -> str | None:
        """The one path that it lets through, `None` if there are more."""
        texts = [segment for segment in self.segments if segment is not None]
        if self.is_open or len(texts) < len(self.segments):
            return None
        return "/".join(texts)


def pattern_of(regex: Any) -> Pattern | None:
    """The pattern of a `path_regex`, `None` if nothing can be said about what it matches.

    What holds for a path that ends in a newline is not in it: `$` matches before that, too.
    """
    if regex.__class__ is not _COMPILED or regex.flags != re.UNICODE:
        return None
    expression: Any = regex.pattern
    return _parsed(expression) if isinstance(expression, str) else None


@lru_cache(maxsize=4096)
def _parsed(expression: str) -> Pattern | None:
    segments: list[str | None] = []
    text: str | None = ""
    position = 1 if expression.startswith("^") else 0
    while token := _TOKEN.match(expression, position):
        kind = token.lastgroup
        if kind == "end":
            return Pattern((*segments, text), is_open=False)
        if kind == "slash":
            segments.append(text)
            text = ""
        elif kind == "parameter":
            text = None
        elif text is not None:
            text += _ESCAPED.sub(r"\1", token["text"])
        position = token.end()
    rest = expression[position:]
    # What was read up to here must match only if there is no other way to match the whole,
    # and if the last of it is not part of what follows.
    if "|" in rest:
        return None
    if rest[:1] in _QUANTIFIERS and not text and segments:
        segments.pop()
    return Pattern(tuple(segments), is_open=True) if segments else None
