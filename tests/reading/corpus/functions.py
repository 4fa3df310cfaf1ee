"""What calls a function with each item, members of enumerations, and what pretends to be so."""

import enum
import operator
import time
from collections.abc import Callable, Iterator
from operator import attrgetter, itemgetter
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Query
from pydantic import BaseModel

from tests.reading.corpus.answers import may_block, never_blocks


class Order(enum.Enum):
    ASCENDING = "asc"
    DESCENDING = "desc"


class Level(int, enum.Enum):
    low = 1
    high = 2


class Colour(enum.StrEnum):
    red = "red"
    blue = "blue"


class Row(BaseModel):
    name: str = ""
    price: int = 0


@never_blocks
def bounding_box(bbox: Annotated[str, Query()]) -> list[float]:
    return list(map(float, bbox.split(",")))


@never_blocks
def point(at: str) -> tuple[float, float]:
    lon, lat = map(float, at.split(",", 1))
    return lon, lat


@never_blocks
def identifiers(ids: str = "") -> list[int]:
    return list(map(int, ids.split(",")))


@never_blocks
def names(fields: str) -> set[str]:
    return set(map(str.strip, fields.split(",")))


@never_blocks
def filled(fields: str) -> list[str]:
    return list(filter(None, fields.split(",")))


@never_blocks
def numeric(fields: str) -> list[str]:
    return list(filter(str.isdigit, fields.split(",")))


@never_blocks
def shouted(words: list[str]) -> str:
    return " ".join(map(lambda word: word.upper(), words))


@never_blocks
def long_ones(words: list[str], least: int = 3) -> list[str]:
    return [*filter(lambda word: len(word) > least, words)]


def _cleaned(word: str) -> str:
    return word.strip().lower()


@never_blocks
def cleaned(words: list[str]) -> tuple[str, ...]:
    return tuple(map(_cleaned, words))


@never_blocks
def all_numeric(words: list[str]) -> bool:
    return all(map(str.isdigit, words))


@never_blocks
def by_length(words: list[str]) -> list[str]:
    return sorted(words, key=len)


@never_blocks
def by_any_case(words: list[str]) -> list[str]:
    return sorted(words, key=str.lower, reverse=True)


def _first(word: str) -> str:
    return word[0]


@never_blocks
def by_own(words: list[str]) -> list[str]:
    return sorted(words, key=_first)


@never_blocks
def longest(words: list[str]) -> str:
    return max(words, key=len)


@never_blocks
def by_second(pairs: Annotated[list[tuple[str, int]], Query()]) -> list[tuple[str, int]]:
    return sorted(pairs, key=itemgetter(1))


@never_blocks
def by_price(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=attrgetter("price"))


@never_blocks
def by_name(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=operator.attrgetter("name"))


@never_blocks
def order(sort: str = "ASCENDING") -> str:
    return Order[sort].value


@never_blocks
def order_by_value(sort: str = "asc") -> Order:
    try:
        return Order(sort)
    except ValueError:
        raise HTTPException(400, f"{sort} is no order") from None


@never_blocks
def order_of_any_case(sort: str = "") -> Any:
    return Order[sort.upper()].value.title()


@never_blocks
def known_order(sort: str = "") -> str:
    if sort not in Order.__members__:
        raise HTTPException(400, ", ".join(Order.__members__))
    return Order.__members__[sort].value


@never_blocks
def level(number: int = 1) -> int:
    return Level(number).value


@never_blocks
def colours(names: list[str]) -> list[str]:
    return [Colour[name].value for name in names]


@never_blocks
def colours_of_all(names: list[str]) -> list[Colour]:
    return list(map(Colour, names))


# What may block


class Rights(enum.IntFlag):
    READ = 1
    WRITE = 2


@may_block
def as_long_as_a_flag(number: int) -> str:
    return "x" * Rights(number).value


@may_block
def as_often_as_a_flag(rights: Rights) -> list[int]:
    return [1 for _ in range(rights.value)]


@may_block
def up_to_a_flag(number: int) -> list[int]:
    return list(range(Rights(number).value))


class Text(str):
    def split(self, *_: Any) -> Any:  # type: ignore[override]
        time.sleep(1)
        return []

    def strip(self, *_: Any) -> str:
        time.sleep(1)
        return ""

    def lower(self) -> str:
        time.sleep(1)
        return ""


def texts() -> list[str]:
    return [Text("a")]


TEXTS: list[str] = texts()


def unseen(given: Any) -> Any:
    return given


class Missing(enum.Enum):
    A = "a"

    @classmethod
    def _missing_(cls, value: object) -> Any:
        time.sleep(1)
        return cls.A


class Made(enum.Enum):
    A = "a"

    def __new__(cls, value: Any) -> Any:
        made = object.__new__(cls)
        made._value_ = value
        return made

    @property
    def value(self) -> Any:
        time.sleep(1)
        return 1


class Meta(enum.EnumMeta):
    def __getitem__(cls, name: str) -> Any:
        time.sleep(1)
        return name

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        time.sleep(1)
        return super().__call__(*args, **kwargs)

    @property
    def __members__(cls) -> Any:
        time.sleep(1)
        return {}


class OfMeta(enum.Enum, metaclass=Meta):
    A = "a"


class Subscripted:
    def __class_getitem__(cls, name: str) -> Any:
        time.sleep(1)
        return name


class Hashed(str):
    def __hash__(self) -> int:
        time.sleep(1)
        return 1


def _hashed() -> str:
    return Hashed("a")


@may_block
def subscripts_a_class(name: str) -> Any:
    return Subscripted[name]


@may_block
def of_a_metaclass(name: str) -> Any:
    return OfMeta[name]


@may_block
def members_of_a_metaclass(name: str) -> Any:
    return OfMeta.__members__


@may_block
def made_by_a_metaclass(name: str) -> Any:
    return list(map(OfMeta, [name]))


@may_block
def missing(name: str) -> Any:
    return Missing(name)


@may_block
def each_missing(names: list[str]) -> Any:
    return list(map(Missing, names))


@may_block
def value_of_a_property(name: str) -> Any:
    return Made[name].value


@may_block
def looked_up_by_what_hashes(name: Annotated[Any, Depends(_hashed)]) -> Any:
    return Order[name]


@may_block
def strips_what_is_not_a_str(words: Annotated[Any, Depends(texts)]) -> Any:
    return list(map(str.strip, words))


@may_block
def strips_what_is_not_a_str_alone() -> Any:
    return [each.strip() for each in TEXTS]


@may_block
def sorts_what_is_not_a_str() -> Any:
    return sorted(TEXTS, key=lambda each: each.lower())


@may_block
def sleeps_for_each(seconds: list[float]) -> Any:
    return list(map(time.sleep, seconds))


@may_block
def sleeps_for_each_by_a_lambda(words: list[str]) -> Any:
    return list(map(lambda word: time.sleep(1), words))


@may_block
def keeps_what_sleeps(words: list[str]) -> Any:
    return filter(lambda word: time.sleep(1), words)


@may_block
def sorts_by_what_sleeps(words: list[str]) -> Any:
    return sorted(words, key=time.sleep)  # type: ignore[arg-type]


@may_block
def least_by_what_sleeps(words: list[str]) -> Any:
    return min(words, key=lambda word: time.sleep(1))  # type: ignore[arg-type, return-value]


@may_block
def calls_what_it_is_given(words: list[str], call: Annotated[Callable[..., Any], Depends(unseen)]):  # type: ignore[no-untyped-def]
    return list(map(call, words))


@may_block
def shadows_map(words: list[str], map: Annotated[Any, Depends(unseen)]) -> Any:  # noqa: A002
    return list(map(float, words))


@may_block
def shadows_float(words: list[str], float: Annotated[Any, Depends(unseen)]) -> Any:  # noqa: A002
    return list(map(float, words))


@may_block
def shadows_len(words: list[str]) -> Any:
    len = time.sleep  # noqa: A001
    return sorted(words, key=len)  # type: ignore[arg-type]


number: Any = float


def _rebinds() -> None:
    global number
    number = time.sleep


@may_block
def maps_what_is_bound_anew(words: list[str]) -> Any:
    return list(map(number, words))


@may_block
def goes_through_each_for_each(words: list[str]) -> Any:
    return list(map(lambda word: sorted(words), words))


@may_block
def counts_each_for_each(words: list[str]) -> Any:
    return max(words, key=lambda word: words.count(word))


@may_block
def counts_each_for_each_by_name(words: list[str]) -> Any:
    return max(words, key=words.count)


@may_block
def grows_for_each(words: list[str]) -> Any:
    text = ""
    for word in map(str.lower, words):
        text = text + text + word
    return text


@may_block
def changes_what_it_goes_through(words: list[str]) -> Any:
    return [words.append(word) for word in map(str.lower, words)]  # type: ignore[func-returns-value]


@may_block
def adds_for_each(words: list[str]) -> Any:
    return list(map(lambda word: TEXTS.append(word), words))


@may_block
def keeps_an_iterator(words: list[str]) -> Any:
    later = map(str.lower, words)
    words.append("more")
    return list(later)


def _never_ends() -> Iterator[str]:
    while True:
        yield "a"


@may_block
def goes_on_without_end() -> Any:
    return list(map(str.lower, _never_ends()))


@may_block
def reads_a_property_of_each(rows: Annotated[Any, Depends(unseen)]) -> Any:
    return sorted(rows, key=attrgetter("price"))


@may_block
def looks_into_each(rows: Annotated[Any, Depends(unseen)]) -> Any:
    return sorted(rows, key=itemgetter(0))


class Getter:
    def __init__(self, *_: Any) -> None: ...

    def __call__(self, _: Any) -> Any:
        time.sleep(1)


@may_block
def gets_by_what_is_named_alike(words: list[str]) -> Any:
    itemgetter = Getter
    return sorted(words, key=itemgetter(0))


class Compared(BaseModel):
    name: str = ""

    def __lt__(self, other: Any) -> bool:
        time.sleep(1)
        return True


@may_block
def compares_what_compares_itself(rows: list[Compared]) -> Any:
    return sorted(rows)  # type: ignore[type-var]


@may_block
def compares_what_compares_itself_as_a_key(rows: list[Compared]) -> Any:
    return sorted(rows, key=lambda row: row)  # type: ignore[arg-type, return-value]


@may_block
def compares_what_is_not_plain(rows: list[Row]) -> Any:
    return sorted(rows, key=lambda row: unseen)  # type: ignore[arg-type, return-value]
