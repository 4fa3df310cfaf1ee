"""What a request sends, as FastAPI would find it when it comes to a dependency."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from fastapi_fastdeps._plan.parameters import Source

_OWN: Final = ("path_params", "query_params", "headers", "cookies")


def reads_as_starlette_does(request: HTTPConnection) -> bool:
    """Whether the request has no ways of its own to say what it holds."""
    kind = type(request)
    return (
        kind is Request
        or kind is WebSocket
        or (
            all(getattr(kind, name) is getattr(HTTPConnection, name) for name in _OWN)
            and kind.__getattribute__ is object.__getattribute__
        )
    )


class Received:
    """What a request gives to the dependencies of a plan, one of which can change it.

    FastAPI asks the request for all that it holds at each dependency. Query, headers and
    cookies are kept by the first one, as objects whose content may change.
    """

    __slots__ = ("_headers", "_raw", "_request")

    def __init__(self, request: Request | WebSocket) -> None:
        self._request = request
        _ = request.query_params
        self._raw: list[tuple[bytes, bytes]] = request.headers.raw
        self._headers = dict(reversed(self._raw))
        _ = request.cookies

    def get(self, source: Source) -> Mapping[Any, Any] | None:
        """The values of a source by name, the one that FastAPI takes where there are several.

        Headers are as ASGI has them: names in lower case, names and values in bytes. `None`
        for what is not as Starlette makes it.
        """
        request = self._request
        if source == "path_params":
            path = request.path_params
            return path if type(path) is dict else None
        if source == "query_params":
            query = request.query_params
            if type(query) is not QueryParams:
                return None
            keys: Any = query.keys()
            values: Mapping[Any, Any] = keys.mapping
            return values
        if source == "headers":
            return self._header_values()
        cookies = request.cookies
        return cookies if type(cookies) is dict else None

    def _header_values(self) -> Mapping[Any, Any] | None:
        headers = self._request.headers
        if type(headers) is not Headers:
            return None
        raw = headers.raw
        if raw != self._raw:
            self._raw = raw
            self._headers = dict(reversed(raw))
        return self._headers


def query_values(query: Any) -> dict[str, str]:
    """The last value of each name in a query string."""
    if type(query) is not bytes:
        return dict(QueryParams(query).items())
    text = query.decode("latin-1")
    if "%" in text or "+" in text:
        return dict(parse_qsl(text, keep_blank_values=True))
    pairs = text.split("&")
    try:
        return dict([pair.split("=", 1) for pair in pairs])
    except ValueError:
        split = [pair.partition("=") for pair in pairs if pair]
        return {name: value for name, _, value in split}
