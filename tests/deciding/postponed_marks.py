"""Annotations that are text until FastAPI evaluates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Query

import fastapi_fastdeps
from fastapi_fastdeps import Inline, inline

if TYPE_CHECKING:
    from nowhere import Session  # type: ignore[import-not-found]

Stray = Annotated[int, Inline]


class Page: ...


InlinePage = Annotated[Page, Depends(), Inline]


async def on_a_query(value: Annotated[int, Query(), Inline] = 1) -> None: ...


async def on_an_alias(value: list[Stray] | None = None) -> None: ...


async def of_a_module(value: Annotated[int, fastapi_fastdeps.Inline] = 1) -> None: ...


async def decorator(value: Annotated[Page, Depends(), inline]) -> None: ...


async def returned(value: int = 1) -> Annotated[int, Inline]:
    return value


async def right(value: Annotated[Page, Depends(), Inline], other: int = 1) -> None: ...


async def right_by_an_alias(value: InlinePage) -> None: ...


async def of_an_unknown_type(value: Session = None, other: int = 1) -> None: ...


async def right_beside_an_unknown_type(
    page: InlinePage, value: Session = None, other: int = 1
) -> None: ...
