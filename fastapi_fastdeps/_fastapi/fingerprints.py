"""Whether functions of FastAPI and Starlette are, by their content, ones that were proven.

What this package does in the place of a function is right for the source that it was proven
with, whatever number the release has that it comes from. The fingerprint of a function is one
of its syntax tree, without what changes nothing: comments, docstrings, annotations. To parse
FastAPI takes longer than to import it, so what was compiled of the sources of known releases
is known, too, for each release of Python: only where that is another, sources are read.
"""

import ast
import importlib.util
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any, Final, cast

from fastapi_fastdeps._fastapi.ground import (
    BUILDING,
    FIELDS,
    MATCHING,
    SERVING,
    SHELL,
    Functions,
)
from fastapi_fastdeps._fastapi.proven import CODES, SOURCES
from fastapi_fastdeps._fastapi.replacements import getter_of, original_of

PACKAGES: Final = ("fastapi", "starlette")
"""Whose functions are looked at."""

PARTS: Final[dict[str, tuple[Functions, ...]]] = {
    "fast_lane": (BUILDING, SERVING),
    "shell": (SHELL,),
    "matching": (MATCHING,),
    "shared_fields": (FIELDS,),
}
"""What is stood in for, by the capability that does it."""

PYTHON: Final = importlib.util.MAGIC_NUMBER.hex()
"""What says how this Python compiles."""

_UNWRITTEN: Final = frozenset({"annotation", "returns", "type_comment", "kind", "ctx"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def unproven(part: str) -> list["Function"]:
    """The functions whose content was not proven, those of a package that has no source or that
    is not there included. Raises nothing."""
    return [
        function
        for package in PACKAGES
        if code_of(part, package) not in CODES.get(PYTHON, {}).get(f"{part} {package}", ())
        for function in functions_of(part, package)
        if function.fingerprint() not in SOURCES.get(str(function), ())
    ]


def why_unproven(part: str) -> str | None:
    """The same in words, `None` where everything was proven."""
    if not (changed := unproven(part)):
        return None
    first, *more = changed
    others = f" and {len(more)} more" if more else ""
    verb = "are" if more else "is"
    if all(function.fingerprint() is None for function in changed):
        return (
            f"{first}{others} {verb} there without source, and compiled as nothing that was proven"
        )
    return f"{first}{others} {verb} not as {'they were' if more else 'it was'} proven"


def code_of(part: str, package: str) -> str:
    """A fingerprint of what the functions of a package were compiled into."""
    written: list[str] = []
    for function in functions_of(part, package):
        written.append(str(function))
        code = function.code()
        if code is not None:
            written.extend(_instructions(code))
    return _shortened("\n".join(written))


class Function:
    """A function or method, under the name by which it is known."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __str__(self) -> str:
        return f"{self._module}.{self._name}"

    def fingerprint(self) -> str | None:
        """One of its source, `None` where that can't be had."""
        module, name = self._home()
        found = _definitions(module).get(name)
        return None if found is None else _shortened(found)

    def source(self) -> str | None:
        """The text itself."""
        module, name = self._home()
        source = _source(module)
        definitions = () if source is None else _defined(ast.parse(source), "")
        texts = [
            ast.get_source_segment(source or "", node) or ""
            for qualified_name, node in definitions
            if qualified_name == name
        ]
        return "\n".join(texts) or None

    def code(self) -> CodeType | None:
        """What it was compiled into."""
        holder, last = self._holder()
        found = original_of(getattr(holder, last, None))
        function = original_of(getter_of(found))
        if callable(function):
            function = inspect.unwrap(function)
        return function.__code__ if isinstance(function, FunctionType) else None

    def _holder(self) -> tuple[Any, str]:
        try:
            holder: Any = import_module(self._module)
        except ImportError:
            holder = None
        *classes, last = self._name.split(".")
        for each in classes:
            holder = getattr(holder, each, None)
        return holder, last

    def is_of(self, packages: Iterable[str]) -> bool:
        """Whether one of the packages defines it, as far as it shows."""
        owner = self._owner()
        return owner is None or owner.__module__.partition(".")[0] in packages

    def _owner(self) -> type | None:
        """The class that defines a method."""
        holder, last = self._holder()
        classes = holder.__mro__ if isinstance(holder, type) else ()
        return next((each for each in classes if last in vars(each)), None)

    def _home(self) -> tuple[str, str]:
        """Where it is defined: a method in a class further up, a function where it is from."""
        owner = self._owner()
        if owner is not None:
            return owner.__module__, f"{owner.__qualname__}.{self._name.rpartition('.')[2]}"
        if self._name not in _definitions(self._module):
            holder, last = self._holder()
            found = getattr(holder, last, None)
            if isinstance(found, FunctionType):
                return found.__module__, found.__qualname__
        return self._module, self._name


def functions_of(part: str, package: str) -> list[Function]:
    """What is stood in for of a package. What is nested in a function is a part of it."""
    names = {
        (module, name.partition(".<locals>.")[0])
        for functions in PARTS[part]
        for module, all_names in functions.items()
        if module.partition(".")[0] == package
        for name in all_names
    }
    functions = (Function(module, name) for module, name in sorted(names))
    return [each for each in functions if each.is_of(PACKAGES)]


def _instructions(code: CodeType) -> Iterator[str]:
    """What code does, and not where it stands."""
    yield f"{code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}"
    yield f"{code.co_freevars} {code.co_cellvars} {code.co_flags} {code.co_argcount}"
    yield f"{code.co_kwonlyargcount} {code.co_posonlyargcount}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _instructions(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, cast("frozenset[object]", constant))))
        else:
            yield repr(constant)


@cache
def _source(module: str) -> str | None:
    try:
        return inspect.getsource(sys.modules[module])
    except (KeyError, OSError, TypeError):
        return None


@cache
def _definitions(module: str) -> dict[str, str]:
    """What a module defines, by qualified name, each written so that it can be compared."""
    source = _source(module)
    found: dict[str, str] = {}
    for name, node in () if source is None else _defined(ast.parse(source), ""):
        found[name] = found.get(name, "") + "\n".join(_written(node))
    return found


def _defined(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _defined(child, f"{prefix}{child.name}.")
        elif isinstance(child, _DEFINITIONS):
            yield f"{prefix}{child.name}", child
        elif not isinstance(child, ast.expr):
            yield from _defined(child, prefix)


def _written(node: ast.AST) -> Iterator[str]:
    """A tree as every Python writes it that reads the same."""
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        if name in _UNWRITTEN:
            continue
        if (
            name == "body"
            and isinstance(node, _DEFINITIONS)
            and ast.get_docstring(node, clean=False)
        ):
            value = value[1:]
        if isinstance(value, list):
            for each in cast("Sequence[object]", value):
                yield from _written_field(name, each)
        else:
            yield from _written_field(name, value)
    yield "."


def _written_field(name: str, value: object) -> Iterator[str]:
    if isinstance(value, ast.AST):
        yield f"{name}:"
        yield from _written(value)
    elif value is not None:
        yield f"{name}={value!r}"


def _shortened(written: str) -> str:
    return sha256(written.encode()).hexdigest()[:16]
