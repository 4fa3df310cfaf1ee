"""The syntax tree of a function, if it is the one that runs."""

import ast
import linecache
import re
import sys
import sysconfig
import types
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Generic, TypeVar

from fastapi_fastdeps._reading.once import once
from fastapi_fastdeps._reading.parsing import Function, Module, parsed

T = TypeVar("T")


@once
def definition_of(function: types.FunctionType) -> tuple[Function, Module] | None:
    """The syntax tree of a function and its module; `None` where the source is not that of
    the code that runs: another version of the file, a macro, something typed in."""
    code = function.__code__
    module = module_of(code.co_filename, function.__globals__)
    if module is None or code not in module.codes:
        return None
    node = module.functions.get((code.co_firstlineno, code.co_name))
    return None if node is None else (node, module)


def is_written_default(call: object, name: str) -> bool:
    """Whether the default of a parameter is a list, dict or set that is written where it stands,
    by itself or in a call."""
    function = getattr(call, "__init__", None) if isinstance(call, type) else call
    function = getattr(function, "__func__", function)
    found = definition_of(function) if isinstance(function, types.FunctionType) else None
    if found is None:
        return False
    arguments = found[0].args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
    for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            defaults[each.arg] = value
    node = defaults.get(name)
    if isinstance(node, ast.Call):
        given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "default")]
        node = given[0] if given else None
    return isinstance(node, ast.List | ast.Dict | ast.Set)


class _OfFiles(Generic[T]):
    """What is made of the source of each file; made anew where `linecache` has other lines."""

    def __init__(self, make: Callable[[str], T]) -> None:
        self._make = make
        self._made: dict[str, tuple[list[str], T]] = {}

    def of(self, filename: str, namespace: dict[str, object]) -> T | None:
        """`None` where there is no source."""
        lines = linecache.getlines(filename, namespace)
        if not lines:
            return None
        known = self._made.get(filename)
        if known is None or known[0] is not lines:
            known = self._made[filename] = lines, self._make("".join(lines))
        return known[1]


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands in a source, as Python compares it: to read a file takes a hundred times longer
    than to see that it has no such word.

    Attributes:
        all: its words.
        ending: those behind a dot that end what may be assigned: neither called nor looked into.
    """

    all: frozenset[str]
    ending: frozenset[str]


def _words(text: str) -> _Words:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _Words(*(frozenset(map(sys.intern, each.findall(text))) for each in (_WORD, _ENDING)))


_WORD = re.compile(r"\w+")
# Between a dot and a name there may be the ends of lines, and comments.
_ENDING = re.compile(r"\.(?:[\s\\]|#.*\n)*(\w++)(?![ \t]*[.(\[])")

_modules = _OfFiles(parsed)
_words_of = _OfFiles(_words)


def module_of(filename: str, namespace: dict[str, object]) -> Module | None:
    """What is known of a file of source, `None` where there is none."""
    return _modules.of(filename, namespace)


@once
def is_mutated_anywhere(name: str, beside: str | None) -> bool:
    """Whether a file of the user's may change in place what has this name, or is an attribute
    of this name; those of the package that the file `beside` is in are the user's."""
    return any(
        (name in module.mutated or f".{name}" in module.mutated)
        for file, namespace, words in _files_of(installed_package(beside or ""))
        if name in words.all and (module := module_of(file, namespace)) is not None
    )


@once
def is_reassigned_anywhere(name: str, beside: str | None) -> bool:
    """Whether such a file assigns an attribute of this name, outside of constructors."""
    return any(
        name in module.reassigned
        for file, namespace, words in _files_of(installed_package(beside or ""))
        if name in words.ending and (module := module_of(file, namespace)) is not None
    )


@once
def _files_of(package: str | None) -> list[tuple[str, dict[str, object], _Words]]:
    """The files of the user's, and those of an installed package, with their words."""
    found: list[tuple[str, dict[str, object], _Words]] = []
    for of, file, namespace in _imported_files():
        if of is None or of == package:
            words = _words_of.of(file, namespace)
            if words is not None:
                found.append((file, namespace, words))
    return found


@once
def _imported_files() -> list[tuple[str | None, str, dict[str, object]]]:
    """The files of the modules that have been imported, each with its package if that is an
    installed one."""
    found: list[tuple[str | None, str, dict[str, object]]] = []
    for module in list(sys.modules.values()):
        namespace: dict[str, object] = getattr(module, "__dict__", {})
        file = namespace.get("__file__")
        if isinstance(file, str) and file.endswith(".py"):
            found.append((installed_package(file), file, namespace))
    return found


@cache
def installed_package(file: str) -> str | None:
    """Which installed package a file is of, "" for Python's own library, if it is of one."""
    for path in _INSTALLED:
        if file.startswith(path):
            return file[len(path) :].strip("/\\").partition("/")[0].partition("\\")[0]
    return "" if file.startswith(_LIBRARY) else None


_INSTALLED = tuple({sysconfig.get_path(each) for each in ("purelib", "platlib")})
_LIBRARY = sysconfig.get_path("stdlib")

__all__ = [
    "Function",
    "Module",
    "definition_of",
    "installed_package",
    "is_mutated_anywhere",
    "is_reassigned_anywhere",
    "is_written_default",
    "module_of",
]
