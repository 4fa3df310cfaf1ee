"""Which call holds the event loop of each thread: what its code says, for a watchdog to see."""

import threading
import time
import weakref
from collections import Counter
from types import CodeType
from typing import Final

from fastapi_fastdeps.errors import Described
from fastapi_fastdeps.guarding import Part

clock: Final = time.perf_counter

Where = tuple[tuple[CodeType, int | None], ...]
"""The code that was running and its lines, from the outside inwards."""


class Observer:
    """Who is told of calls.

    Attributes:
        limit: how many seconds a call may take before it is told of one.
        stuck: after how many it is told of one that has not returned.
        tick: how often a watchdog should look, in seconds; infinity for never.
    """

    limit: float
    stuck: float
    tick: float

    def tell_ended(self, slot: "Slot", site: "Site", begun: float, seconds: float) -> None:
        """A call has ended that took longer than the limit."""
        raise NotImplementedError

    def tell_stuck(self, site: "Site", seconds: float, where: Where) -> None:
        """A call has not ended yet. It is told in the watchdog's thread, time and again."""
        raise NotImplementedError


class Site:
    """What is called at one place, and who is told how long it took.

    Attributes:
        candidate: the callable and its place.
        part: what of it runs.
        observer: who is told.
    """

    __slots__ = ("candidate", "observer", "part")

    def __init__(self, candidate: Described, part: Part, observer: Observer) -> None:
        self.candidate: Described = candidate
        self.part: Part = part
        self.observer: Observer = observer


class Slot:
    """What holds the event loop of one thread.

    Attributes:
        now: what is called, and since when; `None` if nothing is.
        thread: the identity of the thread.
        count: how often it was asked for.
    """

    __slots__ = ("__weakref__", "_begun", "_seen", "count", "now", "thread")

    def __init__(self) -> None:
        self.now: tuple[Site, float] | None = None
        self.thread: int = threading.get_ident()
        self.count: int = 0
        self._begun = 0.0
        self._seen: Counter[Where] = Counter()

    def see(self, begun: float, where: Where) -> None:
        """Note where the call is that began then."""
        if self._begun != begun:
            self._begun, self._seen = begun, Counter()
        self._seen[where] += 1

    def where(self, begun: float) -> Where:
        """Where the call that began then was seen most often, nowhere if it was not seen."""
        seen = self._seen
        return seen.most_common(1)[0][0] if self._begun == begun and seen else ()


class _Here(threading.local):
    slot: Slot | None = None


_here: Final = _Here()
# Each operation on it is one that no other thread comes between.
_slots: Final[dict[int, weakref.ref[Slot]]] = {}


def slot_here() -> Slot:
    """The slot of this thread."""
    slot = _here.slot
    if slot is None:
        slot = _here.slot = Slot()
        for thread, known in list(_slots.items()):
            if known() is None:
                _slots.pop(thread, None)
        _slots[slot.thread] = weakref.ref(slot)
    slot.count += 1
    return slot


def all_slots() -> list[Slot]:
    """The slots of all threads that have called something."""
    return [slot for known in list(_slots.values()) if (slot := known()) is not None]
