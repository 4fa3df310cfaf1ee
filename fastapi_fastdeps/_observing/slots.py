"""Which call holds the event loop of each thread: what its code says, for a watchdog to see."""

import threading
import time
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

    def tell_ended(self, slot: "Slot", site: "Site", seconds: float) -> None:
        """A call has ended that took longer than the limit, those before it included that were
        not timed each alone."""
        raise NotImplementedError

    def tell_stuck(self, site: "Site", seconds: float, where: Where) -> None:
        """A call has not ended yet. It is told in the watchdog's thread, time and again."""
        raise NotImplementedError


class Exactness:
    """Whether calls that follow on each other are timed each alone.

    Attributes:
        left: how many of them still are.
    """

    __slots__ = ("left",)

    def __init__(self, left: float) -> None:
        self.left: float = left


class Site:
    """What is called at one place, and who is told how long it took.

    Attributes:
        candidate: the callable and its place.
        part: what of it runs.
        observer: who is told.
        before: what is called right before it, and timed with it unless that is exact.
        exactness: how long it is.
        attributes: what a metric says of it, as soon as there is one.
    """

    __slots__ = ("attributes", "before", "candidate", "exactness", "observer", "part")

    def __init__(
        self,
        candidate: Described,
        part: Part,
        observer: Observer,
        before: "tuple[Site, ...]" = (),
        exactness: Exactness | None = None,
    ) -> None:
        self.candidate: Described = candidate
        self.part: Part = part
        self.observer: Observer = observer
        self.before: tuple[Site, ...] = before
        self.exactness: Exactness | None = exactness
        self.attributes: dict[str, str] | None = None


class Slot:
    """What holds the event loop of one thread.

    Attributes:
        now: what is called; `None` if nothing is.
        begun: since when that is called, or what was called before it without a pause. Whoever
            writes both makes sure that one who reads `now` first never finds an older one.
        thread: the identity of the thread.
    """

    __slots__ = ("_seen", "_seen_begun", "begun", "now", "thread")

    def __init__(self) -> None:
        self.now: Site | None = None
        self.begun: float = 0.0
        self.thread: int = threading.get_ident()
        self._seen_begun = 0.0
        self._seen: Counter[tuple[Site, Where]] = Counter()

    def see(self, site: Site, begun: float, where: Where) -> None:
        """Note where a call is."""
        if self._seen_begun != begun:
            self._seen_begun, self._seen = begun, Counter()
        self._seen[site, where] += 1

    def most_seen(self) -> tuple[Site, Where] | None:
        """Which call, and where, was seen most often of what has just ended."""
        seen = self._seen
        return seen.most_common(1)[0][0] if self._seen_begun == self.begun and seen else None
