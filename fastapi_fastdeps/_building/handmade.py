"""Routes that the user constructed and put into `routes`."""

from typing import Any, Final

from fastapi.routing import APIRoute, APIWebSocketRoute
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from fastapi_fastdeps._building.handling import NOT_FASTAPIS, Handling
from fastapi_fastdeps._building.routes import state_of, websocket_app
from fastapi_fastdeps._deciding.live import Deciding, LiveGraph
from fastapi_fastdeps._fastapi.closures import http_arguments, make_handler, websocket_arguments
from fastapi_fastdeps._fastapi.routers import fastapis
from fastapi_fastdeps._lane.tree import ClassifiedDependant


class HandMade:
    """Handles the requests of a route that the user constructed, in place of its `handle`.

    The route stays the user's. It is served as its router decides as long as its `app` is
    what FastAPI made of it; whatever the user puts in its place is called as in FastAPI.

    Attributes:
        live: its classified tree, `None` where the route is left to itself.
        handling: how it is handled, for an HTTP route that is not.
        why_not_planned: why it is not in the fast lane.
    """

    def __init__(self, route: APIRoute | APIWebSocketRoute, deciding: Deciding) -> None:
        self.route = route
        self.live: LiveGraph | None = None
        self.handling: Handling | None = None
        self.why_not_planned: str = ""
        self._deciding = deciding
        self._given: object = None
        self._app: ASGIApp | None = None
        self.look()

    def look(self) -> None:
        """Find out what `app` the route has now. Raises `FastDepsError`."""
        if self.route.app is self._given:
            return
        self._given = self.route.app
        self._app = self.live = self.handling = None
        self.why_not_planned = NOT_FASTAPIS
        is_http = isinstance(self.route, APIRoute)
        read = http_arguments if is_http else websocket_arguments
        arguments = read(self.route.app)
        if arguments is None or isinstance(arguments["dependant"], ClassifiedDependant):
            return
        provider = arguments["dependency_overrides_provider"]
        self.live = LiveGraph(
            arguments["dependant"],
            self._deciding,
            endpoint=is_http,
            dependencies=self.route.dependencies,
            response_model=getattr(self.route, "response_model", None),
        )
        self.live.was_async = arguments.get("is_coroutine", self.live.was_async)
        if isinstance(self.route, APIRoute):
            state = state_of(arguments)
            self.handling = Handling(self.route, state, self.live, provider, make_handler)
            self._app = self.handling.app_in_full()
            self.why_not_planned = self.handling.why_not_planned
        else:
            embed = arguments["embed_body_fields"]
            self.why_not_planned, self._app = websocket_app(self.live, provider, embed=embed)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that the route has matched."""
        route: Any = self.route
        if route.app is not self._given:
            self.look()
        # A WebSocket has no method, whatever its route has been given.
        methods = route.methods if isinstance(route, APIRoute) else None
        if (
            self._app is None
            or not is_hand_made(route)
            or (methods and scope["method"] not in methods)
        ):
            await route.handle(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_hand_made(route: object) -> bool:
    """Whether FastAPI's own class, as it came, handles what this route matches."""
    if "handle" in vars(route):
        return False
    if isinstance(route, APIRoute):
        return type(route).handle is _HTTP_HANDLE and Route.handle is _ROUTE_HANDLE
    return isinstance(route, APIWebSocketRoute) and type(route).handle is _WEBSOCKET_HANDLE


_HTTP_HANDLE: Final = fastapis(APIRoute, "handle")
_ROUTE_HANDLE: Final = fastapis(Route, "handle")
_WEBSOCKET_HANDLE: Final = fastapis(WebSocketRoute, "handle")
