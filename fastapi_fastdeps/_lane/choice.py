"""Which lane a route takes, and why.

The fast lane does not call some functions of FastAPI. Sentry and Logfire replace these;
where one of them is not FastAPI's own, a route takes FastAPI's lane, so that the
replacement does its work.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from fastapi_fastdeps._deciding.graph import Graph
from fastapi_fastdeps._fastapi.names import (
    LANE_VARIABLE,
    EventSourceResponse,
    asked_lane,
    fast_lane,
    is_async_gen_callable,
    is_gen_callable,
    lenient_issubclass,
)

_BUILDING = (
    ("fastapi.routing", "get_request_handler", "fastapi.routing"),
    ("fastapi.routing", "request_response", "fastapi.routing"),
    ("fastapi.routing", "get_websocket_app", "fastapi.routing"),
)
_SERVING = (
    ("fastapi.routing", "solve_dependencies", "fastapi.dependencies.utils"),
    ("fastapi.routing", "run_endpoint_function", "fastapi.routing"),
    ("fastapi.routing", "serialize_response", "fastapi.routing"),
    ("fastapi.dependencies.utils", "solve_dependencies", "fastapi.dependencies.utils"),
    ("fastapi.dependencies.utils", "request_params_to_args", "fastapi.dependencies.utils"),
    ("fastapi.dependencies.utils", "request_body_to_args", "fastapi.dependencies.utils"),
)
"""The module that holds the function, its name, and the module that defines it."""

_Watched = tuple[str, str, dict[str, Any], Any]


def _watched(functions: tuple[tuple[str, str, str], ...]) -> Iterator[_Watched]:
    for holder, name, definer in functions:
        namespace = vars(import_module(holder))
        function = namespace.get(name)
        code = getattr(function, "__code__", None)
        own = code is not None and code.co_filename == import_module(definer).__file__
        yield holder, name, namespace, function if own else None


_building = tuple(_watched(_BUILDING))
_serving = tuple(_watched(_SERVING))
_serving_now = tuple((namespace, name, own) for _, name, namespace, own in _serving)


def why_not_planned(graph: Graph, response_class: Any = None) -> str | None:
    """Why a route takes FastAPI's lane when it is built, `None` if it takes the fast lane.

    `FASTAPI_FASTDEPS_LANE=fastapi` in the environment asks for FastAPI's lane, to tell a
    fault of the one from a fault of the other.
    """
    if asked_lane() == "fastapi":
        return f"{LANE_VARIABLE}=fastapi"
    if not fast_lane:
        return fast_lane.why_off
    if replaced := _first_replaced(_building):
        return f"{replaced} is instrumented"
    call = graph.root.candidate.call
    response_class = getattr(response_class, "value", response_class)
    is_generator = is_gen_callable(call) or is_async_gen_callable(call)
    if is_generator or lenient_issubclass(response_class, EventSourceResponse):
        return "the endpoint streams"
    return None


def why_not_now() -> str | None:
    """Why a planned route takes FastAPI's lane at the moment, `None` if it does not."""
    if replaced := _first_replaced(_serving):
        return f"{replaced} is instrumented"
    return None


def is_served_by_fastapi() -> bool:
    """Whether this request takes FastAPI's lane: `why_not_now` in a hurry."""
    for namespace, name, own in _serving_now:
        if namespace.get(name) is not own or own is None:
            return True
    return False


def _first_replaced(watched: tuple[_Watched, ...]) -> str | None:
    for holder, name, namespace, own in watched:
        if own is None or namespace.get(name) is not own:
            return f"{holder}.{name}"
    return None
