"""Cases that grow: dependencies, query parameters, a chain of diamonds, routes."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI

from benchmarks.cases import route_tables
from benchmarks.cases.case import Case, Family
from benchmarks.exchange import HTTPExchange

SIZES = (0, 1, 2, 4, 8, 16, 32)
DEPTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)


def _with_parameters(
    function: Callable[..., Any], parameters: dict[str, tuple[Any, Any]]
) -> Callable[..., Any]:
    """The function, as if it were written with these parameters: annotation and default."""
    empty = inspect.Parameter.empty
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotation,
                default=empty if default is None else default,
            )
            for name, (annotation, default) in parameters.items()
        ]
    )
    return function


def _sync_dependency() -> Callable[..., Any]:
    def one() -> int:
        return 1

    return one


def _async_dependency() -> Callable[..., Any]:
    async def one() -> int:
        return 1

    return one


def _flat(name: str, make: Callable[[], Callable[..., Any]]) -> Callable[[int], Case]:
    def case(size: int) -> Case:
        def declare(app: FastAPI) -> None:
            async def endpoint(**values: int) -> Any:
                return {"sum": sum(values.values())}

            parameters = {
                f"d{number}": (Annotated[int, Depends(make())], None) for number in range(size)
            }
            app.get("/x", response_model=None)(_with_parameters(endpoint, parameters))

        return Case(f"{name}-{size}", f"{size} dependencies", HTTPExchange("/x"), declare)

    return case


def _query(size: int) -> Case:
    names = [f"p{number}" for number in range(size)]

    def declare(app: FastAPI) -> None:
        async def endpoint(**values: int) -> Any:
            return {"sum": sum(values.values())}

        app.get("/x", response_model=None)(
            _with_parameters(endpoint, dict.fromkeys(names, (int, 0)))
        )

    def starlette() -> Any:
        from benchmarks.cases.starlette_peers import query_parameters

        return query_parameters(names)

    query = "&".join(f"{name}={number}" for number, name in enumerate(names))
    return Case(
        f"query-parameters-{size}",
        f"{size} query parameters",
        HTTPExchange("/x", query),
        declare,
        {"starlette": starlette},
    )


def _layer(below: Callable[..., Any]) -> Callable[..., Any]:
    async def layer(
        left: Annotated[int, Depends(below)], right: Annotated[int, Depends(below)]
    ) -> int:
        return max(left, right) + 1

    return layer


def _diamonds(depth: int) -> Case:
    def declare(app: FastAPI) -> None:
        top = _async_dependency()
        for _ in range(depth):
            top = _layer(top)

        @app.get("/x")
        async def endpoint(value: Annotated[int, Depends(top)]) -> Any:
            return {"depth": value}

    return Case(f"diamonds-{depth}", f"{depth} layers", HTTPExchange("/x"), declare)


FAMILIES = (
    Family(
        "sync-dependencies",
        "trivial sync dependencies, side by side",
        "dependency",
        SIZES,
        _flat("sync-dependencies", _sync_dependency),
    ),
    Family(
        "async-dependencies",
        "trivial async dependencies, side by side",
        "dependency",
        SIZES,
        _flat("async-dependencies", _async_dependency),
    ),
    Family("query-parameters", "scalar query parameters", "parameter", SIZES, _query),
    Family("diamonds", "a chain of diamonds", "layer", DEPTHS, _diamonds, linear=False),
    *route_tables.FAMILIES,
)
