"""Which of the calls that a callable makes block, by a table of names."""

import ast
import contextlib
import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

from fastapi_fastdeps._cli.checking.calls import Call, Of, calls_of


def blocking_calls(call: Callable[..., Any], table: frozenset[str]) -> Iterator[tuple[str, Call]]:
    """What plainly blocks when `call` is called, by its name in the table."""
    for each in calls_of(call):
        name = _blocks(each, table)
        if name is not None:
            yield name, each


def _blocks(call: Call, table: frozenset[str]) -> str | None:
    for name in _names(call, table):
        if name in table and not _is_told_not_to(call, name):
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
    if owner is not None and not isinstance(owner, type(ast)):
        kind = (
            owner.kind
            if isinstance(owner, Of)
            else owner
            if isinstance(owner, type)
            else type(owner)
        )
        for base in kind.__mro__:
            # From Python 3.13 on, pathlib's classes come from pathlib._local.
            module = base.__module__.removeprefix("_").removesuffix("._local")
            yield f"{module}.{base.__qualname__}.{call.name}"
    where, name = getattr(target, "__module__", None), getattr(target, "__qualname__", None)
    if isinstance(where, str) and isinstance(name, str):
        yield f"{where}.{name}"


def _is_told_not_to(call: Call, name: str) -> bool:
    """A lock that is only tried, or a wait without time."""
    if name.rpartition(".")[2] not in ("acquire", "acquire_lock"):
        return False
    given = [*call.node.args[:1], *(k.value for k in call.node.keywords if k.arg == "blocking")]
    return any(isinstance(each, ast.Constant) and each.value is False for each in given)


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
