"""What the names in a function are known to mean, without running it."""

import ast
import builtins
import contextlib
import copy
import functools
import inspect
import types
import typing
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import PurePath
from typing import Any

from fastapi import params
from pydantic.fields import FieldInfo
from typing_extensions import is_protocol

from fastapi_fastdeps._cli.checking.bindings import Bindings, Place, end_of, inside, is_of_itself
from fastapi_fastdeps._cli.checking.hints import hints_of, imports, instance
from fastapi_fastdeps._cli.checking.results import is_manager, managed, result
from fastapi_fastdeps._cli.checking.values import (
    NOTHING,
    Of,
    Parent,
    class_of,
    interned,
    is_none,
    is_same,
)
from fastapi_fastdeps._reading.once import once
from fastapi_fastdeps._reading.source import Function, definition_of

Own = Callable[[Any], bool]
"""Whether the source of a callable is looked into."""
Given = tuple[tuple[int | str, Of], ...]
"""What is known of the arguments of a call, by position or name."""

_DEEP = 12


class Frame:
    """A function, and what its names are known to mean."""

    def __init__(
        self, function: types.FunctionType, node: Function, owner: Any, own: Own, given: Given = ()
    ) -> None:
        """`given` is what is known of the arguments of the call, for what the function says nothing
        of, or less."""
        self.function = function
        self.nodes = list(inside(node))
        self._node = node
        self._owner = owner
        self._own = own
        self._names: dict[str, Any] = {}
        self._bindings = Bindings()
        closed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=False)
        for name, cell in closed:
            try:
                self._names[name] = cell.cell_contents
            except ValueError:
                self._names[name] = NOTHING
        self._parameters(dict(given))
        for each in self.nodes:
            self._bound_by(each)

    def called(self, node: ast.Call) -> tuple[Any, Any, str]:
        """What a call calls, on what, and by which name."""
        if isinstance(node.func, ast.Attribute):
            owner = self.value(node.func.value)
            return self.attribute(owner, node.func.attr), owner, node.func.attr
        found = self.value(node.func)
        if isinstance(found, Of):
            found = _attribute_of_class(found.kind, "__call__", found, self._own)
        return found, None, node.func.id if isinstance(node.func, ast.Name) else ""

    def attribute(self, owner: Any, name: str) -> Any:
        """What reading an attribute gives."""
        return attribute(owner, name, self._own)

    def given(self, arguments: Iterable[tuple[int | str | None, ast.expr]]) -> Given:
        """What is known of arguments, up to one that stands for several."""
        found: list[tuple[int | str, Of]] = []
        for key, argument in arguments:
            if isinstance(argument, ast.Starred) or key is None:
                break
            value = self.value(argument)
            if isinstance(value, Of):
                found.append((key, value))
        return _one(*(part for key, value in found for part in (key, interned(value))))

    def value(self, node: ast.expr) -> Any:
        """An object, an `Of`, a `Parent`, or `NOTHING`."""
        match node:
            case ast.Name(id=name):
                return self._meaning(name, (node.lineno, node.col_offset))
            case ast.Attribute(value=value, attr=attr):
                return self.attribute(self.value(value), attr)
            case ast.Call():
                return self._result(node)
            case ast.Constant(value=value):
                return Of(type(value))
            case ast.JoinedStr():
                return Of(str)
            case ast.IfExp(body=body, orelse=orelse):
                return self._first_of(body, orelse)
            case ast.BoolOp(op=ast.Or(), values=values):
                return self._first_of(*values)
            case ast.NamedExpr(value=value):
                return self.value(value)
            case ast.BinOp(op=ast.Div(), left=left):
                return self.value(left)
            case ast.List(elts=[first, *_]) | ast.ListComp(elt=first):
                return Of(list, self.value(first))
            case ast.GeneratorExp(elt=first):
                return Of(Generator, self.value(first))
            case ast.Subscript(value=value, slice=index):
                owner = self.value(value)
                kind = owner.kind if isinstance(owner, Of) else object
                is_item = issubclass(kind, list | tuple) and not isinstance(index, ast.Slice)
                return owner.items if is_item else NOTHING
            case _:
                return NOTHING

    def _first_of(self, *nodes: ast.expr) -> Any:
        for each in nodes:
            value = self.value(each)
            if value is not NOTHING and not is_none(value):
                return value
        return NOTHING

    def _meaning(self, name: str, place: Place) -> Any:
        """What a name means at a place: what was bound to it last before, in the order in which
        that is written."""
        for value in self._bindings.before(name, place):
            return value
        if name in self._names:
            return self._names[name]
        for value in self._bindings.after(name):
            return value
        if name in self.function.__code__.co_varnames:
            return NOTHING
        missing = getattr(builtins, name, NOTHING)
        return self.function.__globals__.get(name, missing)

    def _result(self, node: ast.Call) -> Any:
        target, owner, name = self.called(node)
        if target is super:
            return self._parent()
        first = node.args[0] if node.args else None
        if first is not None and (made := self._made_of(target, name, first, node)) is not NOTHING:
            return made
        known = result(target, owner, name)
        if known is NOTHING or is_same(known, _MANAGED):
            named = ((each.arg, each.value) for each in node.keywords)
            value = given_by(target, self._own, self.given((*enumerate(node.args), *named)))
            return known if value is NOTHING else value
        return known

    def _made_of(self, target: Any, name: str, first: ast.expr, node: ast.Call) -> Any:
        """What is given by what gives something of its first argument."""
        if target is functools.partial or target is functools.lru_cache or target is copy.copy:
            return self.value(first)
        if target is map:
            made = self.value(first)
            return Of(map, Of(made) if isinstance(made, type) else NOTHING)
        if target is typing.cast and len(node.args) == 2:
            return instance(self.value(first))
        if target is type and len(node.args) == 1:
            value = self.value(first)
            return NOTHING if value is NOTHING else class_of(value)
        if target is next or name == "enter_context":
            value = self.value(first)
            return _items(value) if target is next else _entered(value)
        if target is getattr and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            return self.attribute(self.value(first), str(node.args[1].value))
        if any(target is each for each in _GOING_THROUGH):
            return Of(target, _items(self.value(first)))
        if target is contextlib.closing or target is contextlib.nullcontext:
            return managed(Of(Generator, self.value(first)))
        return NOTHING

    def _parent(self) -> Any:
        owner = self._owner
        cls = self._names.get("__class__", NOTHING)
        if owner is None or not isinstance(cls, type):
            return NOTHING
        return Parent(cls, owner)

    def _parameters(self, given: Mapping[int | str, Of]) -> None:
        arguments = self._node.args
        names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
        hints = hints_of(self.function)
        defaults = dict(
            zip(reversed(names), reversed(self.function.__defaults__ or ()), strict=False)
        )
        defaults.update(self.function.__kwdefaults__ or {})
        for each in (*names, *(each.arg for each in arguments.kwonlyargs)):
            self._names[each] = instance(hints.get(each))
            if self._names[each] is NOTHING:
                self._names[each] = self._of_dependency(hints.get(each), defaults.get(each))
        if self._owner is not None and names:
            self._names[names.pop(0)] = self._owner
        by_name = {each.arg for each in (*arguments.args, *arguments.kwonlyargs)}
        for key, value in given.items():
            if isinstance(key, str):
                name = key if key in by_name else ""
            else:
                name = names[key] if key < len(names) else ""
            known = self._names.get(name)
            if known is NOTHING or (isinstance(known, Of) and _says_less(known.kind, value.kind)):
                self._names[name] = value

    def _of_dependency(self, hint: Any, default: Any) -> Any:
        """What a parameter is given by its dependency."""
        for each in (*getattr(hint, "__metadata__", ()), default):
            if isinstance(each, params.Depends) and each.dependency is not None:
                value = result(each.dependency, None, "")
                if value is NOTHING:
                    value = given_by(each.dependency, self._own)
                is_yielded = inspect.isgeneratorfunction(inspect.unwrap(each.dependency))
                return _items(value) if is_yielded else value
        return NOTHING

    def _bound_by(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value, end_of(node))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                told = self.value(value)
                if told is NOTHING:
                    told = instance(self.evaluated(node.annotation))
                self._bindings.bind(name, told, end_of(node))
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._bindings.bind(name, self.value(value), end_of(node))
            case ast.For(target=target, iter=value):
                self._bindings.unpack(target, _items(self.value(value)), end_of(value))
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for each in node.generators:
                    place = (node.lineno, node.col_offset)
                    self._bindings.unpack(
                        each.target, _items(self.value(each.iter)), place, end_of(node)
                    )
            case ast.withitem(context_expr=value, optional_vars=ast.expr() as target):
                self._bindings.unpack(target, _entered(self.value(value)), end_of(target))
            case ast.Import() | ast.ImportFrom():
                for name, found in imports(node, self.function.__globals__).items():
                    self._bindings.bind(name, found, end_of(node))
            case _:
                pass

    def evaluated(self, annotation: ast.expr) -> Any:
        if isinstance(annotation, ast.Subscript):
            annotation = annotation.value
        value = self.value(annotation)
        return value if isinstance(value, type) else None

    def _assign(self, target: ast.expr, value: ast.expr, place: Place) -> None:
        match target, value:
            case ast.Name(id=name), _:
                given = self.value(value)
                if given is NOTHING and is_of_itself(name, value):
                    return
                self._bindings.bind(name, given, place)
            case (
                (ast.Tuple(elts=names) | ast.List(elts=names)),
                (ast.Tuple(elts=values) | ast.List(elts=values)),
            ) if len(names) == len(values):
                for each, given in zip(names, values, strict=True):
                    self._assign(each, given, place)
            case _:
                self._bindings.unpack(target, NOTHING, place)


def _says_less(known: type, given: type) -> bool:
    """Whether a class is another one's base, or a protocol, of which nothing is known."""
    return known in given.__mro__ or is_protocol(known)


_GOING_THROUGH = (list, set, tuple, frozenset, reversed, enumerate)
_MANAGED = managed(NOTHING)


@once
def _one(*parts: Any) -> Given:
    """The same object for what says the same, within one question."""
    return tuple(zip(parts[::2], parts[1::2], strict=True))


def given_by(call: Any, own: Own, given: Given = ()) -> Any:
    """What a function gives that does not say so, by what it returns or yields."""
    target = inspect.unwrap(call) if callable(call) else call
    owner = target.__self__ if isinstance(target, types.MethodType) else None
    function = target.__func__ if isinstance(target, types.MethodType) else target
    if not isinstance(function, types.FunctionType) or not own(function):
        return NOTHING
    with _asking(function) as may_ask:
        value = _returned(function, interned(owner), own, given) if may_ask else NOTHING
    return managed(value) if is_manager(call) and value is not NOTHING else value


@once
def _returned(function: types.FunctionType, owner: Any, own: Own, given: Given) -> Any:
    found = definition_of(function)
    if found is None or isinstance(found[0], ast.AsyncFunctionDef):
        return NOTHING
    return _given_in(Frame(function, found[0], owner, own, given), found[0])


@contextlib.contextmanager
def _asking(function: types.FunctionType) -> Generator[bool]:
    """Functions may ask each other what they give, in a circle."""
    code = function.__code__
    if code in _asked or len(_asked) >= _DEEP:
        yield False
        return
    _asked.append(code)
    try:
        yield True
    finally:
        _asked.remove(code)


_asked: list[types.CodeType] = []


def _given_in(frame: Frame, node: Function) -> Any:
    yielded: list[Any] = []
    returned: list[Any] = [frame.value(node.body)] if isinstance(node, ast.Lambda) else []
    for each in frame.nodes:
        if isinstance(each, ast.Yield) and each.value is not None:
            yielded.append(frame.value(each.value))
        elif isinstance(each, ast.Return) and each.value is not None:
            returned.append(frame.value(each.value))
    values = yielded or returned
    known = [each for each in values if each is not NOTHING and not is_none(each)]
    if not known or not all(is_same(known[0], each) for each in known):
        return NOTHING
    return Of(Generator, known[0]) if yielded else known[0]


def attribute(owner: Any, name: str, own: Own) -> Any:
    """What reading an attribute gives."""
    if owner is NOTHING:
        return NOTHING
    if isinstance(owner, types.ModuleType):
        return vars(owner).get(name, NOTHING)
    if isinstance(owner, Parent):
        mro = class_of(owner.on).__mro__
        after = mro[mro.index(owner.cls) + 1 :] if owner.cls in mro else ()
        found = next((vars(base)[name] for base in after if name in vars(base)), NOTHING)
        return _bound(found, owner.on, class_of(owner.on))
    if not isinstance(owner, Of | type):
        held = getattr(owner, "__dict__", {}).get(name, NOTHING)
        if held is not NOTHING:
            return held
    return _attribute_of_class(class_of(owner), name, owner, own)


def _attribute_of_class(kind: type[Any], name: str, owner: Any, own: Own) -> Any:
    if name == "parent" and PurePath in kind.__mro__:
        return owner
    if name == "__class__":
        return kind
    found = inspect.getattr_static(kind, name, NOTHING)
    if found is NOTHING:
        return _field(kind, name, own)
    if (getter := getter_of(found)) is not None:
        value = result(getter, owner, name)
        return given_by(types.MethodType(getter, owner), own) if value is NOTHING else value
    if found is None or isinstance(found, types.MemberDescriptorType | FieldInfo):
        value = _field(kind, name, own)
        return found if value is NOTHING else value
    return _bound(found, owner, kind)


def getter_of(found: object) -> types.FunctionType | None:
    """The function that runs where a property is read."""
    getter: Any = None
    if isinstance(found, property):
        getter = found.fget
    elif isinstance(found, functools.cached_property):
        getter = found.func
    return getter if isinstance(getter, types.FunctionType) else None


def _bound(found: Any, owner: Any, kind: type) -> Any:
    if _is_classmethod(found):
        return types.MethodType(found.__func__, kind)
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, types.FunctionType) and not isinstance(owner, type):
        return types.MethodType(_only_one(found, kind), owner)
    return found


def _only_one(found: types.FunctionType, kind: type) -> types.FunctionType:
    """A method, or what stands for an abstract one in the one class that has it."""
    if not getattr(found, "__isabstractmethod__", False):
        return found
    derived: list[type[Any]] = [*type.__subclasses__(kind)]
    for each in derived:
        derived += type.__subclasses__(each)
    methods = {vars(each).get(found.__name__): None for each in derived}
    functions = [
        each
        for each in methods
        if isinstance(each, types.FunctionType) and not hasattr(each, "__isabstractmethod__")
    ]
    return functions[0] if len(functions) == 1 else found


def _is_classmethod(what: object) -> bool:
    return isinstance(what, classmethod)


@once
def _field(kind: type, name: str, own: Own) -> Any:
    """What a class says of its attribute, or its constructors assign to it."""
    annotated = instance(hints_of(kind).get(name))
    if annotated is not NOTHING:
        return annotated
    for base in kind.__mro__:
        method = vars(base).get("__init__")
        found = definition_of(method) if isinstance(method, types.FunctionType) else None
        if found is None or not isinstance(method, types.FunctionType):
            continue
        with _asking(method) as may_ask:
            value = NOTHING
            if may_ask:
                value = _assigned(Frame(method, found[0], Of(kind), own), name)
        if value is not NOTHING:
            return value
    return NOTHING


def _assigned(frame: Frame, name: str) -> Any:
    """What a constructor assigns to an attribute of `self`."""
    for node in frame.nodes:
        match node:
            case (
                ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)], value=value
                )
                | ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id="self"), attr=attr),
                    value=value,
                )
            ) if attr == name and value is not None:
                found = frame.value(value)
                if found is NOTHING and isinstance(node, ast.AnnAssign):
                    found = instance(frame.evaluated(node.annotation))
                if found is not NOTHING and not is_none(found):
                    return found
            case _:
                pass
    return NOTHING


def _entered(value: Any) -> Any:
    """What `with ... as` gives."""
    if isinstance(value, Of) and value.kind is contextlib.AbstractContextManager:
        return value.items
    kind = class_of(value)
    method = inspect.getattr_static(kind, "__enter__", None)
    if method is None:
        return NOTHING
    told = hints_of(method).get("return") if isinstance(method, types.FunctionType) else None
    entered = instance(told)
    return value if entered is NOTHING else entered


def _items(value: Any) -> Any:
    """What going through something gives; of a list that there is, what stands in it first."""
    if isinstance(value, Of):
        return value.items
    if type(value) in (list, tuple) and value:
        first: Any = value[0]
        return first if isinstance(first, type | types.FunctionType) else Of(class_of(first))
    return NOTHING
