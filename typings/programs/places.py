"""`Annotated` with a marker is the annotated type, written out or through an alias."""

from typing import Annotated, TypeAlias, TypeVar, assert_type

from fastapi import Depends, Query, Security

from fastapi_fastdeps import FastDepsAPI, Inline, Threaded

T = TypeVar("T")


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


class User:
    name = "user"


def get_user() -> User:
    return User()


def get_names() -> list[str]:
    return []


InlinePage = Annotated[Page, Depends(), Inline]
CurrentUser: TypeAlias = Annotated[User, Depends(get_user), Inline()]
Fresh = Annotated[T, Depends(use_cache=False), Threaded]
Limit = Annotated[int, Query(le=100)]

app = FastDepsAPI()


@app.get("/items")
def items(
    written: Annotated[Page, Depends(), Inline],
    instance: Annotated[Page, Depends(), Threaded()],
    before: Annotated[Page, Inline, Depends()],
    names: Annotated[list[str], Depends(get_names), Inline],
    secured: Annotated[User, Security(get_user), Inline],
    aliased: InlinePage,
    explicit: CurrentUser,
    generic: Fresh[Page],
    limit: Limit = 10,
) -> None:
    assert_type(written, Page)
    assert_type(instance, Page)
    assert_type(before, Page)
    assert_type(names, list[str])
    assert_type(secured, User)
    assert_type(aliased, Page)
    assert_type(explicit, User)
    assert_type(generic, Page)
    assert_type(limit, int)
    written.name  # error: attribute


def call(page: Page, user: User) -> None:
    items(page, page, page, [], user, page, user, page)
    items(page, page, page, [], user, user, user, page)  # error: argument-type


Wrong = Annotated[Page, Inline("x")]  # error: positional-argument; differs: marker-in-alias
Inline("x")  # error: positional-argument
Threaded(limit=3)  # error: unknown-argument
