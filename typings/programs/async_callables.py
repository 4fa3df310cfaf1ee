"""A marker on an async callable says nothing, and is reported where it stands."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, assert_type

from fastapi_fastdeps import inline, threaded


@inline  # error: deprecated
async def user(token: str) -> str:
    return token


@threaded  # error: deprecated
async def account(token: str) -> str:
    return token


@inline  # error: deprecated
async def session() -> AsyncGenerator[str, None]:
    yield "session"


class Guard:
    async def __call__(self, token: str) -> bool:
        return bool(token)

    @inline  # error: deprecated
    async def check(self, token: str) -> bool:
        return bool(token)


inline(Guard())  # error: deprecated
threaded(Guard().check)  # error: deprecated
threaded(Guard())  # error: deprecated


async def still_what_they_were() -> None:
    assert_type(await user("token"), str)
    async for name in session():
        assert_type(name, str)


class Cursor:
    def __aiter__(self) -> "Cursor":
        return self

    async def __anext__(self) -> int:
        return 1


@inline
def cursor() -> Cursor:
    """A plain function; only what it returns is async."""
    return Cursor()


@inline
def rows() -> AsyncIterator[int]:
    return Cursor()


@inline
def anything() -> Any:
    return Cursor()


assert_type(cursor(), Cursor)
assert_type(rows(), AsyncIterator[int])


@inline
@asynccontextmanager
async def transaction() -> AsyncGenerator[int]:
    yield 1


def marks(function: Callable[[], Coroutine[Any, Any, int]]) -> None:
    inline(function)  # error: deprecated
