"""How a callable is called: what FastAPI's solver makes of it, and where it was decided to run."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final

from fastapi_fastdeps._fastapi.dependants import Nature
from fastapi_fastdeps._fastapi.names import is_async_gen_callable, is_gen_callable
from fastapi_fastdeps.marking import Execution, Inline


class Kind(Enum):
    """How a step comes by its value."""

    INLINE = auto()
    ASYNC = auto()
    THREADED = auto()
    INLINE_GENERATOR = auto()
    THREADED_GENERATOR = auto()
    GENERATOR = auto()
    """Entered by FastAPI's own function: async generators, and those with a limit."""
    AGAIN = auto()
    """Another occurrence of an earlier dependency: its cached value."""
    ENDPOINT = auto()
    """The values for the endpoint, which is called by the request handler."""


MANAGED: Final = (Kind.INLINE_GENERATOR, Kind.THREADED_GENERATOR)
"""Generators that are context managers here, entered where it was decided."""

ENTERED: Final = (Kind.GENERATOR, Kind.THREADED_GENERATOR)
"""Generators that FastAPI's own function enters, or would if it were replaced."""


def kind_of(nature: Nature, execution: Execution | None, *, is_limited: bool) -> Kind:
    """The kind of a dependency. FastAPI's own function limits a generator."""
    is_inline = isinstance(execution, Inline)
    # In FastAPI's order, for what is more than one of them.
    if nature.is_generator or nature.is_async_generator:
        if is_limited or nature.is_async_generator or execution is None:
            return Kind.GENERATOR
        return Kind.INLINE_GENERATOR if is_inline else Kind.THREADED_GENERATOR
    if nature.is_coroutine:
        return Kind.ASYNC
    return Kind.INLINE if is_inline else Kind.THREADED


def kind_of_endpoint(
    call: Callable[..., Any], execution: Execution | None, *, is_async: bool
) -> Kind | None:
    """How a plan calls the endpoint, `None` where that takes more than a call."""
    if is_gen_callable(call) or is_async_gen_callable(call):
        return None
    if is_async:
        return Kind.ASYNC
    return Kind.INLINE if isinstance(execution, Inline) else Kind.THREADED
