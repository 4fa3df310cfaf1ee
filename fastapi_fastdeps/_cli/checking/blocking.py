"""Which of the calls that a callable makes block, by a table of names."""

import ast
import contextlib
import functools
import io
import sys
from collections.abc import Callable, Iterator
from types import BuiltinMethodType, MethodType, ModuleType
from typing import Any

from fastapi_fastdeps._cli.checking.calls import Call, calls_of
from fastapi_fastdeps._cli.checking.values import class_of, names_of


def blocking_calls(call: Callable[..., Any], table: frozenset[str]) -> Iterator[tuple[str, Call]]:
    """What plainly blocks when `call` is called, by its name in the table."""
    for each in calls_of(call, _owners(table)):
        name = _blocks(each, table)
        if name is not None:
            yield name, each


def _blocks(call: Call, table: frozenset[str]) -> str | None:
    for name in _names(call, table):
        if name in table and not (_is_told_not_to(call, name) or _is_in_memory(call, name)):
            return name
    return None


def _names(call: Call, table: frozenset[str]) -> Iterator[str]:
    """The names by which a table may know what is called."""
    target = call.target
    with contextlib.suppress(TypeError):
        by_identity = _objects(table).get(target)
        if by_identity is not None:
            yield by_identity
    owner = call.owner
    if owner is None and isinstance(target, BuiltinMethodType | MethodType):
        owner = target.__self__
    if owner is not None and not isinstance(owner, ModuleType):
        kind = class_of(owner)
        name = call.name or getattr(target, "__name__", "")
        for base in names_of(kind):
            yield f"{base}.{name}"
            if base in _PUTS_OFF:
                break
    where, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    if isinstance(where, str) and isinstance(name, str):
        yield f"{where}.{name}"


def _is_told_not_to(call: Call, name: str) -> bool:
    """A lock that is only tried, a queue that is asked for what is there."""
    place = _WHETHER_TO_BLOCK.get(name.rpartition(".")[2])
    return place is not None and any(
        isinstance(each, ast.Constant) and each.value is False
        for where, each in call.arguments
        if where in (place, "blocking", "block")
    )


def _is_in_memory(call: Call, name: str) -> bool:
    """An archive, or a file, of what is in memory."""
    return name in _OF_FILES and any(
        key in (0, "file", "fileobj", "filename", "name") and issubclass(each.kind, _IN_MEMORY)
        for key, each in call.given
    )


_OF_FILES = frozenset(
    {"zipfile.ZipFile", "tarfile.open", "gzip.open", "gzip.GzipFile", "bz2.open", "lzma.open"}
)
_IN_MEMORY = (io.BytesIO, io.StringIO)
_PUTS_OFF = frozenset({"redis.client.Pipeline"})
"""Classes that do later what the class that they derive from does at once."""
_WHETHER_TO_BLOCK = {"acquire": 0, "acquire_lock": 0, "get": 0, "put": 1}


@functools.cache
def _owners(table: frozenset[str]) -> frozenset[str]:
    """The classes of which the table has methods, with modules that have functions in it."""
    return frozenset(name.rpartition(".")[0] for name in table)


@functools.cache
def _objects(table: frozenset[str]) -> dict[Any, str]:
    """The functions of the table by identity, for those that go by another name: of the modules
    that have been imported, because what is called is in one of these."""
    found: dict[Any, str] = {}
    for name in sorted(table):
        module, _, path = name.partition(".")
        while f"{module}.{path.partition('.')[0]}" in sys.modules:
            first, _, path = path.partition(".")
            module = f"{module}.{first}"
        with contextlib.suppress(AttributeError, TypeError):
            found[functools.reduce(getattr, path.split("."), sys.modules.get(module))] = name
    return found
