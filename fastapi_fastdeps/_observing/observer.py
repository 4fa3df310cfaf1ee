"""Who is told of inline calls, and calling what is told of."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from threading import get_ident
from typing import Any, ClassVar, Final
from weakref import WeakSet

from fastapi_fastdeps._observing.reports import Reports
from fastapi_fastdeps._observing.slots import Observer, Site, Slot, Where, clock
from fastapi_fastdeps._observing.watchdog import WATCHDOG
from fastapi_fastdeps._sending import LeavesBehind, Makers
from fastapi_fastdeps.errors import Described
from fastapi_fastdeps.guarding import Guard, Part

_SHORTEST_TICK: Final = 0.001


@dataclass(frozen=True, slots=True)
class Called:
    """A callable that nobody decided about, and where it is called."""

    call: Callable[..., Any]
    role: str
    path: str
    parameter: str | None = None


class Observed(LeavesBehind, Observer):
    """Told of the inline calls of an app that a guard is interested in.

    Attributes:
        exact_calls: how many calls that follow on each other are timed each alone at first.
        slots: where each thread says what it calls, as long as the watchdog looks there.
    """

    left_behind: ClassVar[Makers] = {"slots": dict[int, Slot]}

    def __init__(self, guard: Guard) -> None:
        self.limit: float = guard.slow_call
        self.stuck: float = guard.stuck_call
        self.tick: float = math.inf
        if guard.watch_every is not None:
            self.tick = max(guard.watch_every, _SHORTEST_TICK)
        self.exact_calls: float = math.inf if guard.mode == "raise" else 0
        self.slots: dict[int, Slot] = {}
        self._reports = Reports(guard)
        _observers.add(self)

    def slot(self) -> Slot:
        """Where this thread says what it calls, for a watchdog that is awake."""
        slot = self.slots.get(get_ident())
        if slot is None:
            slot = self.slots[get_ident()] = Slot()
            WATCHDOG.watch(self.slots, self.tick)
        return slot

    def tell_ended(self, slot: Slot, site: Site, seconds: float) -> None:
        self._reports.ended(slot, site, seconds)

    def follow(self, slot: Slot, site: Site, begun: float) -> float:
        """End a call on which another one follows, timed alone. Returns when that begins."""
        seconds = clock() - begun
        slot.now = None
        if site.exactness is not None:
            site.exactness.left = max(site.exactness.left - 1, 0)
        if seconds > self.limit:
            self.tell_ended(slot, site, seconds)
        begun = slot.begun = clock()
        return begun

    def tell_stuck(self, site: Site, seconds: float, where: Where) -> None:
        self._reports.stuck(site, seconds, where)

    def call(
        self,
        candidate: Described,
        part: Part,
        call: Callable[..., Any],
        /,
        *args: Any,
        **values: Any,
    ) -> Any:
        """What the callable returns, called here. Raises what it raises."""
        slot = self.slot()
        site, outer, outer_begun = Site(candidate, part, self), slot.now, slot.begun
        begun = slot.begun = clock()
        slot.now = site
        try:
            return call(*args, **values)
        finally:
            seconds = clock() - begun
            slot.now = outer
            try:
                if seconds > self.limit:
                    self.tell_ended(slot, site, seconds)
            finally:
                slot.begun = outer_begun

    def calling(self, candidate: Described, call: Callable[..., Any]) -> Callable[..., Any]:
        """The callable, told of each time."""

        def observed(*args: Any, **values: Any) -> Any:
            return self.call(candidate, "call", call, *args, **values)

        return observed

    def managing(
        self, candidate: Described, make: Callable[..., AbstractContextManager[Any]]
    ) -> Callable[..., AbstractContextManager[Any]]:
        """What makes context managers of a generator function, told of when they are entered
        and left."""

        def managed(**values: Any) -> AbstractContextManager[Any]:
            return _Managed(self, candidate, make, values)

        return managed


_observers: Final[WeakSet[Observed]] = WeakSet()


def site_here() -> Site | None:
    """What is called inline in this thread, if somebody is told of it."""
    thread = get_ident()
    slots = (observer.slots.get(thread) for observer in list(_observers))
    return next((slot.now for slot in slots if slot is not None and slot.now is not None), None)


class _Managed(AbstractContextManager[Any]):
    __slots__ = ("_candidate", "_make", "_manager", "_observer", "_values")

    def __init__(
        self,
        observer: Observed,
        candidate: Described,
        make: Callable[..., AbstractContextManager[Any]],
        values: dict[str, Any],
    ) -> None:
        self._observer = observer
        self._candidate = candidate
        self._make = make
        self._values = values

    def __enter__(self) -> Any:
        return self._observer.call(self._candidate, "enter", self._enter)

    def __exit__(self, *details: Any) -> bool | None:
        left: bool | None = self._observer.call(
            self._candidate, "exit", self._manager.__exit__, *details
        )
        return left

    def _enter(self) -> Any:
        self._manager = self._make(**self._values)
        return self._manager.__enter__()
