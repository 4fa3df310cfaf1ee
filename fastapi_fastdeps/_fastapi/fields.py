"""Fields of parameters and responses, for which Pydantic is asked once.

FastAPI makes a field of each parameter of each route, of the same dependency's for every route
that depends on it, and has Pydantic derive a schema, a validator and a serializer for each: more
than half of what it takes to build an app, and of the memory. They are the same for fields that
say the same. So FastAPI's functions are run as they are, with its own globals but for two names,
under which fields are made that have the validator of an equal one. Field, `FieldInfo` and
`TypeAdapter` are each route's own, as in FastAPI.
"""

import functools
import inspect
import sys
from collections.abc import Iterable
from contextvars import ContextVar
from operator import attrgetter
from types import MethodType
from typing import Any, Final, Literal, TypeAlias

from fastapi import params
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, SchemaValidator

from fastapi_fastdeps._fastapi.alike import Alike, alike, alike_constraints, alike_values
from fastapi_fastdeps._fastapi.ground import FIELDS, ROUTES, Ground
from fastapi_fastdeps._fastapi.names import (
    EffectiveRouteContext,
    ModelField,
    ParamDetails,
    make_model_field,
    shared_fields,
)
from fastapi_fastdeps._fastapi.replacements import made_anew
from fastapi_fastdeps._fastapi.routers import fastapis

Key: TypeAlias = tuple[object, ...]

_MOST: Final = 4096
"""How many different fields are known that no one's models are in."""


def sharing(build: Any) -> Any:
    """A method that builds a route, its fields made of what is known of equal ones: the same
    method where it is not FastAPI's own, or someone has a say in how a field is made."""
    function = getattr(build, "__func__", None)
    if function is None or function not in _BUILDERS:
        return build
    if not shared_fields or _ground().is_touched():
        return build
    # What else it reads it finds as it is now.
    namespace = {**sys.modules["fastapi.routing"].__dict__, **_rewired().functions}
    return MethodType(made_anew(function, namespace=namespace), build.__self__)


_BUILDERS: Final = (
    fastapis(APIRoute, "__init__"),
    getattr(fastapis(EffectiveRouteContext, "from_api_route"), "__func__", None),
)


@functools.cache
def _ground() -> Ground:
    return Ground({**FIELDS, **ROUTES})


@functools.cache
def _rewired() -> "_Rewired":
    # Nothing that they read is replaced now, nor whenever they are called.
    return _Rewired()


class _Rewired:
    """FastAPI's functions on the way from a route to its fields, with two others at the end.

    Attributes:
        functions: those that a method that builds a route calls.
    """

    def __init__(self) -> None:
        self.functions: dict[str, Any] = {"create_model_field": _create_model_field}
        for module, names in ROUTES.items():
            namespace = {**vars(sys.modules[module]), **self.functions}
            for name in names:
                self.functions[name] = namespace[name] = made_anew(
                    namespace[name], namespace=namespace
                )
            if "analyze_param" in names:
                self._analyze_param = self.functions["analyze_param"]
                self.functions["analyze_param"] = namespace["analyze_param"] = self.analyze_param

    def analyze_param(
        self, *, param_name: str, annotation: Any, value: Any, path_param_names: set[str]
    ) -> Any:
        """As FastAPI's, which knows a parameter by no more than this."""
        is_in_path = param_name in path_param_names
        found = _parameter(param_name, annotation, value, is_in_path=is_in_path)
        if found is None:
            return self._analyze_param(
                param_name=param_name,
                annotation=annotation,
                value=value,
                path_param_names=path_param_names,
            )
        key, fields, alike_now = found
        known = fields.get(key)
        if known is not None and known.alike.is_still(alike_now):
            return ParamDetails(annotation, None, known.another(param_name, annotation))
        details = self._analyze_param(
            param_name=param_name,
            annotation=annotation,
            value=value,
            path_param_names=path_param_names,
        )
        field = details.field
        if details.depends is None and _can_be_shared(field) and not field.field_info.metadata:
            fields[key] = _Known(alike_now, field)
        return details


class _Known:
    """What a field was made of, by which equal ones are made.

    Attributes:
        alike: its annotation.
    """

    __slots__ = ("_adapter", "_also", "_kind", "_said", "_set", "alike")

    def __init__(self, alike_now: Alike, field: Any) -> None:
        self.alike = alike_now
        attributes: dict[str, Any] = field._type_adapter.__dict__
        self._adapter = tuple(attributes.items())
        info = field.field_info
        self._kind: Any = type(info)
        self._said = tuple((name, getattr(info, name)) for name in _SAID)
        self._set = dict(info._attributes_set)
        self._also = tuple(getattr(info, "__dict__", {}).items())

    def adapter(self) -> Any:
        """A `TypeAdapter` of its own, that was made before."""
        return _made(TypeAdapter, self._adapter)

    def another(self, name: str, annotation: Any) -> Any:
        """An equal field."""
        info = _made(self._kind, self._said)
        for attribute, value in self._also:
            setattr(info, attribute, value)
        info.annotation = annotation
        info.metadata = []
        info._qualifiers = set()
        info._attributes_set = {**self._set, "annotation": annotation}
        return _field(info, name, "validation", self.adapter())


def _made(kind: Any, attributes: Iterable[tuple[str, Any]]) -> Any:
    made = object.__new__(kind)
    for name, value in attributes:
        setattr(made, name, value)
    return made


def _field(info: Any, name: str, mode: str, adapter: Any) -> Any:
    field: Any = object.__new__(ModelField)
    field.field_info = info
    field.name = name
    field.mode = mode
    field.config = None
    field._type_adapter = adapter
    return field


_OWN: Final = ("annotation", "metadata", "_attributes_set", "_qualifiers")
_SAID: Final = tuple(name for name in FieldInfo.__slots__ if name not in _OWN)
_public: Final = attrgetter(*(name for name in _SAID if not name.startswith("_")))
_INFOS: Final = frozenset(
    (
        FieldInfo,
        *(params.Path, params.Query, params.Header, params.Cookie),
        *(params.Body, params.Form, params.File),
    )
)

Fields: TypeAlias = dict[Key, _Known]

_everywhere: Fields = {}
known_here: ContextVar[Fields | None] = ContextVar("fastdeps_known_fields", default=None)
"""The fields of models that are known to who decides about the route that is being built: they
are forgotten with it."""


def _fields(alike_now: Alike) -> Fields | None:
    """Where what is known of such a field is kept."""
    if alike_now.made:
        return known_here.get()
    if len(_everywhere) >= _MOST:
        _everywhere.clear()
    return _everywhere


def _parameter(
    name: str, annotation: Any, value: Any, *, is_in_path: bool
) -> tuple[Key, Fields, Alike] | None:
    """What says all of a parameter of which FastAPI is told nothing else."""
    if value is inspect.Parameter.empty:
        said: object = inspect.Parameter.empty
    else:
        said = alike_values((value,))
        if said is None:
            return None
    alike_now = alike(annotation)
    fields = None if alike_now is None else _fields(alike_now)
    if alike_now is None or fields is None:
        return None
    return (name, is_in_path, said, alike_now.key), fields, alike_now


def _create_model_field(
    name: str,
    type_: Any,
    default: Any = PydanticUndefined,
    field_info: FieldInfo | None = None,
    alias: str | None = None,
    mode: Literal["validation", "serialization"] = "validation",
) -> Any:
    """As FastAPI's."""
    info = field_info or FieldInfo(annotation=type_, default=default, alias=alias)
    said = _said_by(info)
    alike_now = None if said is None else alike(info.annotation)
    fields = None if alike_now is None else _fields(alike_now)
    if alike_now is None or fields is None:
        return make_model_field(name, type_, default, info, alias, mode)
    key: Key = (said, alike_now.key)
    known = fields.get(key)
    if known is not None and known.alike.is_still(alike_now):
        return _field(info, name, mode, known.adapter())
    field = make_model_field(name, type_, default, info, alias, mode)
    if _can_be_shared(field):
        fields[key] = _Known(alike_now, field)
    return field


def _said_by(info: Any) -> object:
    """What a `FieldInfo` says besides its annotation, `None` where that can't be compared."""
    if type(info) not in _INFOS:
        return None
    values = alike_values(_public(info))
    metadata = alike_constraints(info.metadata)
    return None if values is None or metadata is None else (values, metadata)


def _can_be_shared(field: Any) -> bool:
    """Whether nobody is told of its validator, as plugins of Pydantic are."""
    adapter: Any = getattr(field, "_type_adapter", None)
    return type(field) is ModelField and type(adapter.validator) is SchemaValidator
