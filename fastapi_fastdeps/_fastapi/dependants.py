"""What FastAPI finds out about a `Dependant`. Before 0.140 that is kept there from when it is read
first, and holds even if the `Dependant` is changed."""

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, NamedTuple

from fastapi_fastdeps._fastapi.callables import unremembered
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)

keeps: Final = isinstance(vars(Dependant).get("cache_key"), cached_property)
"""Whether a `Dependant` keeps what FastAPI has found out about it."""


class _Seen:
    """A `Dependant` with what FastAPI keeps or would find, of which nothing is kept."""

    def __init__(self, of: Dependant) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        known = vars(self._of)
        if name == "dependencies":
            return [*map(_Seen, known[name])]
        return known[name] if name in known else getattr(Dependant, name).func(self)


def seen(dependant: Dependant) -> Any:
    """The same for those who only look: FastAPI is to find out about it when it comes there."""
    return _Seen(dependant) if keeps else dependant


def kept_key(dependant: Dependant) -> Any:
    """The cache key that is kept there, if any is: somebody may have assigned to it."""
    return vars(dependant).get("cache_key")


def copy_of(route: Any) -> Dependant | None:
    """The copy of its tree that a route keeps before 0.140: it shares some lists with it."""
    copied: Dependant | None = getattr(route, "_flat_dependant", None)
    return copied


class Nature(NamedTuple):
    """What FastAPI's solver takes a callable for."""

    is_generator: bool
    is_async_generator: bool
    is_coroutine: bool

    @property
    def is_async(self) -> bool:
        return self.is_async_generator or self.is_coroutine


Predicate = Callable[[Any], bool]


def _natures(*predicates: Predicate) -> Callable[[Any], Nature]:
    names = ("is_gen_callable", "is_async_gen_callable", "is_coroutine_callable")
    if keeps:
        kept: Callable[[Any], tuple[bool, bool, bool]] = attrgetter(*names)
        return lambda dependant: Nature(*kept(dependant))
    return lambda dependant: Nature(*(each(dependant.call) for each in predicates))


_PREDICATES: Final = (is_gen_callable, is_async_gen_callable, is_coroutine_callable)

nature = _natures(*_PREDICATES)
"""What FastAPI takes the callable of a `Dependant` for. It remembers that, and the callable."""

nature_of_override = _natures(*map(unremembered, _PREDICATES))
"""The same for a callable that must not be remembered once it is out of force."""


def is_what_it_was(dependant: Dependant) -> bool:
    """Whether FastAPI takes the callable of a `Dependant` for what it is: what is kept there may be
    of another one that stood in its place."""
    return not keeps or nature(seen(dependant)) == Nature(
        *(each(dependant.call) for each in _PREDICATES)
    )
