"""Leaves, found by path."""

from collections.abc import Sequence
from typing import Final

from fastapi_fastdeps._matching.leaves import Leaf
from fastapi_fastdeps._matching.trie import Trie


class Table:
    """Which of some leaves can match a path. Of use to any thread."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves: Final = tuple(leaves)
        self._everywhere: Final[list[int]] = []
        self._trie: Final = Trie()
        # What can match is worked out once for a path that a route names in full.
        self._named: Final[dict[str, tuple[Leaf, ...] | None]] = {}
        for number, leaf in enumerate(self._leaves):
            if leaf.pattern is None:
                self._everywhere.append(number)
                continue
            self._trie.add(number, leaf.pattern)
            path = leaf.pattern.path
            if path is not None and not path.endswith("\n"):
                self._named[path] = None

    def candidates(self, path: str) -> tuple[Leaf, ...]:
        """The leaves that can match the path, in their order."""
        named = self._named.get(path, ())
        if named:
            return named
        leaves = self._found(path)
        if named is None:
            self._named[path] = leaves
        return leaves

    def _found(self, path: str) -> tuple[Leaf, ...]:
        # `$` matches before a newline at the end, so the last segment may be any.
        if path.endswith("\n"):
            return self._leaves
        numbers = self._trie.find(path)
        numbers += self._everywhere
        if len(numbers) == 1:
            return (self._leaves[numbers[0]],)
        numbers.sort()
        return tuple([self._leaves[number] for number in numbers])
