"""Telling of slow calls: not each time, and never so that a request notices."""

import logging
import sys
from collections.abc import Callable
from traceback import FrameSummary
from typing import Any, ClassVar, Final

from fastapi_fastdeps._observing.slots import Site, Slot, Where, clock
from fastapi_fastdeps._sending import LeavesBehind, Makers
from fastapi_fastdeps.errors import locate, name_of
from fastapi_fastdeps.guarding import Guard, SlowCall, SlowCallError

_log: Final = logging.getLogger("fastapi_fastdeps")
_MOST: Final = 1024
_EXACT_CALLS: Final = 1000

Listener = Callable[[SlowCall], object]

listeners: Final[list[Listener]] = []
"""Who is told of every slow call in this process, on whichever thread."""


class Reports(LeavesBehind):
    """Tells of the slow calls of one app as its guard says."""

    left_behind: ClassVar[Makers] = {"_told": dict[Any, Any]}

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        # When what was told of last, and how often it was slow since then.
        self._told: dict[tuple[object, ...], tuple[float, int]] = {}

    def ended(self, slot: Slot, site: Site, seconds: float) -> None:
        """Tell of a call that has ended. Raises `SlowCallError` in the mode `"raise"`, in which
        every call is told of."""
        site, where, others = _found(slot, site)
        is_raised = self._guard.mode == "raise" and isinstance(sys.exception(), Exception | None)
        times = self._times(site, "ended")
        if times or is_raised or listeners:
            slow = _slow_call(
                site, seconds, self._guard.slow_call, where, max(times, 1), others=others
            )
            _tell(listeners, slow)
            if is_raised:
                raise SlowCallError(slow)
            if times:
                self._tell(slow)

    def stuck(self, site: Site, seconds: float, where: Where) -> None:
        """Tell of a call that has not ended."""
        if times := self._times(site, "stuck"):
            limit = self._guard.slow_call
            slow = _slow_call(site, seconds, limit, where, times, is_running=True)
            _tell(listeners, slow)
            self._tell(slow)

    def _times(self, site: Site, what: str) -> int:
        """How often it was slow since it was told of, 0 if it is not to be told of now."""
        now = clock()
        key = (what, site.part, *_key(site.candidate.call))
        last, times = self._told.get(key, (None, 0))
        if last is not None and now - last < self._guard.interval:
            self._told[key] = last, times + 1
            return 0
        if len(self._told) >= _MOST:
            self._told.clear()
        self._told[key] = now, 0
        return times + 1

    def _tell(self, slow: SlowCall) -> None:
        if self._guard.callback is None:
            _log.warning("%s", slow)
        else:
            _tell([self._guard.callback], slow)


def _found(slot: Slot, last: Site) -> tuple[Site, Where, tuple[Site, ...]]:
    """Which call was slow of those that were timed together, where it was, and which others it
    may have been."""
    seen = slot.most_seen()
    if seen is not None and (seen[0] is last or seen[0] in last.before):
        return *seen, ()
    if last.exactness is None or last.exactness.left or not last.before:
        return last, (), ()
    last.exactness.left = _EXACT_CALLS
    return last, (), last.before


def _tell(to: list[Listener], slow: SlowCall) -> None:
    for each in to:
        try:
            each(slow)
        except Exception:
            _log.exception("What is told of slow calls failed, told of %s", slow.name)


def _key(call: Any) -> tuple[object, ...]:
    """Equal for the same callable, which it does not keep alive."""
    code = getattr(call, "__code__", None)
    return (
        getattr(call, "__module__", None),
        getattr(call, "__qualname__", None) or type(call).__qualname__,
        code.co_firstlineno if code is not None else None,
    )


def stack_of(where: Where) -> tuple[FrameSummary, ...]:
    """The same in the form of the standard library. Lines are read when they are needed."""
    return tuple(
        FrameSummary(code.co_filename, line, code.co_name, lookup_line=False)
        for code, line in where
    )


def _slow_call(
    site: Site,
    seconds: float,
    limit: float,
    where: Where,
    times: int,
    *,
    is_running: bool = False,
    others: tuple[Site, ...] = (),
) -> SlowCall:
    candidate = site.candidate
    file, _, line = (locate(candidate.call) or "").rpartition(":")
    return SlowCall(
        call=candidate.call,
        name=name_of(candidate.call),
        file=file or None,
        line=int(line) if line else None,
        role=candidate.role,
        part=site.part,
        path=candidate.path,
        parameter=candidate.parameter,
        seconds=seconds,
        limit=limit,
        is_running=is_running,
        stack=stack_of(where),
        times=times,
        others=tuple(name_of(other.candidate.call) for other in others),
    )
