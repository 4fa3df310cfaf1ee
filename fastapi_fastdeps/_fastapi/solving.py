"""FastAPI's own handler of a route, with another solver.

What an endpoint streams FastAPI's handler sends, in which there is no function for it. So that
is run as it is, with FastAPI's own globals but for one name, under which it finds its solver.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from fastapi import routing

from fastapi_fastdeps._fastapi.closures import handler_arguments
from fastapi_fastdeps._fastapi.replacements import around, made_anew, original_of

_SOLVER: Final = "solve_dependencies"
_Handler = TypeVar("_Handler", bound=Callable[..., Any])


class _Names(dict[str, Any]):
    """The names of FastAPI's module of routing, as they are whenever one is read, but for those
    that are in it."""

    # CPython asks globals for this, too, where they are no plain `dict`.
    __missing__: Callable[[str], Any] = vars(routing).__getitem__


def calls_solver(handler: Any) -> bool:
    """Whether FastAPI has made a handler, whatever known tools do around it, that calls its
    solver."""
    fastapis = original_of(handler)
    return handler_arguments(fastapis) is not None and _SOLVER in fastapis.__code__.co_names


def with_solver(handler: _Handler, solve: Callable[..., Any]) -> _Handler:
    """The same handler, which calls `solve` in the place of FastAPI's solver, if it calls that."""
    if not calls_solver(handler):
        return handler
    fastapis = original_of(handler)
    # What is read of a module that is run does not go through `__missing__`.
    of_module = {name: value for name, value in vars(routing).items() if name.startswith("__")}
    names = _Names(of_module | {_SOLVER: solve})
    solving = made_anew(fastapis, namespace=names)
    return cast("_Handler", around(handler, solving))
