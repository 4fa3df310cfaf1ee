"""How large something may be, and how long something may take.

Both are told in one unit, about a nanosecond: going through one character is 1, through one
item of a container or one node of the source `ITEM`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

_MOST = 10**9

ITEM = 16
MOST_FIXED = 400_000
MOST_PER = 2_000
DIGITS = 4300
"""How many digits Python reads an `int` from, at most."""


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `fixed`, and `per` for each character of the request besides."""

    fixed: int = 0
    per: int = 0

    def __add__(self, other: "Bound") -> "Bound":
        return capped(self.fixed + other.fixed, self.per + other.per)

    def __mul__(self, other: "Bound | int") -> "Bound":
        if isinstance(other, int):
            return capped(self.fixed * other, self.per * other)
        if self.per and other.per:
            return UNBOUNDED
        return capped(self.fixed * other.fixed, self.fixed * other.per + self.per * other.fixed)

    def __floordiv__(self, other: int) -> "Bound":
        return Bound(-(-self.fixed // other), -(-self.per // other))

    @property
    def is_long(self) -> bool:
        """Whether it is more than what may be done inline."""
        return self.fixed > MOST_FIXED or self.per > MOST_PER


def capped(fixed: int, per: int) -> Bound:
    """A bound, which is never more than what counts as unbounded."""
    return Bound(min(fixed, _MOST), min(per, _MOST))


UNBOUNDED = Bound(_MOST, _MOST)
NOTHING = Bound()
ONE = Bound(1)
STEP = Bound(ITEM)
REQUEST = Bound(ITEM, 1)
ITEMS = Bound(ITEM, ITEM)
"""A container that came with a request: each of its items took two characters there, at least."""


def largest(bounds: Iterable[Bound]) -> Bound:
    """What is at least as large as each of several bounds."""
    found = NOTHING
    for bound in bounds:
        found = Bound(max(found.fixed, bound.fixed), max(found.per, bound.per))
    return found


def total(bounds: Iterable[Bound]) -> Bound:
    """Several bounds, one after the other."""
    found = NOTHING
    for bound in bounds:
        found += bound
    return found


def smaller(one: Bound, other: Bound) -> Bound:
    """One of two bounds, where both hold."""
    return min(one, other, key=lambda bound: (bound.per, bound.fixed))
