"""Callables that run code which stands nowhere in them, or that others fill with it; and their
like that do not."""

import contextlib
import enum
import functools
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import BackgroundTasks, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Discriminator, Field, GetPydanticSchema, Tag, computed_field

from tests.reading.corpus.answers import may_block, never_blocks


class Blocks:
    """Whatever is asked of it, it sleeps."""

    def _sleep(self, *_: Any, **__: Any) -> Any:
        time.sleep(1)
        return 1

    __bool__ = __len__ = __index__ = __int__ = __eq__ = __hash__ = __call__ = _sleep
    __lt__ = __str__ = __repr__ = __format__ = __iter__ = __enter__ = _sleep


HOOKS: list[Callable[[], None]] = []
NAMED_HOOKS: dict[str, Callable[[], None]] = {}
NAMES_FROM_ELSEWHERE = ["b"]
LIMITS_FROM_ELSEWHERE = {"b": 2}
OTHERS = [Blocks()]
KEYS: dict[Any, int] = {Blocks(): 1}
ALLOWED = {"a", "b"}
SIZES = {"a": 1}


class Renamed:
    def __init__(self, renamed: str = "a") -> None:
        self.renamed = renamed


RENAMED = Renamed()


# What is empty now


@may_block
def calls_hooks() -> None:
    for hook in HOOKS:
        hook()


@may_block
def calls_named_hooks(name: str) -> None:
    hook = NAMED_HOOKS.get(name)
    if hook is not None:
        hook()


@may_block
def iterates_what_another_file_fills() -> list[str]:
    return [name * 2 for name in NAMES_FROM_ELSEWHERE]


@may_block
def computes_what_another_file_fills() -> int:
    return sum(LIMITS_FROM_ELSEWHERE.values())


@may_block
def compares_what_another_file_assigns() -> bool:
    return RENAMED.renamed == "a"


@may_block
def calls_what_is_put_into_what_it_yields() -> Iterator[list[Any]]:
    hooks: list[Any] = []
    yield hooks
    for hook in hooks:
        hook()


@may_block
def calls_what_is_put_into_what_is_in_what_it_yields() -> Iterator[dict[str, Any]]:
    hooks: list[Any] = []
    yield {"hooks": hooks}
    for hook in hooks:
        hook()


@dataclass
class Unit:
    hooks: list[Any]


@may_block
def calls_what_is_put_into_an_object_that_it_yields() -> Iterator[Unit]:
    unit = Unit([])
    yield unit
    for hook in unit.hooks:
        hook()


@may_block
def is_true_what_an_object_that_it_yields_has() -> Iterator[Unit]:
    unit = Unit([])
    yield unit
    if unit.hooks:
        raise HTTPException(500)


def make_hooks() -> list[Any]:
    return []


def make_unit() -> Unit:
    return Unit([])


@may_block
def calls_what_another_dependency_puts_there(
    hooks: Annotated[list[Any], Depends(make_hooks)],
) -> None:
    for hook in hooks:
        hook()


@may_block
def calls_what_another_dependency_puts_into_an_object(
    unit: Annotated[Unit, Depends(make_unit)],
) -> None:
    for hook in unit.hooks:
        hook()


def make_words() -> dict[str, str]:
    return {"a": "b"}


@may_block
def compares_what_another_dependency_may_have_put_there(
    words: Annotated[dict[str, str], Depends(make_words)],
) -> bool:
    return words["a"] == "b"


@never_blocks
def is_allowed(name: str) -> bool:
    return name in ALLOWED


@never_blocks
def size_of(name: str) -> int:
    return SIZES[name] if name in SIZES else 0  # noqa: SIM401


# Bounds


@may_block
def counts_from_far_below(n: int) -> int:
    found = 0
    for _ in range(min(n, 10), 10):
        found = 1
    return found


@may_block
def counts_down_to_far_below(n: int) -> list[int]:
    return list(range(10, min(n, 10), -1))


@may_block
def repeats_by_the_size_of_a_lower_bound(n: int) -> str:
    return "a" * abs(min(n, 10))


@may_block
def repeats_by_a_rest(n: int) -> str:
    return "a" * abs(5 % min(n, 10))


@never_blocks
def counts_to_a_bound(n: int) -> list[int]:
    return list(range(min(n, 10)))


@never_blocks
def counts_between_bounds(n: int) -> list[int]:
    return list(range(max(0, min(n, 10)), 10))


# Arguments that are not written one by one


@may_block
def counts_to_what_is_in_a_list(n: int) -> None:
    for _ in range(*[n]):
        pass


@may_block
def asks_whether_what_is_in_a_list_is_true() -> bool:
    return bool(*OTHERS)


def first(one: Any, *_: Any) -> bool:
    return bool(one)


@may_block
def gives_first_what_stands_last() -> bool:
    return first(*OTHERS, 1)


class Color(enum.Enum):
    RED = "red"


@may_block
def looks_up_what_is_in_a_list() -> Color:
    return Color(*OTHERS)


@may_block
def counts_from_an_object() -> list[tuple[int, str]]:
    return list(enumerate("abc", Blocks()))  # type: ignore[arg-type]


@may_block
def sorts_backwards_if_an_object_is_true() -> list[int]:
    return sorted([2, 1], reverse=Blocks())  # type: ignore[arg-type]


@may_block
def rounds_to_an_object(value: float) -> float:
    return round(value, ndigits=Blocks())  # type: ignore[call-overload, no-any-return]


# Pydantic


class Numbers(BaseModel):
    numbers: set[int]


class ByNumber(BaseModel):
    names: dict[int, str]


class LargeDefault(BaseModel):
    numbers: list[int] = list(range(100_000))


class OddDefault(BaseModel):
    value: Any = Blocks()


def which(value: Any) -> str:
    time.sleep(1)
    return "cat"


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"


class Owner(BaseModel):
    pet: Annotated[Annotated[Cat, Tag("cat")] | Annotated[Dog, Tag("dog")], Discriminator(which)]


def sleepy(_: Any, handler: Any) -> Any:
    from pydantic_core import core_schema

    return core_schema.no_info_plain_validator_function(which)


Sleepy = Annotated[str, GetPydanticSchema(sleepy)]


class WithSchema(BaseModel):
    value: Sleepy


class Counted(BaseModel):
    value: str = Field(pattern="(a{0,100}b?){0,100}c")


class Computed(BaseModel):
    name: str

    @computed_field  # type: ignore[prop-decorator]
    @property
    def slow(self) -> str:
        time.sleep(1)
        return self.name


class OwnSchema(BaseModel):
    name: str

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return handler(source)


@may_block
def makes_a_set_of_numbers(numbers: Annotated[list[int], Query()]) -> Numbers:
    return Numbers(numbers=numbers)  # type: ignore[arg-type]


@may_block
def makes_a_dict_by_number(names: dict[int, str]) -> ByNumber:
    return ByNumber(names=names)


@may_block
def copies_a_large_default() -> LargeDefault:
    return LargeDefault()


@may_block
def copies_an_odd_default() -> OddDefault:
    return OddDefault()


@may_block
def asks_a_discriminator() -> Owner:
    return Owner(pet={"kind": "cat"})  # type: ignore[arg-type]


@may_block
def makes_what_has_a_schema_of_its_own() -> WithSchema:
    return WithSchema(value="a")


@may_block
def compares_what_a_schema_made(value: Sleepy) -> bool:
    return value == "a"


@may_block
def matches_a_counted_pattern(value: str) -> Counted:
    return Counted(value=value)


@may_block
def answers_with_what_is_computed(name: str) -> Computed:
    return Computed(name=name)


@may_block
def makes_a_model_with_a_schema_of_its_own(name: str) -> OwnSchema:
    return OwnSchema(name=name)


# Growth


@may_block
def doubles_in_a_comprehension(names: Annotated[list[str], Query()]) -> None:
    made = ["a"]
    [made.extend(list(made)) for _ in names]


@may_block
def keeps_a_method_of_what_grows(names: Annotated[list[str], Query()]) -> str:
    method = "a".lower
    for _ in names:
        method = (method() + method()).lower
    return method()


@may_block
def doubles_what_a_dict_gets(names: Annotated[list[str], Query()]) -> int | None:
    numbers = {"a": 1}
    for _ in names:
        numbers["a"] = numbers.get("a", 1) + numbers.get("a", 1)
    return numbers.get("a")


@may_block
def doubles_the_largest(names: Annotated[list[str], Query()]) -> list[int]:
    numbers = [1]
    for _ in names:
        numbers.append(max(numbers) + max(numbers))
    return numbers


@may_block
def doubles_what_is_popped(names: Annotated[list[str], Query()]) -> int:
    numbers = [1]
    for _ in names:
        number = numbers.pop()
        numbers.append(number + number)
    return numbers[0]


@may_block
def doubles_deep_inside(names: Annotated[list[str], Query()]) -> Any:
    made = [[[[[["a"]]]]]]
    for _ in names:
        made = [[[[[[made[0][0][0][0][0][0] + made[0][0][0][0][0][0]]]]]]]
    return made


@may_block
def quotes_with_much_that_is_safe(text: str, safe: str) -> str:
    return urllib.parse.quote(text, safe)


# What Python calls


class Shouting(enum.Enum):
    LOUD = "loud"

    def __repr__(self) -> str:
        time.sleep(1)
        return "LOUD"


class Ordered(str, enum.Enum):
    LOW = "low"

    def __lt__(self, other: object) -> bool:
        time.sleep(1)
        return True


class Added(enum.IntEnum):
    ONE = 1

    def __add__(self, other: object) -> int:
        time.sleep(1)
        return 1


@may_block
def shows_an_enum(value: Shouting) -> str:
    return f"{value!r}"


@may_block
def orders_an_enum(one: Ordered, other: Ordered) -> bool:
    return one < other


@may_block
def adds_an_enum(one: Added) -> int:
    return one + 1


class DetailedError(Exception):
    @property
    def detail(self) -> str:
        time.sleep(1)
        return "a"


@may_block
def reads_a_property_of_an_exception(name: str) -> Any:
    try:
        return name.encode()
    except DetailedError as error:
        return error.detail


class SlowError(Exception):
    def __init__(self) -> None:
        time.sleep(1)


@may_block
def raises_from_a_class() -> None:
    raise HTTPException(400) from SlowError


class AnyOfThem(type):
    def __subclasscheck__(cls, other: type) -> bool:
        time.sleep(1)
        return True


class SuppressedError(Exception, metaclass=AnyOfThem): ...


@may_block
def suppresses_by_a_metaclass(name: str) -> int:
    with contextlib.suppress(SuppressedError):
        return int(name)
    return 0


@may_block
def has_a_default_in_a_lambda() -> Callable[..., Any]:
    return lambda value=time.sleep(1): value


@may_block
def has_an_annotation_within() -> Callable[..., Any]:
    def inner(value: time.sleep(1)) -> None: ...  # type: ignore[valid-type]

    return inner


class Named(type):
    def __repr__(cls) -> str:
        time.sleep(1)
        return "Named"


class HasAName(metaclass=Named): ...


@may_block
def shows_a_class() -> str:
    return f"{HasAName}"


@may_block
def looks_up_by_keys_that_sleep(name: str) -> int | None:
    return KEYS.get(name)


@may_block
def looks_for_keys_that_sleep(name: str) -> bool:
    return name in KEYS


@functools.lru_cache
def slow_cached(name: str) -> str:
    time.sleep(1)
    return name


def quick(name: str) -> str:
    return name


functools.update_wrapper(slow_cached, quick)


@may_block
def calls_what_says_to_be_another(name: str) -> str:
    return slow_cached(name)


class Closes(NamedTuple):
    name: str

    def __del__(self) -> None:
        time.sleep(1)


@may_block
def makes_what_is_closed(name: str) -> str:
    return Closes(name).name


OPEN: list[Any] = [Blocks()]
CURRENT: dict[str, Any] = {"a": Blocks()}


@may_block
def ends_what_was_there() -> None:
    OPEN.clear()


@may_block
def replaces_what_was_there() -> None:
    CURRENT["a"] = 1


@never_blocks
def refuses_from_an_error(name: str) -> int:
    try:
        return int(name)
    except (TypeError, ValueError) as error:
        raise HTTPException(422, "no number") from error


@never_blocks
def suppresses_an_error(name: str) -> int:
    with contextlib.suppress(ValueError):
        return int(name)
    return 0


@never_blocks
def host_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


# Common ones


@never_blocks
def now_in_utc() -> str:
    return datetime.now(timezone.utc).isoformat()


@never_blocks
def now_in_utc_of_today() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


@never_blocks
def greets(name: str) -> str:
    return "Hello {}, {other}".format(name, other=name)


@may_block
def formats_by_an_attribute(name: str) -> str:
    return "{0.attribute}".format(name)


@may_block
def formats_by_a_text_of_the_request(name: str) -> str:
    return name.format("a")


class Limits:
    def __init__(self, most: int) -> None:
        self.most = most

    def clipped(self, number: int) -> int:
        return min(number, self.most)


class Waits:
    def __init__(self) -> None:
        self.pause = time.sleep

    def wait(self) -> None:
        self.pause(1)

    def clipped(self, number: int) -> int:
        return number


class Hidden(Waits):
    pass


LIMITS = Limits(10)
WAITS = Waits()
HIDDEN = Hidden()
vars(HIDDEN)["clipped"] = time.sleep


@never_blocks
def clips(number: int) -> int:
    return LIMITS.clipped(number)


@may_block
def waits() -> None:
    WAITS.wait()


@may_block
def calls_what_hides_a_method(number: int) -> int:
    return HIDDEN.clipped(number)


class HasAType(BaseModel):
    type: str = "a"
    pattern: str = "b"


@never_blocks
def makes_what_has_a_type(name: str) -> HasAType:
    return HasAType(type=name)


@may_block
def repeats_what_comes_by_the_name_of_the_rest(**rest: str) -> str:
    return rest["rest"] * 10**9


@may_block
def makes_a_task_of_an_object(tasks: BackgroundTasks) -> None:
    tasks.add_task(OTHERS[0])


@never_blocks
def makes_a_task_of_a_function(tasks: BackgroundTasks) -> None:
    tasks.add_task(first, 1)
