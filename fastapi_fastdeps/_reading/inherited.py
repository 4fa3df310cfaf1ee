"""Whether a class leaves alone what it inherits of FastAPI's and Starlette's."""

import inspect
import types
from collections.abc import Iterator
from typing import Any

from fastapi_fastdeps._fastapi.kinds import kind_of

_ABSENT = object()
_ACCESS = ("__getattribute__", "__getattr__", "__setattr__", "__delattr__")
_JUDGED_APART = frozenset({"__init__", "__class__"})


def leaves_alone(cls: type[Any], base: type[Any], name: str) -> bool:
    """Whether a class has attribute `name` as `base` defines it, and with it all that the code
    behind it reads, calls and assigns."""
    return all(_is_inherited(cls, base, each) for each in {*_ACCESS, *_touched(base, name)})


def _is_inherited(cls: type[Any], base: type[Any], name: str) -> bool:
    own = inspect.getattr_static(base, name, _ABSENT)
    found = inspect.getattr_static(cls, name, _ABSENT)
    if found is own:
        return True
    # A constant in the place of another, or where instances have theirs.
    return not _runs_code(found) and (own is _ABSENT or not _runs_code(own))


def _runs_code(found: object) -> bool:
    special = ("__get__", "__set__", "__delete__", "__call__")
    return any(each in vars(base) for base in kind_of(found).__mro__ for each in special)


_TOUCHED: dict[tuple[type[Any], str], frozenset[str]] = {}


def _touched(base: type[Any], name: str) -> frozenset[str]:
    """The names that the code of an attribute mentions, and the code of those in turn."""
    known = _TOUCHED.get((base, name))
    if known is not None:
        return known
    touched: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each in touched:
            continue
        touched.add(each)
        # Those of the bases, too: `super()` goes there.
        found = [vars(owner)[each] for owner in base.__mro__ if each in vars(owner)]
        codes = [code for what in found for code in _codes(what)]
        waiting.extend(name for code in codes for name in _mentioned(code))
    return _TOUCHED.setdefault((base, name), frozenset(touched - _JUDGED_APART))


def _codes(found: Any) -> Iterator[types.CodeType]:
    parts = (found.fget, found.fset, found.fdel) if isinstance(found, property) else (found,)
    for part in parts:
        function = inspect.unwrap(getattr(part, "__func__", part)) if callable(part) else None
        if isinstance(function, types.FunctionType):
            yield function.__code__


def _mentioned(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _mentioned(constant)
