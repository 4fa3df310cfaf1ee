"""Which lane a route takes, and why.

The fast lane does not call some functions of FastAPI and Starlette. Where one of them, or a
name that they read, is not what it was, a route takes FastAPI's lane, so that the replacement
does its work. Sentry's and Logfire's replacements are known, and do it around a plan.
"""

import functools
from typing import Any, Final

from fastapi import routing
from starlette.responses import JSONResponse

from fastapi_fastdeps._deciding.graph import Graph
from fastapi_fastdeps._fastapi.callables import is_injected_into
from fastapi_fastdeps._fastapi.dependants import nature, seen
from fastapi_fastdeps._fastapi.ground import BUILDING, SERVING, Ground
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE, asked_lane, fast_lane
from fastapi_fastdeps._fastapi.replacements import is_known
from fastapi_fastdeps._fastapi.ways import Way

HANDLER_INSTRUMENTED: Final = "fastapi.routing.get_request_handler is instrumented"
SOLVER_INSTRUMENTED: Final = "fastapi.routing.solve_dependencies is instrumented"

_building = Ground(BUILDING if fast_lane else {})
_serving = Ground(SERVING if fast_lane else {})


@functools.cache
def ground_of(ways: Way) -> Ground:
    """What a plan takes for granted that a request needs on these ways."""
    return _serving.on(ways)


def ways_to_plan(*, is_streamed: bool) -> Way:
    """What FastAPI's solver does to come to the plan of a route, where that is in a handler that
    is FastAPI's: a dependency of what is streamed, else the endpoint, which takes the request."""
    return Way.DEPENDENCIES | Way.INJECTED if is_streamed else Way.INJECTED


WAYS_TO_FRONTENDS: Final = Way.HTTP | ways_to_plan(is_streamed=True)
"""What FastAPI does to come to the plan of a frontend, in its own solver."""


def ways_to_answer(body_field: Any, response_field: Any, response_class: Any) -> Way:
    """What FastAPI does to answer a request, besides solving its dependencies."""
    ways = Way.HTTP
    if body_field is not None:
        ways |= Way.BODY
    if is_plain_json(response_field, response_class):
        ways |= Way.JSON
    return ways


def is_plain_json(response_field: Any, response_class: Any) -> bool:
    """Whether a route answers with JSON that no model makes."""
    return response_field is None and getattr(response_class, "value", response_class) is (
        JSONResponse
    )


def ways_to_solve(graph: Graph) -> Way:
    """What FastAPI does to solve the dependencies of a route."""
    ways = Way.DEPENDENCIES if graph.root.children else Way(0)
    for node in graph.root:
        dependant = node.dependant
        found = nature(seen(dependant))
        if found.is_generator or found.is_async_generator:
            ways |= Way.GENERATORS
        if dependant.body_params:
            ways |= Way.BODY
        if (
            dependant.path_params
            or dependant.query_params
            or dependant.header_params
            or dependant.cookie_params
        ):
            ways |= Way.PARAMETERS
        if is_injected_into(dependant):
            ways |= Way.INJECTED
    return ways


def why_not_planned() -> str | None:
    """Why a route takes FastAPI's lane when it is built, `None` if it takes the fast lane.

    `FASTAPI_FASTDEPS_LANE=fastapi` in the environment asks for FastAPI's lane, to tell a
    fault of the one from a fault of the other. Raises `FastDepsError` where it asks for
    something that is no lane.
    """
    if asked_lane() == "fastapi":
        return f"{LANE_VARIABLE}=fastapi"
    if not fast_lane:
        return fast_lane.why_off
    if replaced := _building.first_touched():
        return f"{replaced} is instrumented"
    return None


def why_not_now(ground: Ground = _serving) -> str | None:
    """Why a planned route takes FastAPI's lane at the moment, `None` if it does not.

    `ground` is what its plan takes for granted: what any plan does, if that is not known.
    """
    if replaced := ground.first_touched():
        return f"{replaced} is instrumented"
    return None


def is_served_by_fastapi() -> bool:
    """Whether this request takes FastAPI's lane: `why_not_now` in a hurry."""
    return _serving.is_touched()


def is_handler_instrumented() -> bool:
    """Whether a known tool does something around the handlers that FastAPI makes."""
    return is_known(getattr(routing, "get_request_handler", None))


def is_solver_instrumented() -> bool:
    """Whether a known tool does something around FastAPI's solver."""
    return is_known(getattr(routing, "solve_dependencies", None))
