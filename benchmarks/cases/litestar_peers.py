"""The same apps in Litestar, its providers on the event loop."""

from typing import Any

from litestar import Litestar, Router, get
from litestar.di import Provide

from benchmarks.cases.route_tables import path_of, shares


class Page:
    def __init__(self, q: str | None = None, skip: int = 0, limit: int = 100) -> None:
        self.q = q
        self.skip = skip
        self.limit = limit


class First(Page):
    pass


class Second(Page):
    pass


class Third(Page):
    pass


class Fourth(Page):
    pass


def _app(*handlers: Any) -> Litestar:
    return Litestar(route_handlers=list(handlers), openapi_config=None)


def four_classes() -> Litestar:
    @get(
        "/x",
        dependencies={
            "a": Provide(First, sync_to_thread=False),
            "b": Provide(Second, sync_to_thread=False),
            "c": Provide(Third, sync_to_thread=False),
            "d": Provide(Fourth, sync_to_thread=False),
        },
    )
    async def endpoint(a: First, b: Second, c: Third, d: Fourth) -> dict[str, Any]:
        return {"q": a.q, "skip": b.skip, "limit": c.limit + d.limit}

    return _app(endpoint)


def one_class() -> Litestar:
    @get("/x", dependencies={"page": Provide(First, sync_to_thread=False)})
    async def endpoint(page: First) -> dict[str, Any]:
        return {"q": page.q, "skip": page.skip, "limit": page.limit}

    return _app(endpoint)


def no_dependency() -> Litestar:
    @get("/x")
    async def endpoint() -> dict[str, Any]:
        return {"q": "foo", "skip": 3, "limit": 7}

    return _app(endpoint)


def route_table(layout: str, size: int) -> Litestar:
    """As many routes as `benchmarks.cases.route_tables` has, in as many routers."""
    routes = [_table_route(number) for number in range(size)]
    if layout == "flat":
        return _app(*routes)
    if layout == "one-router":
        return _app(Router("/all", route_handlers=routes))
    parts = [
        Router(f"/part-{index}", route_handlers=[routes[number] for number in numbers])
        for index, numbers in enumerate(shares(range(size)))
    ]
    if layout == "many-routers":
        return _app(*parts)
    areas = [
        Router(f"/area-{index}", route_handlers=[parts[inner] for inner in inners])
        for index, inners in enumerate(shares(range(len(parts))))
    ]
    return _app(*areas)


class Limits:
    def __init__(self, skip: int = 0, limit: int = 100) -> None:
        self.skip = skip
        self.limit = limit


def _table_route(number: int) -> Any:
    @get(
        path_of(number).replace("{key}", "{key:int}"),
        dependencies={"page": Provide(Limits, sync_to_thread=False)},
    )
    async def endpoint(key: int, page: Limits) -> dict[str, Any]:
        return {"number": number, "key": key, "last": page.skip + page.limit}

    return endpoint
