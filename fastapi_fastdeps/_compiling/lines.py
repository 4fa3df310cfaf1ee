"""Building a function of lines of source, apart from what is built."""

import linecache
import textwrap
import weakref
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from types import CodeType
from typing import Any, Final

_numbers: Final = count(1)


class Lines:
    """The lines of one function, and the objects that they name.

    Objects are bound to names, never written: what an object says of itself is not source.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._bound: dict[str, Any] = {}

    def add(self, line: str) -> None:
        self._lines.append("    " * self._depth + line)

    @property
    def position(self) -> int:
        """Where the next line is going to stand."""
        return len(self._lines)

    def insert(self, position: int, line: str) -> None:
        """Add a line before the one that stands there, as deep as that."""
        following = self._lines[position]
        indent = following[: len(following) - len(following.lstrip())]
        self._lines.insert(position, indent + line)

    def assigned(self, position: int) -> list[str]:
        """The names that the function assigns to that begins at this line."""
        code = compile(textwrap.dedent("\n".join(self._lines[position:])), "", "exec")
        (function,) = (each for each in code.co_consts if isinstance(each, CodeType))
        return sorted(function.co_varnames[function.co_argcount :])

    @contextmanager
    def block(self, line: str) -> Generator[None]:
        """What is added meanwhile stands below this line."""
        self.add(line)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def bind(self, name: str, value: Any) -> str:
        """Give the object this name in the function. Returns the name."""
        assert name not in self._bound or self._bound[name] is value, name
        self._bound[name] = value
        return name

    @property
    def source(self) -> str:
        return "\n".join(self._lines) + "\n"

    def function(self, name: str, title: str) -> Callable[..., Any]:
        """The function of this name, which tracebacks show under the title.

        Its source can be found as long as it lives.
        """
        source = self.source
        file = f"<fastapi-fastdeps {title} {next(_numbers)}>"
        namespace = dict(self._bound)
        exec(compile(source, file, "exec", dont_inherit=True), namespace)
        function: Callable[..., Any] = namespace.pop(name)
        linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
        forgotten: Any = weakref.finalize(function, linecache.cache.pop, file, None)
        forgotten.atexit = False
        return function
