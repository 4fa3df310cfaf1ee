"""The calls that the source of a callable makes, as far as they can be resolved to objects."""

import ast
import builtins
import dataclasses
import functools
import inspect
import itertools
import types
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import BaseModel

from fastapi_fastdeps._cli.checking.meaning import Frame, Given, Own, attribute, getter_of
from fastapi_fastdeps._cli.checking.values import NOTHING, Of, class_of, interned, names_of
from fastapi_fastdeps._reading.once import once
from fastapi_fastdeps._reading.source import definition_of, installed_package
from fastapi_fastdeps.errors import file_of, is_users_own, locate

_DEEP = 12
Places = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was resolved.

    Attributes:
        target: the function, class or descriptor that is called.
        owner: the object or `Of` that a method was read from, `None` for what is no method.
        arguments: what is written as arguments, by position, then by name.
        places: `file`, `line` of the call, then of those that led to it.
        given: what is known of its arguments.
    """

    target: Any
    owner: Any
    name: str
    arguments: tuple[tuple[int | str | None, ast.expr], ...]
    places: Places
    given: Given = ()


def calls_of(call: Callable[..., Any], watched: frozenset[str] = frozenset()) -> Iterator[Call]:
    """The calls that happen when `call` is called, those in the user's own functions that it
    calls included, and those that Python makes for `with`, `for` and a property.

    The functions of the installed package that `call` is of, if it is of one, are as the user's
    own. Of others, what they call on an instance of a class in `watched` that they were given, or
    of another class of its package.
    """
    yield from _Walk(own_with(_package_of(call)), watched).entered(call, (), 0)


@functools.cache
def own_with(package: str | None) -> Own:
    """Whether a callable is the user's own, or of an installed package."""

    @once
    def is_own(call: Any) -> bool:
        return is_users_own(call) or (package is not None and _package_of(call) == package)

    return is_own


def _package_of(call: Any) -> str | None:
    file = file_of(call)
    return (installed_package(file) if file is not None else None) or None


def places_of(call: Callable[..., Any]) -> Places:
    """Where a callable is defined; nothing for what has no source."""
    location = locate(call)
    if location is None:
        return ()
    file, _, line = location.rpartition(":")
    return ((file, int(line)),)


def _brings_its_own(call: object) -> bool:
    return isinstance(call, functools.partial)


@dataclass
class _Walk:
    own: Own
    watched: frozenset[str]
    seen: set[tuple[object, ...]] = field(default_factory=set[tuple[object, ...]])

    def entered(
        self, call: Any, places: Places, depth: int, given: Given = (), of: str = ""
    ) -> Iterator[Call]:
        """`of`: the package of what was handed to a function that is not the user's own."""
        given = () if _brings_its_own(call) else given
        for function, owner in functions_of(call, self.own):
            place = (function.__code__, of, *((key, *_said_of(each)) for key, each in given))
            if place in self.seen or depth > _DEEP:
                continue
            self.seen.add(place)
            for each in _calls_on(function, interned(owner), self.own, given):
                yield from self._made(each, places, depth, of)
        for factory in () if of else _factories(call):
            made = Call(factory, None, "", (), places_of(call))
            yield from self._made(made, places, depth, of)

    def _made(self, made: Call, places: Places, depth: int, of: str) -> Iterator[Call]:
        call = replace(made, places=(*made.places, *places))
        if not of or (call.owner is not None and _top(class_of(call.owner)) == of):
            yield call
        if not callable(call.target):
            return
        if not of and self.own(call.target):
            yield from self.entered(call.target, call.places, depth + 1, call.given)
        elif (handed := self._handed(call)) and handed != _top(call.target):
            yield from self.entered(call.target, call.places, depth + 1, call.given, handed)

    def _handed(self, call: Call) -> str:
        """The package of something to wait for that is given to a function."""
        for _, each in call.given:
            if self.watched.intersection(names_of(each.kind)):
                return _top(each.kind)
        return ""


def _top(what: Any) -> str:
    module: object = getattr(what, "__module__", None)
    return module.partition(".")[0] if isinstance(module, str) else ""


def _said_of(value: Any) -> tuple[object, ...]:
    """The same for two that say the same."""
    if isinstance(value, Of):
        return (value.kind, *_said_of(value.items))
    return (id(value),)


@once
def _calls_on(function: types.FunctionType, owner: Any, own: Own, given: Given) -> tuple[Call, ...]:
    """The calls that stand in a function, without what they lead to."""
    found = definition_of(function)
    if found is None or isinstance(found[0], ast.AsyncFunctionDef):
        return ()
    frame = Frame(function, found[0], owner, own, given)
    nodes = [each for each in frame.nodes if isinstance(each, _Asking)]
    return tuple(call for node in sorted(nodes, key=_position) for call in _asked(frame, node, own))


_Asking = ast.Call | ast.Attribute | ast.Subscript | ast.withitem | ast.For | ast.comprehension


def _position(node: _Asking) -> tuple[int, int]:
    match node:
        case ast.withitem(context_expr=expression):
            return expression.lineno, expression.col_offset
        case ast.comprehension(iter=expression):
            return expression.lineno, expression.col_offset
        case ast.expr() | ast.stmt():
            return node.lineno, node.col_offset


def _asked(frame: Frame, node: _Asking, own: Own) -> Iterator[Call]:
    """What a piece of source calls, and on what."""
    here = ((frame.function.__code__.co_filename, _position(node)[0]),)
    match node:
        case ast.Call():
            target, owner, name = frame.called(node)
            if target is not NOTHING:
                named = ((each.arg, each.value) for each in node.keywords)
                arguments = (*enumerate(node.args), *named)
                yield Call(target, owner, name, arguments, here, frame.given(arguments))
                for special, argument in zip(_specials_of(target), node.args, strict=False):
                    yield from _specials(frame.value(argument), here, own, special)
        case ast.Attribute(value=value, attr=name, ctx=ast.Load()):
            owner = frame.value(value)
            if owner is not NOTHING and not inspect.ismodule(owner):
                found = inspect.getattr_static(class_of(owner), name, None)
                getter = getter_of(found) if not isinstance(owner, type) else None
                if getter is not None:
                    yield Call(types.MethodType(getter, owner), owner, name, (), here)
        case ast.Subscript(value=value, ctx=ast.Load()):
            yield from _specials(frame.value(value), here, own, "__getitem__")
        case ast.withitem(context_expr=value):
            yield from _specials(frame.value(value), here, own, "__enter__", "__exit__")
        case ast.For(iter=value) | ast.comprehension(iter=value):
            yield from _specials(frame.value(value), here, own, "__iter__", "__next__")
        case _:
            pass


def _specials_of(target: Any) -> Iterable[str]:
    """What something of Python's own calls of its arguments, one after the other."""
    if getattr(target, "__module__", None) == "itertools":
        return itertools.repeat("__iter__")
    name = getattr(target, "__name__", None)
    known = isinstance(name, str) and target is getattr(builtins, name, None)
    return _SPECIALS.get(name, ()) if known else ()


_SPECIALS: dict[str | None, Iterable[str]] = {
    **dict.fromkeys(
        ("all", "any", "dict", "enumerate", "iter", "list", "max", "min", "reversed", "set"),
        ("__iter__",),
    ),
    **dict.fromkeys(("frozenset", "sorted", "sum", "tuple"), ("__iter__",)),
    "zip": itertools.repeat("__iter__"),
    "bool": ("__bool__",),
    "filter": ("__call__", "__iter__"),
    "len": ("__len__",),
    "map": ("__call__", "__iter__"),
    "next": ("__next__",),
    "repr": ("__repr__",),
    "str": ("__str__",),
}
"""What builtins call of what they are given."""


def _specials(value: Any, here: Places, own: Own, *names: str) -> Iterator[Call]:
    """Methods that Python calls by itself."""
    if value is NOTHING:
        return
    for name in names:
        found = inspect.getattr_static(class_of(value), name, None)
        if found is not None:
            yield Call(attribute(value, name, own), value, name, (), here)


def functions_of(call: Any, own: Own = is_users_own) -> Iterator[tuple[types.FunctionType, Any]]:
    """The functions that run when an object is called, and what their `self` is."""
    while isinstance(call, functools.partial):
        call = call.func
    call = typing.get_origin(call) or call
    if isinstance(call, types.MethodType):
        for function in _unwrapped(call.__func__, own):
            yield function, call.__self__
    elif isinstance(call, type):
        for name in ("__new__", "__init__", "__post_init__", "model_post_init"):
            method = inspect.getattr_static(call, name, None)
            method = method.__func__ if isinstance(method, staticmethod) else method
            for function in _unwrapped(method, own):
                yield function, Of(call)
        for validator in _validators(call, own):
            yield validator, Of(call)
    elif callable(call):
        functions = list(_unwrapped(call, own))
        yield from ((function, None) for function in functions)
        if not functions:
            method = inspect.getattr_static(class_of(call), "__call__", None)
            for function in _unwrapped(method, own):
                yield function, call


def _unwrapped(what: Any, own: Own) -> Iterator[types.FunctionType]:
    """A function, and what it wraps: both are called. Wrappers of a library's hand on."""
    while what is not None:
        inner = getattr(what, "__wrapped__", None)
        if isinstance(what, types.FunctionType) and (inner is None or is_own_code(what, own)):
            yield what
        what = inner


def is_own_code(function: types.FunctionType, own: Own = is_users_own) -> bool:
    """Whether a function itself, whatever it wraps, is the user's own."""
    return own(types.FunctionType(function.__code__, {}, closure=function.__closure__))


def _validators(cls: type, own: Own) -> Iterator[types.FunctionType]:
    """The user's functions that Pydantic calls to make a model."""
    if not issubclass(cls, BaseModel):
        return
    kinds = cls.__pydantic_decorators__
    for each in (kinds.validators, kinds.field_validators, kinds.model_validators):
        for decorator in each.values():
            function: Any = getattr(decorator.func, "__func__", decorator.func)
            yield from _unwrapped(function, own)


def _factories(call: Any) -> Iterator[Any]:
    """What a dataclass calls for a field that is not given."""
    if not isinstance(call, type) or not dataclasses.is_dataclass(call):
        return
    for each in dataclasses.fields(call):
        if each.default_factory is not dataclasses.MISSING and not isinstance(
            each.default_factory, type
        ):
            yield each.default_factory
