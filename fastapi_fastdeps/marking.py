"""What users say about a callable: at its place, by a decorator, or by inheritance."""

import functools
import inspect
import types
import typing
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Never, TypeAlias, TypeVar, overload

from typing_extensions import deprecated

from fastapi_fastdeps.errors import MarkerError, describe

_MARK = "__fastdeps_mark__"
_ASYNC_SAFE_MARK = "__is_async_safe__"


@dataclass(frozen=True, slots=True)
class Inline:
    """Call it on the event loop, in the task and the context of the request.

    As a marker, `Annotated[Page, Depends(), Inline]`, or as the decision of a classifier.
    """


@dataclass(frozen=True, slots=True)
class Threaded:
    """Call it in a worker thread of AnyIO's default limiter, as FastAPI does.

    As a marker, `Annotated[Page, Depends(), Threaded]`, or as the decision of a classifier.
    """


Execution: TypeAlias = Inline | Threaded


@dataclass(frozen=True, slots=True)
class _Mark:
    """A decorator's word. `functools.wraps` copies it along, so it knows whom it was said of."""

    said_of: Any
    executions: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The marker that decides for a callable, and where it stands, in words."""

    execution: Execution
    source: str


# The overloads return what they take; they are apart so that checkers report the mark on
# an async callable, and nothing else: neither a class whose instances are awaitable, nor a
# function that returns `Any`, which would pass for a coroutine.
Class = TypeVar("Class", bound=type[Any])
ReturnsAny = TypeVar("ReturnsAny", bound=Callable[..., "_Nothing"])
Async = TypeVar("Async", bound=Callable[..., Coroutine[Any, Any, Any] | AsyncGenerator[Any, Any]])
Sync = TypeVar(
    "Sync", bound="Callable[..., Any] | staticmethod[..., Any] | classmethod[Any, ..., Any]"
)


class _Nothing:
    def __init__(self, _: Never) -> None:
        """No function returns one, so only `Any` passes for it."""


@overload
def inline(call: Class, /) -> Class: ...
@overload
def inline(call: ReturnsAny, /) -> ReturnsAny: ...
@overload
@deprecated("An async callable always runs on the event loop: no marker says anything about it.")
def inline(call: Async, /) -> Async: ...
@overload
def inline(call: Sync, /) -> Sync: ...
def inline(call: Any, /) -> Any:
    """Mark a sync function, class or callable object as safe to call on the event loop.

    Returns the same object. It must not block: no I/O, no lock, no long computation.

    Raises `MarkerError` for an object that takes no attributes, such as a builtin; mark
    the place instead: `Annotated[..., Depends(call), Inline]`.
    """
    _mark(call, Inline())
    return call


@overload
def threaded(call: Class, /) -> Class: ...
@overload
def threaded(call: ReturnsAny, /) -> ReturnsAny: ...
@overload
@deprecated("An async callable always runs on the event loop: no marker says anything about it.")
def threaded(call: Async, /) -> Async: ...
@overload
def threaded(call: Sync, /) -> Sync: ...
def threaded(call: Any, /) -> Any:
    """Mark a sync function, class or callable object as one that needs a worker thread.

    Returns the same object. Raises `MarkerError` for an object that takes no attributes.
    """
    _mark(call, Threaded())
    return call


class InlineMixin:
    """Constructing a subclass, or calling an instance of it, is safe on the event loop."""

    __slots__ = ()


class ThreadedMixin:
    """Constructing a subclass, or calling an instance of it, needs a worker thread."""

    __slots__ = ()


def _mark(call: Any, execution: Execution) -> None:
    target = call
    if isinstance(call, _METHOD_OBJECTS):
        target = call.__func__
    elif not callable(call):
        raise MarkerError(f"{call!r} is not callable: only callables run somewhere.")
    said = _decorated(target)
    try:
        setattr(target, _MARK, _Mark(target, (*said, execution)))
    except (AttributeError, TypeError) as error:
        name = type(execution).__name__
        raise MarkerError(
            f"{describe(call)} takes no attributes, so it can't be decorated with "
            f"@{name.lower()}. Mark the place where it is used instead: "
            f"Annotated[..., Depends(...), {name}]."
        ) from error


_METHOD_OBJECTS: tuple[type[Any], ...] = (staticmethod, classmethod)


def find_marker(call: Callable[..., Any], metadata: Iterable[Any]) -> Found | None:
    """The marker that decides for `call` at a place with this `Annotated` metadata.

    The place outranks the callable's own decorator, which outranks the nearest class in
    its MRO that says something. `functools.partial`, `functools.wraps` and bound methods
    are looked through; a callable instance is judged by its class.

    Raises `MarkerError` where two markers of one level contradict each other.
    """
    if at_place := _executions_at_place(metadata):
        return Found(_agreed(at_place, call), f"{_name(at_place[0])} at the place")
    innermost = call
    for layer in _layers(call):
        if found := _found_on(layer, call):
            return found
        innermost = layer
    if inspect.isroutine(innermost) or isinstance(innermost, type):
        return None
    for layer in _layers(type(innermost).__call__):
        if found := _found_on(layer, call):
            return found
    return _found_on(_class_of(innermost), call)


def check_unmarked(call: Callable[..., Any], metadata: Iterable[Any]) -> None:
    """Raise `MarkerError` if an async callable, or its place, carries a marker.

    A mark that `functools.wraps` brought along, and a class that is marked for the sake of
    its constructor, are no statement about the async callable and pass.
    """
    marks = _executions_at_place(metadata)
    layers = [*_layers(call)]
    if not (inspect.isroutine(layers[-1]) or isinstance(layers[-1], type)):
        layers += _layers(type(layers[-1]).__call__)
    for layer in layers:
        if inspect.iscoroutinefunction(layer) or inspect.isasyncgenfunction(layer):
            marks = (*marks, *_decorated(layer))
    if marks:
        raise MarkerError(
            f"{describe(call)} is async: it always runs on the event loop, and "
            f"{_name(marks[0])} says nothing about it. Remove the marker, or write it as "
            "a plain def."
        )


def _found_on(layer: Any, call: Callable[..., Any]) -> Found | None:
    if not isinstance(layer, type):
        executions = _executions_on(layer)
        return Found(_agreed(executions, call), _decorator(executions)) if executions else None
    for base in layer.__mro__:
        if executions := _executions_on(base):
            if base is InlineMixin or base is ThreadedMixin:
                source = f"{base.__name__}"
            elif base is layer:
                source = _decorator(executions)
            else:
                source = f"{_decorator(executions)} on {base.__qualname__}"
            return Found(_agreed(executions, call), source)
    return None


def _executions_on(layer: Any) -> tuple[Execution, ...]:
    said = _decorated(layer)
    async_safe = _namespace(layer).get(_ASYNC_SAFE_MARK)
    if async_safe is not None:
        said = (*said, Inline() if async_safe else Threaded())
    return said


def _decorated(layer: Any) -> tuple[Execution, ...]:
    mark: _Mark | None = _namespace(layer).get(_MARK)
    return mark.executions if mark is not None and mark.said_of is layer else ()


def _namespace(layer: object) -> Mapping[str, Any]:
    return vars(layer) if hasattr(layer, "__dict__") else {}


def _executions_at_place(metadata: Iterable[Any]) -> tuple[Execution, ...]:
    return tuple(
        item() if isinstance(item, type) else item
        for item in metadata
        if item is Inline or item is Threaded or isinstance(item, Inline | Threaded)
    )


def _agreed(executions: tuple[Execution, ...], call: Callable[..., Any]) -> Execution:
    if len({type(execution) for execution in executions}) > 1:
        raise MarkerError(
            f"{describe(call)} is marked both Inline and Threaded at one place. "
            "Keep the one that is meant."
        )
    return executions[0]


def _layers(call: Any) -> Iterator[Any]:
    """`call`, then what it wraps, from the outside in."""
    seen: set[int] = set()
    while id(call) not in seen:
        seen.add(id(call))
        yield call
        if isinstance(call, functools.partial):
            call = call.func
        elif isinstance(call, types.MethodType):
            call = call.__func__
        elif typing.get_origin(call) is not None:
            call = typing.get_origin(call)
        elif not isinstance(call, type) and hasattr(call, "__wrapped__"):
            call = call.__wrapped__


def _class_of(instance: object) -> type:
    return type(instance)


def _name(execution: Execution) -> str:
    return type(execution).__name__


def _decorator(executions: tuple[Execution, ...]) -> str:
    return f"@{_name(executions[0]).lower()}"


_mark(InlineMixin, Inline())
_mark(ThreadedMixin, Threaded())
