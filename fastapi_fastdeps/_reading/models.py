"""Pydantic models that run no code of the user's when they are made."""

import types
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from fastapi_fastdeps._reading.values import kind_of

_LIBRARIES = frozenset({"abc", "builtins", "pydantic", "typing"})
_VETTED_MODULES = frozenset(
    {
        "annotated_types",
        "pydantic._internal._fields",
        "pydantic._internal._validators",
        "pydantic.color",
        "pydantic.networks",
        "pydantic_core._pydantic_core",
        "pydantic_core.core_schema",
        "uuid",
    }
)
_VETTED = frozenset({"SecretBytes", "SecretStr", "_serialize_secret_field"})
_NOT_VETTED = frozenset(
    {
        "import_string",
        "pattern_bytes_validator",
        "pattern_either_validator",
        "pattern_str_validator",
    }
)


_judged: WeakKeyDictionary[type[Any], bool] = WeakKeyDictionary()


def is_plain_model(cls: type[Any]) -> bool:
    """Whether constructing a model from plain data runs only what Pydantic itself does."""
    if not issubclass(cls, BaseModel) or cls.__pydantic_complete__ is not True:
        return False
    if cls not in _judged:
        _judged[cls] = _is_plain_model(cls)
    return _judged[cls]


def _is_plain_model(cls: type[BaseModel]) -> bool:
    if any("__init__" in vars(base) for base in _users(cls)):
        return False
    overridden = ("__new__", "__setattr__", "__getattr__", "__getattribute__", "__del__")
    if any(name in vars(base) for base in _users(cls) for name in overridden):
        return False
    if cls.model_config.get("validate_assignment"):
        return False
    return is_plain_schema(cls.__pydantic_core_schema__)


def is_plain_schema(schema: Any) -> bool:
    """Whether validation and serialization by a core schema run nothing of the user's."""
    return not any(_runs_code(part) for part in _parts(schema))


def _users(cls: type[Any]) -> Iterator[type]:
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] not in _LIBRARIES:
            yield base


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    pending: list[Any] = [schema]
    seen: set[int] = set()
    while pending:
        part: Any = pending.pop()
        kind = kind_of(part)
        if id(part) in seen:
            continue
        seen.add(id(part))
        if issubclass(kind, dict):
            yield part
            pending += [part[key] for key in part if key not in ("metadata", "ref")]
        elif issubclass(kind, list | tuple):
            pending += part


def _runs_code(part: dict[str, Any]) -> bool:
    kind = part.get("type")
    if part.get("custom_init") or part.get("post_init"):
        return True
    if part.get("regex_engine") == "python-re":
        return True
    if kind in ("callable", "custom-error", "generator", "call", "dataclass"):
        return True
    if kind == "is-instance" and type(part.get("cls")) is not type:
        return True
    if "default_factory" in part and part["default_factory"] not in (list, dict, set, tuple):
        return True
    if kind in ("enum", "model") and part.get("missing") is not None:
        return True
    return any(
        not _is_vetted(function)
        for key in ("function", "serialization")
        if key in part and (function := _function(part[key])) is not None
    )


def _function(given: Any) -> Any:
    """What runs: a schema names a function itself, or in a mapping of its own."""
    kind = kind_of(given)
    return given.get("function") if issubclass(kind, dict) else given


def _is_vetted(function: Any) -> bool:
    known = types.FunctionType | types.BuiltinFunctionType | types.MethodType | type
    if not isinstance(function, known):
        return False
    name = function.__qualname__
    if function.__module__ == "pydantic.types":
        return name in _VETTED
    return function.__module__ in _VETTED_MODULES and name not in _NOT_VETTED
