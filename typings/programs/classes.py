"""A decorated class is the class: its constructor, `isinstance`, subclasses, type parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, assert_type

from pydantic import BaseModel

from fastapi_fastdeps import InlineMixin, ThreadedMixin, inline, threaded

T = TypeVar("T")


@inline
class Page:
    def __init__(self, skip: int = 0, *, limit: int = 100) -> None:
        self.skip = skip
        self.limit = limit

    @classmethod
    def first(cls, limit: int) -> "Page":
        return cls(limit=limit)


page = Page(1, limit=2)
assert_type(page, Page)
assert_type(page.skip, int)
assert_type(Page.first(1), Page)
the_class: type[Page] = Page
make: Callable[[int], Page] = Page
Page("1")  # error: argument-type
Page(1, 2)  # error: positional-argument
Page(limt=2)  # error: unknown-argument
page.skipp  # error: attribute


def narrowed(value: Page | str) -> None:
    if isinstance(value, Page):
        assert_type(value, Page)
    else:
        assert_type(value, str)  # differs: narrowed-class


class LongPage(Page):
    def __init__(self) -> None:
        super().__init__(limit=1000)


assert_type(LongPage().limit, int)


@inline
@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


assert_type(Point(1).y, int)
Point("1")  # error: argument-type


@dataclass
@threaded
class Line:
    start: Point


assert_type(Line(Point(1)).start, Point)
Line(Point(1), Point(2))  # error: positional-argument


@inline
class Query(BaseModel):
    text: str
    size: int = 10


assert_type(Query(text="a").size, int)
Query(text=[])  # error: argument-type


@inline
class Pair(NamedTuple):
    left: int
    right: str


left, right = Pair(1, "a")
assert_type(left, int)
assert_type(right, str)


@inline
class Repository(Generic[T]):
    def __init__(self, model: type[T]) -> None:
        self.model = model

    def get(self) -> T:
        return self.model()


assert_type(Repository(Page), Repository[Page])
assert_type(Repository(Page).get(), Page)
Repository[Page](str)  # error: argument-type


@inline
class Feed:
    """Its instances are async iterators; constructing one is not async."""

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> int:
        return 1


assert_type(Feed(), Feed)


class Permission(InlineMixin):
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, token: str) -> bool:
        return token == self.name


class Upload(ThreadedMixin, Permission):
    pass


permission = inline(Permission("read"))
assert_type(permission, Permission)
assert_type(permission(token="t"), bool)
assert_type(threaded(Upload("write"))("t"), bool)
permission(1)  # error: argument-type
