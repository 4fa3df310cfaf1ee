# python: 3.12
"""`type` statements, generic ones too, keep the annotated type."""

from typing import Annotated, assert_type

from fastapi import Depends

from fastapi_fastdeps import FastDepsAPI, Inline, inline


@inline
class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


type InlinePage = Annotated[Page, Depends(), Inline]
type Inlined[T] = Annotated[T, Depends(), Inline]
type Aliased = InlinePage

app = FastDepsAPI()


@app.get("/items")
def items(page: InlinePage) -> int:
    assert_type(page.skip, int)
    page.skipp  # error: attribute
    return page.skip


def not_a_route(generic: Inlined[Page], aliased: Aliased) -> int:
    """FastAPI itself looks into neither of these aliases."""
    assert_type(generic.skip, int)
    aliased.skipp  # error: attribute
    return aliased.skip


@inline
def first[T](values: list[T]) -> T:
    return values[0]


@inline
class Box[T]:
    def __init__(self, content: T) -> None:
        self.content = content


def use(names: list[str], page: Page) -> None:
    assert_type(first(names), str)
    assert_type(Box(page), Box[Page])
    items(page)
    items(names)  # error: argument-type
    not_a_route(page, page)
    not_a_route(names, page)  # error: argument-type
