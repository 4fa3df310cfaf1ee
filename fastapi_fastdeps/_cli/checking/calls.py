"""The calls that the source of a callable makes, as far as they can be resolved to objects."""

import ast
import builtins
import functools
import inspect
import io
import sqlite3
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import params

from fastapi_fastdeps._reading.source import Function, definition_of
from fastapi_fastdeps.errors import is_users_own

_DEEP = 12
_NOTHING: Any = object()


@dataclass(frozen=True, slots=True)
class Of:
    """An instance of a class, of which nothing else is known."""

    kind: type


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was resolved.

    Attributes:
        target: the function, class or descriptor that is called.
        owner: the object or `Of` that a method was read from, `None` for what is no method.
        node: the call; how its arguments are written.
        places: `file`, `line` of the call, then of those that led to it.
    """

    target: Any
    owner: Any
    name: str
    node: ast.Call
    places: tuple[tuple[str, int], ...]


def calls_of(call: Callable[..., Any]) -> Iterator[Call]:
    """The calls that happen when `call` is called, those in the user's own functions that it
    calls included."""
    yield from _Walk().entered(call, (), 0)


@dataclass
class _Walk:
    seen: set[types.CodeType] = field(default_factory=set[types.CodeType])

    def entered(self, call: Any, places: tuple[tuple[str, int], ...], depth: int) -> Iterator[Call]:
        for function, owner in functions_of(call):
            if function.__code__ in self.seen or depth > _DEEP:
                continue
            self.seen.add(function.__code__)
            found = definition_of(function)
            if found is not None and not isinstance(found[0], ast.AsyncFunctionDef):
                yield from self._in(_Frame(function, found[0], owner), places, depth)

    def _in(
        self, frame: "_Frame", places: tuple[tuple[str, int], ...], depth: int
    ) -> Iterator[Call]:
        file = frame.function.__code__.co_filename
        for node in frame.calls():
            target, owner, name = frame.called(node)
            if target is _NOTHING:
                continue
            here = ((file, node.lineno), *places)
            yield Call(target, owner, name, node, here)
            if _is_entered(target):
                yield from self.entered(target, here, depth + 1)


def _is_entered(target: Any) -> bool:
    if isinstance(target, type):
        return is_users_own(target)
    if isinstance(target, types.MethodType):
        target = target.__func__
    target = inspect.unwrap(target) if callable(target) else target
    return isinstance(target, types.FunctionType) and is_users_own(target)


def functions_of(call: Any) -> Iterator[tuple[types.FunctionType, Any]]:
    """The functions that run when an object is called, and what their `self` is."""
    while isinstance(call, functools.partial):
        call = call.func
    call = typing.get_origin(call) or call
    if isinstance(call, types.MethodType):
        owner = call.__self__
        call = inspect.unwrap(call.__func__)
        if isinstance(call, types.FunctionType):
            yield call, owner
    elif isinstance(call, type):
        for name in ("__new__", "__init__", "__post_init__"):
            method = inspect.getattr_static(call, name, None)
            method = method.__func__ if isinstance(method, staticmethod) else method
            if isinstance(method, types.FunctionType):
                yield inspect.unwrap(method), Of(call)
    elif callable(call):
        call = inspect.unwrap(call)
        if isinstance(call, types.FunctionType):
            yield call, None
        else:
            method = inspect.getattr_static(class_of(call), "__call__", None)
            if isinstance(method, types.FunctionType):
                yield inspect.unwrap(method), call


class _Frame:
    """A function, and what its names are known to mean."""

    def __init__(self, function: types.FunctionType, node: Function, owner: Any) -> None:
        self.function = function
        self.node = node
        self.names: dict[str, Any] = {}
        closed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        for name, cell in closed:
            try:
                self.names[name] = cell.cell_contents
            except ValueError:
                self.names[name] = _NOTHING
        self._parameters(owner)
        for each in _inside(node):
            self._bound_by(each)

    def calls(self) -> Iterator[ast.Call]:
        found = [each for each in _inside(self.node) if isinstance(each, ast.Call)]
        yield from sorted(found, key=lambda node: (node.lineno, node.col_offset))

    def called(self, node: ast.Call) -> tuple[Any, Any, str]:
        """What a call calls, on what, and by which name."""
        if isinstance(node.func, ast.Attribute):
            owner = self.value(node.func.value)
            return _attribute(owner, node.func.attr), owner, node.func.attr
        if isinstance(node.func, ast.Name):
            found = self.value(node.func)
            return _NOTHING if isinstance(found, Of) else found, None, node.func.id
        return _NOTHING, None, ""

    def value(self, node: ast.expr) -> Any:
        """An object, an `Of`, or `_NOTHING`."""
        match node:
            case ast.Name(id=name):
                if name in self.names:
                    return self.names[name]
                if name in self.function.__code__.co_varnames:
                    return _NOTHING
                missing = getattr(builtins, name, _NOTHING)
                return self.function.__globals__.get(name, missing)
            case ast.Attribute(value=value, attr=attr):
                return _attribute(self.value(value), attr)
            case ast.Call():
                return _result(self.called(node))
            case ast.Constant(value=value):
                return Of(type(value))
            case ast.IfExp(body=body):
                return self.value(body)
            case ast.BinOp(op=ast.Div(), left=left):
                return self.value(left)
            case _:
                return _NOTHING

    def _parameters(self, owner: Any) -> None:
        arguments = self.node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        for each in (*names, *(each.arg for each in arguments.kwonlyargs)):
            self.names[each] = _NOTHING
        hints = _hints(self.function)
        for name in self.names:
            if name in hints:
                self.names[name] = _instance(hints[name])
        if owner is not None and names:
            self.names[names[0]] = owner

    def _bound_by(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._bind(name, self.value(value))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._bind(name, self.value(value))
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._bind(name, self.value(value))
            case ast.withitem(context_expr=value, optional_vars=ast.Name(id=name)):
                self._bind(name, _entered(self.value(value)))
            case ast.Import():
                for alias in node.names:
                    self._bind(alias.asname or alias.name.partition(".")[0], _module(alias))
            case ast.ImportFrom(module=str(module), level=0):
                for alias in node.names:
                    found = getattr(_loaded(module), alias.name, _NOTHING)
                    self._bind(alias.asname or alias.name, found)
            case _:
                pass

    def _bind(self, name: str, value: Any) -> None:
        """What is bound to different things means nothing that is known."""
        known = self.names.get(name, value)
        self.names[name] = value if known is value or known == value else _NOTHING


def _inside(function: Function) -> Iterator[ast.AST]:
    """What stands in a function in its order, without the functions in it."""
    body = function.body if isinstance(function.body, list) else [function.body]
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def class_of(what: object) -> type[Any]:
    """A class itself, and of anything else its class."""
    return what if inspect.isclass(what) else type(what)


def _is_classmethod(what: object) -> bool:
    return isinstance(what, classmethod)


def _attribute(owner: Any, name: str) -> Any:
    if owner is _NOTHING:
        return _NOTHING
    if isinstance(owner, types.ModuleType):
        return vars(owner).get(name, _NOTHING)
    if not isinstance(owner, Of | type):
        held = getattr(owner, "__dict__", {}).get(name, _NOTHING)
        if held is not _NOTHING:
            return held
    kind = (
        owner.kind if isinstance(owner, Of) else owner if isinstance(owner, type) else type(owner)
    )
    found = inspect.getattr_static(kind, name, _NOTHING)
    if found is _NOTHING:
        return _field(kind, name)
    if isinstance(found, property | functools.cached_property):
        getter = found.fget if isinstance(found, property) else found.func
        return _instance(_hints(getter).get("return"))
    if _is_classmethod(found):
        return types.MethodType(found.__func__, kind)
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, types.FunctionType) and not isinstance(owner, type):
        return types.MethodType(found, owner)
    return found


def _field(kind: type, name: str) -> Any:
    """What a class says of its attribute, or its constructor assigns to it."""
    annotated = _instance(_hints(kind).get(name))
    if annotated is not _NOTHING:
        return annotated
    method = inspect.getattr_static(kind, "__init__", None)
    found = definition_of(method) if isinstance(method, types.FunctionType) else None
    if found is None or not isinstance(method, types.FunctionType):
        return _NOTHING
    frame = _Frame(method, found[0], None)
    for node in _inside(found[0]):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)], value=value
            ) if attr == name:
                return frame.value(value)
            case _:
                pass
    return _NOTHING


def _result(called: tuple[Any, Any, str]) -> Any:
    target, owner, name = called
    if target is _NOTHING:
        return _NOTHING
    if isinstance(target, type):
        return Of(target)
    for function, kind in _MADE_BY:
        if target is function:
            return Of(kind)
    made = _HANDED_ON.get((_name_of_owner(owner), name))
    if made == "self":
        return owner
    return _instance(_hints(target).get("return"))


_MADE_BY = ((open, io.TextIOWrapper), (sqlite3.connect, sqlite3.Connection))
_HANDED_ON = {
    ("sqlalchemy.orm.query.Query", name): "self"
    for name in ("filter", "filter_by", "order_by", "options", "join", "limit", "offset")
}


def _name_of_owner(owner: Any) -> str:
    kind = owner.kind if isinstance(owner, Of) else type(owner)
    return f"{kind.__module__}.{kind.__qualname__}"


def _entered(value: Any) -> Any:
    kind: Any = value.kind if isinstance(value, Of) else type(value)
    return value if hasattr(kind, "__enter__") else _NOTHING


def _instance(annotation: Any) -> Any:
    """An instance of what an annotation names, if that is one class."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        rest = [each for each in typing.get_args(annotation) if each is not type(None)]
        return _instance(rest[0]) if len(rest) == 1 else _NOTHING
    kind = origin or annotation
    if isinstance(kind, type) and kind is not object and kind is not params.Depends:
        return Of(kind)
    return _NOTHING


def _hints(what: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(what, include_extras=True)
    except Exception:
        # A name that only type checkers see.
        return {}


def _loaded(module: str) -> Any:
    return sys.modules.get(module)


def _module(alias: ast.alias) -> Any:
    name = alias.name if alias.asname else alias.name.partition(".")[0]
    return _loaded(name) or _NOTHING
