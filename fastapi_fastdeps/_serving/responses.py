"""Making the response of a route, of what its endpoint returned, as FastAPI does."""

import json
from collections.abc import Callable
from typing import Any, Final

from fastapi.encoders import jsonable_encoder
from starlette.responses import JSONResponse, Response

_ATOMS: Final = frozenset({str, int, float, bool, type(None)})


def is_json(content: Any) -> bool:
    """Whether FastAPI's `jsonable_encoder` would return an equal copy of `content`."""
    kind = type(content)  # pyright: ignore[reportUnknownVariableType]  # the type of an Any
    if kind in _ATOMS:
        return True
    if kind is dict:
        for key, value in content.items():
            if type(key) is not str or key.startswith("_sa"):
                return False
            if type(value) not in _ATOMS and not is_json(value):
                return False
        return True
    if kind is list:
        return all(type(item) in _ATOMS or is_json(item) for item in content)
    return False


_encode: Final[Callable[[Any], str]] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")
).encode
"""What Starlette's `JSONResponse.render` calls, made once."""

_render: Final = JSONResponse.render


def json_response(content: Any, status_code: int | None, background: Any) -> Response:
    """`JSONResponse(jsonable_encoder(content), ...)`, without making an encoder each time."""
    if not is_json(content):
        content = jsonable_encoder(content)
    if JSONResponse.render is not _render:
        return JSONResponse(content, status_code or 200, background=background)
    response = JSONResponse.__new__(JSONResponse)
    response.status_code = status_code or 200
    response.background = background
    response.body = _encode(content).encode("utf-8")
    response.init_headers()
    return response
