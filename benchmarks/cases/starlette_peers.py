"""The same apps in Starlette, every value read by hand."""

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from benchmarks.cases.route_tables import path_of, shares


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


def route_table(layout: str, size: int) -> Starlette:
    """As many routes as `benchmarks.cases.route_tables` has, its routers as mounts."""
    routes = [_table_route(number) for number in range(size)]
    if layout == "flat":
        return Starlette(routes=routes)
    if layout == "one-router":
        return Starlette(routes=[Mount("/all", routes=routes)])
    parts = [
        Mount(f"/part-{index}", routes=[routes[number] for number in numbers])
        for index, numbers in enumerate(shares(range(size)))
    ]
    if layout == "many-routers":
        return Starlette(routes=parts)
    return Starlette(
        routes=[
            Mount(f"/area-{index}", routes=[parts[inner] for inner in inners])
            for index, inners in enumerate(shares(range(len(parts))))
        ]
    )


def _table_route(number: int) -> Route:
    async def endpoint(request: Request) -> JSONResponse:
        query = request.query_params
        last = int(query.get("skip", 0)) + int(query.get("limit", 100))
        key = int(request.path_params["key"])
        return JSONResponse({"number": number, "key": key, "last": last})

    return Route(path_of(number), endpoint)
