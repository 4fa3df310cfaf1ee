"""Making the response of a route, of what its endpoint returned, as FastAPI does."""

import json
from collections.abc import Callable
from typing import Any, Final

from fastapi.encoders import jsonable_encoder
from starlette.responses import JSONResponse, Response

_ATOMS: Final = frozenset({str, int, float, bool, type(None)})


_DEEPEST: Final = 50
"""How deep a result may be nested to be looked through here. Beyond that, and for what
contains itself, the end is the one that FastAPI's own recursion comes to."""


def is_json(content: Any, depth: int = _DEEPEST) -> bool:
    """Whether FastAPI's `jsonable_encoder` would return an equal copy of `content`.

    `False` also for what is nested deeper than `depth`.
    """
    kind = type(content)  # pyright: ignore[reportUnknownVariableType]  # the type of an Any
    if kind in _ATOMS:
        return True
    if not depth:
        return False
    if kind is dict:
        for key, value in content.items():
            if type(key) is not str or key.startswith("_sa"):
                return False
            if type(value) not in _ATOMS and not is_json(value, depth - 1):
                return False
        return True
    if kind is list:
        for item in content:
            if type(item) not in _ATOMS and not is_json(item, depth - 1):
                return False
        return True
    return False


_encode: Final[Callable[[Any], str]] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")
).encode
"""What Starlette's `JSONResponse.render` calls, made once."""

_render: Final = JSONResponse.render


def json_response(content: Any, status_code: int | None, background: Any) -> Response:
    """`JSONResponse(jsonable_encoder(content), ...)`, without making an encoder each time.

    Of status 200 for a `status_code` of `None`, which 0 is not.
    """
    if status_code is None:
        status_code = 200
    if not is_json(content):
        content = jsonable_encoder(content)
    if JSONResponse.render is not _render:
        return JSONResponse(content, status_code, background=background)
    response = JSONResponse.__new__(JSONResponse)
    response.status_code = status_code
    response.background = background
    response.body = _encode(content).encode("utf-8")
    response.init_headers()
    return response
