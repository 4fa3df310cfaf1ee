"""What runs where in an app, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute
from starlette.routing import BaseRoute, Mount

from fastapi_fastdeps._building.inclusions import ClassifiedInclusion, FrontendGroup
from fastapi_fastdeps._building.routes import (
    ClassifiedRouteContext,
    FastDepsRoute,
    FastDepsWebSocketRoute,
)
from fastapi_fastdeps._deciding.graph import Graph, Node
from fastapi_fastdeps._fastapi.names import (
    Capability,
    FrontendRouteGroup,
    IncludedRouter,
    classification,
    inclusions,
    low_priority_routes,
    routes_within,
    websockets,
)
from fastapi_fastdeps._lane.choice import why_not_now, why_not_planned
from fastapi_fastdeps.classifiers import Role
from fastapi_fastdeps.errors import locate, name_of
from fastapi_fastdeps.marking import Inline
from fastapi_fastdeps.routing import FastDepsRouter

Lane = Literal["fast", "fastapi", "stock"]


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One callable of a route.

    Attributes:
        name: its qualified name.
        location: the file and line of its definition, `None` for what has no Python source.
        role: what FastAPI calls it for.
        parameter: the parameter that takes its result, `None` where no parameter does.
        depth: how deep in the tree it stands; the endpoint has depth 0.
        execution: where it runs. Async callables always run on the event loop.
        decided_by: the marker or classifier that decided, in words.
    """

    name: str
    location: str | None
    role: Role
    parameter: str | None
    depth: int
    execution: Literal["inline", "threaded", "async"]
    decided_by: str


@dataclass(frozen=True, slots=True)
class RouteRecord:
    """One route of an app.

    Attributes:
        path: with all its prefixes.
        kind: what the route serves.
        methods: the HTTP methods, sorted; empty for other kinds.
        lane: `"fast"` for the compiled plan; `"fastapi"` for FastAPI's own handler and
            solver over the classified tree; `"stock"` for a route that this package does
            not handle, in an app or router that is FastAPI's own.
        why: why it is not the fast lane; empty if it is.
        calls: the endpoint, if FastAPI decides where it runs, then its dependencies in the
            order in which they are first needed, each before what it depends on.
    """

    path: str
    kind: Literal["http", "websocket", "frontend"]
    methods: tuple[str, ...]
    lane: Lane
    why: str
    calls: tuple[CallRecord, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The routes of an app. `str()` of it is a table."""

    routes: tuple[RouteRecord, ...]

    def __iter__(self) -> Iterator[RouteRecord]:
        return iter(self.routes)

    def __str__(self) -> str:
        return "\n".join(_lines(self.routes))


def explain(app: FastAPI) -> Explanation:
    """Every route of `app` and every callable in it: where it runs, and why.

    Mounted apps are included. Raises `FastDepsError` where a marker or a classifier is
    wrong, as building the app does.
    """
    return Explanation(tuple(_app_records(app, "")))


def _app_records(app: FastAPI, prefix: str) -> Iterator[RouteRecord]:
    if isinstance(app.router, FastDepsRouter):
        app.router.prepare()
    yield from _router_records(app.router, prefix)


def _router_records(router: APIRouter, prefix: str) -> Iterator[RouteRecord]:
    for route in router.routes:
        if isinstance(route, IncludedRouter):
            yield from _inclusion_records(route, prefix)
        else:
            yield from _route_records(route, prefix)
        if isinstance(route, ClassifiedInclusion):
            route.prepare()
            for context, graph in route.frontends:
                group = context.original_route
                assert isinstance(group, FrontendRouteGroup)
                yield from _frontend_records(group, graph, prefix + context.frontend_prefix)
    for route in low_priority_routes(router):
        if isinstance(route, FrontendGroup):
            yield from _frontend_records(route, route.graph, prefix)


def _inclusion_records(inclusion: IncludedRouter, prefix: str) -> Iterator[RouteRecord]:
    for candidate in inclusion.effective_candidates():
        if isinstance(candidate, IncludedRouter):
            yield from _inclusion_records(candidate, prefix)
        elif isinstance(candidate, ClassifiedRouteContext):
            route = candidate.original_route
            yield _planned_record(prefix + candidate.path, candidate, candidate.graph, route)
        else:
            yield from _route_records(candidate.starlette_route or candidate.original_route, prefix)


def _route_records(route: BaseRoute, prefix: str) -> Iterator[RouteRecord]:
    if isinstance(route, FastDepsRoute) and route.graph is not None:
        yield _planned_record(prefix + route.path, route, route.graph, route)
    elif isinstance(route, FastDepsWebSocketRoute) and route.graph is not None:
        why = route.why_not_planned or why_not_now() or ""
        yield RouteRecord(
            prefix + route.path, "websocket", (), _lane(why), why, _calls(route.graph)
        )
    elif isinstance(route, APIRoute):
        why = _why_stock(classification)
        yield RouteRecord(prefix + route.path, "http", _sorted(route.methods), "stock", why, ())
    elif isinstance(route, APIWebSocketRoute):
        why = _why_stock(websockets)
        yield RouteRecord(prefix + route.path, "websocket", (), "stock", why, ())
    elif isinstance(route, Mount) and isinstance(route.app, FastAPI):
        yield from _app_records(route.app, prefix + route.path)
    else:
        why = _why_stock(inclusions)
        for path, methods in routes_within(route):
            yield RouteRecord(prefix + path, "http", _sorted(methods), "stock", why, ())


def _planned_record(
    path: str, state: FastDepsRoute | ClassifiedRouteContext, graph: Graph, route: BaseRoute
) -> RouteRecord:
    why = why_not_planned(graph, state.response_class) or why_not_now() or ""
    if not why and state.planned is None:
        why = f"{type(route).__qualname__} has a get_route_handler of its own"
    return RouteRecord(path, "http", _sorted(state.methods), _lane(why), why, _calls(graph))


def _why_stock(capability: Capability) -> str:
    return capability.why_off or _STOCK


def _lane(why: str) -> Lane:
    return "fastapi" if why else "fast"


def _frontend_records(
    group: FrontendRouteGroup, graph: Graph, prefix: str
) -> Iterator[RouteRecord]:
    calls = tuple(record for record in _calls(graph) if record.role == "dependency")
    for route in group.routes:
        yield RouteRecord(
            prefix + route.path, "frontend", ("GET", "HEAD"), "fastapi", _FRONTEND, calls
        )


def _calls(graph: Graph) -> tuple[CallRecord, ...]:
    return tuple(_call_records(graph.root, 0))


def _call_records(node: Node, depth: int) -> Iterator[CallRecord]:
    call = node.candidate.call
    decision = node.decision
    yield CallRecord(
        name=name_of(call),
        location=locate(call),
        role=node.candidate.role,
        parameter=node.candidate.parameter,
        depth=depth,
        execution=(
            "async"
            if decision is None
            else "inline"
            if isinstance(decision.execution, Inline)
            else "threaded"
        ),
        decided_by=decision.source if decision else "",
    )
    for child in node.children:
        yield from _call_records(child, depth + 1)


def _sorted(methods: set[str] | None) -> tuple[str, ...]:
    return tuple(sorted(methods or ()))


def _lines(routes: tuple[RouteRecord, ...]) -> Iterator[str]:
    rows = [
        (_title(call), call.role, call.execution, call.decided_by)
        for route in routes
        for call in route.calls
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for route in routes:
        kind = " ".join(route.methods) if route.kind == "http" else route.kind
        lane = f"{_LANES[route.lane]}: {route.why}" if route.why else _LANES[route.lane]
        yield f"{kind} {route.path}  [{lane}]"
        for call in route.calls:
            row = (_title(call), call.role, call.execution)
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            yield "  ".join([*cells, call.decided_by]).rstrip()


def _title(call: CallRecord) -> str:
    indent = "  " * (call.depth + 1)
    return f"{indent}{call.parameter}: {call.name}" if call.parameter else f"{indent}{call.name}"


_LANES = {"fast": "fast lane", "fastapi": "FastAPI's lane", "stock": "FastAPI's own"}
_STOCK = "not a route of a FastDepsAPI or FastDepsRouter"
_FRONTEND = "a frontend"
