"""The handler of a planned WebSocket route."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from starlette.websockets import WebSocket

from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    extract_endpoint_context,
    get_request_telemetry,
    operation,
    validation_failed,
)
from fastapi_fastdeps._fastapi.requests import routing_names
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._lane.tree import classified_dependant
from fastapi_fastdeps._serving import instrumented
from fastapi_fastdeps._serving.solution import Solution
from fastapi_fastdeps._serving.solver import Solver
from fastapi_fastdeps._threads import Visits, fuses_visits

WebSocketHandler = Callable[[WebSocket], Coroutine[Any, Any, Any]]


def planned_websocket(
    live: LiveGraph, provider: Any | None, fallback: WebSocketHandler, *, embed: bool
) -> WebSocketHandler:
    """What FastAPI's `get_websocket_app` makes of a tree, for a plan. `fallback` handles a
    request in FastAPI's lane, while a function that the plan replaces is instrumented."""
    title, fuses = f"WS {live.path}", fuses_visits(provider)
    solver = Solver(live, provider, title, Way.WEBSOCKET, embed=embed, fuses=fuses)
    return partial(_handle, solver, live, classified_dependant(live), fallback)


async def _handle(
    solver: Solver,
    live: LiveGraph,
    dependant: Dependant,
    fallback: WebSocketHandler,
    websocket: WebSocket,
) -> None:
    """`dependant` is the tree that tools are to see."""
    if solver.plan.is_touched():
        await fallback(websocket)
        return
    telemetry = get_request_telemetry()
    data = telemetry.data if telemetry is not None else None
    root = live.root
    if data is not None:
        data.websocket = websocket
    begun: Any = root.call
    path = root.path
    mount_path: str = websocket.scope.get("root_path", "")
    solution = Solution(websocket, Visits(live.threads, live).begin())
    if telemetry is None:
        await instrumented.run(solver, solution, dependant)
    else:
        with operation(name="dependencies", function=begun):
            await instrumented.run(solver, solution, dependant)
            if data is not None:
                data.values = solution.values
                data.errors = solution.errors
    if solution.errors:
        context = extract_endpoint_context(begun)
        if path:
            context["path"] = f"WS {mount_path.rstrip('/')}{path}"
        names = routing_names()
        error = names["WebSocketRequestValidationError"](solution.errors, endpoint_ctx=context)
        names.get("_validation_failed", validation_failed)(error)
        raise error
    # An endpoint that is in a thread now and then, for as long as it likes, waits each time.
    Visits(solution.visits.threads, live, remembers=False).begin()
    call: Any = root.call
    if telemetry is None:
        await call(**solution.values)
    else:
        with operation(name="endpoint", function=call):
            await call(**solution.values)
