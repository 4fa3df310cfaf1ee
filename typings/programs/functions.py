"""A decorated function is what it was: its signature, overloads, type parameters."""

import functools
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, ParamSpec, TypeVar, assert_type, overload

from fastapi_fastdeps import inline, threaded

P = ParamSpec("P")
T = TypeVar("T")
OneOrMore = TypeVar("OneOrMore", int, str)


@inline
def price(item: int, /, *, currency: str = "EUR") -> float:
    return item / len(currency)


assert_type(price(1, currency="USD"), float)
callback: Callable[[int], float] = price
price("1")  # error: argument-type
price(1, curency="USD")  # error: unknown-argument


@threaded
def rate(item: int) -> float:
    return item / 2


assert_type(rate(1), float)
rate("1")  # error: argument-type


@inline
def settings(name: str) -> Any:
    return vars()[name]


callback_of_any: Callable[[str], object] = settings
settings(1)  # error: argument-type


@inline
def first(items: Sequence[T]) -> T:
    return items[0]


def use_generics(names: list[str], prices: list[float]) -> None:
    assert_type(first(names), str)
    assert_type(first(prices), float)
    assert_type(doubled("a"), str)


@inline
def doubled(value: OneOrMore) -> OneOrMore:
    return value + value


@overload
def parse(value: str) -> int: ...
@overload
def parse(value: bytes) -> bytes: ...
@inline
def parse(value: str | bytes) -> int | bytes:
    return value if isinstance(value, bytes) else int(value)


assert_type(parse("1"), int)
assert_type(inline(parse)("1"), int)
assert_type(threaded(parse)(b"1"), bytes)
inline(parse)(1)  # error: no-overload


@inline
def session() -> Generator[str, int, bytes]:
    yield "session"
    return b""


@inline
def names() -> Iterator[str]:
    yield "name"


assert_type(session(), Generator[str, int, bytes])
assert_type(names(), Iterator[str])


def listed(function: Callable[P, T]) -> Callable[P, list[T]]:
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> list[T]:
        return [function(*args, **kwargs)]

    return wrapper


@inline
@listed
def inside(item: int, *, sale: bool = False) -> float:
    return item / 2 if sale else item


@listed
@threaded
def outside(item: int, *, sale: bool = False) -> float:
    return item / 2 if sale else item


assert_type(inside(1, sale=True), list[float])
assert_type(outside(1, sale=True), list[float])
inside(1, sail=True)  # error: unknown-argument
outside("1")  # error: argument-type

shortened = inline(functools.partial(price, currency="USD"))
assert_type(shortened(1), float)
builtin_name: str = inline(lambda: "name")()

inline(3)  # error: no-overload
threaded(None)  # error: no-overload
inline()  # error: no-overload
inline(price, rate)  # error: no-overload


@threaded(limiter="db")
def stored(item: int, /, *, currency: str = "EUR") -> float:
    return item / len(currency)


assert_type(stored(1, currency="USD"), float)
stored("1")  # error: argument-type


@threaded(limiter="db")
class Store:
    def __init__(self, name: str) -> None:
        self.name = name


assert_type(Store("a"), Store)
