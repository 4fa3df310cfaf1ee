"""What making an object of a class takes."""

import dataclasses
import inspect
import types
from ast import AST
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.attributes import set_attribute
from fastapi_fastdeps._reading.inherited import leaves_alone
from fastapi_fastdeps._reading.looking import (
    arguments_alone,
    is_builtin,
    is_dataclass_init,
    is_made_plainly,
    is_model,
    is_usual,
    unstable,
)
from fastapi_fastdeps._reading.models import is_plain_model
from fastapi_fastdeps._reading.sizes import Bound, total
from fastapi_fastdeps._reading.values import (
    NEVER,
    NONE,
    UNKNOWN,
    Instance,
    Unknown,
    Value,
    either,
    is_enum,
    is_plain,
    member_of,
    options,
    size_of,
    unshared,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

_VALIDATION = 40
_MODEL = Bound(3000)


def construct(reader: "Reader", cls: type[Any], given: Arguments, node: AST | None) -> Value:
    """What calling a class gives."""
    name = cls.__qualname__
    if id(cls) in vetted.CONSTRUCTORS:
        if given.is_open or not all(map(is_plain, given.all)):
            return reader.problem(node, f"makes {name} of what is not known to be plain data")
        reader.goes_through(given.all, node, 8)
        return vetted.CONSTRUCTORS[id(cls)]
    if not is_usual(type(cls)):
        return reader.problem(node, f"makes {name}, whose metaclass it can't see through")
    if any("__del__" in vars(base) for base in cls.__mro__):
        return reader.problem(node, f"makes {name}, which has a __del__")
    if is_enum(cls):
        if given.is_open or not all(map(is_plain, given.all)):
            return reader.problem(node, f"looks up {name} by what is not plain data")
        reader.goes_through(given.all, node)
        return member_of(cls)
    if issubclass(cls, BaseModel):
        return _model(reader, cls, given, node)
    if cls in vetted.RESPONSES:
        if given.is_open or not all(map(is_plain, given.all)):
            return reader.problem(node, f"makes {name} of what is not plain data")
        reader.goes_through(given.all, node, 4)
        return _instance(reader, cls)
    if tuple in cls.__mro__ and hasattr(cls, "_fields"):
        return _named_tuple(reader, cls, given, node)
    return _plain(reader, cls, given, node)


def _instance(reader: "Reader", cls: type[Any], size: Bound | None = None) -> Instance:
    made = Instance(cls, within=tuple(reader.loops))
    if size is not None:
        made.size = size
    return made


def _plain(reader: "Reader", cls: type[Any], given: Arguments, node: AST | None) -> Value:
    name = cls.__qualname__
    if not is_made_plainly(cls):
        return reader.problem(node, f"makes {name}, which has a __new__")
    reader.note_made(name)
    instance = _instance(reader, cls)
    initialize = inspect.getattr_static(cls, "__init__")
    if any(initialize is each for each in vetted.INITIALIZERS):
        initialize_exception(reader, initialize, given.behind(instance), node)
    elif isinstance(initialize, types.FunctionType):
        if is_dataclass_init(cls, initialize):
            _dataclass(reader, cls, instance, given, node)
        else:
            reader.enter(initialize, given.behind(instance), node)
    elif not is_builtin(initialize):
        return reader.problem(node, f"makes {name}, whose constructor it can't see")
    return instance


def _model(reader: "Reader", cls: type[BaseModel], given: Arguments, node: AST | None) -> Value:
    name = cls.__qualname__
    if not is_plain_model(cls):
        return reader.problem(node, f"makes {name}, whose validation runs code of its own")
    if given.positional or not all(is_plain(value) or is_model(value) for value in given.all):
        return reader.problem(node, f"has {name} validate what is not known to be plain data")
    reader.goes_through(given.all, node, _VALIDATION)
    reader.spend(node, _MODEL, "validates")
    reader.note_made(name)
    return _instance(reader, cls, _MODEL + total(map(size_of, given.all)))


def _named_tuple(reader: "Reader", cls: type[Any], given: Arguments, node: AST | None) -> Value:
    made = inspect.getattr_static(cls, "__new__")
    made = getattr(made, "__func__", made)
    module = getattr(made, "__module__", "")
    initialize = inspect.getattr_static(cls, "__init__")
    if not module.startswith("namedtuple_") or not is_builtin(initialize):
        return reader.problem(node, f"makes {cls.__qualname__}, a tuple with a constructor")
    reader.note_made(cls.__qualname__)
    instance = _instance(reader, cls)
    fields: tuple[str, ...] = getattr(cls, "_fields", ())
    for name, value in (*zip(fields, given.positional, strict=False), *given.named.items()):
        instance.fields[name] = unshared(value)
    return instance


def _dataclass(
    reader: "Reader", cls: type[Any], instance: Instance, given: Arguments, node: AST | None
) -> None:
    fields = vars(cls).get("__dataclass_fields__") or getattr(cls, "__dataclass_fields__", {})
    positional = list(given.positional)
    after: list[Value] = []
    own, alone = {each.name for each in dataclasses.fields(cls)}, arguments_alone(cls)
    for each in fields.values():
        if each.name not in own and each.name not in alone:
            continue
        value: Value
        if each.init and not each.kw_only and positional:
            value = positional.pop(0)
        elif each.init and each.name in given.named:
            value = given.named[each.name]
        elif each.default_factory is not dataclasses.MISSING:
            value = NEVER
        elif each.default is not dataclasses.MISSING:
            value = unstable(each.default)
        elif each.init and not given.is_open:
            return
        else:
            value = UNKNOWN
        if each.default_factory is not dataclasses.MISSING:
            # FastAPI may hand in what stands for it in the signature.
            made = reader.call(shapes.of_object(each.default_factory), Arguments(), node)
            value = either([value, made])
        if each.name in alone:
            after.append(value)
        else:
            set_attribute(reader, instance, each.name, value, node, frozen=True)
    reader.note("assigns")
    hook = inspect.getattr_static(cls, "__post_init__", None)
    if isinstance(hook, types.FunctionType):
        reader.enter(hook, Arguments([instance, *after]), node)
    elif hook is not None:
        reader.problem(node, f"{cls.__qualname__}.__post_init__ is no plain function")


def initialize_exception(
    reader: "Reader", initialize: Any, given: Arguments, node: AST | None
) -> Value:
    """What the constructor of an exception of FastAPI's own does to one that has just been made:
    the text of its status is looked up, and its attributes are assigned."""
    on, *positional = given.positional or [UNKNOWN]
    if not isinstance(on, Instance) or not on.exact or on.within is None:
        return reader.problem(node, "initializes an exception that it can't see")
    base = next(each for each in vetted.EXCEPTIONS if vars(each).get("__init__") is initialize)
    if not leaves_alone(on.cls, base, "__init__"):
        name = on.cls.__qualname__
        return reader.problem(node, f"makes {name}, whose attributes run code of its own")
    status = given.named.get("status_code", positional[0] if positional else NONE)
    if given.is_open or any(isinstance(each, Unknown) for each in options(status)):
        return reader.problem(node, "raises with a status that it can't see")
    return NONE
