"""Answering as FastAPI does, by the names that stand in its module at that moment.

Whether anything is replaced is asked when a request begins. What a dependency or an endpoint
replaces meanwhile is FastAPI's to read when it comes to make the response.
"""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, Final

import anyio
from fastapi import routing
from starlette.responses import JSONResponse, Response

from fastapi_fastdeps._fastapi.ground import comparison
from fastapi_fastdeps._fastapi.names import operation
from fastapi_fastdeps._fastapi.replacements import original_of
from fastapi_fastdeps._fastapi.requests import routing_names
from fastapi_fastdeps._serving.solution import Solution

_names: Final = routing_names()
_own: Final = {
    name: original_of(_names.get(name))
    for name in (
        "Response",
        "_build_response_args",
        "_operation",
        "is_body_allowed_for_status_code",
        "jsonable_encoder",
        "run_endpoint_function",
        "run_in_threadpool",
        "serialize_response",
    )
}
(
    _response,
    _build_response_args,
    _operation,
    _is_body_allowed_for_status_code,
    _jsonable_encoder,
    _run_endpoint_function,
    _run_in_threadpool,
    _serialize_response,
) = _own.values()
_is_async_generator = _names.get("_is_async_gen_callable")
_is_generator = _names.get("_is_gen_callable")
_make_json, _render_json = JSONResponse.__init__, JSONResponse.render
_init_headers = JSONResponse.init_headers


_NOTHING_INJECTED: Final = SimpleNamespace(status_code=None, headers=SimpleNamespace(raw=()))
"""What no dependency has changed of the response."""


is_as_it_was: Final = comparison(
    [
        *((routing, name, own) for name, own in _own.items() if own is not None),
        (JSONResponse, "__init__", _make_json),
        (JSONResponse, "render", _render_json),
        (JSONResponse, "init_headers", _init_headers),
    ]
)
"""`is_as_ever` in a hurry: where it is false, that has to look closer."""


def is_as_ever() -> bool:
    """Whether a response would be made by FastAPI's and Starlette's own functions."""
    get = _names.get
    return (
        get("jsonable_encoder") is _jsonable_encoder
        and get("serialize_response") is _serialize_response
        and _is_run_as_ever(get("run_endpoint_function"))
        and get("_build_response_args") is _build_response_args
        and get("is_body_allowed_for_status_code") is _is_body_allowed_for_status_code
        and get("run_in_threadpool") is _run_in_threadpool
        and get("Response") is _response
        and get("_operation") is _operation
        and JSONResponse.__init__ is _make_json
        and JSONResponse.render is _render_json
        and JSONResponse.init_headers is _init_headers
    )


def _is_run_as_ever(found: Any) -> bool:
    return found is _run_endpoint_function or original_of(found) is _run_endpoint_function


def is_generator(endpoint: Any, known: bool) -> bool:
    """Whether FastAPI streams what the endpoint yields; `known`: by its own functions."""
    get: Any = _names.get
    is_async, is_sync = get("_is_async_gen_callable"), get("_is_gen_callable")
    if is_async is _is_async_generator and is_sync is _is_generator:
        return known
    return bool(is_async(endpoint) or is_sync(endpoint))


async def run_endpoint(dependant: Any, values: dict[str, Any], *, is_awaited: bool) -> Any:
    """What the endpoint returns, called by what stands for FastAPI's function now."""
    run: Any = _names["run_endpoint_function"]
    return await run(dependant=dependant, values=values, is_coroutine=is_awaited)


async def respond(
    returned: Any,
    solution: Solution,
    *,
    status_code: int | None,
    response_class: Any,
    endpoint: Any,
    **serialization: Any,
) -> Response:
    """The response, made by what stands for FastAPI's functions now."""
    names: Any = _names
    if isinstance(returned, names["Response"]):
        if returned.background is None:
            returned.background = solution.background_tasks
        answer: Response = returned
        return answer
    arguments, injected_headers = _arguments(solution, status_code)
    with names.get("_operation", operation)(name="serialization", function=endpoint):
        content = await names["serialize_response"](response_content=returned, **serialization)
    response: Response
    if serialization["dump_json"]:
        response = names["Response"](content=content, media_type="application/json", **arguments)
    else:
        response = response_class(content, **arguments)
    if not names["is_body_allowed_for_status_code"](response.status_code):
        response.body = b""
    response.headers.raw.extend(injected_headers)
    assert response
    return response


def stream(
    endpoint: Any,
    values: dict[str, Any],
    solution: Solution,
    status_code: int | None,
    response_class: Any,
) -> Response:
    """What FastAPI answers where a generator function has taken the endpoint's place."""
    items: Any = endpoint(**values)
    is_async: Any = _names["_is_async_gen_callable"]
    if is_async(endpoint):
        items = _with_checkpoints(items)
    arguments, injected_headers = _arguments(solution, status_code)
    response: Response = response_class(content=items, **arguments)
    response.headers.raw.extend(injected_headers)
    return response


def _arguments(solution: Solution, status_code: int | None) -> tuple[dict[str, Any], Any]:
    """What FastAPI makes a response with, and the headers that it adds to it."""
    injected: Any = _NOTHING_INJECTED if solution.response is None else solution.response
    solved = SimpleNamespace(background_tasks=solution.background_tasks, response=injected)
    build: Any = _names["_build_response_args"]
    return build(status_code=status_code, solved_result=solved), injected.headers.raw


async def _with_checkpoints(items: AsyncIterator[Any]) -> AsyncIterator[Any]:
    async for item in items:
        yield item
        # Where a cancellation can arrive.
        await anyio.sleep(0)
