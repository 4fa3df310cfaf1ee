"""Class dependencies that read the query: none, one, four."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI

from benchmarks.cases.case import Case, declared, router_class
from benchmarks.exchange import HTTPExchange

Payload = dict[str, Any]

PATH = "/x"
EXCHANGE = HTTPExchange(PATH, "q=foo&skip=3&limit=7")


def _page_class(name: str) -> type[Any]:
    class Page:
        def __init__(self, q: str | None = None, skip: int = 0, limit: int = 100) -> None:
            self.q = q
            self.skip = skip
            self.limit = limit

    Page.__name__ = Page.__qualname__ = name
    return Page


First, Second, Third, Fourth = map(_page_class, ("First", "Second", "Third", "Fourth"))


def wrapped(cls: type[Any]) -> Callable[..., Any]:
    """The class behind an async function, as one writes it by hand."""

    async def page(q: str | None = None, skip: int = 0, limit: int = 100) -> Any:
        return cls(q, skip, limit)

    return page


def _four(
    app: FastAPI | APIRouter,
    first: Callable[..., Any],
    second: Callable[..., Any],
    third: Callable[..., Any],
    fourth: Callable[..., Any],
) -> None:
    @app.get(PATH, response_model=None)
    async def endpoint(
        a: Annotated[Any, Depends(first)],
        b: Annotated[Any, Depends(second)],
        c: Annotated[Any, Depends(third)],
        d: Annotated[Any, Depends(fourth)],
    ) -> Any:
        return {"q": a.q, "skip": b.skip, "limit": c.limit + d.limit}


def _one(app: FastAPI, page: Callable[..., Any]) -> None:
    @app.get(PATH, response_model=None)
    async def endpoint(page: Annotated[Any, Depends(page)]) -> Any:
        return {"q": page.q, "skip": page.skip, "limit": page.limit}


def four_classes(app: FastAPI | APIRouter) -> None:
    _four(app, First, Second, Third, Fourth)


def _four_wrapped(app: FastAPI) -> None:
    _four(app, *map(wrapped, (First, Second, Third, Fourth)))


def _four_inlined(app: FastAPI) -> None:
    @app.get(PATH, response_model=None)
    async def endpoint(q: str | None = None, skip: int = 0, limit: int = 100) -> Any:
        return {"q": q, "skip": skip, "limit": limit + limit}


def _four_included(app: FastAPI) -> None:
    router = router_class(app)()
    four_classes(router)
    app.include_router(router)


def one_class(app: FastAPI) -> None:
    _one(app, First)


def _one_wrapped(app: FastAPI) -> None:
    _one(app, wrapped(First))


def _one_inlined(app: FastAPI) -> None:
    @app.get(PATH, response_model=None)
    async def endpoint(q: str | None = None, skip: int = 0, limit: int = 100) -> Any:
        return {"q": q, "skip": skip, "limit": limit}


def no_dependency(app: FastAPI) -> None:
    @app.get(PATH, response_model=None)
    async def endpoint() -> Any:
        return {"q": "foo", "skip": 3, "limit": 7}


def _overriding(key: Callable[..., Any]) -> Callable[[FastAPI], None]:
    def declare(app: FastAPI) -> None:
        four_classes(app)
        app.dependency_overrides[key] = _page_class("Overriding")

    return declare


def _litestar(name: str) -> Callable[[], Any]:
    def make() -> Any:
        from benchmarks.cases import litestar_peers

        return getattr(litestar_peers, name)()

    return make


def _bare(name: str) -> dict[str, Callable[[], Any]]:
    def alone() -> Any:
        from benchmarks.cases import bare

        return getattr(bare, name)

    def layered() -> Any:
        from benchmarks.cases import bare

        return bare.in_outer_layers(getattr(bare, name))

    return {"layered": layered, "bare": alone}


def _starlette(name: str) -> Callable[[], Any]:
    def make() -> Any:
        from benchmarks.cases import starlette_peers

        return getattr(starlette_peers, name)()

    return make


CASES = (
    Case(
        "four-classes",
        "four class dependencies",
        EXCHANGE,
        four_classes,
        {
            "wrappers": declared(_four_wrapped),
            "inlined": declared(_four_inlined),
            "litestar": _litestar("four_classes"),
            "starlette": _starlette("four_classes"),
            **_bare("four_classes"),
        },
    ),
    Case(
        "no-dependency",
        "no dependency, no parameter",
        HTTPExchange(PATH),
        no_dependency,
        {
            "litestar": _litestar("no_dependency"),
            "starlette": _starlette("no_dependency"),
            **_bare("no_dependency"),
        },
    ),
    Case(
        "one-class",
        "one class dependency",
        EXCHANGE,
        one_class,
        {
            "wrappers": declared(_one_wrapped),
            "inlined": declared(_one_inlined),
            "litestar": _litestar("one_class"),
            "starlette": _starlette("one_class"),
        },
    ),
    Case("included-router", "four classes, in an included router", EXCHANGE, _four_included),
    Case(
        "kept-in-threads",
        "four classes, nothing marked inline, a visit to a thread for each",
        EXCHANGE,
        four_classes,
        inline=False,
        fused=False,
    ),
    Case(
        "in-one-visit",
        "four classes, nothing marked inline, in one visit",
        EXCHANGE,
        four_classes,
        inline=False,
    ),
    Case(
        "overridden",
        "four classes, one of them overridden",
        EXCHANGE,
        _overriding(Second),
    ),
    Case(
        "overridden-elsewhere",
        "four classes, an override elsewhere in force",
        EXCHANGE,
        _overriding(_page_class("Elsewhere")),
    ),
    Case(
        "validation-error",
        "four classes, two values invalid (422)",
        HTTPExchange(PATH, "q=foo&skip=three&limit=seven", status=422),
        four_classes,
    ),
)
