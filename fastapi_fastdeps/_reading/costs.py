"""What a call costs, all its loops and the calls below it included."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager

from fastapi_fastdeps._reading.sizes import ITEM, ONE, STEP, UNBOUNDED, Bound, capped
from fastapi_fastdeps._reading.values import (
    Box,
    Data,
    Loop,
    Value,
    options,
    share_of,
    size_of,
)


class Costs:
    """How often what is read now runs, and what has been seen to take how long.

    Attributes:
        loops: those around what is read now, the outermost first.
        spent: what the call takes.
    """

    def __init__(self) -> None:
        self.loops: list[Loop] = []
        self.spent = Bound()
        self._by_place: dict[object, Bound] = {}
        # The sum of those, which has no most.
        self._fixed, self._per = 0, 0

    @property
    def runs(self) -> Bound:
        """How often what is read now runs in the whole call."""
        return self.loops[-1].runs if self.loops else ONE

    def over_all(self, value: Value, times: int = 1) -> Bound:
        """What a value is in size, added up over all times that this runs."""
        share = share_of(value)
        if share is None or share.loop not in self.loops:
            return self.runs * (size_of(value) * times)
        inner = self.loops[self.loops.index(share.loop) + 1 :]
        found = share.total * times
        for loop in inner:
            found = UNBOUNDED if loop.count.per else found * loop.count
        return found

    def spend(self, place: object, cost: Bound) -> None:
        """Add what something takes in the whole call. Said again, the larger one counts."""
        before = self._by_place.get(place, Bound())
        after = Bound(max(before.fixed, cost.fixed), max(before.per, cost.per))
        if after != before:
            self._by_place[place] = after
            self._fixed += after.fixed - before.fixed
            self._per += after.per - before.per
            self.spent = capped(self._fixed, self._per)

    @contextmanager
    def loop(self, over: Value, size: Bound, unit: int) -> Generator[Loop]:
        """A loop over a value, `size` large, whose items are each `unit` large, at least."""
        count = size // unit
        if share_of(over) is None:
            runs = self.runs * count
        else:
            runs = self.runs + self.over_all(over) // unit
        self.loops.append(Loop(count, runs, frozenset(boxes_gone_through([over]))))
        try:
            yield self.loops[-1]
        finally:
            self.loops.pop()

    def growth(self, box: Box, value: Value) -> Bound:
        """How much a container grows by what is put into it here."""
        within = box.within or ()
        if not within:
            return self.over_all(value) + self.runs * ITEM
        found = size_of(value) + STEP
        same = [one is other for one, other in zip(within, self.loops, strict=False)]
        for loop in self.loops[(*same, False).index(False) :]:
            found = found * loop.count
        return found


def boxes_gone_through(values: Iterable[Value]) -> set[Box]:
    """What is gone through with values."""
    found = {
        each.box
        for value in values
        for each in options(value)
        if isinstance(each, Data) and each.box is not None
    }
    return found.union(*(box.over for box in found))
