"""What a request sends, as FastAPI would find it when it comes to a dependency."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, QueryParams
from starlette.requests import HTTPConnection, Request
from starlette.websockets import WebSocket

from fastapi_fastdeps._plan.parameters import Source
from fastapi_fastdeps._plan.steps import Plan

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
    """What a request gives to the dependencies of a plan.

    FastAPI asks the request for all that it holds at each dependency. Query and cookies are
    settled by the first one, where nothing of the user's has run; headers and path
    parameters are what they are then.
    """

    __slots__ = ("_headers", "_query", "_raw", "_request", "_seen_query")

    def __init__(self, request: Request | WebSocket, plan: Plan) -> None:
        self._request = request
        self._raw: list[tuple[bytes, bytes]] | None = None
        self._headers: dict[bytes, bytes] = {}
        self._seen_query: Any = None
        self._query: dict[str, str] | None = None
        self._settle(plan)

    def _settle(self, plan: Plan) -> None:
        request, sources = self._request, plan.sources
        if (
            "query_params" in sources
            and plan.is_query_plain
            and not hasattr(request, "_query_params")
        ):
            self._query = query_values(request.scope["query_string"])
        elif plan.is_given_request or "query_params" in sources:
            self._seen_query = request.query_params
        if plan.is_given_request or "headers" in sources or "cookies" in sources:
            self._raw = request.headers.raw
            self._headers = dict(reversed(self._raw))
        if plan.is_given_request or "cookies" in sources:
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
            return self._query_values()
        if source == "headers":
            return self._header_values()
        cookies = request.cookies
        return cookies if type(cookies) is dict else None

    def get_all(self, source: Source) -> Any:
        """All values of a source, as FastAPI's own functions want them."""
        return getattr(self._request, source)

    def _query_values(self) -> Mapping[Any, Any] | None:
        if self._query is not None and self._seen_query is None:
            return self._query
        query = self._request.query_params
        if type(query) is not QueryParams:
            return None
        if query is not self._seen_query or self._query is None:
            self._seen_query = query
            self._query = dict(query.items())
        return self._query

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
