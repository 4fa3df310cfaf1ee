"""What runs where in an app, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIRouter, APIWebSocketRoute
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Host, Mount, Route, Router

from fastapi_fastdeps._building.frontends import FrontendGroup
from fastapi_fastdeps._building.handling import Handling
from fastapi_fastdeps._building.inclusions import ClassifiedInclusion
from fastapi_fastdeps._building.plain import decisions, is_plain
from fastapi_fastdeps._building.routes import (
    ClassifiedRouteContext,
    FastDepsRoute,
    FastDepsWebSocketRoute,
    has_own_handler,
)
from fastapi_fastdeps._deciding.graph import Graph, Node
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.dependants import seen
from fastapi_fastdeps._fastapi.names import (
    Capability,
    EffectiveRouteContext,
    FrontendRouteGroup,
    IncludedRouter,
    classification,
    fast_lane,
    get_cache_key,
    inclusions,
    is_gen_callable,
    websockets,
)
from fastapi_fastdeps._fastapi.requests import streams_generators
from fastapi_fastdeps._fastapi.routers import low_priority_routes
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._lane.choice import (
    SOLVER_INSTRUMENTED,
    WAYS_TO_FRONTENDS,
    ground_of,
    is_solver_instrumented,
    ways_to_answer,
    ways_to_plan,
    ways_to_solve,
    why_not_now,
    why_not_planned,
)
from fastapi_fastdeps._lane.placed import decided, handler_candidates
from fastapi_fastdeps._lane.within import can_be_planned_within, has_settled_on_a_stream
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._threads import fuses_visits, limiter_of, threads_of
from fastapi_fastdeps.applications import FastDepsAPI
from fastapi_fastdeps.classifiers import Candidate, Role
from fastapi_fastdeps.errors import locate, name_of
from fastapi_fastdeps.marking import Inline
from fastapi_fastdeps.routing import FastDepsRouter

if TYPE_CHECKING or fast_lane:
    from fastapi_fastdeps._compiling.hops import hops_of_route

Lane = Literal["fast", "fastapi", "stock"]
"""How a route is served: see `RouteRecord.lane`."""


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
        decided_by: the marker or classifier that decided, in words, and its reason, if it gave one.
        limiter: the name of the limiter that it waits for a thread of, `None` for none.
        stock_hops: how often FastAPI would go to a thread for it in one request that succeeds: 0
            for an async one, and where the value of an earlier place is taken; 2 for a dependency
            with `yield`, which is entered and left; one more for an endpoint whose result is
            validated. Of an endpoint that streams, the items are not counted.
        candidate: what the classifier was asked about.
    """

    name: str
    location: str | None
    role: Role
    parameter: str | None
    depth: int
    execution: Literal["inline", "threaded", "async"]
    decided_by: str
    limiter: str | None = None
    stock_hops: int = 0
    candidate: Candidate | None = field(default=None, repr=False, compare=False)

    @property
    def runs(self) -> str:
        """Where it runs, in words: with its limiter, if it has one."""
        return self.execution if self.limiter is None else f"{self.execution} ({self.limiter})"


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
            order in which they are first needed, each before what it depends on; what is done
            with uploaded files; and the functions that requests have made background tasks
            and responses of so far.
        hops: how often a request that succeeds goes to a thread, background tasks, the items of
            streams and files apart; in the fast lane, from the route's second request on, `None`
            where that is not known.
        source: the function that its plan was compiled into, of an HTTP route in the fast lane
            that has served two requests or more; `None` otherwise.
    """

    path: str
    kind: Literal["http", "websocket", "frontend"]
    methods: tuple[str, ...]
    lane: Lane
    why: str
    calls: tuple[CallRecord, ...]
    hops: int | None = None
    source: str | None = field(default=None, repr=False, compare=False)

    @property
    def takes_items_in_threads(self) -> bool:
        """Whether each item that the endpoint yields is a hop more, and so is its end."""
        return any(
            streams_generators
            and call.role == "endpoint"
            and call.execution == "threaded"
            and call.candidate is not None
            and is_gen_callable(call.candidate.call)
            for call in self.calls
        )

    @property
    def stock_hops(self) -> int:
        """How often FastAPI would go to a thread, the items of a stream apart."""
        return sum(call.stock_hops for call in self.calls)

    @property
    def hops_left(self) -> int:
        """`hops`; where they are not known, those that FastAPI makes for what is threaded."""
        if self.hops is not None:
            return self.hops
        return sum(call.stock_hops for call in self.calls if call.execution == "threaded")

    @property
    def hops_saved(self) -> int:
        """How often a request does not go to a thread, where FastAPI would."""
        return self.stock_hops - self.hops_left


@dataclass(frozen=True, slots=True)
class Explanation:
    """The routes of an app. `str()` of it is a table.

    Attributes:
        routes: its routes; those of Starlette's own only if they may call something in a thread.
        handlers: its exception handlers that are sync.

    ```python
    from typing import Annotated

    from fastapi import Depends
    from fastapi_fastdeps import FastDepsAPI, explain, inline

    app = FastDepsAPI()


    @inline
    def get_query(q: str = "") -> str:
        return q


    @app.get("/items")
    async def read_items(q: Annotated[str, Depends(get_query)]) -> str:
        return q


    for route in explain(app):
        print(route.path, route.lane, [(call.name, str(call.execution)) for call in route.calls])
    ```

    ```text
    /items fast [('read_items', 'async'), ('get_query', 'inline')]
    ```
    """

    routes: tuple[RouteRecord, ...]
    handlers: tuple[CallRecord, ...] = ()

    def __iter__(self) -> Iterator[RouteRecord]:
        return iter(self.routes)

    def __str__(self) -> str:
        return "\n".join(_lines(self.routes, self.handlers))


def explain(app: FastAPI | APIRouter) -> Explanation:
    """Every route of an app or a router and every callable in it: where it runs, and why.

    Mounted apps are included. Nothing is changed, and nothing built that FastAPI has not
    built. Raises `FastDepsError` where a marker or a classifier is wrong.

    ```python
    from fastapi_fastdeps import FastDepsAPI, explain

    app = FastDepsAPI()


    @app.get("/")
    def read() -> str:
        return "here"


    (route,) = explain(app)
    print(route.lane, route.hops, route.stock_hops)
    ```

    ```text
    fast 1 2
    ```
    """
    return Explanation(tuple(_Walk().of(app, "")), tuple(_handlers(app)))


def _handlers(app: FastAPI | APIRouter) -> Iterator[CallRecord]:
    if isinstance(app, FastDepsAPI):
        for candidate in handler_candidates(app.exception_handlers).values():
            decision = decided(candidate, app.classifier, app.threads)
            if decision is not None:
                yield _record(candidate, decision, 0)


class _Walk:
    """Finds the routes of an app, those of mounted apps included, each app once per place."""

    def __init__(self) -> None:
        self._within: list[object] = []

    def of(self, app: object, prefix: str) -> Iterator[RouteRecord]:
        """The routes of whatever is mounted somewhere."""
        app = _innermost(app)
        router = app.router if isinstance(app, Starlette) else app
        if not isinstance(router, Router) or any(each is router for each in self._within):
            return
        self._within.append(router)
        for route in router.routes:
            yield from self._route(route, router, prefix)
        groups = low_priority_routes(router) if isinstance(router, APIRouter) else []
        for group in groups:
            if isinstance(group, FrontendGroup):
                provider = getattr(router, "dependency_overrides_provider", None)
                yield from _frontend_records(group, group.live, prefix, provider)
        self._within.pop()

    def _route(self, route: BaseRoute, router: Router, prefix: str) -> Iterator[RouteRecord]:
        if isinstance(route, ClassifiedInclusion):
            yield from self._inclusion(route, prefix)
        elif isinstance(route, IncludedRouter):
            yield from self._stock_inclusion(route, prefix)
        elif isinstance(route, APIRoute):
            yield _http_record(route, router, prefix)
        elif isinstance(route, APIWebSocketRoute):
            yield _websocket_record(route, router, prefix)
        elif isinstance(route, Mount):
            yield from self.of(route.app, prefix + route.path)
        elif isinstance(route, Host):
            yield from self.of(route.app, prefix)
        elif is_plain(route) and isinstance(router, FastDepsRouter):
            yield from _plain_records(route, router, prefix + route.path)

    def _inclusion(self, inclusion: ClassifiedInclusion, prefix: str) -> Iterator[RouteRecord]:
        if not inclusion.is_built:
            yield from self._planned_inclusion(inclusion, prefix)
            return
        for candidate in inclusion.effective_candidates():
            if isinstance(candidate, ClassifiedInclusion):
                yield from self._inclusion(candidate, prefix)
            elif isinstance(candidate, ClassifiedRouteContext):
                yield _context_record(candidate, prefix)
            elif isinstance(candidate, EffectiveRouteContext):
                route = candidate.starlette_route or candidate.original_route
                yield from self._route(route, inclusion.original_router, prefix)
        for context, live in inclusion.frontends:
            group = context.original_route
            assert isinstance(group, FrontendRouteGroup)
            provider = inclusion.include_context.dependency_overrides_provider
            path = prefix + context.frontend_prefix
            yield from _frontend_records(group, live, path, provider)

    def _planned_inclusion(
        self, inclusion: ClassifiedInclusion, prefix: str
    ) -> Iterator[RouteRecord]:
        """What FastAPI is going to build of an inclusion, as far as it is known before."""
        for route, path, nested in inclusion.preview():
            if isinstance(route, APIRoute | APIWebSocketRoute):
                yield _planned_record(route, nested, prefix + path)
            elif isinstance(route, FrontendRouteGroup):
                graph = nested.preview_of_frontend(route)
                provider = nested.include_context.dependency_overrides_provider
                yield from _frontend_records(route, graph, prefix + path, provider)
            else:
                yield from self._mounted(route, prefix + path)

    def _stock_inclusion(self, inclusion: IncludedRouter, prefix: str) -> Iterator[RouteRecord]:
        """What FastAPI builds of an inclusion that it has to itself."""
        taken = ClassifiedInclusion(inclusion.original_router, inclusion.include_context)
        why = _why_stock(inclusions)
        for route, path, nested in taken.preview():
            if isinstance(route, FastDepsRoute) and classification:
                # It decides about itself wherever it is included.
                nested.deciding = route
                yield _planned_record(route, nested, prefix + path)
            elif isinstance(route, APIRoute):
                yield _stock(prefix + path, "http", route.methods, why)
            elif isinstance(route, APIWebSocketRoute):
                yield _stock(prefix + path, "websocket", None, why)
            else:
                yield from self._mounted(route, prefix + path)

    def _mounted(self, route: BaseRoute, path: str) -> Iterator[RouteRecord]:
        if isinstance(route, Mount):
            yield from self.of(route.app, path.rstrip("/"))
        elif isinstance(route, Host):
            yield from self.of(route.app, path)


def _innermost(app: object) -> object:
    """What middleware is wrapped around, if it keeps that as Starlette's does."""
    seen: list[object] = []
    while not isinstance(app, Starlette | Router) and not any(each is app for each in seen):
        seen.append(app)
        app = getattr(app, "__dict__", {}).get("app", app)
    return app


def _planned_record(
    route: APIRoute | APIWebSocketRoute, inclusion: ClassifiedInclusion, path: str
) -> RouteRecord:
    """A route as FastAPI is going to build it where it is included."""
    is_http = isinstance(route, APIRoute)
    graph = inclusion.preview_of(route)
    response_class = inclusion.response_class_of(route) if is_http else None
    why = why_not_planned()
    if not why:
        ways = ways_to_solve(graph)
        if isinstance(route, APIRoute):
            ways |= ways_to_answer(route.body_field, route.response_field, response_class)
            if has_own_handler(route):
                is_streamed = has_settled_on_a_stream(route, response_class)
                ways |= ways_to_plan(is_streamed=is_streamed)
        else:
            ways |= Way.WEBSOCKET
        why = why_not_now(ground_of(ways)) or ""
    if not why and _is_wrapped_alone(route, graph):
        why = _own_handler(route)
    methods = _sorted(getattr(route, "methods", None))
    kind: Literal["http", "websocket"] = "http" if is_http else "websocket"
    provider = inclusion.include_context.dependency_overrides_provider
    hops = _hops(graph, provider, route, why)
    return RouteRecord(path, kind, methods, _lane(why), why, _calls(graph), hops)


def _http_record(route: APIRoute, router: Router, prefix: str) -> RouteRecord:
    path, methods = prefix + route.path, route.methods
    live, handling, why = None, None, _why_stock(classification)
    if isinstance(route, FastDepsRoute):
        live, handling = route.live, route.handling
    elif isinstance(router, FastDepsRouter) and (found := router.constructed(route)) is not None:
        live, handling = found
    elif isinstance(router, FastDepsRouter) and (made := router.hand_made(route)) is not None:
        live, handling, why = made.live, made.handling, made.why_not_planned
    if live is None:
        return _stock(path, "http", methods, why)
    why = _own_handler(route) if handling is None else handling.why_not_now()
    calls, source = _calls(live.current()), handling.source if handling else None
    calls += _tasks(handling)
    hops = _hops(live.current(), route.dependency_overrides_provider, route, why)
    return RouteRecord(path, "http", _sorted(methods), _lane(why), why, calls, hops, source)


def _websocket_record(route: APIWebSocketRoute, router: Router, prefix: str) -> RouteRecord:
    path, live, why = prefix + route.path, None, _why_stock(websockets)
    if isinstance(route, FastDepsWebSocketRoute):
        live, why = route.live, route.why_not_planned
    elif isinstance(router, FastDepsRouter) and (made := router.hand_made(route)) is not None:
        live, why = made.live, made.why_not_planned
    if live is None:
        return _stock(path, "websocket", None, why)
    if not why:
        ground = ground_of(Way.WEBSOCKET | ways_to_solve(live.current()))
        why = why_not_now(ground) or ""
    # Nobody but FastAPI's app knows who provides the overrides of its route.
    provider = getattr(router, "dependency_overrides_provider", None)
    hops = _hops(live.current(), provider, route, why)
    return RouteRecord(path, "websocket", (), _lane(why), why, _calls(live.current()), hops)


def _context_record(context: ClassifiedRouteContext, prefix: str) -> RouteRecord:
    route = context.original_route
    assert isinstance(route, APIRoute)
    why = context.why_not_planned
    if context.handling is not None:
        why = context.handling.why_not_now()
    elif not why:
        why = _own_handler(route)
    calls = _calls(context.live.current()) + _tasks(context.handling)
    path, methods = prefix + context.path, _sorted(context.methods)
    source = context.handling.source if context.handling is not None else None
    hops = _hops(context.live.current(), context.provider, context, why)
    return RouteRecord(path, "http", methods, _lane(why), why, calls, hops, source)


def _stock(
    path: str, kind: Literal["http", "websocket"], methods: set[str] | None, why: str
) -> RouteRecord:
    return RouteRecord(path, kind, _sorted(methods), "stock", why, ())


def _is_wrapped_alone(route: BaseRoute, graph: Graph) -> bool:
    """Whether the user's class wraps a handler of FastAPI's in which no plan can be."""
    return (
        isinstance(route, APIRoute)
        and not isinstance(route, FastDepsRoute)
        and has_own_handler(route)
        and not can_be_planned_within(graph)
    )


def _plain_records(route: Route, deciding: FastDepsRouter, path: str) -> Iterator[RouteRecord]:
    threads = threads_of(deciding.dependency_overrides_provider)
    calls = tuple(
        _record(candidate, decision, 0)
        for _, candidate, decision in decisions(route, deciding.classifier_in_force, threads)
        if decision is not None
    )
    if calls:
        yield RouteRecord(path, "http", _sorted(route.methods), "stock", _STARLETTES, calls)


def _own_handler(route: BaseRoute) -> str:
    if not fast_lane:
        return str(fast_lane.why_off)
    name = type(route).__qualname__
    return f"{name} has a get_route_handler of its own, and the endpoint runs in a thread"


def _why_stock(capability: Capability) -> str:
    return capability.why_off or _STOCK


def _lane(why: str) -> Lane:
    return "fastapi" if why else "fast"


def _frontend_records(
    group: FrontendRouteGroup, live: LiveGraph | Graph, prefix: str, provider: Any
) -> Iterator[RouteRecord]:
    graph = live if isinstance(live, Graph) else live.current()
    calls = tuple(record for record in _calls(graph) if record.role == "dependency")
    why = why_not_planned() or (is_solver_instrumented() and SOLVER_INSTRUMENTED) or ""
    if not why:
        why = why_not_now(ground_of(WAYS_TO_FRONTENDS | ways_to_solve(graph))) or ""
    hops = _hops(graph, provider, group, why)
    for route in group.routes:
        path, methods = prefix + route.path, ("GET", "HEAD")
        yield RouteRecord(path, "frontend", methods, _lane(why), why, calls, hops)


def _hops(graph: Graph, provider: Any, route: Any, why: str) -> int | None:
    """The hops of a request; `route` is what is known of it here."""
    if why or not fast_lane:
        return None
    has_endpoint = not isinstance(route, APIWebSocketRoute | FrontendRouteGroup)
    return hops_of_route(
        graph,
        threads_of(provider),
        fuses=fuses_visits(provider),
        validates=getattr(route, "response_field", None) is not None,
        calls=has_endpoint,
    )


def _tasks(handling: Handling | None) -> tuple[CallRecord, ...]:
    found = () if handling is None else handling.placing.found()
    return tuple(_record(candidate, decision, 1) for candidate, decision in found)


def _calls(graph: Graph) -> tuple[CallRecord, ...]:
    hops = _stock_hops(graph.root)
    return tuple(
        _call_record(node, depth, hops[id(node)]) for node, depth in _with_depths(graph.root)
    )


def _stock_hops(root: Node) -> dict[int, int]:
    """How often FastAPI goes to a thread for each node, in the order in which it solves them."""
    found: dict[int, int] = {}
    cached: set[object] = set()
    uses_scopes: Any = {}
    for node in reversed(list(_backwards(root))):
        place = node.place
        key: object = id(place.call)
        if fast_lane:
            key = get_cache_key(dependant=seen(place), uses_scopes_cache=uses_scopes)
        is_taken = node is not root and place.use_cache and key in cached
        cached.add(key)
        found[id(node)] = 0 if node.decision is None or is_taken else _stock_hops_of(node)
    return found


def _backwards(root: Node) -> Iterator[Node]:
    """What FastAPI solves last comes first."""
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.children)


def _stock_hops_of(node: Node) -> int:
    candidate = node.candidate
    is_generator = is_gen_callable(candidate.call)
    if candidate.role == "dependency":
        return 2 if is_generator else 1
    if is_generator and streams_generators:
        # It is called on the event loop, and its items are taken in threads.
        return 0
    return 1 if candidate.response_model is None else 2


def _with_depths(root: Node) -> Iterator[tuple[Node, int]]:
    pending = [(root, 0)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending.extend((child, depth + 1) for child in reversed(node.children))


def _call_record(node: Node, depth: int, stock_hops: int) -> CallRecord:
    return _record(node.candidate, node.decision, depth, stock_hops)


def _record(
    candidate: Candidate, decision: Decision | None, depth: int, stock_hops: int = 0
) -> CallRecord:
    call = candidate.call
    return CallRecord(
        name=name_of(call),
        location=locate(call),
        role=candidate.role,
        parameter=candidate.parameter,
        depth=depth,
        execution=(
            "async"
            if decision is None
            else "inline"
            if isinstance(decision.execution, Inline)
            else "threaded"
        ),
        decided_by=str(decision) if decision else "",
        limiter=limiter_of(decision.execution) if decision else None,
        stock_hops=stock_hops,
        candidate=candidate,
    )


def _sorted(methods: set[str] | None) -> tuple[str, ...]:
    return tuple(sorted(methods or ()))


def _lines(routes: tuple[RouteRecord, ...], handlers: tuple[CallRecord, ...]) -> Iterator[str]:
    rows = [
        (_title(call), call.role, call.runs, call.decided_by)
        for calls in (*(route.calls for route in routes), handlers)
        for call in calls
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for route in routes:
        kind = " ".join(route.methods) if route.kind == "http" else route.kind
        lane = f"{_LANES[route.lane]}: {route.why}" if route.why else _LANES[route.lane]
        hops = "" if route.hops is None else f", {_count(route.hops)}"
        hops += ", and one for each item" if route.takes_items_in_threads else ""
        yield f"{kind} {route.path}  [{lane}{hops}]"
        yield from (_line(call, widths) for call in route.calls)
    if handlers:
        yield "exceptions"
        yield from (_line(call, widths) for call in handlers)


def _count(hops: int) -> str:
    return f"{hops or 'no'} {'hop' if hops == 1 else 'hops'}"


def _line(call: CallRecord, widths: list[int]) -> str:
    row = (_title(call), call.role, call.runs)
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
    return "  ".join([*cells, call.decided_by]).rstrip()


def _title(call: CallRecord) -> str:
    indent = "  " * (call.depth + 1)
    return f"{indent}{call.parameter}: {call.name}" if call.parameter else f"{indent}{call.name}"


_LANES = {"fast": "fast lane", "fastapi": "FastAPI's lane", "stock": "FastAPI's own"}
_STOCK = "not a route of a FastDepsAPI or FastDepsRouter"
_STARLETTES = "a route of Starlette's own"
