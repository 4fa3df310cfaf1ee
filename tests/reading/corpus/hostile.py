"""Callables that take long, or longer and longer, and look as if they did not; and their like
that do not."""

import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from fastapi import Body, Depends, Header, HTTPException, Query, Request
from pydantic import BaseModel, field_validator

from tests.reading.corpus.answers import may_block, never_blocks

Names = Annotated[list[str], Query()]
Numbers = Annotated[list[int], Query()]

GLOBAL = ["a"]
COUNTS: dict[str, int] = {}
LEVELS = ("low", "high")


class Shared:
    names: ClassVar = ["a"]


@may_block
def grows_a_global() -> None:
    for each in GLOBAL:
        GLOBAL.append(each)


@may_block
def grows_a_class_attribute() -> None:
    for each in Shared.names:
        Shared.names.append(each)


@may_block
def grows_by_its_own_generator(names: Names) -> None:
    names.extend(name for name in names)


@may_block
def grows_an_alias(names: Names) -> None:
    other = names
    for name in names:
        other.append(name)


@may_block
def grows_what_enumerate_goes_through() -> list[int]:
    made = [1]
    for number, _ in enumerate(made):
        made.append(number)
    return made


@may_block
def grows_what_a_helper_returns() -> None:
    made = [1]
    for each in _same(made):
        made.append(each)


def _same(values: list[Any]) -> list[Any]:
    return values


@may_block
def grows_through_a_method(names: Names) -> None:
    kept = Kept(names)
    for name in kept.names:
        kept.add(name)


class Kept:
    def __init__(self, names: list[str]) -> None:
        self.names = names

    def add(self, name: str) -> None:
        self.names.append(name)


@may_block
def doubles(names: Names) -> list[str]:
    for _ in range(60):
        names.extend(names)
    return names


@may_block
def doubles_its_own() -> list[int]:
    made = [1]
    for _ in range(60):
        made.extend(made)
    return made


@may_block
def doubles_in_place() -> list[int]:
    made = [1]
    for _ in range(60):
        made += made
    return made


@may_block
def doubles_a_text(text: str) -> str:
    for _ in range(40):
        text = text + text
    return text


@may_block
def doubles_in_a_pair(text: str) -> str:
    a = b = text
    for _ in range(40):
        a, b = b, f"{a}{b}"
    return a


@may_block
def doubles_an_attribute(text: str) -> str:
    holder = Holder(text)
    for _ in range(40):
        holder.text = holder.text + holder.text
    return holder.text


class Holder:
    def __init__(self, text: str) -> None:
        self.text = text


@may_block
def doubles_an_item() -> int:
    made = {"n": 3}
    for _ in range(60):
        made["n"] = made["n"] * made["n"]
    return made["n"]


@may_block
def doubles_line_by_line(text: str) -> str:
    a = text * 8
    b = a * 8
    c = b * 8
    d = c * 8
    return d * 8


@may_block
def nests_line_by_line(text: str) -> Any:
    a = [text] * 9
    b = [a] * 9
    c = [b] * 9
    d = [c] * 9
    return str([d] * 9)


@may_block
def fibonacci_numbers(names: Names) -> int:
    a, b = 1, 1
    for _ in names:
        a, b = b, a + b
    return a


@may_block
def doubles_a_number(names: Names) -> int:
    total = 1
    for _ in names:
        total += total
    return total


@may_block
def joins_many() -> str:
    return ",".join(["x" * 1000] * 1000)


@may_block
def repeats_sorted(names: Names) -> list[str]:
    return sorted(names) * 1000


@may_block
def repeats_by_the_request(names: Names, times: int) -> list[str]:
    return names * times


@may_block
def repeats_by_length(names: Names) -> list[str]:
    return names * len(names)


@may_block
def counts_to_the_request(number: int) -> list[int]:
    return [each for each in range(number)]


@may_block
def counts_far() -> int:
    return sum(range(10_000_000))


@may_block
def counts_within(names: Names) -> int:
    found = 0
    for _ in range(len(names)):
        for _ in range(len(names)):
            found += 1
    return found


@may_block
def looks_through_for_each(names: Names, others: Names) -> list[str]:
    return [name for name in names if name in others]


@may_block
def counts_each(names: Names) -> dict[str, int]:
    return {name: names.count(name) for name in names}


@may_block
def slices_each(names: Names) -> list[list[str]]:
    return [names[1:] for _ in names]


@may_block
def joins_each(names: Names) -> list[str]:
    return [",".join(names) for _ in names]


@may_block
def formats_each(names: Names, text: str) -> list[str]:
    return [f"{text}{name}" for name in names]


@may_block
def keeps_the_first(names: Names) -> list[str]:
    first = None
    found = []
    for name in names:
        first = first or name
        found.append(first + name)
    return found


@may_block
def hashes_numbers(numbers: Numbers) -> int:
    return len(set(numbers))


@may_block
def counts_numbers(numbers: Numbers) -> dict[int, int]:
    found: dict[int, int] = {}
    for number in numbers:
        found[number] = found.get(number, 0) + 1
    return found


@may_block
def searches_from_the_end(text: str, part: str) -> int:
    return text.rfind(part)


@may_block
def strips_what_is_given(text: str, characters: str) -> str:
    return text.strip(characters)


@may_block
def replaces_by_what_is_given(text: str, part: str) -> str:
    return text.replace("a", part)


@may_block
def formats_what_is_given(form: str, text: str) -> str:
    return form.format(text)


@may_block
def percents_what_is_given(form: str, text: str) -> str:
    return form % text


@may_block
def pads_far(text: str) -> str:
    return f"{text:>1000000}"


@may_block
def power_of_power() -> int:
    return 9**9**9


@may_block
def multiplies_all(numbers: Numbers) -> int:
    product = 1
    for number in numbers:
        product *= number
    return product


@may_block
def reads_with_a_base(text: str) -> int:
    return int(text, 16)


@may_block
def matches_a_pattern(text: str) -> bool:
    return re.match(r"(a|aa)+$", text) is not None


@may_block
def reads_json(text: Annotated[str, Body()]) -> Any:
    return json.loads(text)


@may_block
def writes_json(payload: dict[str, Any]) -> str:
    return json.dumps(payload)


@may_block
def decimal_power(value: Decimal) -> Decimal:
    return value * value


@may_block
def keeps_a_generator(names: Names) -> bool:
    called: Callable[[str], Any] = len
    each = (called(name) for name in names)
    called = open
    return any(each)


@may_block
def keeps_a_view() -> Any:
    made: dict[str, Any] = {"a": "b"}
    view = made.values()
    made["b"] = Client()
    return [each.fetch() for each in view]


class Client:
    def fetch(self) -> int:
        return len(os.listdir("/"))


@may_block
def changes_what_is_inside() -> list[list[int]]:
    inner = [1]
    outer = [inner] * 100
    for each in range(1000):
        inner.append(each)
    return [[*each] for each in outer for _ in range(100)]


@may_block
def contains_itself() -> str:
    made: list[Any] = []
    made.append(made)
    made.append(made)
    return str(made)


@may_block
def recursive(number: int = 5) -> int:
    return number if number < 2 else recursive(number - 1)


@may_block
def mutually(number: int = 5) -> int:
    return _other(number)


def _other(number: int) -> int:
    return mutually(number)


@may_block
def counts_globally(name: str) -> int:
    global counted
    counted = counted * 2
    return counted


counted = 1


def min(*values: Any) -> int:  # noqa: A001 - stands in for the builtin
    return sum(1 for _ in open("/dev/null"))


@may_block
def calls_what_shadows_a_builtin(names: Names) -> int:
    return min(names)


class Lazy:
    def __getattr__(self, name: str) -> Any:
        return open(name)


lazy = Lazy()


@may_block
def reads_lazily() -> Any:
    return lazy.anything


class Row:
    def __init__(self) -> None:
        self.loaded = False

    @property
    def parent(self) -> Any:
        return open("/dev/null").read()


@may_block
def returns_the_parent(row: Annotated[Row, Depends()]) -> Any:
    return row.parent


class Checked(BaseModel):
    name: str = ""

    @field_validator("name")
    @classmethod
    def looks(cls, value: str) -> str:
        return open("/dev/null").read()


@may_block
def makes_a_checked_model(name: str) -> Checked:
    return Checked(name=name)


@may_block
@dataclass
class WithFactory:
    names: list[str] = field(default_factory=os.listdir)


class Hooked:
    def __init_subclass__(cls) -> None:
        open("/dev/null").close()


@may_block
def makes_a_class() -> type:
    class Inner(Hooked):
        pass

    return Inner


@may_block
def logs(name: str) -> None:
    logging.getLogger(__name__).info(name)


@may_block
def writes_the_environment(name: str) -> None:
    os.environ["NAME"] = name


@may_block
def waits_in_finally() -> Iterator[int]:
    try:
        yield 1
    finally:
        open("/dev/null").close()


@may_block
def sets_what_is_shared(request: Request) -> None:
    request.app.state.counter.value += 1


# Their like that take no longer than the request is long.


@never_blocks
def verify_token(x_token: Annotated[str, Header()]) -> None:
    if x_token != "fake-super-secret-token":
        raise HTTPException(status_code=400, detail="X-Token header invalid")


@never_blocks
def verify_key(x_key: Annotated[str, Header()]) -> str:
    if x_key != "fake-super-secret-key":
        raise HTTPException(status_code=400, detail="X-Key header invalid")
    return x_key


@never_blocks
def doubled_once(names: Names) -> list[str]:
    made = list(names)
    made.extend(names)
    return made


@never_blocks
def counts_a_little() -> list[int]:
    return [number * number for number in range(20)]


@never_blocks
def repeats_a_little(text: str) -> str:
    return text * 3


@never_blocks
def keeps_the_longest(names: Names) -> str:
    best = ""
    for name in names:
        if name > best:
            best = name
    return best


@never_blocks
def adds_up(numbers: Numbers) -> int:
    total = 0
    for number in numbers:
        total += number
    return total


@never_blocks
def rows_of(names: Names) -> list[dict[str, Any]]:
    rows = []
    for number, name in enumerate(names):
        row: dict[str, Any] = {"number": number}
        row["name"] = name.strip()
        rows.append(row)
    return rows


@never_blocks
def filters(names: Names, prefix: str = "a") -> list[str]:
    return [name for name in names if name.startswith("x") or name == "y"]


@never_blocks
def both_lists(names: Names, others: Names) -> list[str]:
    kept = set(others)
    return [name for name in names if name in kept]


@never_blocks
def pairs(text: str = "") -> dict[str, str]:
    found = {}
    for part in text.split("&"):
        key, _, value = part.partition("=")
        found[key] = value
    return found


@never_blocks
def level(name: str = "low") -> int:
    for number, each in enumerate(LEVELS):
        if each == name:
            return number
    return 0
