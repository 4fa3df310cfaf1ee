"""What calling a builtin gives, and what it asks of its arguments."""

import abc
import ast
import datetime
import enum
import inspect
import os
import secrets
import sys
import types
import typing
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from fastapi_fastdeps._reading import shapes
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.containers import hashes_apart, through
from fastapi_fastdeps._reading.looking import formats_plainly, is_usual
from fastapi_fastdeps._reading.operators import text
from fastapi_fastdeps._reading.questions import truth
from fastapi_fastdeps._reading.sizes import DIGITS, ITEM, Bound, largest, smaller
from fastapi_fastdeps._reading.values import (
    BOOL,
    COUNT,
    FLOAT,
    INT,
    LONG,
    NEVER,
    NONE,
    NUMBERS,
    TEXT,
    UNKNOWN,
    Box,
    Data,
    Instance,
    Known,
    Value,
    either,
    is_plain,
    options,
    share_of,
    size_of,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

Handler: TypeAlias = Callable[["Reader", Arguments, ast.AST | None], Value]


def nothing(*arguments: object, **named: object) -> None:
    """Stands for a constructor of Python's own that keeps its arguments, at most."""


def context_variable(*arguments: object) -> None:
    """Stands for the methods of a `ContextVar`."""


def now(*arguments: object) -> None:
    """Stands for `datetime.now`."""


def today(*arguments: object) -> None:
    """Stands for `date.today`."""


def _given(number: int, name: str, given: Arguments) -> Value | None:
    if len(given.positional) > number:
        return given.positional[number]
    return given.named.get(name)


def _len(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    results: list[Value] = []
    for each in options(given.positional[0] if given.positional else UNKNOWN):
        if isinstance(each, Data):
            results.append(Data(int, COUNT.given, most=each.size) if each.kind in LONG else NEVER)
            continue
        found = inspect.getattr_static(each.cls, "__len__", None) if _exact(each) else None
        if isinstance(found, types.FunctionType):
            results.append(reader.enter(found, Arguments([each]), node))
        elif isinstance(each, Known) and isinstance(each.what, enum.EnumMeta):
            results.append(COUNT)
        else:
            results.append(reader.problem(node, "asks for the length of what it can't see"))
    return either(results)


def _exact(value: Value) -> TypeGuard[Instance]:
    return isinstance(value, Instance) and value.exact


def _isinstance(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.positional) != 2:
        return NEVER
    for each in options(given.positional[0]):
        known = isinstance(each, Data | Known) or (
            _exact(each) and "__class__" not in _names_of(each.cls)
        )
        if not known:
            return reader.problem(node, "asks for the class of what it can't see")
    classes = [
        item
        for each in options(given.positional[1])
        for item in (options(each.box.items) if isinstance(each, Data) and each.box else (each,))
    ]
    for each in classes:
        if not (isinstance(each, Known) and isinstance(each.what, type)) or not _is_class(
            each.what
        ):
            return reader.problem(node, "asks for a class that it can't see")
    return BOOL


def _names_of(cls: type[Any]) -> set[str]:
    return {name for base in cls.__mro__ if base is not object for name in vars(base)}


def _is_class(cls: type[Any]) -> bool:
    """Whether asking if something is an instance of a class runs no code of the user's."""
    if not is_usual(type(cls)):
        return False
    return type(cls) is not abc.ABCMeta or cls.__module__ in ("collections.abc", "numbers")


def _bool(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    for each in given.positional:
        truth(reader, each, node)
    return BOOL


def _str(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.all) != 1 or given.is_open:
        return reader.problem(node, "makes a str with a codec")
    (value,) = given.all
    if all(isinstance(each, Instance) and each.cls is shapes.URL for each in options(value)):
        reader.goes_through([TEXT], node)
        return TEXT
    if not formats_plainly(value):
        return reader.problem(node, "makes a str of what is not known to be plain data")
    return text(reader, [value], 0, node)


def _repr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.all) != 1 or given.is_open or not all(map(is_plain, given.all)):
        return reader.problem(node, "makes a repr of what is not known to be plain data")
    return text(reader, given.all, 0, node, 10)


def _int(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.all) > 1 or given.is_open:
        return reader.problem(node, "reads an int with a base, which may have very many digits")
    # Python reads no more digits than this, unless somebody has allowed it.
    if not 0 < sys.get_int_max_str_digits() <= DIGITS:
        return reader.problem(node, "reads an int of any number of digits")
    for value in given.all:
        for each in options(value):
            enumerated = isinstance(each, Instance) and is_plain(each)
            if not (enumerated or (isinstance(each, Data) and each.kind in _TO_INT)):
                return reader.problem(node, "makes an int of what is not known to be short")
    reader.goes_through(given.all, node)
    reader.spend(node, Bound(DIGITS * 10) if not _are_small(given.all) else Bound(ITEM), "reads")
    grown = any(isinstance(e, Data) and e.is_grown for v in given.all for e in options(v))
    # It has no more digits than the text.
    is_read = all(isinstance(e, Data) and e.kind is str for v in given.all for e in options(v))
    share = share_of(given.all[0]) if given.all and is_read else None
    return Data(int, INT.given, is_grown=grown, share=share)


_TO_INT = frozenset({bool, bytes, float, int, str, type(None)})


def _are_small(values: list[Value]) -> bool:
    """Whether reading values as numbers takes no longer than going through them."""
    kinds = {e.kind for v in values for e in options(v) if isinstance(e, Data)}
    return kinds <= {bool, float, int} or any(share_of(each) is not None for each in values)


def _number(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    results: list[Value] = []
    for value in given.all:
        for each in options(value):
            if not isinstance(each, Data) or each.kind not in NUMBERS:
                return reader.problem(node, "computes with what is not known to be a number")
            kind = int if each.kind is bool else each.kind
            results.append(Data(kind, each.size, is_grown=each.is_grown))
    return either(results)


def _abs(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    value = _number(reader, given, node)
    bounds = [each.most for v in given.all for each in options(v) if _is_small_either_way(each)]
    if not isinstance(value, Data) or len(bounds) != 1 or len(given.all) != 1:
        return value
    return replace(value, most=bounds[0])


def _is_small_either_way(value: Value) -> TypeGuard[Data]:
    return isinstance(value, Data) and value.most is not None and not value.is_signed


def _round(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    value = given.positional[0] if given.positional else UNKNOWN
    digits = _given(1, "ndigits", given)
    kinds = {each.kind for each in options(value) if isinstance(each, Data)}
    if not is_plain(value) or not kinds <= {int, float, bool, type(None)}:
        return reader.problem(node, "rounds what is not known to be short")
    constant = 0 if digits is None else digits.constant if isinstance(digits, Data) else None
    if type(constant) is not int or abs(constant) > 30:
        return reader.problem(node, "rounds to digits that may be many")
    if not kinds <= {float}:
        return _number(reader, Arguments([value]), node)
    return FLOAT if digits is not None else INT


def _extreme(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    values = list(given.positional)
    default = given.named.get("default")
    if given.is_open or set(given.named) - {"default"}:
        return reader.problem(node, "compares by a key that it can't see")
    if len(values) == 1:
        values = [reader.iterate(values[0], node).item]
    if not (given.is_keyed or all(map(is_plain, values))):
        return reader.problem(node, "compares what is not known to be plain data")
    reader.goes_through(values, node)
    return either([*values, *([default] if default is not None else [])])


def _least(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    """The smaller one of numbers is no larger than any that is known."""
    found, numbers = _extreme(reader, given, node), given.positional
    bounds = [e.most for e in numbers if isinstance(e, Data) and e.most is not None]
    if len(numbers) < 2 or not bounds or not isinstance(found, Data) or found.kind is not int:
        return found
    most = bounds[0]
    for each in bounds[1:]:
        most = smaller(most, each)
    is_signed = not all(map(_is_small_either_way, numbers))
    if not is_signed:
        most = largest(bounds)
    return Data(int, found.given, most=most, is_signed=is_signed, is_grown=found.is_grown)


def _most(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    """The larger one of numbers is no smaller than any that is known."""
    found = _extreme(reader, given, node)
    if not isinstance(found, Data) or not found.is_signed:
        return found
    return replace(found, is_signed=not any(map(_is_small_either_way, given.positional)))


def _sorted(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if given.is_open or set(given.named) - {"reverse"} or not given.positional:
        return reader.problem(node, "sorts by a key that it can't see")
    value = given.positional[0]
    found = reader.iterate(value, node)
    if not (given.is_keyed or is_plain(found.item)):
        return reader.problem(node, "sorts what is not known to be plain data")
    # An item is compared as often as the number of them has digits.
    reader.goes_through([value], node, 20)
    return reader.new(list, found.item, found.size, NEVER, share_of(value))


def _sum(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    found = reader.iterate(given.positional[0] if given.positional else UNKNOWN, node)
    added = [*options(found.item), *(e for v in given.all[1:] for e in options(v))]
    if not all(isinstance(each, Data) and each.kind in (bool, float, int) for each in added):
        return reader.problem(node, "adds up what is not known to be numbers")
    if any(isinstance(each, Data) and each.is_grown for each in added):
        return reader.problem(node, "adds up in a loop what it has added up")
    results: list[Value] = [INT]
    if any(isinstance(each, Data) and each.kind is float for each in added):
        results.append(FLOAT)
    return either(results)


def _any(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    item = reader.iterate(given.positional[0] if given.positional else UNKNOWN, node).item
    truth(reader, item, node)
    return BOOL


def _collect(kind: type[Any]) -> Handler:
    def handler(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
        if given.named or given.is_open or len(given.positional) > 1:
            return reader.problem(node, f"makes a {kind.__name__} of what it can't see")
        if not given.positional:
            return reader.new(kind)
        value = given.positional[0]
        found = reader.iterate(value, node)
        if kind in (set, frozenset):
            if not is_plain(found.item):
                return reader.problem(node, "hashes what is not known to be plain data")
            if found.size.per and not hashes_apart(found.item):
                return reader.problem(node, "keeps many numbers in a set")
        # The items of a text take more room than in it.
        times = 64 if found.unit == 1 else 1
        size = found.size * times + Bound(ITEM)
        share = share_of(value) if times == 1 else None
        return reader.new(kind, found.item, size, NEVER, share)

    return handler


def _dict(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if given.is_open:
        return reader.problem(node, "makes a dict of what it can't see")
    items = list(given.named.values())
    keys: list[Value] = [Data(str)] if given.named else []
    for value in given.positional:
        for each in options(value):
            if not (isinstance(each, Data) and each.kind is dict and each.box is not None):
                return reader.problem(node, "makes a dict of what it can't see")
            items.append(each.box.items)
            keys.append(each.box.keys)
    reader.goes_through(given.positional, node)
    size = Bound(ITEM)
    for value in given.all:
        size += size_of(value) + Bound(4 * ITEM)
    return reader.new(dict, either(items), size, either(keys))


def _range(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    most = Bound()
    for value in given.all:
        for each in options(value):
            if not (isinstance(each, Data) and each.kind is int) or each.most is None:
                return reader.problem(node, "counts to what may be large")
            if each.is_signed and len(given.all) > 1:
                return reader.problem(node, "counts from or to what may be far below zero")
            most += each.most
    return reader.iterator(Data(int, COUNT.given, most=most), [], (most + Bound(1)) * ITEM, None)


def _enumerate(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    value = given.positional[0] if given.positional else UNKNOWN
    if not all(map(is_plain, [*given.positional[1:], *given.named.values()])):
        return reader.problem(node, "counts from what is not known to be a number")
    found = reader.iterate(value, node)
    pair = Data(tuple, found.size, Box(NEVER, NEVER), (COUNT, found.item))
    return through(reader, pair, [value], [found.size])


def _zip(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if given.is_open:
        return reader.problem(node, "goes through what it can't see")
    pairs = [reader.iterate(each, node) for each in given.positional]
    size = Bound()
    for each in pairs:
        size += each.size
    tuples = Data(tuple, size, Box(NEVER, NEVER), tuple(each.item for each in pairs))
    return through(reader, tuples, given.positional, [each.size for each in pairs])


def _reversed(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    value = given.positional[0] if given.positional else UNKNOWN
    if not all(isinstance(each, Data) for each in options(value)):
        return reader.problem(node, "goes through what it can't see")
    found = reader.iterate(value, node)
    return through(reader, found.item, [value], [found.size])


def _getattr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    name = given.positional[1] if len(given.positional) > 1 else UNKNOWN
    if not (isinstance(name, Data) and isinstance(name.constant, str)):
        return reader.problem(node, "reads an attribute whose name is not written here")
    found = reader.attribute(given.positional[0], name.constant, node)
    # In a loop it may be a number that a round has made of itself.
    if reader.loops:
        return reader.problem(node, "reads an attribute by its name in a loop")
    return either([found, *given.positional[2:]])


def _hasattr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    _getattr(reader, Arguments(given.positional[:2]), node)
    return BOOL


def _type(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.positional) != 1:
        return reader.problem(node, "makes a class")
    return either(map(_class_of, options(given.positional[0])))


def _class_of(value: Value) -> Value:
    if _exact(value):
        return Known(value.cls)
    if isinstance(value, Data) and value.kind is not object:
        return Known(value.kind)
    return UNKNOWN


def _cast(_: "Reader", given: Arguments, __: ast.AST | None) -> Value:
    return given.positional[1] if len(given.positional) == 2 else UNKNOWN


def _getenv(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if not all(map(is_plain, given.all)):
        return reader.problem(node, "looks up what is not known to be plain data")
    return either([TEXT, NONE, *given.all[1:]])


def _now(kind: type[Any]) -> Handler:
    def handler(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
        if not all(map(is_plain, given.all)):
            return reader.problem(node, "asks for the time of a zone that it can't see")
        return Data(kind)

    return handler


def _token(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    for value in given.all:
        if not (isinstance(value, Data) and type(value.constant) is int and value.constant < 1000):
            return reader.problem(node, "makes a token whose length it can't see")
    return Data(str, Bound(2000))


def _constant(result: Value) -> Handler:
    def handler(_: "Reader", __: Arguments, ___: ast.AST | None) -> Value:
        return result

    return handler


def _handlers() -> dict[int, Handler]:
    found: list[tuple[Any, Handler]] = [
        (len, _len),
        (isinstance, _isinstance),
        (bool, _bool),
        (str, _str),
        (repr, _repr),
        (int, _int),
        (abs, _abs),
        (round, _round),
        (min, _least),
        (max, _most),
        (sorted, _sorted),
        (sum, _sum),
        (any, _any),
        (all, _any),
        (list, _collect(list)),
        (tuple, _collect(tuple)),
        (set, _collect(set)),
        (frozenset, _collect(frozenset)),
        (dict, _dict),
        (range, _range),
        (enumerate, _enumerate),
        (zip, _zip),
        (reversed, _reversed),
        (getattr, _getattr),
        (hasattr, _hasattr),
        (type, _type),
        (id, _constant(COUNT)),
        (callable, _constant(BOOL)),
        (secrets.token_hex, _token),
        (secrets.token_urlsafe, _token),
        (object, _constant(UNKNOWN)),
        (typing.cast, _cast),
        (os.getenv, _getenv),
        (nothing, _constant(NONE)),
        (context_variable, _constant(UNKNOWN)),
        (now, _now(datetime.datetime)),
        (today, _now(datetime.date)),
    ]
    return {id(what): handler for what, handler in found}


HANDLERS = _handlers()

TAKES_KEY: tuple[Any, ...] = (sorted, min, max)
GOES_THROUGH: tuple[Any, ...] = (
    *TAKES_KEY,
    all,
    any,
    dict,
    enumerate,
    frozenset,
    list,
    reversed,
    set,
    sum,
    tuple,
    zip,
)
"""What goes through what it is given, at once or where it is gone through itself."""

__all__ = ["GOES_THROUGH", "HANDLERS", "TAKES_KEY", "context_variable", "nothing", "now", "today"]
