"""How a callable of the corpus says what is right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Call = TypeVar("Call")


@dataclass(frozen=True)
class Case:
    """A callable, and whether nothing in it can block."""

    call: Callable[..., Any]
    is_harmless: bool

    def __str__(self) -> str:
        call: Any = self.call
        name = getattr(call, "__qualname__", type(call).__qualname__)
        return f"{getattr(call, '__module__', '')}.{name}".rpartition("corpus.")[2]


CASES: list[Case] = []


def never_blocks(call: Call) -> Call:
    CASES.append(Case(call, True))  # type: ignore[arg-type]
    return call


def may_block(call: Call) -> Call:
    CASES.append(Case(call, False))  # type: ignore[arg-type]
    return call
