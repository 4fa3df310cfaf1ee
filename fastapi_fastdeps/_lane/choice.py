"""Which lane a route takes, and why.

The fast lane does not call some functions of FastAPI and Starlette. Where one of them, or a
name that they read, is not what it was, a route takes FastAPI's lane, so that the replacement
does its work: Sentry and Logfire replace such functions, and so do tests.
"""

from typing import Any

from fastapi_fastdeps._deciding.graph import Graph
from fastapi_fastdeps._fastapi.ground import BUILDING, SERVING, Ground
from fastapi_fastdeps._fastapi.names import (
    LANE_VARIABLE,
    EventSourceResponse,
    asked_lane,
    fast_lane,
    is_async_gen_callable,
    is_gen_callable,
    lenient_issubclass,
)

_building = Ground(BUILDING if fast_lane else {})
_serving = Ground(SERVING if fast_lane else {})


def why_not_planned(graph: Graph, response_class: Any = None) -> str | None:
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
    call = graph.root.candidate.call
    response_class = getattr(response_class, "value", response_class)
    is_generator = is_gen_callable(call) or is_async_gen_callable(call)
    if is_generator or lenient_issubclass(response_class, EventSourceResponse):
        return "the endpoint streams"
    return None


def why_not_now() -> str | None:
    """Why a planned route takes FastAPI's lane at the moment, `None` if it does not."""
    if replaced := _serving.first_touched():
        return f"{replaced} is instrumented"
    return None


def is_served_by_fastapi() -> bool:
    """Whether this request takes FastAPI's lane: `why_not_now` in a hurry."""
    return _serving.is_touched()
