"""Which annotations, values and constraints Pydantic makes the same validator of.

These are types that Pydantic asks nobody about, and models that are complete: of them it takes
what they have. All else is like nothing.
"""

import datetime
import decimal
import typing
import uuid
from collections.abc import Iterable
from operator import is_
from types import NoneType, UnionType
from typing import Any, Final, Literal, NamedTuple, Optional, TypeAlias, Union

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf
from pydantic import BaseModel
from pydantic_core import PydanticUndefined, SchemaValidator

from fastapi_fastdeps._fastapi.kinds import kind_of

Key: TypeAlias = tuple[object, ...]


class Alike(NamedTuple):
    """An annotation as it is written.

    Attributes:
        key: equal for those that are written alike.
        made: what Pydantic has made of the models in it, by which it knows them.
    """

    key: object
    made: tuple[object, ...]

    def is_still(self, now: "Alike") -> bool:
        """Whether Pydantic has made nothing else of the models meanwhile."""
        return all(map(is_, self.made, now.made))


def alike(annotation: Any) -> Alike | None:
    """What makes of an annotation what it is, `None` where that can't be told."""
    if type(annotation) is type and annotation in _TYPES:
        return Alike(annotation, ())
    made: list[object] = []
    key = _key(annotation, made)
    return None if key is None else Alike(key, tuple(made))


def alike_values(values: Iterable[Any]) -> Key | None:
    """Equal for values that nothing can tell apart, `None` for those that may be changed."""
    known = tuple(values)
    kinds = tuple(map(type, known))
    if not _PLAIN.issuperset(kinds):
        return None
    # Of floating point numbers there are two zeros, and some that do not equal themselves.
    return (kinds, repr(known) if float in kinds else known)


def alike_constraints(constraints: Iterable[Any]) -> Key | None:
    """Equal for constraints that are alike, `None` where one is not known."""
    found: list[object] = []
    for constraint in constraints:
        kind = kind_of(constraint)
        names = _CONSTRAINTS.get(kind)
        said = names and alike_values(getattr(constraint, name) for name in names)
        if not said:
            return None
        found.append((kind, said))
    return tuple(found)


def _key(annotation: Any, made: list[object]) -> object:
    if annotation is Any or annotation is None:
        return (annotation,)
    kind = kind_of(annotation)
    if issubclass(kind, type):
        if kind is type and annotation in _TYPES:
            return annotation
        return annotation if _is_complete(annotation, made) else None
    origin: Any = typing.get_origin(annotation) if kind in _FORMS else None
    arguments = typing.get_args(annotation)
    if origin is Literal:
        said = alike_values(arguments)
        return said and (origin, said)
    if origin not in _ORIGINS:
        return None
    keys = tuple(_key(argument, made) for argument in arguments)
    return None if None in keys else (kind, origin, keys)


def _is_complete(kind: Any, made: list[object]) -> bool:
    """Whether it is a model of which Pydantic takes what it has made of it already."""
    if not issubclass(kind, BaseModel) or not _asks_nobody(kind):
        return False
    schema, validator, serializer = (vars(kind).get(name) for name in _MADE)
    if type(schema) is not dict or type(validator) is not SchemaValidator:
        return False
    made += schema, validator, serializer
    return True


def _asks_nobody(model: type[BaseModel]) -> bool:
    own = getattr(model.__get_pydantic_core_schema__, "__func__", None)
    return own is _CORE_SCHEMA and model.__pydantic_complete__


_CORE_SCHEMA: Final = getattr(BaseModel.__get_pydantic_core_schema__, "__func__", None)
_MADE: Final = ("__pydantic_core_schema__", "__pydantic_validator__", "__pydantic_serializer__")
_PLAIN: Final = frozenset((str, int, bool, float, NoneType, type(PydanticUndefined)))
_BARE: Final = frozenset((dict, frozenset, list, set, tuple))
_TYPES: Final = _BARE | {
    *(bool, bytes, float, int, str, NoneType),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
    *(decimal.Decimal, uuid.UUID),
}
_ORIGINS: Final = frozenset((*_BARE, Union, UnionType))
_FORMS: Final = frozenset(
    map(type, (int | None, Optional[int], list[int], typing.List[int], Literal[1]))  # noqa: UP006, UP045
)
_CONSTRAINTS: Final = {
    kind: tuple(kind.__dataclass_fields__) for kind in (Ge, Gt, Le, Lt, MaxLen, MinLen, MultipleOf)
}
