"""FastAPI and Starlette imported with words of their sources renamed, as later versions could
have them."""

import re
import sys
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

PACKAGES = ("fastapi", "starlette")

DECOY = """
class {word}:
    def __init__(self, *, something_else):
        raise AssertionError("nobody should have called this")
"""


def rename(words: Iterable[str], *, decoys: bool) -> None:
    """Rename these words in all of FastAPI and Starlette, which are yet to be imported.

    With `decoys`, something of another shape stands under the old name where it was defined.
    """
    sys.meta_path.insert(0, _Finder(frozenset(words), decoys))


class _Finder(MetaPathFinder):
    def __init__(self, words: frozenset[str], decoys: bool) -> None:
        self.words = words
        self.decoys = decoys

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in PACKAGES:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path, self.words, self.decoys)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, words: frozenset[str], decoys: bool) -> None:
        super().__init__(name, path)
        self.pattern = re.compile(rf"\b({'|'.join(map(re.escape, words))})\b")
        self.words = words
        self.decoys = decoys

    def get_code(self, fullname: str) -> CodeType | None:
        source = self.get_data(self.path).decode()
        if not self.pattern.search(source):
            return super().get_code(fullname)
        renamed = self.pattern.sub(r"renamed_\1", source)
        if self.decoys:
            for word in self.words:
                if re.search(rf"^(async def|def|class) {word}\b|^{word}\b.* = ", source, re.M):
                    renamed += DECOY.format(word=word)
        return self.source_to_code(renamed, self.path)
