"""How a request goes from a router to its route."""

from collections.abc import Iterator
from typing import Any, Final, cast

from fastapi import APIRouter, routing
from fastapi.routing import APIRoute
from starlette.datastructures import URL
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_fastdeps._fastapi.ground import comparison
from fastapi_fastdeps._fastapi.names import (
    EFFECTIVE_ROUTE_CONTEXT_KEY,
    FASTAPI_SCOPE_KEY,
    INCLUDED_ROUTER_KEY,
    EffectiveRouteContext,
    IncludedRouter,
    apply_router_form_limits,
    get_fastapi_scope,
    get_route_path,
    route_selected,
    update_scope,
    wrap_app_with_body_limit,
)
from fastapi_fastdeps._fastapi.routers import (
    fastapis,
    low_priority_routes,
    match_low_priority,
    match_within,
)
from fastapi_fastdeps._matching.index import (
    Dispatching,
    Handle,
    Indexed,
    OutdatedError,
    RouteIndex,
)
from fastapi_fastdeps._matching.leaves import Leaf

TELEMETRY_KEY: Final = "fastapi.telemetry"

_is_as_it_was: Final = comparison(
    (
        (APIRouter, "app", fastapis(APIRouter, "app")),
        *(
            (routing, getattr(each, "__name__", ""), each)
            for each in (
                URL,
                RedirectResponse,
                apply_router_form_limits,
                get_fastapi_scope,
                route_selected,
                update_scope,
                wrap_app_with_body_limit,
            )
        ),
    )
)
"""Whether what `dispatch` stands in for is FastAPI's own, and calls what it calls."""

_handle: Final = fastapis(APIRoute, "handle")
_handle_of_starlette: Final = fastapis(Route, "handle")


async def dispatch(router: Dispatching, scope: Scope, receive: Receive, send: Send) -> None:
    """What `APIRouter.app` does, with the routes that an index gives, or with all of them
    while there is no index of the routes as they are."""
    if (
        scope["type"] not in ("http", "websocket")
        or not _is_as_it_was()
        or (FASTAPI_SCOPE_KEY in scope and _is_forwarded(scope))
    ):
        await APIRouter.app(router, scope, receive, send)
        return
    index = index_of(router)
    if router.form_limits:
        apply_router_form_limits(scope, router.form_limits)
    if "router" not in scope:
        scope["router"] = router
    if index is None:
        selected = _first_match(router, scope)
    else:
        path = get_route_path(scope)
        candidates = index.table.candidates(path)
        direct = index.direct(scope, path, candidates)
        if direct is not None:
            leaf, child_scope = direct
            if leaf.context is not None:
                app = _app_of_included(leaf, leaf.context, child_scope, scope)
                await app(scope, receive, send)
                return
            if getattr(leaf.route, "deciding", None) is router:
                scope.update(child_scope)
                if scope.get(TELEMETRY_KEY) is not None:
                    route_selected(scope=scope, path=leaf.route.path_format)
                await leaf.route.app(scope, receive, send)
                return
        try:
            selected = direct or index.select(scope, candidates)
        except OutdatedError:
            index = None
            selected = _first_match(router, scope)
    if selected is not None:
        leaf, child_scope = selected
        if leaf.chain:
            handle = _handle_of_included(leaf, child_scope, scope)
        else:
            handle = _handle_of_own(router, leaf, child_scope, scope)
        await handle(scope, receive, send)
    elif (url := _with_or_without_slash(router, index, scope)) is not None:
        await RedirectResponse(url=url)(scope, receive, send)
    elif not await _handle_low_priority(router, index, scope, receive, send):
        await router.default(scope, receive, send)


def _first_match(router: APIRouter, scope: Scope) -> tuple[Leaf, Scope] | None:
    """The first route that matches in full, or else the first that matches in part."""
    in_part = None
    for route in router.routes:
        match, child_scope = route.matches(scope)
        if match == Match.FULL:
            return Leaf(route), child_scope
        if match == Match.PARTIAL and in_part is None:
            in_part = Leaf(route), child_scope
    return in_part


def _any_match(router: APIRouter, scope: Scope) -> Leaf | None:
    """The first route that matches, in full or in part."""
    for route in router.routes:
        match, _ = route.matches(scope)
        if match != Match.NONE:
            return Leaf(route)
    return None


def index_of(router: Dispatching) -> RouteIndex | None:
    """The index of a router, if there is one of its routes as they are."""
    indexed = router.indexed
    if indexed is None or indexed.router is not router:
        indexed = Indexed(router)
        router.indexed = indexed
    return indexed.index()


def low_priority_candidates(
    router: APIRouter, index: RouteIndex
) -> Iterator[BaseRoute | EffectiveRouteContext]:
    """What `APIRouter._iter_low_priority_routes` gives."""
    yield from low_priority_routes(router)
    yield from index.low_priority()


def _is_forwarded(scope: Scope) -> bool:
    """Whether another route of FastAPI's has sent the request here, of which FastAPI might
    think that it is one of these."""
    context = scope.get(FASTAPI_SCOPE_KEY, _NOTHING).get(EFFECTIVE_ROUTE_CONTEXT_KEY)
    return context is not None and isinstance(context.original_route, APIRoute)


_NOTHING: Final[dict[str, Any]] = {}


def _handle_of_own(router: Dispatching, leaf: Leaf, child_scope: Scope, scope: Scope) -> Handle:
    """What handles a request that one of the router's own routes has matched."""
    route = leaf.route
    update_scope(scope, child_scope)
    if scope.get(TELEMETRY_KEY) is not None:
        path = getattr(route, "path_format", None)
        route_selected(scope=scope, path=path, mount=isinstance(route, Mount))
    handle: Any = router.handle_of(route)
    if (
        leaf.is_handled_as_ever
        and getattr(handle, "__func__", None) is _handle
        and Route.handle is _handle_of_starlette
        and scope.get(FASTAPI_SCOPE_KEY, _NOTHING).get(EFFECTIVE_ROUTE_CONTEXT_KEY) is None
    ):
        # What `APIRoute.handle` and, through it, `Route.handle` come to.
        methods = route.methods
        if not methods or scope["method"] in methods:
            handle = route.app
    return cast("Handle", handle)


def _passed(leaf: Leaf, scope: Scope) -> dict[str, Any]:
    """What the inclusions on the way do, one after the other: the notes that FastAPI makes."""
    fastapi_scope = get_fastapi_scope(scope)
    for inclusion in leaf.chain:
        if limits := inclusion.include_context.form_limits:
            apply_router_form_limits(scope, limits)
    fastapi_scope[INCLUDED_ROUTER_KEY] = leaf.chain[-1]
    return fastapi_scope


def _app_of_included(
    leaf: Leaf, context: EffectiveRouteContext, child_scope: Scope, scope: Scope
) -> ASGIApp:
    """What handles a request that an included route has matched in full, of which nothing is
    asked that is not FastAPI's."""
    fastapi_scope = _passed(leaf, scope)
    scope.update(child_scope)
    if scope.get(TELEMETRY_KEY) is not None:
        route_selected(scope=scope, path=context.path_format, mount=False)
    fastapi_scope[EFFECTIVE_ROUTE_CONTEXT_KEY] = context
    app = context.app
    return cast("ASGIApp", context.original_route.handle) if app is None else app


def _handle_of_included(leaf: Leaf, child_scope: Scope, scope: Scope) -> ASGIApp:
    """What handles a request that an included route, or inclusion, has matched."""
    fastapi_scope = _passed(leaf, scope)
    inclusion = leaf.chain[-1]
    context = leaf.context
    if context is None:
        return cast("ASGIApp", leaf.route.handle)
    original = context.original_route
    if isinstance(original, APIRoute):
        child_scope["route"] = original
    scope.update(child_scope)
    route = context.starlette_route
    if scope.get(TELEMETRY_KEY) is not None:
        path = getattr(route, "path_format", None) or context.path_format
        route_selected(scope=scope, path=path, mount=isinstance(route, Mount))
    fastapi_scope[EFFECTIVE_ROUTE_CONTEXT_KEY] = context
    if isinstance(original, APIRoute):
        return _handle_of(original, context, scope)
    assert route is not None
    return wrap_app_with_body_limit(route.handle, inclusion.include_context.max_body_size)


def _handle_of(route: APIRoute, context: EffectiveRouteContext, scope: Scope) -> ASGIApp:
    """What `APIRoute.handle` calls where a route is included, or that itself."""
    handle, app, methods = route.handle, context.app, context.methods
    is_fastapis = getattr(handle, "__func__", None) is _handle
    if app is None or not is_fastapis or (methods and scope["method"] not in methods):
        return handle
    return app


def _with_or_without_slash(router: APIRouter, index: RouteIndex | None, scope: Scope) -> str | None:
    """Where to redirect a request of which no route matches the path, but one would match it
    with, or without, its slash at the end."""
    path = get_route_path(scope)
    if scope["type"] != "http" or not router.redirect_slashes or path == "/":
        return None
    redirect_scope = dict(scope)
    if path.endswith("/"):
        redirect_scope["path"] = redirect_scope["path"].rstrip("/")
    else:
        redirect_scope["path"] = redirect_scope["path"] + "/"
    leaf = None
    try:
        if index is not None:
            leaf = index.select_any(redirect_scope)
    except OutdatedError:
        index = None
    if index is None:
        leaf = _any_match(router, redirect_scope)
    if leaf is None:
        return None
    if scope.get(TELEMETRY_KEY) is not None:
        selected: Any = leaf.top
        while isinstance(selected, IncludedRouter):
            _, _, route, context = match_within(selected, redirect_scope)
            selected = route if context is None else context.starlette_route or context
        route_selected(scope=scope, path=getattr(selected, "path_format", None))
    return str(URL(scope=redirect_scope))


async def _handle_low_priority(
    router: APIRouter, index: RouteIndex | None, scope: Scope, receive: Receive, send: Send
) -> bool:
    """Handle a request that nothing else matches. False if nothing of low priority does."""
    if index is not None and not low_priority_routes(router) and not index.low_priority():
        return False
    match, child_scope, route, context = match_low_priority(router, scope)
    if match == Match.NONE or route is None:
        return False
    update_scope(scope, child_scope)
    route_selected(scope=scope, path=getattr(context or route, "path_format", None))
    if context is None:
        await route.handle(scope, receive, send)
        return True
    get_fastapi_scope(scope)[EFFECTIVE_ROUTE_CONTEXT_KEY] = context
    if isinstance(context.original_route, APIRoute):
        scope["route"] = context.original_route
        await context.original_route.handle(scope, receive, send)
    else:
        assert context.app is not None
        await context.app(scope, receive, send)
    return True
