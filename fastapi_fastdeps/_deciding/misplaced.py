"""Markers that stand where they say nothing."""

import inspect
import re
import typing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import FunctionType, ModuleType
from typing import Any
from weakref import WeakValueDictionary

from fastapi import params

from fastapi_fastdeps._deciding.places import (
    Metadata,
    defaults_of,
    metadata_of,
    plain_function,
    unaliased,
)
from fastapi_fastdeps._fastapi.names import Dependant, get_typed_signature
from fastapi_fastdeps.errors import MarkerError, describe
from fastapi_fastdeps.marking import is_marker, mistaken_for_marker


def check_places(dependant: Dependant, path: str) -> None:
    """Raise `MarkerError` for a marker that a user put where it says nothing.

    That is at a parameter that is no dependency, at what is returned, in place of a type, a
    default value or a dependency; and a decorator or a mixin in place of the marker.
    Annotations that can't be resolved are passed over, as FastAPI does.
    """
    for child in dependant.dependencies:
        if child.name is None and _is_word(child.call):
            raise MarkerError(
                f"{_name(child.call)} is no dependency, but stands in the dependencies=[...] of "
                f"{path!r}: write annotated(Depends(...), {_meant(child.call)})."
            )
    call: Any = dependant.call
    if _checked.get(id(call)) is call:
        return
    for name, annotation, default in _parameters(call):
        if problem := _problem(annotation, default):
            raise MarkerError(f"The parameter {name!r} of {describe(call)} at {path!r} {problem}")
    if stray := _returned(call):
        raise MarkerError(
            f"What {describe(call)} at {path!r} returns is marked {_name(stray)}, which says "
            f"nothing: write @{_meant(stray).lower()} above it."
        )
    with suppress(TypeError):  # What can't be referred to weakly is looked at again.
        _checked[id(call)] = call


def check_entries(dependencies: Any, place: str) -> None:
    """Raise `MarkerError` for a marker by itself among the entries of `dependencies=[...]`, or
    in an `Annotated` there, which FastAPI takes for a dependency."""
    entries: Any = dependencies
    if not isinstance(dependencies, Sequence):
        return
    for entry in entries:
        for item in (entry, *_metadata(entry)):
            if _is_word(item):
                raise MarkerError(
                    f"{_name(item)} is no dependency, but stands in the dependencies=[...] of "
                    f"{place}: write annotated(Depends(...), {_meant(item)}) there."
                )


_checked: WeakValueDictionary[int, Any] = WeakValueDictionary()
"""What has been found free of such markers, because many routes depend on it."""


def _problem(annotation: Any, default: Any) -> str | None:
    """What is wrong at one parameter, and the way out."""
    metadata = metadata_of(annotation)
    depends = _depends(metadata, default)
    of_type = _type_of(annotation)
    if is_marker(of_type):
        return f"has {_name(of_type)} for its type: {_way_out(of_type)}"
    if is_marker(default) or _is_decorator(default):
        return f"has {_name(default)} for its default value: {_way_out(default)}"
    if depends is None:
        stray = next(_strays(annotation), None)
        return stray and (
            f"is no dependency: nothing is called for it, and {_name(stray)} says nothing about "
            f"it. Remove {_name(stray)}."
        )
    call = depends.dependency or of_type
    if _is_word(call):
        return f"depends on {_name(call)}, which is no dependency: {_way_out(call)}"
    for item in metadata:
        if mistaken_for_marker(item):
            return (
                f"has {_name(item)} in place of the marker, which says nothing about "
                f"{describe(call)} there: {_way_out(item)}"
            )
    return None


def _parameters(call: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, annotation and default value of each parameter on which a word may stand.

    Annotations that are text are evaluated only where a word is mentioned in one of them,
    because a look at the signature is half of what a route costs to build.
    """
    function = plain_function(call)
    if function is not None and not _mentions_words(function):
        annotations, defaults = _annotations(function), defaults_of(function)
        for name in {**annotations, **defaults}:
            if name != _RETURN and not isinstance(annotations.get(name), str):
                yield name, annotations.get(name), defaults.get(name)
        return
    try:
        parameters = get_typed_signature(call).parameters
    except Exception:  # FastAPI has looked already: this was put there since.
        return
    for name, parameter in parameters.items():
        yield name, parameter.annotation, parameter.default


def _returned(call: Any) -> Any:
    """The word that a function has put on what it returns, `None` for none."""
    function = plain_function(call)
    annotation = _annotations(function).get(_RETURN) if function is not None else None
    if function is not None and isinstance(annotation, str):
        mentioned, annotation = _mentions_words(function), None
        with suppress(Exception):
            if mentioned:
                annotation = inspect.signature(function, eval_str=True).return_annotation
    metadata = metadata_of(annotation)
    if _depends(metadata) is not None:  # The alias of a dependency is a type, too.
        return None
    return next(filter(_is_word, metadata), None)


def _annotations(function: FunctionType) -> dict[str, Any]:
    with suppress(NameError):  # From Python 3.14 on they are evaluated when they are read.
        return function.__annotations__
    return {}


def _mentions_words(function: FunctionType) -> bool:
    """Whether a word of this package is behind a name in annotations that are text."""
    for text in _annotations(function).values():
        if isinstance(text, str):
            for dotted in _DOTTED.findall(text):
                found = _resolved(dotted, function.__globals__)
                if next(_words(found), None) is not None:
                    return True
    return False


def _resolved(dotted: str, namespace: Mapping[str, Any]) -> Any:
    name, *attributes = dotted.split(".")
    found = namespace.get(name)
    for attribute in attributes:
        found = vars(found).get(attribute) if isinstance(found, ModuleType) else None
    return found


def _words(annotation: Any) -> Iterator[Any]:
    """Every word of this package in an annotation."""
    return (item for item, _ in _parts(annotation) if _is_word(item))


def _strays(annotation: Any) -> Iterator[Any]:
    """Every word in an annotation that is no part of `Annotated[..., Depends(...), ...]`: an
    alias of that may be the type of something else, and a mixin the type of anything."""
    for item, is_metadata in _parts(annotation, into_dependencies=False):
        if is_marker(item) or (is_metadata and mistaken_for_marker(item)):
            yield item


def _parts(annotation: Any, *, into_dependencies: bool = True) -> Iterator[tuple[Any, bool]]:
    """An annotation and all that it is made of, and whether `Annotated` carries it."""
    pending: list[tuple[Any, bool]] = [(annotation, False)]
    seen: dict[int, Any] = {}
    while pending:
        item, is_metadata = pending.pop()
        if id(item) not in seen:
            seen[id(item)] = item
            yield item, is_metadata
            if into_dependencies or _depends(_metadata(item)) is None:
                pending += _arguments(item)


def _arguments(annotation: Any) -> list[tuple[Any, bool]]:
    if issubclass(type(annotation), type):
        return []
    with suppress(Exception):  # `type X = ...` is evaluated when it is looked at.
        annotation = unaliased(annotation)
        is_annotated = typing.get_origin(annotation) is typing.Annotated
        arguments = typing.get_args(annotation)
        return [(item, is_annotated and index > 0) for index, item in enumerate(arguments)]
    return []


def _metadata(annotation: Any) -> Metadata:
    with suppress(Exception):
        return metadata_of(annotation)
    return ()


def _depends(metadata: Metadata, default: Any = None) -> params.Depends | None:
    """What makes a dependency of a parameter: the last that FastAPI knows decides."""
    known = [item for item in metadata if isinstance(item, _DECISIVE)]
    decisive = known[-1] if known else default
    return decisive if isinstance(decisive, params.Depends) else None


def _type_of(annotation: Any) -> Any:
    annotation = unaliased(annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        return typing.get_args(annotation)[0]
    return annotation


def _is_decorator(item: object) -> bool:
    return mistaken_for_marker(item) is not None and not isinstance(item, type)


def _is_word(item: object) -> bool:
    return is_marker(item) or mistaken_for_marker(item) is not None


def _way_out(item: Any) -> str:
    return f"write Annotated[..., Depends(...), {_meant(item)}]."


def _meant(item: Any) -> str:
    return mistaken_for_marker(item) or _name(item)


def _name(item: Any) -> str:
    return str(getattr(item, "__name__", None) or type(item).__name__)


_RETURN = "return"
_DECISIVE = (params.Depends, params.Param, params.Body)
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
