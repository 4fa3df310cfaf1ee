"""What `Annotated` carries at the place of a dependency, which FastAPI's tree does not keep."""

import typing
from types import FunctionType
from typing import Any, TypeAlias, cast

from fastapi import params
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from fastapi_fastdeps._fastapi.names import Dependant, get_typed_signature
from fastapi_fastdeps.classifiers import Candidate

Metadata: TypeAlias = tuple[Any, ...]

_ALIASES = (TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType))
"""What `type X = ...` makes, and what it makes on a Python that does not have it."""


def places(dependant: Dependant) -> dict[str | None, Metadata]:
    """The metadata of each parameter of a callable that takes a dependency, by its name."""
    names = [child.name for child in dependant.dependencies if child.name is not None]
    if not names:
        return {}
    annotations = _evaluated(dependant.call, names) or {
        name: parameter.annotation
        for name, parameter in get_typed_signature(cast("Any", dependant.call)).parameters.items()
    }
    return {name: _metadata(annotations.get(name)) for name in names}


def is_marked_place(candidate: Candidate) -> bool:
    """Whether the place says more about the callable than FastAPI itself reads there."""
    return any(not isinstance(item, params.Depends | FieldInfo) for item in candidate.metadata)


def _evaluated(call: Any, names: list[str]) -> dict[str, Any] | None:
    """The annotations of a plain function, if none of these has to be evaluated.

    It saves a second look at the whole signature, half of what a route costs to build.
    """
    if not isinstance(call, FunctionType) or hasattr(call, "__wrapped__"):
        return None
    if hasattr(call, "__signature__"):
        return None
    annotations = call.__annotations__
    if any(isinstance(annotations.get(name), str) for name in names):
        return None
    return annotations


def _metadata(annotation: Any) -> Metadata:
    while isinstance(annotation, _ALIASES):
        annotation = annotation.__value__
    if typing.get_origin(annotation) is not typing.Annotated:
        return ()
    return tuple(typing.get_args(annotation)[1:])
