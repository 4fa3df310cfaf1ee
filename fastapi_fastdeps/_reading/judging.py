"""Whether anything in a callable that FastAPI calls can block, and why it can't."""

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import params
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from starlette.responses import Response

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._fastapi.names import get_typed_signature
from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.models import is_plain_model, is_plain_schema
from fastapi_fastdeps._reading.once import once, one_question
from fastapi_fastdeps._reading.reader import Problem, Reader, Stopped
from fastapi_fastdeps._reading.sizes import UNBOUNDED
from fastapi_fastdeps._reading.source import is_written_default
from fastapi_fastdeps._reading.values import (
    CONTAINERS,
    UNKNOWN,
    Data,
    Instance,
    Known,
    Value,
    container,
    either,
    is_immutable,
    is_plain,
    options,
    size_of,
)

_DEEP = 8
_MANY = 4
_ENCODING = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about a callable.

    Attributes:
        problem: the first thing that might block or can't be seen through; `None` for none.
        reason: what it does, if there is no problem.
    """

    problem: Problem | None
    reason: str


def why_harmless(call: Any, *, answers: bool = False, response_model: Any = None) -> str | None:
    """What a callable does, in words, if nothing in it can block; `None` where it may."""
    found = judge(call, answers=answers, response_model=response_model)
    return found.reason if found.problem is None else None


def judge(call: Any, *, answers: bool = False, response_model: Any = None) -> Finding:
    """Read what happens when FastAPI calls `call`.

    `answers` for an endpoint, whose result is validated by `response_model`, where that is
    not `None`, as part of the same call.
    """
    with one_question():
        return _judged(call, answers, response_model)


@once
def _judged(call: Any, answers: bool, response_model: Any) -> Finding:
    reader = Reader()
    try:
        result = _read(reader, call, 0)
        if answers and not reader.problems:
            _read_answer(reader, call, result, response_model)
    except Stopped:
        pass
    except RecursionError:
        return Finding(Problem("is too deep to read", "", 0), "")
    first = next(iter(reader.problems), None)
    return Finding(first, "" if first else _reason(call, reader))


def _reason(call: Any, reader: Reader) -> str:
    does = list(reader.does)
    if not does:
        return "does nothing" if isinstance(call, type) else "returns what it is given"
    if does == ["assigns"]:
        return "assigns its arguments"
    return ", ".join(does[:_MANY]) + (", ..." if len(does) > _MANY else "")


def _read(reader: Reader, call: Any, depth: int) -> Value:
    origin = typing.get_origin(call)
    target = origin if isinstance(origin, type) else call
    try:
        given = Arguments(named=_given(call, depth))
    except Exception:
        return reader.problem(None, "has a signature that it can't see")
    return reader.call(_root(target), given)


def _root(call: Any) -> Value:
    if isinstance(call, types.MethodType) and isinstance(call.__func__, types.FunctionType):
        return shapes.of_object(call)
    if isinstance(call, type | types.FunctionType):
        return Known(call)
    return shapes.of_object(call)


def _given(call: Any, depth: int) -> dict[str, Value]:
    """What FastAPI gives a callable, by the names of its parameters: to `**rest` something of
    the name `rest`, too."""
    return {
        parameter.name: _argument(parameter, depth, is_written_default(call, parameter.name))
        for parameter in get_typed_signature(call).parameters.values()
    }


def _argument(parameter: inspect.Parameter, depth: int, is_written: bool) -> Value:
    """What FastAPI gives for a parameter, whose default `is_written` where it stands."""
    annotation, default = parameter.annotation, parameter.default
    depends = _depends(annotation, default)
    if depends is not None:
        dependency = depends.dependency or _bare(annotation)
        return _result_of(dependency, depth + 1)
    if shapes.is_injected(annotation):
        return Instance(annotation, exact=False)
    if annotation is inspect.Parameter.empty:
        return UNKNOWN
    given = shapes.of_annotation(annotation)
    if isinstance(default, FieldInfo):
        if not shapes.changes_nothing(default):
            return UNKNOWN
        if default.default_factory is not None:
            return given
        default = default.default
    if default is inspect.Parameter.empty or default is ... or type(default).__name__ in _UNSET:
        return given
    if is_written and kind_of(default) in CONTAINERS and not default:
        # Nobody else has it, to put something into it.
        return either([given, container(kind_of(default))])
    return either([given, shapes.of_object(default)])


_UNSET = ("PydanticUndefinedType",)


def _bare(annotation: Any) -> Any:
    if typing.get_origin(annotation) is typing.Annotated:
        return typing.get_args(annotation)[0]
    return annotation


def _depends(annotation: Any, default: Any) -> params.Depends | None:
    if isinstance(default, params.Depends):
        return default
    if typing.get_origin(annotation) is typing.Annotated:
        for item in reversed(typing.get_args(annotation)[1:]):
            if isinstance(item, params.Depends):
                return item
    return None


def _result_of(call: Callable[..., Any] | None, depth: int) -> Value:
    """What a dependency gives, whether or not it may block."""
    scheme = shapes.SECURITY.get(type(call))
    if scheme is not None:
        return scheme()
    if call is None or depth > _DEEP:
        return UNKNOWN
    found = _read_for_itself(call, depth)
    if found is None:
        return UNKNOWN
    result, seen = found
    return either(_outside(each, seen=seen) for each in options(result))


@once
def _read_for_itself(call: Callable[..., Any], depth: int) -> tuple[Value, bool] | None:
    """What a dependency gives, and whether all that is done to it was seen; `None` where there
    is too much that can't be."""
    reader = Reader(on=True)
    try:
        result = _read(reader, call, depth)
    except Stopped:
        return None
    return result, not reader.problems


def _outside(value: Value, *, seen: bool, depth: int = 0) -> Value:
    """A value that was made by another call; `seen` where all that was done to it was. What
    else was given it may have put something into its containers since."""
    if isinstance(value, Instance):
        fields = value.fields if seen and depth < _MANY else {}
        known = {
            name: either(_outside(each, seen=seen, depth=depth + 1) for each in options(field))
            for name, field in fields.items()
        }
        return Instance(value.cls, value.exact, known, value.known)
    if isinstance(value, Data) and value.box is not None:
        is_fixed = value.kind in (tuple, frozenset)
        if not seen or not is_fixed or not is_immutable(value) or value.size.is_long:
            return container(value.kind, UNKNOWN, UNBOUNDED, UNKNOWN)
        items = either(value.parts) if value.parts is not None else value.box.items
        return container(value.kind, items, value.size, value.box.keys)
    return value if isinstance(value, Data | Known) else UNKNOWN


def _read_answer(reader: Reader, call: Any, result: Value, response_model: Any) -> None:
    """What becomes of the result of an endpoint."""
    if inspect.isgeneratorfunction(call):
        reader.problem(None, "streams what it yields")
    if response_model is not None and not _validates_plainly(response_model):
        reader.problem(None, "has a response model whose validation runs code of its own")
    for each in options(result):
        if not _is_answer(each, 0):
            reader.problem(None, "returns what is not known to be plain data")
    reader.spend(None, size_of(result) * _ENCODING, "answers")


def _is_answer(value: Value, depth: int) -> bool:
    if is_plain(value):
        return True
    if isinstance(value, Instance):
        return value.exact and (is_plain_model(value.cls) or value.cls in vetted.RESPONSES)
    if isinstance(value, Data) and depth < 4:
        inside = value.parts or ()
        if value.box is not None:
            inside = (*inside, value.box.items, value.box.keys)
        return all(_is_answer(each, depth + 1) for part in inside for each in options(part))
    return False


def _validates_plainly(model: Any) -> bool:
    if inspect.isclass(model) and issubclass(model, Response):
        return True
    if inspect.isclass(model) and issubclass(model, BaseModel):
        return is_plain_model(model)
    try:
        return is_plain_schema(TypeAdapter(model).core_schema)
    except Exception:
        return False


__all__ = ["Finding", "judge", "why_harmless"]
