"""The errors of the package, and how a callable is named in them."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


class FastDepsError(Exception):
    """Base of every error that this package raises.

    Raised while the app is built: when a route is created, a router is included, or the
    app starts. The one exception is an entry of `dependency_overrides`, which can only be
    judged by the first request that needs it.
    """


class MarkerError(FastDepsError):
    """A marker stands where it can't mean anything, or two contradict each other."""


class ClassifierError(FastDepsError):
    """A classifier raised, or returned something that is not an `Execution` or `None`."""


class UnsupportedFastAPIError(FastDepsError):
    """The installed FastAPI is older than this package works with."""


class FastDepsWarning(UserWarning):
    """The installed FastAPI lacks something, and what is built on that is off.

    Given once, when the package is imported. Nothing fails, but something is slower.
    """


def describe(call: Callable[..., Any]) -> str:
    """The name of a user's callable with the file and line where it is defined."""
    target: Any = call
    while isinstance(target, functools.partial):
        target = target.func
    name = getattr(target, "__qualname__", None) or repr(target)
    location = locate(call)
    return f"{name!r} ({location})" if location else f"{name!r}"


def name_of(call: Callable[..., Any]) -> str:
    """A name for tables: the same in every run, an instance by its class."""
    if isinstance(call, functools.partial):
        return f"partial({name_of(call.func)})"
    return getattr(call, "__qualname__", None) or f"{type(call).__qualname__}()"


def locate(call: Callable[..., Any]) -> str | None:
    """`file:line` of a callable's definition, `None` for what has no Python source."""
    target: Any = call
    while isinstance(target, functools.partial):
        target = target.func
    target = inspect.unwrap(target)
    if not (inspect.isroutine(target) or inspect.isclass(target)):
        target = target.__class__
    try:
        return f"{inspect.getsourcefile(target)}:{inspect.getsourcelines(target)[1]}"
    except (OSError, TypeError):
        return None
