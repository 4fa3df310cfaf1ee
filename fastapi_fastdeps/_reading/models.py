"""Pydantic models that run no code of the user's when they are made."""

import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pydantic
from pydantic import BaseModel

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
_VETTED = (
    pydantic.SecretStr,
    pydantic.SecretBytes,
    getattr(pydantic.types, "_serialize_secret_field", None),
)


@lru_cache(maxsize=1024)
def is_plain_model(cls: type) -> bool:
    """Whether constructing a model from plain data runs only what Pydantic itself does."""
    if not (isinstance(cls, type) and issubclass(cls, BaseModel)):
        return False
    if any("__init__" in vars(base) for base in _users(cls)):
        return False
    overridden = ("__new__", "__setattr__", "__getattr__", "__getattribute__", "__del__")
    if any(name in vars(base) for base in _users(cls) for name in overridden):
        return False
    if cls.__pydantic_complete__ is not True or cls.model_config.get("validate_assignment"):
        return False
    return is_plain_schema(cls.__pydantic_core_schema__)


def is_plain_schema(schema: Any) -> bool:
    """Whether validation and serialization by a core schema run nothing of the user's."""
    return not any(_runs_code(part) for part in _parts(schema))


def _users(cls: type) -> Iterator[type]:
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] not in _LIBRARIES:
            yield base


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    pending: list[Any] = [schema]
    seen: set[int] = set()
    while pending:
        part = pending.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            yield part
            pending.extend(value for key, value in part.items() if key not in ("metadata", "ref"))
        elif isinstance(part, list | tuple):
            pending.extend(part)


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
    if isinstance(given, dict):
        return given.get("function")
    return given


def _is_vetted(function: Any) -> bool:
    if any(function is each for each in _VETTED):
        return True
    known = types.FunctionType | types.BuiltinFunctionType | types.MethodType | type
    return isinstance(function, known) and function.__module__ in _VETTED_MODULES
