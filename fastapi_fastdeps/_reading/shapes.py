"""What values look like: by an annotation, or of an object that exists."""

import datetime
import decimal
import functools
import gc
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any

import annotated_types
from fastapi import BackgroundTasks, security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasicCredentials
from pydantic import BaseModel, EmailStr, StringConstraints
from pydantic.fields import FieldInfo
from starlette.applications import Starlette
from starlette.datastructures import URL, Address, Headers, MutableHeaders, QueryParams, State
from starlette.requests import HTTPConnection
from starlette.responses import Response

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading.inherited import leaves_alone
from fastapi_fastdeps._reading.models import is_plain_model
from fastapi_fastdeps._reading.sizes import ITEMS, ONE, REQUEST, STEP, UNBOUNDED, Bound, total
from fastapi_fastdeps._reading.values import (
    CONTAINERS,
    INT,
    NEVER,
    NONE,
    SCALARS,
    TEXT,
    UNKNOWN,
    Data,
    Instance,
    Known,
    Method,
    Value,
    container,
    either,
    is_enum,
    is_plain,
    size_of,
)

_FEW = 64

_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.ModuleType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
)
_UNION = (typing.Union, types.UnionType)


def of_object(what: Any, *, stable: bool = True, depth: int = 0) -> Value:
    """The shape of an object that exists.

    `stable=False` where what it contains may be changed by somebody.
    """
    kind = kind_of(what)
    if kind in SCALARS and kind is not object:
        return of_constant(what)
    if kind in CONTAINERS:
        is_fixed = kind in (tuple, frozenset)
        if not is_fixed and not (stable and what):
            # What is empty is there to be filled.
            return container(kind, UNKNOWN, UNBOUNDED, UNKNOWN)
        size = _measured(what, 0)
        if depth > 3 or len(what) > _FEW:
            return container(kind, UNKNOWN, size, UNKNOWN)
        # What is in a container that nobody changes may be changed itself.
        values = list(what.values() if kind is dict else what)
        inner = is_fixed and stable
        shapes = [of_object(each, stable=inner, depth=depth + 1) for each in values]
        keys: Value = NEVER
        if kind is dict:
            keys = either(of_object(each, stable=False, depth=depth + 1) for each in what)
        items = either(shapes)
        if not is_fixed and not (is_plain(items) and is_plain(keys)):
            # Where something is called, say, something else may be put.
            return container(kind, UNKNOWN, UNBOUNDED, keys if is_plain(keys) else UNKNOWN)
        return container(kind, items, size, keys)
    # Asking an object for its class may run code of its own.
    if issubclass(kind, type) or kind in _FUNCTIONS or kind is LRU_CACHED:
        return Known(what)
    if kind is types.MethodType and type(what.__func__) is types.FunctionType:
        return Method(what.__func__, of_object(what.__self__))
    return Instance(kind, known=what)


LRU_CACHED: Any = type(functools.lru_cache(lambda: None))


def is_cached_itself(cached: Any) -> bool:
    """Whether what `lru_cache` calls is what it says that it wraps."""
    called = [each for each in gc.get_referents(cached) if callable(each)]
    called = [each for each in called if not isinstance(each, type)]
    return len(called) == 1 and called[0] is getattr(cached, "__wrapped__", None)


def _measured(what: Any, depth: int) -> Bound:
    """How large a scalar or container is that exists; unbounded where others may change it."""
    kind = kind_of(what)
    if kind in SCALARS:
        return size_of(of_constant(what))
    if kind not in CONTAINERS:
        return ONE
    if depth > 3 or (depth and kind not in (tuple, frozenset)):
        return UNBOUNDED
    parts = [*what, *what.values()] if kind is dict else list(what)
    return STEP * (1 + len(what)) + total(_measured(each, depth + 1) for each in parts)


def of_constant(what: Any) -> Value:
    """The shape of a scalar that is written down."""
    kind = kind_of(what)
    if kind is int:
        return Data(int, Bound(what.bit_length() // 3 + 1), constant=what, most=Bound(abs(what)))
    if kind in (str, bytes):
        return Data(kind, Bound(len(what)), constant=what)
    if kind is decimal.Decimal:
        return Data(kind, Bound(len(what.as_tuple().digits)), constant=what)
    zone = getattr(what, "tzinfo", None) if kind in _TIMES else None
    if zone is not None and type(zone) is not datetime.timezone:
        return UNKNOWN
    return Data(kind, constant=what)


_TIMES = (datetime.datetime, datetime.time)


def of_kind(kind: type[Any]) -> Data:
    """A scalar of a type that came with a request."""
    if kind is int:
        return INT
    return Data(kind, REQUEST if kind in (str, bytes, decimal.Decimal) else ONE)


def of_annotation(annotation: Any, depth: int = 0) -> Value:
    """What Pydantic makes of a value for an annotation; unknown for what may be anything."""
    while type(annotation).__name__ == "TypeAliasType" and hasattr(annotation, "__value__"):
        annotation = annotation.__value__
    if depth > 6:
        return UNKNOWN
    if annotation is None or annotation is type(None):
        return NONE
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        if not all(map(changes_nothing, arguments[1:])):
            return UNKNOWN
        return of_annotation(arguments[0], depth + 1)
    if origin in _UNION:
        return either(of_annotation(each, depth + 1) for each in arguments)
    if origin is typing.Literal:
        return either(map(of_object, arguments))
    if annotation in CONTAINERS or origin in CONTAINERS:
        return _container(annotation, origin, arguments, depth)
    if isinstance(annotation, type) and annotation in SCALARS and annotation is not object:
        return of_kind(annotation)
    if annotation is EmailStr:
        return TEXT
    if isinstance(annotation, type) and is_enum(annotation):
        return Instance(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Instance(annotation) if is_plain_model(annotation) else UNKNOWN
    return UNKNOWN


def _container(annotation: Any, origin: Any, arguments: tuple[Any, ...], depth: int) -> Value:
    kind = origin or annotation
    shapes = [of_annotation(each, depth + 1) for each in arguments if each is not Ellipsis]
    if kind is dict:
        keys, items = shapes if len(shapes) == 2 else (UNKNOWN, UNKNOWN)
        return container(dict, items, ITEMS, keys)
    return container(kind, either(shapes) if shapes else UNKNOWN, ITEMS)


def of_field(cls: type[BaseModel], name: str) -> Value:
    """What a model has in a field, once Pydantic has validated it."""
    info = cls.model_fields[name]
    if not all(map(changes_nothing, info.metadata)) or info.annotation is None:
        return UNKNOWN
    shape = of_annotation(info.annotation)
    if info.is_required() or info.default_factory is not None:
        return shape
    return either([shape, of_object(info.default, stable=False)])


def is_injected(annotation: Any) -> bool:
    """Whether FastAPI gives an argument by the type alone."""
    return isinstance(annotation, type) and issubclass(annotation, _INJECTED)


_INJECTED = (HTTPConnection, Response, BackgroundTasks, security.SecurityScopes)


def changes_nothing(metadata: Any) -> bool:
    """Whether a piece of metadata leaves the type of a value as it is."""
    if isinstance(metadata, FieldInfo):
        return all(map(changes_nothing, metadata.metadata))
    if isinstance(metadata, str | annotated_types.BaseMetadata | StringConstraints):
        return not isinstance(metadata, annotated_types.Predicate)
    kind = kind_of(metadata)
    return (kind.__module__.partition(".")[0], kind.__name__) in _HARMLESS_METADATA


_HARMLESS_METADATA = frozenset(
    {
        ("annotated_doc", "Doc"),
        ("pydantic", "AllowInfNan"),
        ("pydantic", "FailFast"),
        ("pydantic", "PydanticGeneralMetadata"),
        ("pydantic", "Strict"),
        ("pydantic", "UuidVersion"),
        ("typing_extensions", "Doc"),
        ("typing_extensions", "deprecated"),
    }
)

HEADERS = container(list, TEXT, ITEMS)
DELTA = Data(datetime.timedelta)
_MAYBE_TEXT = either([TEXT, NONE])


def attribute_of(cls: type[Any], name: str) -> Value | None:
    """What reading gives of an object of FastAPI's or Starlette's own; `None` where that is
    not known to do no more than to compute."""
    for base, names in _ATTRIBUTES.items():
        if not issubclass(cls, base) or name not in names:
            continue
        if all(leaves_alone(each, base, name) for each in family(cls)):
            return names[name]()
    return None


def family(cls: type[Any]) -> Iterator[type]:
    """A class and all that are known to derive from it."""
    yield cls
    known: list[type] = type.__subclasses__(cls)
    for derived in known:
        yield from family(derived)


def _strings() -> Value:
    return container(dict, TEXT, ITEMS, TEXT)


def _anything() -> Value:
    return container(dict, UNKNOWN, ITEMS, TEXT)


_ATTRIBUTES: dict[type, dict[str, Callable[[], Value]]] = {
    HTTPConnection: {
        "app": lambda: Instance(Starlette, exact=False),
        "base_url": lambda: Instance(URL),
        "client": lambda: either([Instance(Address), NONE]),
        "cookies": _strings,
        "headers": lambda: Instance(Headers),
        "method": lambda: TEXT,
        "path_params": _anything,
        "query_params": lambda: Instance(QueryParams),
        "scope": _anything,
        "state": lambda: Instance(State),
        "url": lambda: Instance(URL),
    },
    Starlette: {"state": lambda: Instance(State)},
    URL: {
        **dict.fromkeys(("scheme", "netloc", "path", "query", "fragment"), lambda: TEXT),
        "hostname": lambda: _MAYBE_TEXT,
        "port": lambda: either([Data(int, Bound(20)), NONE]),
    },
    Address: {"host": lambda: TEXT, "port": lambda: Data(int, Bound(20))},
    Response: {"headers": lambda: Instance(MutableHeaders)},
    HTTPAuthorizationCredentials: {"scheme": lambda: TEXT, "credentials": lambda: TEXT},
    HTTPBasicCredentials: {"username": lambda: TEXT, "password": lambda: TEXT},
    security.SecurityScopes: {
        "scopes": lambda: container(list, Data(str, Bound(40)), Bound(640)),
        "scope_str": lambda: Data(str, Bound(640)),
    },
}

METHODS: dict[type, dict[str, Value]] = {
    Headers: {"get": _MAYBE_TEXT, "keys": UNKNOWN, "getlist": UNKNOWN},
    QueryParams: {"get": _MAYBE_TEXT, "keys": UNKNOWN, "getlist": UNKNOWN},
    Response: {"set_cookie": NONE, "delete_cookie": NONE},
    MutableHeaders: {"get": _MAYBE_TEXT, "append": NONE, "setdefault": TEXT},
    BackgroundTasks: {"add_task": NONE},
}
"""Methods of FastAPI's and Starlette's own objects that do no more than compute."""

MAPPINGS: tuple[type, ...] = (Headers, QueryParams, State)

SECURITY: dict[type, Callable[[], Value]] = {
    security.OAuth2PasswordBearer: lambda: _MAYBE_TEXT,
    security.OAuth2AuthorizationCodeBearer: lambda: _MAYBE_TEXT,
    security.OpenIdConnect: lambda: _MAYBE_TEXT,
    security.APIKeyHeader: lambda: _MAYBE_TEXT,
    security.APIKeyQuery: lambda: _MAYBE_TEXT,
    security.APIKeyCookie: lambda: _MAYBE_TEXT,
    security.HTTPBearer: lambda: either([Instance(HTTPAuthorizationCredentials), NONE]),
    security.HTTPBasic: lambda: either([Instance(HTTPBasicCredentials), NONE]),
}
"""What FastAPI's security schemes give."""

__all__ = [
    "DELTA",
    "HEADERS",
    "LRU_CACHED",
    "MAPPINGS",
    "METHODS",
    "SECURITY",
    "URL",
    "Headers",
    "MutableHeaders",
    "QueryParams",
    "attribute_of",
    "changes_nothing",
    "family",
    "is_injected",
    "of_annotation",
    "of_constant",
    "of_field",
    "of_kind",
    "of_object",
]
