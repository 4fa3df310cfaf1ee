"""Patterns, found by path."""

from typing import Final

from fastapi_fastdeps._matching.patterns import Pattern


class _Node:
    __slots__ = ("anything", "ends", "named", "opens")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = _NONE
        self.anything: _Node | None = None
        self.ends: tuple[int, ...] = ()
        self.opens: tuple[int, ...] = ()


_NONE: Final[dict[str, _Node]] = {}
"""What most nodes have below them. It is never filled."""


class Trie:
    """Numbered patterns. Filled once, then only read, by any thread."""

    def __init__(self) -> None:
        self._root: Final = _Node()

    def add(self, number: int, pattern: Pattern) -> None:
        node = self._root
        for segment in pattern.segments:
            if segment is not None:
                child = node.named.get(segment)
                if child is None:
                    if node.named is _NONE:
                        node.named = {}
                    child = node.named[segment] = _Node()
            else:
                child = node.anything
                if child is None:
                    child = node.anything = _Node()
            node = child
        if pattern.is_open:
            node.opens += (number,)
        else:
            node.ends += (number,)

    def find(self, path: str) -> list[int]:
        """The numbers of all patterns that let the path through, in no order."""
        found: list[int] = []
        _find(self._root, path.split("/"), 0, found)
        return found


def _find(node: _Node, segments: list[str], start: int, found: list[int]) -> None:
    for index in range(start, len(segments)):
        if node.opens:
            found += node.opens
        segment = segments[index]
        named = node.named.get(segment)
        # No parameter matches nothing, so the segment of an empty name has no other.
        anything = node.anything if segment else None
        if named is None:
            if anything is None:
                return
            node = anything
        else:
            if anything is not None:
                _find(anything, segments, index + 1, found)
            node = named
    found += node.ends
