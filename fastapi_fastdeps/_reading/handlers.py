"""What calling a builtin gives, and what it asks of its arguments."""

import abc
import ast
import datetime
import enum
import inspect
import os
import secrets
import types
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi_fastdeps._reading import shapes
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.looking import formats_plainly, is_usual
from fastapi_fastdeps._reading.values import (
    BOOL,
    LONG,
    NEVER,
    NONE,
    NUMBERS,
    SCALAR,
    TEXT,
    UNKNOWN,
    Box,
    Data,
    Instance,
    Known,
    Size,
    Value,
    either,
    is_plain,
    largest,
    options,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

Handler: TypeAlias = Callable[["Reader", Arguments, ast.AST | None], Value]

_INT = Data(int, "huge")


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
            size: Size = "small" if each.size == "small" else "sized"
            results.append(Data(int, size) if each.kind in LONG else NEVER)
            continue
        found = inspect.getattr_static(each.cls, "__len__", None) if _exact(each) else None
        if isinstance(found, types.FunctionType):
            results.append(reader.enter(found, Arguments([each]), node))
        elif isinstance(each, Known) and isinstance(each.what, enum.EnumMeta):
            results.append(Data(int))
        else:
            results.append(reader.problem(node, "asks for the length of what it can't see"))
    return either(results)


def _exact(value: Value) -> typing.TypeGuard[Instance]:
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
        reader.truth(each, node)
    return BOOL


def _str(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.all) > 1 or given.is_open:
        return reader.problem(node, "makes a str with a codec")
    for each in given.all:
        starlettes = isinstance(each, Instance) and each.cls is shapes.URL
        if not formats_plainly(each) and not starlettes:
            return reader.problem(node, "makes a str of what is not known to be plain data")
    reader.goes_through(given.all, node)
    sizes: list[Size] = [
        each.size for value in given.all for each in options(value) if isinstance(each, Data)
    ]
    return Data(str, "part" if sizes and largest(sizes) == "part" else "sized")


def _repr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if not all(map(is_plain, given.all)):
        return reader.problem(node, "makes a repr of what is not known to be plain data")
    reader.goes_through(given.all, node)
    return TEXT


def _int(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    allowed = {bool, bytes, float, int, str, type(None)}
    for value in given.all:
        for each in options(value):
            enumerated = isinstance(each, Instance) and is_plain(each)
            if not (enumerated or (isinstance(each, Data) and each.kind in allowed)):
                return reader.problem(node, "makes an int of what is not known to be short")
    return _INT


def _number(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    kinds = {each.kind for v in given.all for each in options(v) if isinstance(each, Data)}
    if not kinds <= NUMBERS or not all(isinstance(e, Data) for v in given.all for e in options(v)):
        return reader.problem(node, "computes with what is not known to be a number")
    return given.all[0] if given.all else NEVER


def _round(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    first, digits = (
        given.positional[0] if given.positional else UNKNOWN,
        _given(1, "ndigits", given),
    )
    kinds = {each.kind for each in options(first) if isinstance(each, Data)}
    if not is_plain(first) or not kinds <= {int, float, bool, type(None)}:
        return reader.problem(node, "rounds what is not known to be short")
    if digits is not None and not (isinstance(digits, Data) and type(digits.constant) is int):
        return reader.problem(node, "rounds to digits that may be many")
    return Data(float) if digits is not None else _INT


def _extreme(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    values = list(given.positional)
    if len(values) == 1:
        reader.goes_through(values, node)
        item, _ = reader.iterate(values[0], node)
        values = [item]
    default = given.named.get("default")
    if given.is_open or set(given.named) - {"default"}:
        return reader.problem(node, "compares by a key that it can't see")
    if not all(map(is_plain, values)):
        return reader.problem(node, "compares what is not known to be plain data")
    return either([*values, *([default] if default is not None else [])])


def _sorted(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if given.is_open or set(given.named) - {"reverse"} or not given.positional:
        return reader.problem(node, "sorts by a key that it can't see")
    reader.goes_through(given.positional, node)
    item, size = reader.iterate(given.positional[0], node)
    if not is_plain(item):
        return reader.problem(node, "sorts what is not known to be plain data")
    return reader.new(node, list, item, size)


def _sum(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    reader.goes_through(given.positional, node)
    item, _ = reader.iterate(given.positional[0] if given.positional else UNKNOWN, node)
    added = [item, *given.all[1:]]
    kinds = {each.kind for v in added for each in options(v) if isinstance(each, Data)}
    if not all(map(is_plain, added)) or not kinds <= NUMBERS:
        return reader.problem(node, "adds up what is not known to be numbers")
    return _INT if kinds <= {int, bool} else SCALAR


def _any(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    reader.goes_through(given.positional, node)
    item, _ = reader.iterate(given.positional[0] if given.positional else UNKNOWN, node)
    reader.truth(item, node)
    return BOOL


def _collect(kind: type[Any]) -> Handler:
    def handler(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
        if given.named or given.is_open or len(given.positional) > 1:
            return reader.problem(node, f"makes a {kind.__name__} of what it can't see")
        if not given.positional:
            return reader.new(node, kind)
        reader.goes_through(given.positional, node)
        item, size = reader.iterate(given.positional[0], node)
        if kind in (set, frozenset) and not is_plain(item):
            return reader.problem(node, "hashes what is not known to be plain data")
        return reader.new(node, kind, item, size)

    return handler


def _dict(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if given.is_open:
        return reader.problem(node, "makes a dict of what it can't see")
    items = list(given.named.values())
    keys: list[Value] = [Data(str)] if given.named else []
    size: Size = "small"
    for value in given.positional:
        for each in options(value):
            if not (isinstance(each, Data) and each.kind is dict and each.box is not None):
                return reader.problem(node, "makes a dict of what it can't see")
            items.append(each.box.items)
            keys.append(each.box.keys)
            size = largest([size, each.size])
    reader.goes_through(given.positional, node)
    return reader.new(node, dict, either(items), size, either(keys))


def _range(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    size: Size = "small"
    for value in given.all:
        for each in options(value):
            if not (isinstance(each, Data) and each.kind is int) or each.size in ("huge", "grown"):
                return reader.problem(node, "counts to what may be large")
            constant = each.constant
            if each.size != "small" or (type(constant) is int and abs(constant) > 64):
                size = "sized"
    return reader.new(node, list, _INT, size)


def _enumerate(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    item, size = reader.iterate(given.positional[0] if given.positional else UNKNOWN, node)
    pair = Data(tuple, "small", Box(NEVER, NEVER), (_INT, item))
    return reader.lazily(reader.new(node, list, pair, size), given.positional)


def _zip(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if given.is_open:
        return reader.problem(node, "goes through what it can't see")
    pairs = [reader.iterate(each, node) for each in given.positional]
    items = tuple(item for item, _ in pairs)
    size = largest(size for _, size in pairs)
    made = reader.new(node, list, Data(tuple, "small", Box(NEVER, NEVER), items), size)
    return reader.lazily(made, given.positional)


def _reversed(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    value = given.positional[0] if given.positional else UNKNOWN
    if not all(isinstance(each, Data) for each in options(value)):
        return reader.problem(node, "goes through what it can't see")
    item, size = reader.iterate(value, node)
    return reader.new(node, list, item, size)


def _getattr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    name = given.positional[1] if len(given.positional) > 1 else UNKNOWN
    if not (isinstance(name, Data) and isinstance(name.constant, str)):
        return reader.problem(node, "reads an attribute whose name is not written here")
    found = reader.attribute(given.positional[0], name.constant, node)
    return either([found, *given.positional[2:]])


def _hasattr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    _getattr(reader, given, node)
    return BOOL


def _setattr(reader: "Reader", given: Arguments, node: ast.AST | None) -> Value:
    if len(given.positional) == 3:
        on, name, value = given.positional
        if isinstance(name, Data) and isinstance(name.constant, str):
            reader.set_attribute(on, name.constant, value, node)
            return NONE
    return reader.problem(node, "assigns an attribute whose name is not written here")


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
        if not (isinstance(value, Data) and value.kind is int and value.size == "small"):
            return reader.problem(node, "makes a token whose length it can't see")
    return TEXT


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
        (abs, _number),
        (round, _round),
        (min, _extreme),
        (max, _extreme),
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
        (setattr, _setattr),
        (type, _type),
        (id, _constant(_INT)),
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

__all__ = ["HANDLERS", "context_variable", "nothing", "now", "today"]
