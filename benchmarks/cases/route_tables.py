"""The last of many routes in four layouts, and paths that none of them serves.

The routers are of the package that the app is of, but for those that are called plain: there
only the app is ours, and its routers are FastAPI's `APIRouter`.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI

from benchmarks.cases.case import Case, Family, router_class
from benchmarks.exchange import HTTPExchange

SIZES = (1, 10, 100, 1000)
SHARE = 10
"""How many routes a router has, and how many routers a router has."""

Add = Callable[[FastAPI | APIRouter, int], None]
Routers = type[APIRouter]


class Page:
    def __init__(self, skip: int = 0, limit: int = 100) -> None:
        self.skip = skip
        self.limit = limit


def _add(router: FastAPI | APIRouter, number: int) -> None:
    @router.get(path_of(number), response_model=None)
    async def endpoint(key: int, page: Annotated[Page, Depends()]) -> Any:
        return {"number": number, "key": key, "last": page.skip + page.limit}


def path_of(number: int) -> str:
    return f"/things-{number}/{{key}}"


def shares(numbers: range) -> Iterator[range]:
    """The numbers, some for each router."""
    for first in range(numbers.start, numbers.stop, SHARE):
        yield range(first, min(first + SHARE, numbers.stop))


def _flat(app: FastAPI, size: int, _: Routers) -> None:
    for number in range(size):
        _add(app, number)


def _one_router(app: FastAPI, size: int, routers: Routers) -> None:
    app.include_router(_router(range(size), routers), prefix="/all")


def _many_routers(app: FastAPI, size: int, routers: Routers) -> None:
    for index, numbers in enumerate(shares(range(size))):
        app.include_router(_router(numbers, routers), prefix=f"/part-{index}")


def _two_levels(app: FastAPI, size: int, routers: Routers) -> None:
    parts = list(shares(range(size)))
    for outer, indexes in enumerate(shares(range(len(parts)))):
        router = routers()
        for inner in indexes:
            router.include_router(_router(parts[inner], routers), prefix=f"/part-{inner}")
        app.include_router(router, prefix=f"/area-{outer}")


def _router(numbers: range, routers: Routers) -> APIRouter:
    router = routers()
    for number in numbers:
        _add(router, number)
    return router


LAYOUTS: dict[str, tuple[str, Callable[[FastAPI, int, Routers], None]]] = {
    "flat": ("in the app itself", _flat),
    "one-router": ("in one included router", _one_router),
    "many-routers": ("ten in each included router", _many_routers),
    "two-levels": ("in routers in routers", _two_levels),
}


def prefix_of_last(layout: str, size: int) -> str:
    """What stands before the path of the last route."""
    part = (size - 1) // SHARE
    return {
        "flat": "",
        "one-router": "/all",
        "many-routers": f"/part-{part}",
        "two-levels": f"/area-{part // SHARE}/part-{part}",
    }[layout]


def _declaring(layout: str, size: int, routers: Routers | None = None) -> Callable[[FastAPI], None]:
    """Adds the routes; a single one is the app's own, whatever the layout."""

    def declare(app: FastAPI) -> None:
        _, add = LAYOUTS["flat" if size == 1 else layout]
        add(app, size, routers or router_class(app))

    return declare


def _path(layout: str, size: int, key: str = "7") -> str:
    prefix = "" if size == 1 else prefix_of_last(layout, size)
    return f"{prefix}/things-{size - 1}/{key}"


def _starlette(layout: str, size: int) -> Callable[[], Any]:
    def make() -> Any:
        from benchmarks.cases import starlette_peers

        return starlette_peers.route_table("flat" if size == 1 else layout, size)

    return make


def _litestar(layout: str, size: int) -> Callable[[], Any]:
    def make() -> Any:
        from benchmarks.cases import litestar_peers

        return litestar_peers.route_table("flat" if size == 1 else layout, size)

    return make


def _last(layout: str, *, is_plain: bool = False) -> Callable[[int], Case]:
    """`is_plain`: the routers are FastAPI's, which its peers have no word for."""

    def case(size: int) -> Case:
        peers = {"litestar": _litestar(layout, size), "starlette": _starlette(layout, size)}
        return Case(
            f"last-route-{layout}{'-plain' if is_plain else ''}-{size}",
            f"the last of {size:,} routes{', the routers APIRouter' if is_plain else ''}",
            HTTPExchange(_path(layout, size), "skip=3&limit=7"),
            _declaring(layout, size, APIRouter if is_plain else None),
            {} if is_plain else peers,
        )

    return case


def _not_found(layout: str) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        exchange = HTTPExchange(f"{prefix_of_last(layout, size)}/nothing/here", status=404)
        return Case(
            f"not-found-{layout}-{size}",
            f"404 among {size:,} routes",
            exchange,
            _declaring(layout, size),
        )

    return case


def _wrong_method(layout: str) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        exchange = HTTPExchange(_path(layout, size), method="DELETE", status=405)
        return Case(
            f"wrong-method-{layout}-{size}",
            f"405 among {size:,} routes",
            exchange,
            _declaring(layout, size),
        )

    return case


def _redirect(layout: str) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        exchange = HTTPExchange(f"{_path(layout, size)}/", status=307)
        return Case(
            f"slash-redirect-{layout}-{size}",
            f"a redirect without the slash among {size:,} routes",
            exchange,
            _declaring(layout, size),
            {"starlette": _starlette(layout, size)},
        )

    return case


def _family(name: str, title: str, case: Callable[[int], Case]) -> Family:
    return Family(name, title, "route", SIZES, case, linear=False, log_sizes=True)


LAST = {
    layout: _family(f"last-route-{layout}", f"the last of many routes, {title}", _last(layout))
    for layout, (title, _) in LAYOUTS.items()
}
MISSES = tuple(
    _family(f"{name}-{layout}", f"{title}, routes {LAYOUTS[layout][0]}", make(layout))
    for name, title, make in (
        ("not-found", "404", _not_found),
        ("wrong-method", "405", _wrong_method),
        ("slash-redirect", "a redirect without the slash", _redirect),
    )
    for layout in ("flat", "two-levels")
)
PLAIN = tuple(
    _family(
        f"last-route-{layout}-plain",
        f"the last of many routes, {LAYOUTS[layout][0]}, the routers APIRouter",
        _last(layout, is_plain=True),
    )
    for layout in ("many-routers", "two-levels")
)
FAMILIES = (*LAST.values(), *PLAIN, *MISSES)
