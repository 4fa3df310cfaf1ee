"""What an expression is known to mean, without running it."""

import inspect
import types
from dataclasses import dataclass
from typing import Any

from fastapi_fastdeps._reading.once import once

NOTHING: Any = object()
"""What nothing is known of."""


@dataclass(frozen=True, slots=True)
class Of:
    """An instance of a class, of which nothing else is known but what going through it, or
    entering it, gives."""

    kind: type
    items: Any = NOTHING


@dataclass(frozen=True, slots=True)
class Parent:
    """What `super()` gives in a method of a class, called on `on`."""

    cls: type
    on: Any


def is_none(value: Any) -> bool:
    return type(value) is Of and value.kind is types.NoneType


@once
def _one(kind: type, items: Any) -> Of:
    return Of(kind, items)


def interned(value: Any) -> Any:
    """The same object for what says the same, within one question."""
    return _one(value.kind, interned(value.items)) if type(value) is Of else value


def class_of(what: object) -> type[Any]:
    """A class itself, and of anything else its class."""
    if isinstance(what, Of):
        return what.kind
    return what if inspect.isclass(what) else type(what)


def is_same(known: Any, value: Any) -> bool:
    """Whether both mean one thing. A user's object is not asked whether it equals another."""
    if known is value:
        return True
    if type(known) is not type(value):
        return False
    if type(known) is Of:
        return known.kind is value.kind and is_same(known.items, value.items)
    if type(known) is Parent:
        return known.cls is value.cls and is_same(known.on, value.on)
    return type(known) in _COMPARED and bool(known == value)


_COMPARED = (types.MethodType, types.BuiltinMethodType, bool, int, str, bytes)


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """The names of a class and its bases, as their users know them: from Python 3.13 on,
    pathlib's classes come from pathlib._local."""
    return tuple(
        f"{base.__module__.removeprefix('_').removesuffix('._local')}.{base.__qualname__}"
        for base in kind.__mro__
    )
