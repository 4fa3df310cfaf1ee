"""How the parameters of one callable are read from a request."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from fastapi import params
from pydantic import ValidationError
from starlette.datastructures import FormData

from fastapi_fastdeps._fastapi.known import Names, told_of_body
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    ModelField,
    field_annotation_is_sequence,
    get_param_aliases,
    get_param_model,
    is_json_field,
    regenerate_error_with_loc,
    request_body_to_args,
    request_params_to_args,
    should_embed_body_fields,
)
from fastapi_fastdeps._fastapi.requests import NO_BODY, validate_of, validates_defaults

Source = Literal["path_params", "query_params", "headers", "cookies"]
SOURCES: Final[tuple[tuple[Source, str], ...]] = (
    ("path_params", "path_params"),
    ("query_params", "query_params"),
    ("headers", "header_params"),
    ("cookies", "cookie_params"),
)
"""Where FastAPI looks for parameters, in its order, and the fields it looks for there."""

PLAIN: Final = frozenset({str, int, float, bool, NoneType})
"""Types whose values can't be changed, and whose validation runs no code of the user's."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One path, query, header or cookie parameter that is a single value or a list.

    Attributes:
        name: the argument it is passed as.
        alias: its name in the request.
        key: the same as ASGI has it: in lower case and bytes for a header.
        validate: pydantic's validator.
        is_list: whether every value of that name is wanted.
        location: where FastAPI says that an error is.
        field: FastAPI's description, whose default is read when it is needed.
        shared: equal for parameters of plain types that are read and validated alike,
            `None` for all others.
        plain: the types of defaults that need no copy and no validation.
    """

    name: str
    alias: str
    key: str | bytes
    validate: Callable[..., Any]
    is_list: bool
    location: tuple[str, str]
    field: ModelField
    shared: Hashable
    plain: frozenset[Any]

    @property
    def has_plain_default(self) -> bool:
        """Whether its default value, as it is now, is one that needs no copy and no validation."""
        info = self.field.field_info
        return (
            type(info.default) in self.plain
            and info.default_factory is None
            and not info.validate_default
        )

    @property
    def is_text(self) -> bool:
        """Whether a text that was decoded from bytes validates as it is."""
        annotation: Any = self.field.field_info.annotation
        return self.shared is not None and annotation in (str, str | None)

    @property
    def is_pure(self) -> bool:
        """Whether no code of the user's runs when it is read, whatever is sent."""
        if self.shared is None:
            return False
        return self.field.field_info.is_required() or self.has_plain_default

    def errors(self, error: ValidationError) -> list[Any]:
        """What FastAPI says of a value that does not validate."""
        return _errors(error, self.location)

    def default(self) -> tuple[Any, list[Any]]:
        """The value where none is sent, or what FastAPI says where there must be one."""
        found, errors = request_params_to_args([self.field], {})
        return found.get(self.name), errors


@dataclass(frozen=True, slots=True)
class Reads:
    """The parameters that one callable takes from one source.

    Attributes:
        fields: FastAPI's list of them.
        parameters: the same, `None` where FastAPI's own function has to read them: models,
            several aliases, `Json`, and types that pydantic has not resolved.
    """

    source: Source
    fields: list[ModelField]
    parameters: tuple[Parameter, ...] | None


def compile_parameters(dependant: Dependant) -> tuple[Reads, ...]:
    """The parameters of one callable, sources in FastAPI's order."""
    reads: list[Reads] = []
    for source, attribute in SOURCES:
        fields: list[ModelField] = getattr(dependant, attribute)
        if fields:
            compiled = [_compile(field, source) for field in fields]
            parameters = tuple(parameter for parameter in compiled if parameter is not None)
            is_whole = len(parameters) == len(fields) and _are_read_one_by_one(parameters)
            reads.append(Reads(source, fields, parameters if is_whole else None))
    return tuple(reads)


def _are_read_one_by_one(parameters: tuple[Parameter, ...]) -> bool:
    """Whether nothing shows that FastAPI makes all defaults before it validates a value, where
    it does."""
    infos = [each.field.field_info for each in parameters]
    return not validates_defaults or all(
        info.is_required() or (type(info.default) in PLAIN and info.default_factory is None)
        for info in infos
    )


def _compile(field: ModelField, source: Source) -> Parameter | None:
    info = field.field_info
    validate = validate_of(field)
    if (
        type(field) is not ModelField
        or validate is None
        or not isinstance(info, params.Param)
        or get_param_model(field) is not None
        or is_json_field(field)
    ):
        return None
    aliases = get_param_aliases(field)
    is_list = field_annotation_is_sequence(info.annotation)
    if len(aliases) != 1 or (is_list and source not in ("query_params", "headers")):
        return None
    alias = aliases[0][1]
    shared = _shared(field, source, alias)
    return Parameter(
        name=field.name,
        alias=alias,
        key=alias.lower().encode("latin-1") if source == "headers" else alias,
        validate=validate,
        is_list=is_list,
        location=(info.in_.value, alias),
        field=field,
        shared=shared,
        plain=_plain_defaults(info.annotation, shared) if validates_defaults else PLAIN,
    )


def _shared(field: ModelField, source: Source, alias: str) -> Hashable:
    info = field.field_info
    members = _members(info.annotation)
    if info.metadata or field.config or not all(map(_is_plain, members)):
        return None
    return source, alias, members


def _plain_defaults(annotation: Any, shared: Hashable) -> frozenset[Any]:
    """The types of defaults that are what their validation makes of them."""
    members = () if shared is None else _members(annotation)
    return frozenset((NoneType, *members))


def _members(annotation: Any) -> tuple[Any, ...]:
    is_union = get_origin(annotation) in (Union, UnionType)
    return get_args(annotation) if is_union else (annotation,)


def _is_plain(annotation: Any) -> bool:
    # An annotation need not be hashable.
    return any(annotation is plain for plain in PLAIN)


@dataclass(frozen=True, slots=True)
class Body:
    """The body parameters of one callable."""

    fields: list[ModelField]
    embed: bool
    single: Callable[..., Any] | None
    """Validates the whole body, where it is one JSON value for one parameter."""

    async def read(self, body: Any, errors: list[Any], names: Names = None) -> dict[str, Any]:
        """The values that validate, by argument name; the others' errors are appended. `names`
        are those that FastAPI tells, where it tells any."""
        if self.single is not None and body is not NO_BODY and type(body) is not FormData:
            try:
                return {self.fields[0].name: self.single(body, from_attributes=True)}
            except ValidationError as error:
                errors += _errors(error, ("body",))
                return {self.fields[0].name: None}
        values, wrong = await request_body_to_args(
            body_fields=self.fields,
            received_body=body,
            embed_body_fields=self.embed,
            **told_of_body(names),
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
        and type(fields[0]) is ModelField
        and not isinstance(fields[0].field_info, params.Form)
        and not should_embed_body_fields(fields)
    ):
        single = validate_of(fields[0])
    return Body(fields, embed, single)


def _errors(error: ValidationError, location: tuple[str, ...]) -> list[Any]:
    return regenerate_error_with_loc(errors=error.errors(include_url=False), loc_prefix=location)
