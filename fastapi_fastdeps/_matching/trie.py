"""Patterns, found by path."""

from typing import Final

from fastapi_fastdeps._matching.patterns import Pattern


class _Node:
    __slots__ = ("anything", "ends", "named", "opens")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.anything: _Node | None = None
        self.ends: list[int] = []
        self.opens: list[int] = []


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
                    child = node.named[segment] = _Node()
            else:
                child = node.anything
                if child is None:
                    child = node.anything = _Node()
            node = child
        (node.opens if pattern.is_open else node.ends).append(number)

    def find(self, path: str) -> list[int]:
        """The numbers of all patterns that let the path through, in no order."""
        found: list[int] = []
        nodes = [self._root]
        for segment in path.split("/"):
            below: list[_Node] = []
            for node in nodes:
                if node.opens:
                    found += node.opens
                child = node.named.get(segment)
                if child is not None:
                    below.append(child)
                if node.anything is not None and segment:
                    below.append(node.anything)
            if not below:
                return found
            nodes = below
        for node in nodes:
            found += node.ends
        return found
