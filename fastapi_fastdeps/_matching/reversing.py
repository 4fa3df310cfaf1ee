"""From the name of a route to its URL.

FastAPI asks route after route, each of which raises an exception if it is not the one. Here
those are passed over that would do so because of their name alone: it is read when they are
come to, so nothing has to be noticed.
"""

from typing import Any, Final

import starlette.routing
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route, WebSocketRoute

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._fastapi.names import EffectiveRouteContext, IncludedRouter
from fastapi_fastdeps._fastapi.routers import fastapis

_ROUTE: Final = fastapis(Route, "url_path_for")
_WEBSOCKET_ROUTE: Final = fastapis(WebSocketRoute, "url_path_for")
_CONTEXT: Final = fastapis(EffectiveRouteContext, "url_path_for")
_ROUTER: Final = fastapis(APIRouter, "url_path_for")
_INCLUSION: Final = fastapis(IncludedRouter, "url_path_for")


def is_reversed_as_ever(kind: type[APIRouter | IncludedRouter]) -> bool:
    """Whether nobody has replaced how a router or an inclusion asks its routes."""
    expected = _ROUTER if issubclass(kind, APIRouter) else _INCLUSION
    return expected is not None and kind.url_path_for is expected


def url_path_for(router: APIRouter, name: str, path_params: dict[str, Any]) -> Any:
    """What `APIRouter.url_path_for` returns or raises."""
    for route in router.routes:
        if _has_another_name(route, name, _ROUTE, _WEBSOCKET_ROUTE):
            continue
        try:
            return route.url_path_for(name, **path_params)
        except starlette.routing.NoMatchFound:
            pass
    raise starlette.routing.NoMatchFound(name, path_params)


def url_path_within(inclusion: IncludedRouter, name: str, path_params: dict[str, Any]) -> Any:
    """What `url_path_for` of an inclusion returns or raises."""
    for context in inclusion.effective_route_contexts():
        if isinstance(context.original_route, APIRoute):
            is_another = _has_another_name(context, name, _CONTEXT, _CONTEXT)
        else:
            route = context.starlette_route
            is_another = _has_another_name(route, name, _ROUTE, _WEBSOCKET_ROUTE)
        if is_another:
            continue
        try:
            return context.url_path_for(name, **path_params)
        except starlette.routing.NoMatchFound:
            pass
    raise starlette.routing.NoMatchFound(name, path_params)


def _has_another_name(route: object, name: str, known: Any, also_known: Any) -> bool:
    """Whether a route gives no URL because of its name, which it looks at first, by one of
    these functions."""
    kind: Any = type(route)
    function = getattr(kind, "url_path_for", None)
    if function is None or (function is not known and function is not also_known):
        return False
    attributes: dict[str, Any] = getattr(route, "__dict__", _NOTHING)
    own = kind_of(getattr(kind, "name", None))
    return (
        "name" in attributes
        and "url_path_for" not in attributes
        and not (hasattr(own, "__set__") or hasattr(own, "__delete__"))
        and name != attributes["name"]
        and kind.__getattribute__ is object.__getattribute__
    )


_NOTHING: Final[dict[str, Any]] = {}
