"""How the parameters of one callable are read from a request."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, cast, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import params
from pydantic import ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.names import (
    Dependant,
    ModelField,
    Undefined,
    field_annotation_is_sequence,
    get_form_models,
    get_missing_field_error,
    get_param_aliases,
    get_param_model,
    is_json_field,
    regenerate_error_with_loc,
    request_body_to_args,
    request_params_to_args,
    should_embed_body_fields,
)

Source = Literal["path_params", "query_params", "headers", "cookies"]
SOURCES: Final[tuple[tuple[Source, str], ...]] = (
    ("path_params", "path_params"),
    ("query_params", "query_params"),
    ("headers", "header_params"),
    ("cookies", "cookie_params"),
)
"""Where FastAPI looks for parameters, in its order, and the fields it looks for there."""

_PLAIN: Final = frozenset({str, int, float, bool, NoneType})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One path, query, header or cookie parameter that is a single value or a list.

    Attributes:
        name: the argument it is passed as.
        source: the attribute of the request that holds it.
        alias: its name in the request.
        validate: pydantic's validator.
        is_list: whether every value of that name is wanted.
        location: where FastAPI says that an error is.
        default: what makes the value if it is missing, `None` if it is required.
        shared: equal for parameters that give one value in one request, `None` for those
            that may differ or have an effect.
    """

    name: str
    source: Source
    alias: str
    validate: Callable[..., Any]
    is_list: bool
    location: tuple[str, str]
    default: Callable[[], Any] | None
    shared: tuple[object, ...] | None

    def errors(self, error: ValidationError) -> list[Any]:
        """What FastAPI says of a value that does not validate."""
        return _errors(error, self.location)

    def missing(self) -> list[Any]:
        """What FastAPI says of a value that is required and missing."""
        return [get_missing_field_error(loc=self.location)]


def receive(request: HTTPConnection, source: Source) -> Mapping[Any, Any]:
    """The values of a source by name, the one that FastAPI takes where there are several.

    Headers are as ASGI has them: names in lower case, names and values in bytes.
    """
    if source == "headers":
        return dict(reversed(request.headers.raw))
    if source != "query_params":
        values: Mapping[Any, Any] = getattr(request, source)
        return values
    query = request.scope["query_string"]
    if type(request) in (Request, WebSocket) and isinstance(query, bytes):
        return _last_values(query.decode("latin-1"))
    return dict(request.query_params.items())


def _last_values(query: str) -> dict[str, str]:
    """`dict(parse_qsl(query, keep_blank_values=True))`, five times as fast for the queries
    in which nothing is escaped."""
    if "%" in query or "+" in query:
        return dict(parse_qsl(query, keep_blank_values=True))
    values: dict[str, str] = {}
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            values[name] = value
    return values


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """The parameters of one source, read by FastAPI's own function."""

    source: Source
    fields: list[ModelField]

    def read(self, received: Mapping[str, Any], errors: list[Any]) -> dict[str, Any]:
        """The values that validate, by argument name; the others' errors are appended."""
        values, wrong = request_params_to_args(self.fields, received)
        errors += wrong
        return values


def compile_parameters(dependant: Dependant) -> tuple[list[Parameter], list[FieldGroup]]:
    """The parameters of one callable, sources in FastAPI's order.

    From the first source on that needs FastAPI's own function (Pydantic parameter models,
    several aliases, `Json`), every source is read by it, so that the order holds.
    """
    parameters: list[Parameter] = []
    groups: list[FieldGroup] = []
    for source, attribute in SOURCES:
        fields: list[ModelField] = getattr(dependant, attribute)
        compiled = [_compile(field, source) for field in fields]
        if groups or not all(compiled):
            groups.append(FieldGroup(source, fields))
        else:
            parameters += [parameter for parameter in compiled if parameter is not None]
    return parameters, [group for group in groups if group.fields]


def _compile(field: ModelField, source: Source) -> Parameter | None:
    aliases = get_param_aliases(field)
    validator = getattr(getattr(field, "_type_adapter", None), "validator", None)
    if (
        len(aliases) != 1
        or validator is None
        or get_param_model(field) is not None
        or is_json_field(field)
    ):
        return None
    is_list = field_annotation_is_sequence(field.field_info.annotation)
    if is_list and source not in ("query_params", "headers"):
        return None
    default = _default(field)
    if not field.field_info.is_required() and default is None:
        return None
    alias = aliases[0][1]
    info = field.field_info
    assert isinstance(info, params.Param)
    return Parameter(
        name=field.name,
        source=source,
        alias=alias,
        validate=validator.validate_python,
        is_list=is_list,
        location=(info.in_.value, alias),
        default=default,
        shared=_shared(field, source, alias),
    )


def _default(field: ModelField) -> Callable[[], Any] | None:
    """What gives the default as FastAPI does, `None` if it is required or validated."""
    info = field.field_info
    if info.is_required() or info.validate_default:
        return None
    if info.default_factory is None and type(info.default) in _PLAIN:
        plain = info.default
        return lambda: plain
    return lambda: deepcopy(field.default)


def _shared(field: ModelField, source: Source, alias: str) -> tuple[object, ...] | None:
    info = field.field_info
    if info.metadata or info.default_factory is not None:
        return None
    annotation = info.annotation
    members = (
        get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    )
    default: object = None if info.is_required() else info.default
    if not _PLAIN.issuperset(members) or type(default) not in _PLAIN or field.config:
        return None
    return source, alias, members, info.is_required(), type(default), default


def may_have_effect(dependant: Dependant) -> bool:
    """Whether reading the parameters of one callable runs code of the user: a validator, a
    default factory, or the construction of a model."""
    fields: list[ModelField] = [
        *dependant.path_params,
        *dependant.query_params,
        *dependant.header_params,
        *dependant.cookie_params,
        *dependant.body_params,
    ]
    return any(
        field.field_info.default_factory is not None or _calls_function(field) for field in fields
    )


def _calls_function(field: ModelField) -> bool:
    adapter: Any = getattr(field, "_type_adapter", None)
    parts: list[Any] = [getattr(adapter, "core_schema", {"type": "function-unknown"})]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            schema = cast("dict[str, Any]", part)
            kind = schema.get("type")
            if isinstance(kind, str) and kind.startswith("function-"):
                return True
            if any(map(schema.get, ("default_factory", "post_init", "custom_init"))):
                return True
            parts += schema.values()
        elif isinstance(part, (list, tuple)):
            parts += part
    return False


@dataclass(frozen=True, slots=True)
class Body:
    """The body parameters of one callable."""

    fields: list[ModelField]
    embed: bool
    single: Callable[..., Any] | None
    """Validates the whole body, where it is one JSON value for one parameter."""

    async def read(self, body: Any, errors: list[Any]) -> dict[str, Any]:
        """The values that validate, by argument name; the others' errors are appended."""
        if self.single is not None and body is not Undefined:
            try:
                return {self.fields[0].name: self.single(body, from_attributes=True)}
            except ValidationError as error:
                errors += _errors(error, ("body",))
                return {self.fields[0].name: None}
        values, wrong = await request_body_to_args(
            body_fields=self.fields, received_body=body, embed_body_fields=self.embed
        )
        errors += wrong
        return values


def compile_body(dependant: Dependant, embed: bool) -> Body | None:
    fields = dependant.body_params
    if not fields:
        return None
    single = None
    if (
        len(fields) == 1
        and not embed
        and not isinstance(fields[0].field_info, params.Form)
        and not should_embed_body_fields(fields)
        and not get_form_models(fields[0])
    ):
        adapter: Any = getattr(fields[0], "_type_adapter", None)
        single = adapter.validator.validate_python if adapter is not None else None
    return Body(fields, embed, single)


def _errors(error: ValidationError, location: tuple[str, ...]) -> list[Any]:
    return regenerate_error_with_loc(errors=error.errors(include_url=False), loc_prefix=location)
