"""How a callable is called: what FastAPI's solver makes of it, and where it was decided to run."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from fastapi_fastdeps._fastapi.names import unremembered
from fastapi_fastdeps.marking import Execution, Inline


class Kind(Enum):
    """How a step comes by its value."""

    INLINE = auto()
    ASYNC = auto()
    THREADED = auto()
    INLINE_GENERATOR = auto()
    GENERATOR = auto()
    """Entered by FastAPI's own function: async generators, and sync ones in a thread."""
    AGAIN = auto()
    """Another occurrence of an earlier dependency: its cached value."""
    ENDPOINT = auto()
    """The values for the endpoint, which is called by the request handler."""


def is_generator(call: Callable[..., Any]) -> bool:
    """Whether FastAPI enters the callable, as it enters a context manager."""
    return unremembered.is_gen_callable(call) or unremembered.is_async_gen_callable(call)


def is_sync(call: Callable[..., Any]) -> bool:
    """Whether FastAPI would call it in a thread."""
    return not (
        unremembered.is_async_gen_callable(call) or unremembered.is_coroutine_callable(call)
    )


def kind_of(call: Callable[..., Any], execution: Execution | None, *, is_limited: bool) -> Kind:
    """The kind of a dependency. FastAPI's own function is what limits a generator."""
    is_inline = isinstance(execution, Inline)
    # In FastAPI's order: what is both is a generator.
    if unremembered.is_gen_callable(call):
        is_async = unremembered.is_async_gen_callable(call)
        unlimited_inline = is_inline and not is_limited and not is_async
        return Kind.INLINE_GENERATOR if unlimited_inline else Kind.GENERATOR
    if unremembered.is_async_gen_callable(call):
        return Kind.GENERATOR
    if unremembered.is_coroutine_callable(call):
        return Kind.ASYNC
    return Kind.INLINE if is_inline else Kind.THREADED
