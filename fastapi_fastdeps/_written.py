"""Decisions that are kept in a file: reading it, and finding what it names."""

import importlib
import os
import re
import sys
import tomllib
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from fastapi_fastdeps._marks import layers_of
from fastapi_fastdeps._sending import LeavesBehind, Makers, nothing
from fastapi_fastdeps.errors import DecisionsError
from fastapi_fastdeps.marking import Execution, Inline, Threaded

_KEYS: Final = {"run", "limiter", "because"}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says of one callable.

    Attributes:
        name: `module:qualname`.
        place: the file, and the line if that is known.
    """

    name: str
    place: str
    execution: Execution


class Written(LeavesBehind):
    """The decisions of a file.

    Attributes:
        entries: by name, in the order of the file.
    """

    left_behind: ClassVar[Makers] = {"_found": nothing}

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        """Raises `DecisionsError` for a name that means nothing."""
        self.entries: dict[str, Entry] = dict(entries)
        # What is named, by its identity, which keeps that from going to something else.
        self._found: dict[int, tuple[object, Entry]] | None = None
        self._open: list[Entry] = []
        self._find()

    def execution_of(self, call: Any) -> Execution | None:
        """What is said of a callable, or of what it wraps, the nearest first."""
        found = self._find()
        for layer in layers_of(call):
            if (known := found.get(id(layer))) is not None:
                return known[1].execution
            entry = self.entries.get(f"{_text(layer, '__module__')}:{_text(layer, '__qualname__')}")
            if entry is not None and "<locals>" in entry.name:
                return entry.execution
        return None

    def _find(self) -> dict[int, tuple[object, Entry]]:
        """Look for what is named; in a module that is just being imported, once more later."""
        if self._found is None:
            self._found, self._open = {}, list(self.entries.values())
        entries, self._open = self._open, []
        for entry in entries:
            try:
                named = find_named(entry.name)
            except LookupError as error:
                if _is_being_imported(entry.name.partition(":")[0]):
                    self._open.append(entry)
                    continue
                raise DecisionsError(
                    f"{entry.place} decides about {entry.name!r}, and {error}. Correct the name, "
                    "or take the entry out if what it named is gone."
                ) from error
            if named is not None:
                self._found[id(named)] = named, entry
        return self._found


def find_named(name: str) -> object | None:
    """What `module:qualname` means; `None` for what is made when its function is called, of
    which only the name is known.

    Raises `LookupError`, which says what there is not.
    """
    module_name, colon, path = name.partition(":")
    if not colon or not all(each.isidentifier() for each in module_name.split(".")):
        raise LookupError("a name is module:qualname, as in 'package.module:Class.method'")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise LookupError(
            f"the module {module_name} can't be imported ({type(error).__name__}: {error})"
        ) from error
    found: Any = module
    outer, _, inner = path.partition(".<locals>.")
    for part in outer.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            where = f"the module {module_name}" if found is module else repr(found)
            raise LookupError(f"{where} has no {part!r}") from None
    if isinstance(found, types.MethodType):
        found = found.__func__
    if inner:
        if path not in _names_within(found):
            raise LookupError(f"{outer!r} makes nothing of the name {inner!r}")
        return None
    if not callable(found):
        raise LookupError(f"{path!r} is nothing that can be called")
    return cast("object", found)


def read_decisions(file: str | os.PathLike[str]) -> dict[str, Entry]:
    """The entries of a file. Raises `DecisionsError` where it says what can't be."""
    path = Path(file)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DecisionsError(
            f"{path} can't be read: {error}. A relative path is looked for in the working "
            "directory; Path(__file__).with_name(...) is beside the module."
        ) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{path}:{line[1]}" if line else str(path)
        raise DecisionsError(f"{place} is no TOML: {error}.") from error
    return {
        name: Entry(name, place, _execution(name, said, place))
        for name, said in tables.items()
        for place in [_place(path, text, name)]
    }


def _execution(name: str, said: Any, place: str) -> Execution:
    how = f'Write ["{name}"], and below it run = "inline" or run = "threaded".'
    if not isinstance(said, dict):
        raise DecisionsError(f"{place} has {name!r}, which is no table of a callable. {how}")
    values = cast("dict[str, Any]", said)
    if unknown := values.keys() - _KEYS:
        raise DecisionsError(
            f"{place} says {min(unknown)!r} of {name!r}, which means nothing. There is "
            "run, limiter and because. A name with dots in it is written in quotes."
        )
    for key, value in values.items():
        if not isinstance(value, str):
            raise DecisionsError(f"{place} says {key} = {value!r} of {name!r}: it is a string.")
    because = values.get("because", "")
    match values.get("run"):
        case "inline" if "limiter" not in values:
            return Inline(because=because)
        case "inline":
            raise DecisionsError(
                f"{place} gives {name!r} a limiter, which is for what is threaded. Take it out, or "
                'write run = "threaded".'
            )
        case "threaded":
            return Threaded(values.get("limiter"), because=because)
        case other:
            raise DecisionsError(
                f"{place} does not say where {name!r} runs: run = {other!r}. {how}"
            )


def _place(path: Path, text: str, name: str) -> str:
    """The file, and the line where a key begins, if it is written as it reads."""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip().removeprefix("[").lstrip()
        if stripped.startswith((f'"{name}"', f"'{name}'", name)):
            return f"{path}:{number}"
    return str(path)


def _names_within(found: Any) -> Iterator[str]:
    """The qualified names of what is made within a function or the methods of a class."""
    code = getattr(found, "__code__", None) or getattr(
        getattr(found, "__wrapped__", None), "__code__", None
    )
    pending = [code] if isinstance(code, types.CodeType) else []
    while pending:
        for each in pending.pop().co_consts:
            if isinstance(each, types.CodeType):
                yield each.co_qualname
                pending.append(each)


def _is_being_imported(module: str) -> bool:
    spec = getattr(sys.modules.get(module), "__spec__", None)
    return bool(getattr(spec, "_initializing", False))


def _text(what: Any, name: str) -> str:
    found = getattr(what, name, None)
    return found if isinstance(found, str) else ""
