"""A program's tables, built of FastAPI's classes or of ours, and what can be seen of them."""

import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi import Request as HTTPRequest
from fastapi.routing import APIRoute
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, Route, Router
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter

from .programs import Change, Item, Program

FRONTEND = Path(tempfile.mkdtemp())
(FRONTEND / "index.html").write_text("index")
(FRONTEND / "a").mkdir()
(FRONTEND / "a" / "b").write_text("b")


class _Convertor(Convertor[str]):
    def __init__(self, regex: str) -> None:
        self.regex = regex  # type: ignore[misc]

    def convert(self, value: str) -> str:
        return value.upper()

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("code", _Convertor("[a-c]{2}"))
register_url_convertor("pair", _Convertor("[a-z]+/[a-z]+"))
register_url_convertor("either", _Convertor("a|b/c"))


class Recorded:
    """What the user's own classes below write their doings down in."""

    events: list[Any]


class OwnClass(APIRoute):
    pass


class OwnHandle(APIRoute, Recorded):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.events.append(("handle", self.path))
        await super().handle(scope, receive, send)


class OwnMatches(APIRoute, Recorded):
    """It matches when it likes: every second time."""

    asked = 0

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        self.asked += 1
        self.events.append(("matches", self.path, self.asked, "fastapi" in scope))
        if self.asked % 2:
            return Match.NONE, {}
        return super().matches(scope)


class OwnMount(Mount, Recorded):
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        self.events.append(("mount", self.path))
        return super().matches(scope)


class Foreign(BaseRoute, Recorded):
    def __init__(self, label: int, events: list[Any], *, is_full: bool) -> None:
        self.label = label
        self.events = events
        self.match = Match.FULL if is_full else Match.PARTIAL

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        self.events.append(("foreign", self.label, "fastapi" in scope))
        if scope["path"].endswith("b"):
            return self.match, {"foreign": self.label}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.events.append(("foreign handles", self.label))
        await PlainTextResponse("foreign")(scope, receive, send)


class World:
    """The routers of one program, of one family of classes.

    `labels` says where in the tree of routers each object is, so that objects of two worlds
    can be compared.
    """

    def __init__(self, program: Program, app_class: type[FastAPI], ours: type[APIRouter]) -> None:
        self.app_class = app_class
        self.ours = ours
        self.events: list[Any] = []
        self.routers: list[APIRouter] = []
        self.noticing: set[int] = set()
        self.endpoints: dict[int, str] = {}
        self._kept: list[Any] = []
        self.waiting: Callable[[Scope], Any] | None = None
        options: dict[str, Any] = {}
        if program.limits:
            options |= {"max_body_size": 10, "form_limits": {"max_fields": 3}}
        self.app = app_class(
            openapi_url="/openapi.json" if program.docs else None,
            redirect_slashes=program.redirect_slashes,
            **options,
        )
        self.noticing.add(id(self.app.router))
        self._fill(self.app.router, program.items)

    # -- building --------------------------------------------------------------------------

    def _fill(self, router: APIRouter, items: tuple[Item, ...]) -> None:
        self.routers.append(router)
        for item in items:
            self.add(router, item)

    def add(self, router: APIRouter, item: Item) -> None:
        """Add an item to a router, as one does: a mistake in it adds nothing."""
        try:
            getattr(self, f"_add_{item.kind}")(router, item)
        except Exception as error:
            self.events.append(("refused", type(error).__name__, str(error)))

    def _add_api(self, router: APIRouter, item: Item) -> None:
        router.add_api_route(item.path, self._endpoint(), methods=list(item.methods))
        if id(router) in self.noticing:
            self.noticing.add(id(router.routes[-1]))

    def _add_own_class(self, router: APIRouter, item: Item, kind: type = OwnClass) -> None:
        router.add_api_route(
            item.path, self._endpoint(), methods=list(item.methods), route_class_override=kind
        )
        route: Any = router.routes[-1]
        route.events = self.events

    def _add_own_handle(self, router: APIRouter, item: Item) -> None:
        self._add_own_class(router, item, OwnHandle)

    def _add_own_matches(self, router: APIRouter, item: Item) -> None:
        self._add_own_class(router, item, OwnMatches)

    def _add_by_hand(self, router: APIRouter, item: Item) -> None:
        router.routes.append(self.route(item))

    def _add_route(self, router: APIRouter, item: Item) -> None:
        router.add_route(item.path, self._plain_endpoint(), methods=list(item.methods))

    def _add_websocket(self, router: APIRouter, item: Item) -> None:
        router.add_api_websocket_route(item.path, self._websocket_endpoint())

    def _add_plain_websocket(self, router: APIRouter, item: Item) -> None:
        router.add_websocket_route(item.path, self._websocket_endpoint())

    def _add_mount(self, router: APIRouter, item: Item, kind: type[Mount] = Mount) -> None:
        mount: Any = kind(item.path, app=self._asgi())
        mount.events = self.events
        router.routes.append(mount)

    def _add_own_mount(self, router: APIRouter, item: Item) -> None:
        self._add_mount(router, item, OwnMount)

    def _add_mounted_routes(self, router: APIRouter, item: Item) -> None:
        routes = [Route(path, self._plain_endpoint()) for path in ("/a", "/{y}/", "/")]
        router.routes.append(Mount(item.path, routes=routes))

    def _add_mounted_app(self, router: APIRouter, item: Item) -> None:
        app = self.app_class(openapi_url=None)
        self.noticing.add(id(app.router))
        self._fill(app.router, item.items)
        router.routes.append(Mount(item.path, app=app))

    def _add_host(self, router: APIRouter, item: Item) -> None:
        inner = Router([Route(item.path, self._plain_endpoint())])
        router.routes.append(Host("{sub}.a.org" if item.flag else "b.org", app=inner))

    def _add_foreign(self, router: APIRouter, item: Item) -> None:
        foreign = Foreign(len(self.endpoints), self.events, is_full=item.flag)
        router.routes.append(foreign)

    def _add_frontend(self, router: APIRouter, item: Item) -> None:
        router.frontend(item.path.replace("{", "").replace("}", ""), directory=FRONTEND)

    def _add_plain(self, router: APIRouter, item: Item, kind: Any = APIRouter) -> None:
        options: dict[str, Any] = {"form_limits": {"max_files": 2}} if item.flag else {}
        child = kind(prefix=item.path, **options)
        child.events = self.events
        if item.kind == "ours":
            self.noticing.add(id(child))
        self._fill(child, item.items)
        if item.flag:
            options["max_body_size"] = 5
        router.include_router(child, prefix=item.prefix, **options)

    def _add_ours(self, router: APIRouter, item: Item) -> None:
        self._add_plain(router, item, self.ours)

    def _add_own_router(self, router: APIRouter, item: Item) -> None:
        self._add_plain(router, item, _own_router(self.ours if item.flag else APIRouter))

    def route(self, item: Item) -> BaseRoute:
        """A route that is in no router."""
        if item.flag:
            return Route(item.path or "/", self._plain_endpoint(), methods=list(item.methods))
        return APIRoute(item.path, self._endpoint(), methods=list(item.methods))

    # -- endpoints -------------------------------------------------------------------------

    def _labelled(self, endpoint: Any) -> Any:
        self.endpoints[id(endpoint)] = f"endpoint {len(self.endpoints)}"
        self._kept.append(endpoint)
        return endpoint

    async def _reached(self, scope: Scope) -> str:
        self.events.append(("reached", self.seen(scope)))
        if self.waiting is not None:
            await self.waiting(scope)
        return "reached"

    def _endpoint(self) -> Any:
        async def endpoint(request: HTTPRequest) -> Response:
            return PlainTextResponse(await self._reached(request.scope))

        return self._labelled(endpoint)

    def _plain_endpoint(self) -> Any:
        async def endpoint(request):  # type: ignore[no-untyped-def]
            return PlainTextResponse(await self._reached(request.scope))

        return self._labelled(endpoint)

    def _websocket_endpoint(self) -> Any:
        async def endpoint(websocket: WebSocket) -> None:
            self.events.append(("reached", self.seen(websocket.scope)))
            await websocket.accept()
            await websocket.close()

        return self._labelled(endpoint)

    def _asgi(self) -> Any:
        async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
            text = await self._reached(scope)
            if scope["type"] == "http":
                await PlainTextResponse(text)(scope, receive, send)

        return self._labelled(asgi)

    # -- changing --------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        """Do to a router what a change says, as far as that is possible."""
        router = self.routers[change.router % len(self.routers)]
        try:
            getattr(self, f"_change_{change.name}")(router, change)
        except Exception as error:
            self.events.append(("failed", change.name, type(error).__name__))

    def _at(self, router: APIRouter, change: Change) -> int:
        return change.route % len(router.routes)

    def _change_add(self, router: APIRouter, change: Change) -> None:
        self.add(router, change.item)

    def _change_append(self, router: APIRouter, change: Change) -> None:
        router.routes.append(self.route(change.item))

    def _change_insert(self, router: APIRouter, change: Change) -> None:
        router.routes.insert(change.route, self.route(change.item))

    def _change_remove(self, router: APIRouter, change: Change) -> None:
        del router.routes[self._at(router, change)]

    def _change_replace(self, router: APIRouter, change: Change) -> None:
        router.routes[self._at(router, change)] = self.route(change.item)

    def _change_again(self, router: APIRouter, change: Change) -> None:
        """Replace a route by one that is equal."""
        index = self._at(router, change)
        old: Any = router.routes[index]
        if isinstance(old, APIRoute):
            router.routes[index] = APIRoute(old.path, old.endpoint, methods=old.methods)

    def _change_reverse(self, router: APIRouter, change: Change) -> None:
        router.routes.reverse()

    def _change_sort(self, router: APIRouter, change: Change) -> None:
        router.routes.sort(key=lambda route: getattr(route, "path", ""))

    def _change_swap(self, router: APIRouter, change: Change) -> None:
        routes, index = router.routes, self._at(router, change)
        routes[0], routes[index] = routes[index], routes[0]

    def _change_assign(self, router: APIRouter, change: Change) -> None:
        router.routes = [*router.routes[1:], self.route(change.item)]

    def _change_clear(self, router: APIRouter, change: Change) -> None:
        if change.route % 4 == 0:
            router.routes.clear()

    def _change_regex(self, router: APIRouter, change: Change) -> None:
        route: Any = router.routes[self._at(router, change)]
        if hasattr(route, "path_regex"):
            flags = re.IGNORECASE if change.item.flag else 0
            route.path_regex = re.compile(route.path_regex.pattern.replace("a", "b"), flags)

    def _change_path(self, router: APIRouter, change: Change) -> None:
        route: Any = router.routes[self._at(router, change)]
        if hasattr(route, "path"):
            route.path = change.item.path

    def _change_methods(self, router: APIRouter, change: Change) -> None:
        route: Any = router.routes[self._at(router, change)]
        if hasattr(route, "methods"):
            route.methods = set(change.item.methods)

    def _change_disable(self, router: APIRouter, change: Change) -> None:
        """Let a route match nothing any more."""
        route: Any = router.routes[self._at(router, change)]
        route.matches = lambda scope: (Match.NONE, {})

    def _change_own_matches(self, router: APIRouter, change: Change) -> None:
        """Let a route match in its own way. A plain one that is included is exempt: that is
        only seen for paths that it matched before."""
        route: Any = router.routes[self._at(router, change)]
        matches = route.matches
        if id(route) in self.noticing or (
            isinstance(route, Route | Mount) and not isinstance(route, APIRoute)
        ):

            def always(scope: Scope) -> tuple[Match, Scope]:
                self.events.append(("always",))
                return matches({**scope, "path": "/a"}) if change.item.flag else matches(scope)

            route.matches = always

    def _change_delete_matches(self, router: APIRouter, change: Change) -> None:
        for route in router.routes:
            vars(route).pop("matches", None) if isinstance(route, Mount) else None

    def _change_count(self, router: APIRouter, change: Change) -> None:
        router._mark_routes_changed()

    def _change_include(self, router: APIRouter, change: Change) -> None:
        """Include a router once more, or one that is in another."""
        other = self.routers[change.route % len(self.routers)]
        router.include_router(other, prefix="" if change.item.flag else "/a")

    def _change_adopt(self, router: APIRouter, change: Change) -> None:
        """Take over what is in another router, what that includes as well."""
        other = self.routers[change.route % len(self.routers)]
        if not other._contains_router(router):
            router.routes.extend(other.routes[:2])

    def _change_assign_handle(self, router: APIRouter, change: Change) -> None:
        handle = router.handle

        async def logged(scope: Scope, receive: Receive, send: Send) -> None:
            self.events.append(("router handles",))
            await handle(scope, receive, send)

        router.handle = logged  # type: ignore[method-assign]

    # -- looking ---------------------------------------------------------------------------

    def labels(self) -> dict[int, str]:
        """Where in the tree each router, route and inclusion is, and what FastAPI has built."""
        labels = dict(self.endpoints)
        labels[id(self.app)] = "app"
        for number, router in enumerate(self.routers):
            labels[id(router)] = f"router {number}"
            for index, route in enumerate(router.routes):
                self._label(labels, route, f"router {number}, {index}")
        return labels

    def _label(self, labels: dict[int, str], route: Any, label: str) -> None:
        labels.setdefault(id(route), label)
        if isinstance(route, Mount | Host):
            labels.setdefault(id(route.app), f"{label}, app")
        candidates: list[Any] = getattr(route, "_effective_candidates", [])
        for index, candidate in enumerate(candidates):
            below = f"{label} > {index}"
            self._label(labels, candidate, below)
            for name in ("original_route", "starlette_route"):
                if getattr(candidate, name, None) is not None:
                    self._label(labels, getattr(candidate, name), f"{below}, {name}")
        low_priority: list[Any] = getattr(route, "_effective_low_priority_routes", [])
        for index, candidate in enumerate(low_priority):
            labels.setdefault(id(candidate), f"{label} >> {index}")

    def seen(self, scope: Scope, labels: dict[int, str] | None = None) -> Any:
        """A scope, in terms that can be compared."""
        return _Seeing(labels or self.labels()).seen(scope)


class _Seeing:
    def __init__(self, labels: dict[int, str]) -> None:
        self._labels = labels

    def seen(self, value: Any) -> Any:
        if value is None or isinstance(value, str | bytes | int | float | bool):
            return value
        if id(value) in self._labels:
            return self._labels[id(value)]
        if isinstance(value, dict):
            return {key: self.seen(each) for key, each in value.items() if not _is_stack(key)}
        if isinstance(value, list | tuple):
            return [self.seen(each) for each in value]
        # Something that was taken out of the tree: all that is known is what it is.
        kind = next(
            (
                each.__name__
                for each in type(value).__mro__
                if each.__module__.partition(".")[0] in ("fastapi", "starlette")
            ),
            None,
        )
        return kind, getattr(value, "path", None)


def _is_stack(key: Any) -> bool:
    """Whether a key of a scope is that of an exit stack, of which only FastAPI's lane needs
    one that is asynchronous."""
    return isinstance(key, str) and key.endswith("_astack")


_own_routers: dict[type[APIRouter], type[APIRouter]] = {}


def _own_router(kind: type[APIRouter]) -> type[APIRouter]:
    if kind not in _own_routers:

        class OwnRouter(kind, Recorded):  # type: ignore[misc, valid-type]
            def matches(self, scope: Scope) -> tuple[Match, Scope]:
                self.events.append(("router matches", self.prefix, "fastapi" in scope))
                return super().matches(scope)

        _own_routers[kind] = OwnRouter
    return _own_routers[kind]


FAMILIES: tuple[tuple[type[FastAPI], type[APIRouter]], ...] = (
    (FastAPI, APIRouter),
    (FastDepsAPI, FastDepsRouter),
)
