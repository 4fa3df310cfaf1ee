"""Questions about classes and values that run nothing of the user's."""

import ast
import dataclasses
import inspect
import re
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading.once import once
from fastapi_fastdeps._reading.shapes import family, of_object
from fastapi_fastdeps._reading.sizes import Bound
from fastapi_fastdeps._reading.source import (
    Module,
    is_mutated_anywhere,
    is_reassigned_anywhere,
    module_of,
)
from fastapi_fastdeps._reading.values import (
    INT,
    LONG,
    UNKNOWN,
    Data,
    DataMethod,
    Instance,
    Known,
    Method,
    Nothing,
    Super,
    Value,
    either,
    is_enum,
    is_plain,
    options,
)

_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "EnumType", "ModelMetaclass", "type"})
_METACLASS_MODULES = ("abc", "builtins", "enum", "pydantic")
_DEEP = 5
_LIBRARIES = frozenset({"abc", "builtins", "enum", "fastapi", "pydantic", "starlette", "typing"})


def is_usual(metaclass: type[Any]) -> bool:
    """Whether a metaclass is one of Python's or Pydantic's own."""
    return (
        metaclass.__name__ in _METACLASSES
        and metaclass.__module__.partition(".")[0].lstrip("_") in _METACLASS_MODULES
    )


def is_builtin(found: object) -> bool:
    """Whether a special method is one that Python has in C."""
    return isinstance(found, types.WrapperDescriptorType)


def is_made_plainly(cls: type[Any]) -> bool:
    """Whether the `__new__` of a class is that of `object` or of Python's own exceptions."""
    made = inspect.getattr_static(cls, "__new__")
    if made is inspect.getattr_static(object, "__new__"):
        return True
    return issubclass(cls, BaseException) and not any(
        "__new__" in vars(base) for base in cls.__mro__ if base.__module__ != "builtins"
    )


def is_dataclass_init(cls: type[Any], function: types.FunctionType) -> bool:
    """Whether a constructor is the one that `dataclass` has written."""
    owner = next(base for base in cls.__mro__ if vars(base).get("__init__") is function)
    fields = vars(owner).get("__dataclass_fields__")
    if fields is None or not vars(owner)["__dataclass_params__"].init:
        return False
    # Those of a class that inherits the constructor may be others.
    if set(getattr(cls, "__dataclass_fields__", ())) != set(fields):
        return False
    code = function.__code__
    known = {*fields, "__post_init__", "object", "__setattr__", "_HAS_DEFAULT_FACTORY"}
    names = {*code.co_names, *code.co_freevars}
    return code.co_filename == "<string>" and all(
        name in known or name.startswith(("__dataclass_", "_dflt_", "_type_", "MISSING"))
        for name in names
    )


def arguments_alone(cls: type[Any]) -> list[str]:
    """What the constructor of a dataclass takes and hands on to `__post_init__`."""
    own = {each.name for each in dataclasses.fields(cls)}
    code = inspect.getattr_static(cls, "__init__").__code__
    taken = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return [name for name in cls.__dataclass_fields__ if name in taken and name not in own]


def is_frozen(cls: type[Any]) -> bool:
    """Whether a class is a frozen dataclass, whose constructor goes round `__setattr__`."""
    parameters = getattr(cls, "__dataclass_params__", None)
    return dataclasses.is_dataclass(cls) and parameters is not None and parameters.frozen


def is_tuple_getter(found: object) -> bool:
    """Whether a descriptor reads a place of a named tuple."""
    return type(found).__name__ == "_tuplegetter" and type(found).__module__ == "_collections"


def is_model(value: Value) -> bool:
    """Whether a value is a model that Pydantic takes as it is."""
    return all(
        isinstance(each, Instance) and issubclass(each.cls, BaseModel) for each in options(value)
    )


def reads_plainly(cls: type[Any]) -> bool:
    """Whether reading an attribute of an instance looks into nothing but its class and itself."""
    getter = inspect.getattr_static(cls, "__getattr__", None)
    own = inspect.getattr_static(BaseModel, "__getattr__", None)
    reader = inspect.getattr_static(cls, "__getattribute__")
    return is_builtin(reader) and (getter is None or getter is own)


def sets_plainly(cls: type[Any]) -> bool:
    """Whether assigning an attribute of an instance does no more than that."""
    return is_builtin(inspect.getattr_static(cls, "__setattr__"))


@once
def sources_of(cls: type[Any]) -> list[Module] | None:
    """The modules in which a class and its bases are written; `None` where one is not there."""
    found: list[Module] = []
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] in _LIBRARIES:
            continue
        module = sys.modules.get(base.__module__)
        file = getattr(module, "__file__", None)
        source = module_of(file, vars(module)) if module is not None and file else None
        if source is None:
            return None
        found.append(source)
    return found


@once
def stability(cls: type[Any], name: str) -> bool | None:
    """Whether what is in an attribute stays as it is; `None` where the attribute is assigned
    outside of constructors, or might be."""
    sources = sources_of(cls)
    if sources is None or any(name in source.reassigned for source in sources):
        return None
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    if is_reassigned_anywhere(name, file):
        return None
    is_mutated = any(f".{name}" in source.mutated for source in sources)
    return not is_mutated and not is_mutated_anywhere(name, file)


def of_known(what: Any, cls: type[Any], name: str) -> Value:
    """What an object that exists has in an attribute."""
    stable = stability(cls, name)
    if stable is None:
        return UNKNOWN
    found = inspect.getattr_static(cls, name, None)
    if isinstance(found, types.MemberDescriptorType):
        try:
            value = found.__get__(what, cls)
        except AttributeError:
            return UNKNOWN
        return _loose(of_object(value, stable=stable))
    try:
        namespace: Mapping[str, Any] = object.__getattribute__(what, "__dict__")
    except AttributeError:
        return UNKNOWN
    if name not in namespace:
        return UNKNOWN
    return _loose(of_object(namespace[name], stable=stable))


def _loose(value: Value) -> Value:
    """Another value of the same type may come to be there."""
    if not isinstance(value, Data) or value.box is not None:
        return value
    if value.kind is int:
        return INT
    return Data(value.kind, Bound(1000, 1) if value.kind in LONG else value.given)


def unstable(what: Any) -> Value:
    """The shape of an object whose items somebody may change."""
    return of_object(what, stable=False)


def caught(value: Value) -> Value:
    """What `except ... as` gives."""
    if isinstance(value, Known) and isinstance(value.what, type):
        return Instance(value.what, exact=False)
    if isinstance(value, Data) and value.box is not None:
        return either(map(caught, options(value.box.items)))
    return Instance(BaseException, exact=False)


def is_simple(pattern: ast.pattern) -> bool:
    """Whether a pattern of `match` compares, and does nothing else."""
    match pattern:
        case ast.MatchValue() | ast.MatchSingleton():
            return True
        case ast.MatchOr():
            return all(map(is_simple, pattern.patterns))
        case ast.MatchAs():
            return pattern.pattern is None or is_simple(pattern.pattern)
        case _:
            return False


def width_of(spec: str) -> int | None:
    """How many characters a format asks for, besides what is formatted; `None` for any number."""
    if "*" in spec:
        return None
    return sum(map(int, re.findall(r"\d{1,9}", spec)))


def is_written(value: Value) -> bool:
    """Whether a value is a short text that is written in the source."""
    return (
        isinstance(value, Data)
        and isinstance(value.constant, str)
        and len(value.constant) <= 100
        and (width_of(value.constant) or 0) <= 100
    )


def compares_by_identity(value: Value) -> bool:
    """Whether comparing a value, and hashing it, does no more than to look at which it is."""
    if isinstance(value, Known):
        return not isinstance(value.what, type) or is_usual(type(value.what))
    if is_plain(value):
        return True
    if not isinstance(value, Instance):
        return False
    return all(
        inspect.getattr_static(each, name) is inspect.getattr_static(object, name)
        for each in ([value.cls] if value.exact else family(value.cls))
        for name in ("__eq__", "__ne__", "__hash__", "__lt__", "__gt__", "__le__", "__ge__")
    )


def formats_plainly(value: Value) -> bool:
    """Whether a value becomes text by Python's own means."""
    if is_plain(value):
        return True
    return all(
        (isinstance(each, Known) and _is_named_plainly(each.what))
        or (isinstance(each, Instance) and is_enum(each.cls))
        or is_plain(each)
        for each in options(value)
    )


def _is_named_plainly(what: Any) -> bool:
    """Whether the `repr` of a function or class runs no code of the user's."""
    if isinstance(what, type):
        return is_usual(type(what))
    return kind_of(what) in (types.FunctionType, types.BuiltinFunctionType)


def text_of(node: ast.AST | None, part: str = "") -> str:
    """How something is written, for a message."""
    if part and node is not None:
        node = getattr(node, part, node)
    if isinstance(node, ast.Call):
        node = node.func
    if node is None:
        return "it"
    text = ast.unparse(node)
    return text if len(text) <= 40 else f"{text[:37]}..."


def shapes_of(variables: Mapping[str, Value]) -> dict[str, object]:
    """What variables look like, to tell whether another round of a loop made a difference."""
    return {name: _shape(value, _DEEP) for name, value in variables.items()}


def _inner(parts: Iterable[Value], depth: int) -> object:
    """What is in a value. Too deep in another one, it is never the same twice."""
    inside = list(parts)
    if inside and not depth:
        return object()
    return tuple(_shape(part, depth - 1) for part in inside)


def _shape(value: Value, depth: int) -> object:
    shapes: set[object] = set()
    for each in options(value):
        if isinstance(each, Data):
            inside = each.parts or ()
            if each.box is not None:
                inside = (*inside, each.box.items, each.box.keys)
            inner = _inner(inside, depth)
            constant = None if each.constant is Nothing.NOTHING else repr(each.constant)
            bounds = each.size, each.most, each.is_signed, each.is_grown
            shapes.add((each.kind, bounds, constant, inner))
        elif isinstance(each, Instance):
            inner = tuple(each.fields), _inner(each.fields.values(), depth)
            shapes.add((each.cls, id(each.known), each.within is None, inner))
        elif isinstance(each, Known):
            shapes.add(id(each.what))
        elif isinstance(each, Method | DataMethod | Super):
            called = each.name if isinstance(each, DataMethod) else type(each)
            shapes.add((called, getattr(each, "function", None), _inner([each.on], depth)))
        else:
            shapes.add(type(each).__name__)
    return frozenset(shapes)
