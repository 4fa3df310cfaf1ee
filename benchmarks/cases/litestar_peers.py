"""The same apps in Litestar, its providers on the event loop."""

from typing import Any

from litestar import Litestar, get
from litestar.di import Provide


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
