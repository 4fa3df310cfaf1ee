"""Which attributes an ORM loads when a response model reads them."""

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from fastapi_fastdeps.classifiers import Candidate

_EAGER: Final = frozenset(
    {"contains_eager", "immediateload", "joinedload", "selectinload", "subqueryload"}
)
"""The options of SQLAlchemy that load what is related with the query."""

_LAZY: Final = frozenset({True, "select"})


def lazy_loads(candidate: Candidate) -> Iterator[tuple[type[Any], str]]:
    """The classes that SQLAlchemy maps, and their attributes that are loaded by a query of
    their own when the response of an endpoint is validated."""
    models = list(_models(candidate.response_model))
    function: Any = inspect.unwrap(candidate.call)
    if not models or not isinstance(function, types.FunctionType):
        return
    names = set(_names(function.__code__))
    if names & _EAGER:
        return
    seen: set[tuple[type[Any], str]] = set()
    for entity in _entities(function, names):
        for model in models:
            for found in _loaded(entity, model, ()):
                if found not in seen:
                    seen.add(found)
                    yield found


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models of an annotation, those within unions and containers included."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for each in typing.get_args(annotation):
        yield from _models(each)


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _entities(function: types.FunctionType, names: set[str]) -> Iterator[type[Any]]:
    """The classes with a mapper that a function names, or says that it returns."""
    space = function.__globals__
    known = [space[name] for name in sorted(names) if name in space]
    modules = [each for each in known if isinstance(each, types.ModuleType)]
    known += [vars(each)[name] for each in modules for name in sorted(names & set(vars(each)))]
    returned: Any = function.__annotations__.get("return")
    for each in (*known, returned, *typing.get_args(returned)):
        if isinstance(each, type) and hasattr(each, "__mapper__"):
            yield each


def _loaded(
    entity: type[Any], model: type[BaseModel], above: tuple[Any, ...]
) -> Iterator[tuple[type[Any], str]]:
    mapper: Any = getattr(entity, "__mapper__", None)
    if mapper is None or (entity, model) in above:
        return
    for related in mapper.relationships:
        field = model.model_fields.get(related.key)
        if field is None:
            continue
        if related.lazy in _LAZY:
            yield entity, related.key
        for inner in _models(field.annotation):
            yield from _loaded(related.mapper.class_, inner, (*above, (entity, model)))
