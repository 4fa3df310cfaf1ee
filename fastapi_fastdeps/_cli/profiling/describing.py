"""What is said of a callable in the process where it was measured: names, and what its source says.

It runs in the interpreter of the project, which need not have what the command line needs.
"""

import contextlib
import inspect
import json
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from fastapi_fastdeps._cli.checking.blocking import blocking_calls
from fastapi_fastdeps._cli.checking.calls import calls_of, functions_of
from fastapi_fastdeps._marks import layers_of
from fastapi_fastdeps._reading.source import definition_of
from fastapi_fastdeps._written import find_named
from fastapi_fastdeps.classifiers import Candidate, markers
from fastapi_fastdeps.errors import FastDepsError, is_users_own, name_of

TABLE = "blocking.json"


def description(call: Any, folder: Path) -> dict[str, Any]:
    """What `profile` needs to know of a callable; `folder` has the names of what blocks."""
    functions = [function for function, _ in functions_of(call)]
    table = _table(folder / TABLE)
    found = dict.fromkeys((name, *each.places[0]) for name, each in blocking_calls(call, table))
    if any(map(inspect.isgeneratorfunction, functions)):
        found.update(dict.fromkeys(_left_open(call, table)))
    file, line, qualname = _definition(call)
    return {
        "module": getattr(call, "__module__", type(call).__module__),
        "qualname": name_of(call),
        "name": _name(call),
        "file": file,
        "line": line,
        "definition": qualname,
        "is_own": is_users_own(call),
        "mark": _mark_of(call),
        "is_class": isinstance(call, type),
        "is_base": isinstance(call, type) and bool(type.__subclasses__(call)),
        "is_wrapper": any(map(_holds_what_it_was_given, functions)),
        "is_read": bool(functions) and all(map(definition_of, functions)),
        "blocks": [list(each) for each in found],
    }


def _left_open(call: Any, table: frozenset[str]) -> Iterator[tuple[str, str, int]]:
    """What a generator makes and closes in the end, such as a session, which then talks to what it
    has a connection to, if that was used: not in every test."""
    owners = {name.rpartition(".")[0] for name in table}
    for each in calls_of(call):
        kind = (
            each.target if isinstance(each.target, type) else getattr(each.target, "class_", None)
        )
        for base in getattr(kind, "__mro__", ()):
            name = f"{base.__module__}.{base.__qualname__}"
            if name in owners and hasattr(base, "close"):
                yield (f"{name}.close", *each.places[0])
                break


def _name(call: Any) -> str | None:
    """The name by which a file of decisions finds it."""
    for layer in layers_of(call):
        module, qualname = getattr(layer, "__module__", None), getattr(layer, "__qualname__", None)
        if not isinstance(module, str) or not isinstance(qualname, str) or module == "__main__":
            continue
        name = f"{module}:{qualname}"
        try:
            found = find_named(name)
        except LookupError:
            continue
        if found is None or found is layer:
            return name
    return None


def _definition(call: Any) -> tuple[str | None, int | None, str | None]:
    """File, line and qualified name where it is written."""
    if isinstance(call, type):
        try:
            return inspect.getsourcefile(call), inspect.getsourcelines(call)[1], call.__qualname__
        except (OSError, TypeError):
            return None, None, None
    for function, _ in functions_of(call):
        code = function.__code__
        return code.co_filename, code.co_firstlineno, code.co_qualname
    return None, None, None


def _mark_of(call: Any) -> str | None:
    """What it is marked, by a decorator or by inheritance."""
    try:
        execution = markers(Candidate(call))
    except FastDepsError:
        return "in two ways"
    return None if execution is None else type(execution).__name__.lower()


def _holds_what_it_was_given(function: types.FunctionType) -> bool:
    """Whether it is what a decorator made of something: to mark it would mark all of these."""
    held: set[str] = set()
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        # A cell may be empty still.
        with contextlib.suppress(ValueError):
            if callable(cell.cell_contents):
                held.add(name)
    found = definition_of(function) if held else None
    if found is None:
        return bool(held)
    node, module = found
    around = module.inner.get(id(node))
    while around is not None:
        arguments = around.args
        given = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if held.intersection(each.arg for each in given):
            return True
        around = module.inner.get(id(around))
    return False


@cache
def _table(file: Path) -> frozenset[str]:
    return frozenset(json.loads(file.read_text(encoding="utf-8")))
