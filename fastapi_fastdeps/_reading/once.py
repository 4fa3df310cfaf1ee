"""What has been found out since a question was asked, so that nothing is looked at twice for it.

Between two questions anything may be replaced: a name of a module, a method, a file, a class may
have been derived from. So nothing that depends on that is kept from one to the next.
"""

import functools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

_MISSING = object()
_BY_VALUE = frozenset({bool, int, str, type(None)})


class _Memory:
    """Answers by what was asked about; that is kept, so that no other object gets its id."""

    __slots__ = ("answers", "kept")

    def __init__(self) -> None:
        self.answers: dict[tuple[object, ...], object] = {}
        self.kept: list[object] = []


_memory: ContextVar[_Memory | None] = ContextVar("fastdeps_found_out", default=None)


@contextmanager
def one_question() -> Generator[None]:
    """Within it nothing is replaced: what is asked `once` is looked at once."""
    if _memory.get() is not None:
        yield
        return
    token = _memory.set(_Memory())
    try:
        yield
    finally:
        _memory.reset(token)


def forget() -> None:
    """Note that code has run that may have replaced anything."""
    memory = _memory.get()
    if memory is not None:
        memory.answers.clear()
        memory.kept.clear()


def once(function: Callable[P, R]) -> Callable[P, R]:
    """A function that is called once for each question about the same objects. What it gives
    must not be changed by who gets it."""

    @functools.wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        memory = _memory.get()
        named = len(kwargs)
        if memory is None or named:
            return function(*args, **kwargs)
        key = (function, *(each if type(each) in _BY_VALUE else id(each) for each in args))
        known = memory.answers.get(key, _MISSING)
        if known is _MISSING:
            known = memory.answers[key] = function(*args, **kwargs)
            memory.kept.append(args)
        return cast("R", known)

    return asked
