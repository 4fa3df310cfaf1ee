"""What stands at the place of a dependency, which FastAPI's tree does not keep."""

import typing
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any, TypeAlias

from fastapi import params
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from fastapi_fastdeps._fastapi.names import Dependant, get_typed_signature
from fastapi_fastdeps.classifiers import Candidate
from fastapi_fastdeps.marking import place_metadata

Metadata: TypeAlias = tuple[Any, ...]

_ALIASES = (TypeAliasType, getattr(typing, "TypeAliasType", TypeAliasType))
"""What `type X = ...` makes, and what it makes on a Python that does not have it."""


def places(dependant: Dependant) -> dict[str | None, Metadata]:
    """The metadata of each parameter of a callable that takes a dependency, by its name."""
    names = [child.name for child in dependant.dependencies if child.name is not None]
    if not names:
        return {}
    annotations, defaults = _evaluated(dependant.call, names) or _signature(dependant.call)
    return {
        name: (*metadata_of(annotations.get(name)), *place_metadata(defaults.get(name)))
        for name in names
    }


def entry_places(
    dependant: Dependant, dependencies: Sequence[params.Depends]
) -> dict[int, Metadata]:
    """The metadata of each entry of `dependencies=[...]`, by the `id` of what FastAPI made of
    it at the root of a tree. Entries that carry none are left out.

    FastAPI has them first, in their order. What somebody has inserted among them is passed
    over, and so is an entry that is gone.
    """
    found: dict[int, Metadata] = {}
    if not any(map(place_metadata, dependencies)):
        return found
    children = [child for child in dependant.dependencies if child.name is None]
    entries = list(dependencies)
    for child in children:
        calls = [entry.dependency for entry in entries]
        if child.call in calls:
            index = calls.index(child.call)
            found[id(child)] = place_metadata(entries[index])
            del entries[: index + 1]
    return found


def is_marked_place(candidate: Candidate) -> bool:
    """Whether the place says more about the callable than FastAPI itself reads there."""
    return any(not isinstance(item, params.Depends | FieldInfo) for item in candidate.metadata)


def unaliased(annotation: Any) -> Any:
    """What `type X = ...` stands for, whatever else is given."""
    while isinstance(annotation, _ALIASES):
        annotation = annotation.__value__
    return annotation


def metadata_of(annotation: Any) -> Metadata:
    """What `Annotated` carries, that of `annotated(Depends(...), ...)` in it included."""
    annotation = unaliased(annotation)
    if typing.get_origin(annotation) is not typing.Annotated:
        return ()
    carried = typing.get_args(annotation)[1:]
    return (*carried, *(extra for item in carried for extra in place_metadata(item)))


def plain_function(call: Any) -> FunctionType | None:
    """A function whose parameters are those that FastAPI sees."""
    if not isinstance(call, FunctionType) or hasattr(call, "__wrapped__"):
        return None
    return None if hasattr(call, "__signature__") else call


def defaults_of(function: FunctionType) -> dict[str, Any]:
    """The default values of a function's parameters, by name."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    return {**dict(zip(names, defaults, strict=True)), **(function.__kwdefaults__ or {})}


_Written: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The annotations and the default values of a callable's parameters."""


def _evaluated(call: Any, names: list[str]) -> _Written | None:
    """Those of a plain function, if none of the annotations has to be evaluated.

    It saves a second look at the whole signature, half of what a route costs to build.
    """
    function = plain_function(call)
    if function is None:
        return None
    annotations = function.__annotations__
    if any(isinstance(annotations.get(name), str) for name in names):
        return None
    return annotations, defaults_of(function)


def _signature(call: Any) -> _Written:
    parameters = get_typed_signature(call).parameters
    return (
        {name: parameter.annotation for name, parameter in parameters.items()},
        {name: parameter.default for name, parameter in parameters.items()},
    )
