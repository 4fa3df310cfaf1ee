"""Measuring inline calls, in front of who is told of them anyway."""

import math
from typing import Final

from fastapi_fastdeps._observing.metrics import Instruments
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps._observing.slots import Site, Slot, Where
from fastapi_fastdeps.guarding import Guard

_NOBODY: Final = Guard(watch_every=None)
_EACH: Final = -1.0
"""A limit that every call exceeds."""


class Measuring(Observed):
    """Told of each inline call of an app, each timed alone."""

    def __init__(self, instruments: Instruments, guarding: Observed | None) -> None:
        """`guarding` is told besides of what takes too long."""
        super().__init__(_NOBODY)
        self._guarding = guarding
        self._instruments = instruments
        self._slow = self.limit if guarding is None else guarding.limit
        self.limit = _EACH
        self.exact_calls = math.inf
        if guarding is not None:
            self.stuck, self.tick = guarding.stuck, guarding.tick

    def is_for(self, instruments: Instruments, guarding: Observed | None) -> bool:
        """Whether it measures with these, and tells this one."""
        return self._instruments is instruments and self._guarding is guarding

    def tell_ended(self, slot: Slot, site: Site, seconds: float) -> None:
        is_slow = seconds > self._slow
        self._instruments.note_call(site, seconds, is_blocking=is_slow)
        if is_slow and self._guarding is not None:
            self._guarding.tell_ended(slot, site, seconds)

    def tell_stuck(self, site: Site, seconds: float, where: Where) -> None:
        if self._guarding is not None:
            self._guarding.tell_stuck(site, seconds, where)
