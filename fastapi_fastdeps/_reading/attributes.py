"""What reading and assigning attributes gives."""

import datetime
import functools
import inspect
import sys
import types
from ast import AST
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from starlette.datastructures import State
from starlette.responses import Response

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.frames import in_module
from fastapi_fastdeps._reading.handlers import context_variable, nothing, now, today
from fastapi_fastdeps._reading.inherited import leaves_alone
from fastapi_fastdeps._reading.looking import (
    is_builtin,
    is_dataclass_init,
    is_frozen,
    is_made_plainly,
    is_tuple_getter,
    is_usual,
    of_known,
    reads_plainly,
    sets_plainly,
    shapes_of,
    stability,
    text_of,
)
from fastapi_fastdeps._reading.sizes import STEP
from fastapi_fastdeps._reading.values import (
    CONTAINERS,
    NEVER,
    SCALARS,
    TEXT,
    UNKNOWN,
    Data,
    DataMethod,
    Instance,
    Known,
    Method,
    Nothing,
    Super,
    Value,
    container,
    either,
    is_enum,
    member_of,
    shared,
    unshared,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader


def attribute(reader: "Reader", value: Value, name: str, node: AST | None) -> Value:
    """What reading an attribute of one value gives."""
    match value:
        case Data():
            return _of_data(value, name)
        case Instance():
            return _of_instance(reader, value, name, node)
        case Known(what=types.ModuleType() as module) if type(module) is types.ModuleType:
            if module is datetime and name == "UTC":
                return Data(datetime.timezone)
            return in_module(module, name)
        case Known(what=type() as cls):
            return _of_class(reader, cls, name, node)
        case Super():
            return _of_super(reader, value, name, node)
        case Known(what=types.FunctionType()) if name in ("__name__", "__qualname__"):
            return vetted.SHORT
        case _:
            return reader.problem(node, f"reads .{name} of {text_of(node, 'value')}, not known")


def _of_data(value: Data, name: str) -> Value:
    for kind in value.kind.__mro__:
        if name in vetted.ATTRIBUTES.get(kind, ()):
            return vetted.ATTRIBUTES[kind][name]
    if value.kind is object:
        return UNKNOWN
    return DataMethod(name, value) if hasattr(value.kind, name) else NEVER


def _of_super(reader: "Reader", value: Super, name: str, node: AST | None) -> Value:
    on = value.on
    if not isinstance(on, Instance) or value.cls not in on.cls.__mro__:
        return reader.problem(node, "reads of a super() that it can't see")
    mro = on.cls.__mro__
    for base in mro[mro.index(value.cls) + 1 :]:
        if name not in vars(base):
            continue
        found = vars(base)[name]
        if isinstance(found, types.FunctionType):
            if name == "__init__" and is_dataclass_init(base, found):
                return reader.problem(node, "calls the constructor of a dataclass by super()")
            return Method(found, on)
        if name == "__init__" and is_builtin(found) and is_made_plainly(on.cls):
            return Known(nothing)
        break
    return reader.problem(node, f"calls super().{name}, which it can't see")


def _of_class(reader: "Reader", cls: type[Any], name: str, node: AST | None) -> Value:
    if not is_usual(type(cls)):
        return reader.problem(node, f"reads .{name} of {cls.__qualname__}")
    if name in ("__name__", "__qualname__", "__module__"):
        return vetted.SHORT
    if cls in vetted.NOW and name in ("now", "utcnow", "today"):
        return Known(today if name == "today" and cls is datetime.date else now)
    if cls is datetime.timezone and name == "utc":
        return Data(cls)
    found: Any = inspect.getattr_static(cls, name, None)
    if cls in SCALARS or cls in CONTAINERS:
        is_its_own = isinstance(found, types.MethodDescriptorType) and found.__objclass__ is cls
        return Known(found) if is_its_own else UNKNOWN
    members: dict[str, Any] = getattr(cls, "__members__", {})
    if is_enum(cls) and name in members:
        return member_of(cls)
    if is_enum(cls) and name == "__members__":
        # A view of a dict, of which nothing can be taken away.
        return container(dict, member_of(cls), STEP * 8 * (1 + len(members)), TEXT)
    if isinstance(found, staticmethod):
        return _plain_member(cls, name, found.__func__)
    if issubclass(kind_of(found), classmethod):
        return _class_method(cls, getattr(found, "__func__", None))
    if isinstance(found, types.FunctionType):
        return Known(found)
    if found is None or hasattr(kind_of(found), "__get__"):
        return UNKNOWN
    return _plain_member(cls, name, found)


def _class_method(cls: type[Any], function: object) -> Value:
    return Method(function, Known(cls)) if isinstance(function, types.FunctionType) else UNKNOWN


def _plain_member(cls: type[Any], name: str, found: Any) -> Value:
    stable = stability(cls, name)
    return UNKNOWN if stable is None else shapes.of_object(found, stable=stable)


def _of_instance(reader: "Reader", value: Instance, name: str, node: AST | None) -> Value:
    cls = value.cls
    vetted_value = shapes.attribute_of(cls, name)
    if vetted_value is not None:
        reader.goes_through([shapes.HEADERS], node)
        return vetted_value
    if issubclass(cls, State):
        return UNKNOWN if cls is State else reader.problem(node, f"reads .{name} of a State")
    if any(issubclass(cls, base) and name in shapes.METHODS[base] for base in shapes.METHODS):
        return DataMethod(name, value)
    if value.known is vetted.ENVIRONMENT and name == "get":
        return Known(vetted.GETENV)
    if type(value.known) is vetted.CONTEXT_VARIABLE and name in ("get", "set"):
        return Known(context_variable)
    if is_enum(cls) and name in ("value", "name", "_value_", "_name_"):
        members: dict[str, Any] = getattr(cls, "__members__", {})
        return either(shapes.of_object(getattr(each, name)) for each in members.values())
    if BaseException in cls.__mro__ and name in ("args", "status_code", "detail"):
        if all(map(partial(_has_plainly, name), shapes.family(cls))):
            return UNKNOWN
        return reader.problem(node, f"reads .{name} of {cls.__qualname__}, which it can't see")
    if not value.exact or not reads_plainly(cls):
        return reader.problem(node, f"reads .{name} of {cls.__qualname__}, which it can't see")
    return _of_plain_instance(reader, value, name, node)


def _has_plainly(name: str, cls: type[Any]) -> bool:
    """Whether an exception has an attribute where Python or FastAPI puts it."""
    found: Any = inspect.getattr_static(cls, name, None)
    is_pythons = found is vars(BaseException).get(name)
    return reads_plainly(cls) and (is_pythons or not hasattr(kind_of(found), "__get__"))


def _of_plain_instance(reader: "Reader", value: Instance, name: str, node: AST | None) -> Value:
    cls = value.cls
    found: Any = inspect.getattr_static(cls, name, Nothing.NOTHING)
    if isinstance(found, types.FunctionType):
        return UNKNOWN if _hides_method(value, name) else Method(found, value)
    if isinstance(found, property):
        if isinstance(found.fget, types.FunctionType):
            return reader.enter(found.fget, Arguments([value]), node)
        return reader.problem(node, f"reads the property .{name}")
    if isinstance(found, functools.cached_property):
        if isinstance(found.func, types.FunctionType) and sys.version_info >= (3, 12):
            return reader.enter(found.func, Arguments([value]), node)
        return reader.problem(node, f"reads the property .{name}")
    if issubclass(kind_of(found), classmethod):
        return _class_method(cls, getattr(found, "__func__", None))
    if isinstance(found, staticmethod):
        return _plain_member(cls, name, found.__func__)
    is_slot = isinstance(found, types.MemberDescriptorType) or is_tuple_getter(found)
    if found is not Nothing.NOTHING and not is_slot and hasattr(kind_of(found), "__get__"):
        return reader.problem(node, f"reads .{name} of {cls.__qualname__}, a descriptor")
    default = (
        [_plain_member(cls, name, found)] if found is not Nothing.NOTHING and not is_slot else []
    )
    values = [*_field(value, name), *default]
    return either(values) if values else UNKNOWN


def _is_of_response(cls: type[Any], name: str) -> bool:
    """Whether assigning an attribute of a response does no more than that: of the one that
    FastAPI has made for it."""
    return name in ("status_code", "background") and leaves_alone(cls, Response, name)


def _hides_method(value: Instance, name: str) -> bool:
    """Whether an instance may have an attribute of its own under the name of a method."""
    if value.known is Nothing.NOTHING:
        return bool(_field(value, name))
    try:
        own: Mapping[str, Any] = object.__getattribute__(value.known, "__dict__")
    except AttributeError:
        own = {}
    return name in own or stability(value.cls, name) is None


def _field(value: Instance, name: str) -> list[Value]:
    if value.known is not Nothing.NOTHING:
        return [of_known(value.known, value.cls, name)]
    if name in value.fields:
        if value.within is None and stability(value.cls, name) is None:
            return [UNKNOWN]
        return [value.fields[name]]
    if issubclass(value.cls, BaseModel) and name in value.cls.model_fields:
        return [shared(shapes.of_field(value.cls, name), value.share, value.size)]
    return []


def set_attribute(
    reader: "Reader", on: Value, name: str, new: Value, node: AST | None, *, frozen: bool = False
) -> None:
    """Assign an attribute; `frozen` where that goes round the class."""
    if isinstance(on, Data):
        return
    if not isinstance(on, Instance):
        reader.problem(node, f"assigns .{name} of {text_of(node, 'value')}, not known")
        return
    cls = on.cls
    if cls is State or (issubclass(cls, Response) and _is_of_response(cls, name)):
        return
    plain = sets_plainly(cls) or (frozen and is_frozen(cls))
    found: Any = inspect.getattr_static(cls, name, None)
    if isinstance(found, property) and isinstance(found.fset, types.FunctionType) and plain:
        reader.enter(found.fset, Arguments([on, new]), node)
        return
    is_slot = isinstance(found, types.MemberDescriptorType)
    if not on.exact or not plain or (hasattr(kind_of(found), "__set__") and not is_slot):
        reader.problem(node, f"assigns .{name} of {cls.__qualname__}, which it can't see")
        return
    if on.within is None:
        reader.problem(node, f"changes a {cls.__qualname__} that was there before")
        return
    reader.note("assigns")
    before = on.fields.get(name)
    after = unshared(new) if before is None else either([before, unshared(new)])
    on.fields[name] = after
    if before is None or shapes_of({name: before}) != shapes_of({name: after}):
        reader.changed(on.within)
