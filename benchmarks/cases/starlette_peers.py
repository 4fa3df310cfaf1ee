"""The same apps in Starlette, every value read by hand."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


def _app(endpoint: Any) -> Starlette:
    return Starlette(routes=[Route("/x", endpoint)])


def four_classes() -> Starlette:
    async def endpoint(request: Request) -> JSONResponse:
        query = request.query_params
        limit = int(query.get("limit", 100))
        skip = int(query.get("skip", 0))
        return JSONResponse({"q": query.get("q"), "skip": skip, "limit": limit + limit})

    return _app(endpoint)


def one_class() -> Starlette:
    async def endpoint(request: Request) -> JSONResponse:
        query = request.query_params
        limit = int(query.get("limit", 100))
        skip = int(query.get("skip", 0))
        return JSONResponse({"q": query.get("q"), "skip": skip, "limit": limit})

    return _app(endpoint)


def no_dependency() -> Starlette:
    async def endpoint(_: Request) -> JSONResponse:
        return JSONResponse({"q": "foo", "skip": 3, "limit": 7})

    return _app(endpoint)


def query_parameters(names: list[str]) -> Starlette:
    async def endpoint(request: Request) -> JSONResponse:
        query = request.query_params
        return JSONResponse({"sum": sum(int(query.get(name, 0)) for name in names)})

    return _app(endpoint)
