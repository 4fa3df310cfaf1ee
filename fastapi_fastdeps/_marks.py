"""Which marker decides for a callable."""

import functools
import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi_fastdeps.errors import MarkerError, describe, is_users_own, whereabouts
from fastapi_fastdeps.marking import (
    Execution,
    Inline,
    InlineMixin,
    Threaded,
    ThreadedMixin,
    decorated,
    decorator_of,
    is_marker,
    judge,
    namespace,
)

if TYPE_CHECKING:
    from fastapi_fastdeps.classifiers import Candidate


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a callable runs, who said so, and why, in words."""

    execution: Execution
    source: str
    because: str = ""

    def __str__(self) -> str:
        return f"{self.source}: {self.because}" if self.because else self.source


@dataclass(frozen=True, slots=True)
class _Word:
    """A marker as it was written, and what it says."""

    spelling: str
    execution: Execution


def find_marker(candidate: "Candidate") -> Decision | None:
    """What the marker says that decides for a callable at its place.

    The place outranks the callable's own decorator, which outranks the nearest class in
    its MRO that says something, by a decorator of its own or of its constructor.
    `functools.partial`, `functools.wraps` and bound methods are looked through; a callable
    instance is judged by its `__call__` and its class.

    Raises `MarkerError` where two markers of one level contradict each other.
    """
    if words := _words_at_place(candidate):
        execution = _agreed(words, candidate, "at its place")
        return Decision(execution, f"{words[0].spelling} at the place", execution.because)
    for layer in layers_of(candidate.call):
        judge(layer)
        if isinstance(layer, type):
            if found := _found_on_class(layer, candidate):
                return found
        elif words := _words_on(layer):
            return Decision(_agreed(words, candidate), words[0].spelling)
    return None


def check_unmarked(candidate: "Candidate") -> None:
    """Raise `MarkerError` if an async callable, or its place, carries a marker.

    A mark that `functools.wraps` brought along, and a class that is marked for the sake of
    its constructor, are no statement about the async callable and pass.
    """
    words = _words_at_place(candidate)
    can_rewrite = is_users_own(candidate.call) if words else True
    for layer in layers_of(candidate.call):
        if inspect.iscoroutinefunction(layer) or inspect.isasyncgenfunction(layer):
            judge(layer)
            words += tuple(
                _Word(decorator_of(execution), execution) for execution in decorated(layer)
            )
    if words:
        way_out = ", or write it as a plain def" if can_rewrite else " there"
        raise MarkerError(
            f"{describe(candidate.call)} is async: it always runs on the event loop, and "
            f"{words[0].spelling} says nothing about it{whereabouts(candidate)}. "
            f"Remove {words[0].spelling}{way_out}."
        )


def _found_on_class(layer: type, candidate: "Candidate") -> Decision | None:
    for base in layer.__mro__:
        words = (*_words_on(base), *_words_on_constructor(base))
        if base is ThreadedMixin and issubclass(layer, ThreadedMixin):
            words = (_Word("ThreadedMixin", Threaded(layer.thread_limiter)),)
        if not words:
            continue
        if base is layer:
            return Decision(_agreed(words, candidate), words[0].spelling)
        name = base.__qualname__
        execution = _agreed(words, candidate, f"on its base {name!r}")
        spelling = words[0].spelling
        return Decision(execution, spelling if spelling == name else f"{spelling} on {name}")
    return None


def _words_at_place(candidate: "Candidate") -> tuple[_Word, ...]:
    executions = (
        item() if isinstance(item, type) else item for item in candidate.metadata if is_marker(item)
    )
    return tuple(_Word(type(execution).__name__, execution) for execution in executions)


def _words_on(layer: Any) -> tuple[_Word, ...]:
    if layer is InlineMixin:
        return (_Word("InlineMixin", Inline()),)
    words = tuple(_Word(decorator_of(execution), execution) for execution in decorated(layer))
    is_async_safe = namespace(layer).get("__is_async_safe__")
    if is_async_safe is None:
        return words
    return (*words, _Word("@async_safe", Inline()) if is_async_safe else _ASYNC_UNSAFE)


def _words_on_constructor(base: type) -> tuple[_Word, ...]:
    for name in ("__init__", "__new__"):
        constructor = namespace(base).get(name)
        if isinstance(constructor, staticmethod):
            constructor = constructor.__func__
        if not isinstance(constructor, types.FunctionType):
            continue
        for layer in _wrapped_layers(constructor):
            judge(layer)
            if words := _words_on(layer):
                return words
    return ()


def _agreed(words: tuple[_Word, ...], candidate: "Candidate", where: str = "") -> Execution:
    spellings = {type(word.execution): word.spelling for word in reversed(words)}
    if len(spellings) > 1:
        both = f"{spellings[Inline]} and {spellings[Threaded]}"
        raise MarkerError(
            f"{describe(candidate.call)} is marked both {both}{where and ' '}{where}"
            f"{whereabouts(candidate)}. Keep the one that is meant."
        )
    executions = [word.execution for word in words]
    limiters = {each.limiter: each for each in executions if isinstance(each, Threaded)}
    limiters.pop(None, None)
    if len(limiters) > 1:
        raise MarkerError(
            f"{describe(candidate.call)} is to wait for threads of the limiters "
            f"{' and '.join(map(repr, limiters))}{where and ' '}{where}"
            f"{whereabouts(candidate)}. Keep the one that is meant."
        )
    return next(iter(limiters.values()), executions[0])


def layers_of(call: Any) -> Iterator[Any]:
    """What may speak for `call`, the nearest first: itself, then what it wraps, and for an
    instance its `__call__` and its class."""
    innermost = call
    for layer in _wrapped_layers(call):
        yield layer
        innermost = layer
    if not (inspect.isroutine(innermost) or isinstance(innermost, type)):
        yield from _wrapped_layers(type(innermost).__call__)
        yield type(innermost)


def _wrapped_layers(call: Any) -> Iterator[Any]:
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
        elif isinstance(call, type):
            # What a class inherits under this name is said of its base.
            wrapped = vars(call).get("__wrapped__")
            call = wrapped if callable(wrapped) else call
        elif hasattr(call, "__wrapped__"):
            call = call.__wrapped__


_ASYNC_UNSAFE = _Word("@async_unsafe", Threaded())
