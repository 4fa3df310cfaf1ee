"""What FastAPI's routers and inclusions hold, where that has no public name."""

# pyright: reportPrivateUsage=false

import inspect
import threading
from typing import Any

import starlette.routing
from fastapi import APIRouter, routing
from starlette.routing import BaseRoute

from fastapi_fastdeps._fastapi.capabilities import is_shaped
from fastapi_fastdeps._fastapi.names import (
    EffectiveRouteContext,
    IncludedRouter,
)

includes_by_copy = not hasattr(routing, "_IncludedRouter") and is_shaped(
    APIRouter.include_router,
    lambda include: "add_api_route" in inspect.unwrap(include).__code__.co_names,
)
"""Whether including a router adds a copy of each of its routes, as it did before 0.137."""


def low_priority_routes(router: APIRouter) -> list[BaseRoute]:
    """What FastAPI asks after all other routes of a router: its frontends."""
    return getattr(router, "_low_priority_routes", [])


def routes_version(router: APIRouter) -> int:
    """How often a router counted a change of its own routes."""
    version: int = router._routes_version
    return version


def has_built_candidates(inclusion: IncludedRouter) -> bool:
    """Whether FastAPI would go through an inclusion without building anything first."""
    built: int | None = inclusion._effective_candidates_version
    return built == inclusion.original_router._get_routes_version()


_lock = threading.RLock()


def lock_of(inclusion: IncludedRouter) -> Any:
    """What FastAPI holds while it builds the routes of an inclusion."""
    return getattr(inclusion, "_effective_routes_lock", _lock)


def is_passed_as_ever(inclusion: IncludedRouter) -> bool:
    """Whether no one else has a say in how a request gets from an inclusion to its routes."""
    return _are_fastapis(inclusion, _INCLUSION) and _are_fastapis(
        inclusion.original_router, _ROUTER
    )


def _are_fastapis(instance: Any, methods: dict[str, Any]) -> bool:
    return all(
        function is not None and getattr(getattr(instance, name), "__func__", None) is function
        for name, function in methods.items()
    )


def fastapis(kind: type, name: str) -> Any:
    """A method as FastAPI, or Starlette, wrote it. `None` if someone has replaced it."""
    method: Any = getattr(kind, name, None)
    code = getattr(method, "__code__", None)
    for module in (routing, starlette.routing):
        if code is not None and code.co_filename == module.__file__:
            return method
    return None


_INCLUSION = {
    name: fastapis(IncludedRouter, name)
    for name in ("matches", "_match", "handle", "_handle_selected")
}
_ROUTER = {name: fastapis(APIRouter, name) for name in ("matches", "handle", "_get_routes_version")}


def builds_contexts_as_ever() -> bool:
    """Whether no one else has a say in what FastAPI builds of a route where it is included."""
    return (
        fastapis(IncludedRouter, "_build_effective_context") is not None
        and getattr(routing, "_EffectiveRouteContext", None) is EffectiveRouteContext
    )


def match_within(inclusion: IncludedRouter, scope: Any) -> Any:
    """What FastAPI selects in an inclusion: a match, its scope, the route, and its context."""
    return inclusion._match(scope)


def match_low_priority(router: APIRouter, scope: Any) -> Any:
    """What FastAPI selects when no other route matches: as `match_within`."""
    return router._match_low_priority(scope)


def max_body_size(route: Any) -> int | None:
    """The most bytes that a request to the route may have, FastAPI 0.164 and newer."""
    size: int | None = getattr(route, "max_body_size", None)
    return size
