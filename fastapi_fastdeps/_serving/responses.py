"""Making the response of a route, of what its endpoint returned, as FastAPI does."""

import json
import json.encoder
from collections.abc import Callable, Iterable
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
            # It asks for key.startswith("_sa"), in half the time.
            if type(key) is not str or (key < "_sb" and key >= "_sa"):
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


_encoder: Final = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, indent=None, separators=(",", ":")
)
"""What Starlette's `JSONResponse.render` makes for each response."""


def _plain_encoder() -> Callable[[Any, int], Iterable[str]]:
    """What `_encoder` does with what `is_json`, which contains no cycle."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    quote: Any = getattr(json.encoder, "encode_basestring", None)
    if make is None or quote is None:
        return lambda content, _: _encoder.iterencode(content)
    encode: Callable[[Any, int], Iterable[str]]
    encode = make(None, _encoder.default, quote, None, ":", ",", False, False, False)
    return encode


_encode_plain: Final = _plain_encoder()

_CONTENT_TYPE: Final = (b"content-type", b"application/json")
_CONTENT_LENGTHS: Final = [(b"content-length", b"%d" % length) for length in range(1024)]
_render: Final = JSONResponse.render
_MEDIA_TYPE: Final = "application/json"


def json_response(content: Any, status_code: int | None, background: Any) -> Response:
    """`JSONResponse(jsonable_encoder(content), ...)`, without making an encoder each time.

    Of status 200 for a `status_code` of `None`, which 0 is not.
    """
    if status_code is None:
        status_code = 200
    is_plain = is_json(content)
    if not is_plain:
        content = jsonable_encoder(content)
    if JSONResponse.render is not _render:
        return JSONResponse(content, status_code, background=background)
    response = JSONResponse.__new__(JSONResponse)
    response.status_code = status_code
    response.background = background
    text = "".join(_encode_plain(content, 0)) if is_plain else _encoder.encode(content)
    response.body = body = text.encode("utf-8")
    if status_code == 200 and JSONResponse.media_type == _MEDIA_TYPE:
        # What `init_headers` comes to.
        length = len(body)
        response.raw_headers = [
            _CONTENT_LENGTHS[length] if length < 1024 else (b"content-length", b"%d" % length),
            _CONTENT_TYPE,
        ]
    else:
        response.init_headers()
    return response
