"""Pydantic models that run no code of the user's when they are made."""

import enum
import re
import sys
import types
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading.values import CONTAINERS, SCALARS, is_enum

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


_OVERRIDDEN = (
    "__del__",
    "__get_pydantic_core_schema__",
    "__getattr__",
    "__getattribute__",
    "__iter__",
    "__new__",
    "__setattr__",
    "model_post_init",
)
_MANY = 64
_LONG_PATTERN = 100
_APART = frozenset({"bool", "bytes", "none", "str", "uuid"})
"""Schemas of values of which nobody can make many with one hash."""

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
    if any(name in vars(base) for base in _users(cls) for name in _OVERRIDDEN):
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
    if kind_of(kind) is not str:
        # The fields of a model, by their names.
        kind = None
    if part.get("custom_init") or part.get("post_init"):
        return True
    if part.get("regex_engine") == "python-re":
        return True
    if kind == "str" and not _is_short_pattern(part.get("pattern")):
        return True
    if kind in ("callable", "custom-error", "generator", "call", "dataclass"):
        return True
    if part.get("computed_fields") or callable(part.get("discriminator")):
        return True
    if kind == "default" and not _is_copied_soon(part.get("default"), 0):
        return True
    if kind in _HASHED and not _hashes_apart(part.get(_HASHED[kind])):
        return True
    if kind == "is-instance" and type(part.get("cls")) is not type:
        return True
    if "default_factory" in part and part["default_factory"] not in (list, dict, set, tuple):
        return True
    if kind == "enum" and (part.get("missing") is not None or not _is_plain_enum(part["cls"])):
        return True
    if kind == "literal" and not all(_is_copied_soon(each, 0) for each in part["expected"]):
        return True
    return any(
        not _is_vetted(function)
        for key in ("function", "serialization")
        if key in part and (function := _function(part[key])) is not None
    )


def _is_plain_enum(cls: Any) -> bool:
    return is_enum(cls) and all(kind_of(each.value) in SCALARS for each in cls)


_HASHED = {"dict": "keys_schema", "frozenset": "items_schema", "set": "items_schema"}


def _hashes_apart(schema: Any) -> bool:
    while issubclass(kind_of(schema), dict) and schema.get("type") in ("nullable", "default"):
        schema = schema.get("schema")
    return issubclass(kind_of(schema), dict) and schema.get("type") in _APART


def _is_short_pattern(pattern: Any) -> bool:
    """Whether a pattern, which Pydantic matches in one go, has few states."""
    if pattern is None:
        return True
    return kind_of(pattern) is str and len(pattern) <= _LONG_PATTERN and not _COUNTED(pattern)


_COUNTED = re.compile(r"\{\d*,?\d{3,}|\}[^\]]*\{").search


def _is_copied_soon(default: Any, depth: int) -> bool:
    """Whether a default, which Pydantic may copy, is plain data and little of it."""
    kind = kind_of(default)
    if kind in SCALARS and kind is not object:
        return kind not in (str, bytes, int) or sys.getsizeof(default) < 10_000
    if issubclass(kind, enum.Enum):
        return _is_plain_enum(kind)
    if kind not in CONTAINERS or len(default) > _MANY or depth > 2:
        return type(default).__name__ == "PydanticUndefinedType"
    parts = [*default, *default.values()] if kind is dict else default
    return all(_is_copied_soon(each, depth + 1) for each in parts)


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
