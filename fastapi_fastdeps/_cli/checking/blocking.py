"""Which calls block: blockbuster's table of functions, and what that leaves to libraries."""

import ast
import contextlib
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from blockbuster.blockbuster import BlockBuster

from fastapi_fastdeps._cli.checking.calls import Call, Of, calls_of


def blocking_calls(call: Callable[..., Any]) -> Iterator[tuple[str, Call]]:
    """What plainly blocks when `call` is called, by name."""
    for each in calls_of(call):
        name = _blocks(each)
        if name is not None:
            yield name, each


def _blocks(call: Call) -> str | None:
    table = _table()
    for name in _names(call):
        if name in table and not _is_told_not_to(call, name):
            return name
    return None


def _names(call: Call) -> Iterator[str]:
    """The names by which a table may know what is called."""
    target = call.target
    with contextlib.suppress(TypeError):
        by_identity = _objects().get(target)
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


@cache
def _table() -> frozenset[str]:
    """Names of functions and methods that block."""
    data = tomllib.loads(Path(__file__).with_name("blocking.toml").read_text(encoding="utf-8"))
    names = set(BlockBuster().functions) - set(data["short"]["functions"])
    for kind, methods in data["methods"].items():
        names.update(f"{kind}.{method}" for method in methods)
    return frozenset(names | set(data["functions"]["names"]))


@cache
def _objects() -> dict[Any, str]:
    """The functions of the table by identity, for those that go by another name."""
    found: dict[Any, str] = {}
    for name, function in BlockBuster().functions.items():
        if name in _table() and function.original_func is not None:
            found[function.original_func] = name
    return found
