"""What FastAPI makes of callables, where it has no public name for it."""

import functools
import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import is_dataclass, replace
from typing import Any

from fastapi import params

from fastapi_fastdeps._fastapi.capabilities import is_shaped, takes
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    get_dependant,
    get_oauth_scopes,
    is_async_gen_callable,
    is_coroutine_callable,
)
from fastapi_fastdeps._fastapi.requests import solver_names


def concurrency_of(dependant: Dependant) -> Any:
    """What limits how many requests are in a dependency at once, FastAPI 0.163 and newer."""
    return getattr(dependant, "concurrency", None)


def dependant_of(call: Callable[..., Any], path: str) -> Dependant:
    """FastAPI's description of a callable and what is below it, whatever its scope."""
    if _takes_scope:
        return get_dependant(path=path, call=call, scope="function")
    return get_dependant(path=path, call=call)


_takes_scope = is_shaped(get_dependant, takes("path", "call", "scope"))


def rederived(place: Dependant, call: Callable[..., Any]) -> Dependant:
    """FastAPI's description of `call` in the place of another dependency."""
    concurrency = concurrency_of(place)
    path: Any = place.path
    derive: Callable[..., Dependant] = solver_names()["get_dependant"]
    return derive(
        path=path,
        call=call,
        name=place.name,
        parent_oauth_scopes=get_oauth_scopes(dependant=place),
        scope=place.scope,
        **({"concurrency": concurrency} if concurrency is not None else {}),
    )


def with_dependency(depends: params.Depends, call: Callable[..., Any]) -> params.Depends:
    """The same `Depends` with another callable. It became a dataclass with FastAPI 0.119."""
    if is_dataclass(depends):
        return replace(depends, dependency=call)
    copied: Any = copy(depends)
    copied.dependency = call
    return copied


def unremembered(predicate: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """The same predicate of callables, without FastAPI's memory of those it was asked about."""
    module = inspect.getmodule(predicate)
    name = getattr(predicate, "__name__", "")
    examine: Any = getattr(getattr(module, f"{name}_cached", None), "__wrapped__", None)
    identity: Any = getattr(module, "_CallIdentity", None)
    if examine is None or identity is None:
        return predicate

    def examined(call: Any) -> bool:
        found: bool = examine(identity(call))
        return found

    return examined


def is_async(call: Any, *, remember: bool = True) -> bool:
    """Whether FastAPI runs `call` on the event loop of its own accord.

    FastAPI remembers the callables that it was asked about; not so an override.
    """
    predicates = [is_coroutine_callable, is_async_gen_callable]
    return any(each(call) if remember else unremembered(each)(call) for each in predicates)


def unwrapped(call: Any) -> Any:
    """What FastAPI takes `call` to be a wrapper of."""
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)


def is_given_request(dependant: Dependant) -> bool:
    """Whether a callable takes the request, or the connection, itself."""
    return bool(
        dependant.http_connection_param_name
        or dependant.request_param_name
        or dependant.websocket_param_name
    )


def is_injected_into(dependant: Dependant) -> bool:
    """Whether a callable takes something that FastAPI injects by its type."""
    return bool(
        is_given_request(dependant)
        or dependant.background_tasks_param_name
        or dependant.response_param_name
        or dependant.security_scopes_param_name
    )
