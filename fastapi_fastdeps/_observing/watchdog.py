"""A thread that looks which calls hold up event loops, and where they are.

It sees whatever takes longer than the time between two looks, unless that does not let other
threads run, and some of what does not. It ends once nothing was called for a while.
"""

# pyright: reportPrivateUsage=false

import math
import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

from fastapi_fastdeps._fastapi.threadless import is_threadless
from fastapi_fastdeps._observing.slots import Slot, Where, clock

IDLE_SECONDS: Final = 1.0
_DEEPEST: Final = 200
_PACKAGE: Final = str(Path(__file__).parents[1]) + os.sep
_GENERATED: Final = "<fastapi-fastdeps "


class Watchdog:
    """The one of this process."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as new: in a process that was forked the thread is not there, and may have held
        the lock."""
        self._lock = threading.Lock()
        self._tick = math.inf
        self._watched: list[dict[int, Slot]] = []
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    @property
    def is_awake(self) -> bool:
        """Whether it looks."""
        return self._thread is not None

    def watch(self, slots: dict[int, Slot], tick: float) -> None:
        """Look at these as often, as long as something is called. They are taken out when it
        looks no longer, so that what is called next comes here again."""
        if is_threadless() or tick == math.inf:
            return
        with self._lock:
            self._tick = min(self._tick, tick)
            if not any(slots is known for known in self._watched):
                self._watched.append(slots)
            if self._thread is not None:
                return
            self._is_over = threading.Event()
            thread = threading.Thread(
                target=self._look, args=(self._is_over,), name="fastdeps-watchdog", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:
                # The interpreter ends, or has all the threads that it can have.
                return
            self._thread = thread

    def stop(self) -> None:
        """End, and wait for the end. What is called next wakes it up again."""
        with self._lock:
            thread = self._thread
            self._is_over.set()
        if thread is not None:
            thread.join()

    def _look(self, is_over: threading.Event) -> None:
        begun: list[float] = []
        idle = 0.0
        while not is_over.wait(self._tick):
            slots = [slot for each in [*self._watched] for slot in [*each.values()]]
            for slot in slots:
                _look_at(slot)
            before, begun = begun, [slot.begun for slot in slots]
            is_busy = begun != before or any(slot.now is not None for slot in slots)
            idle = 0.0 if is_busy else idle + self._tick
            if idle > IDLE_SECONDS:
                break
        with self._lock:
            if self._is_over is is_over:
                self._thread, self._tick = None, math.inf
                for each in self._watched:
                    each.clear()
                self._watched.clear()


def _look_at(slot: Slot) -> None:
    now = slot.now
    if now is None:
        return
    begun = slot.begun
    observer = now.observer
    where = where_of(sys._current_frames().get(slot.thread))
    if slot.now is not now or slot.begun != begun:
        return
    slot.see(now, begun, where)
    seconds = clock() - begun
    if seconds >= observer.stuck:
        observer.tell_stuck(now, seconds, where)


def where_of(frame: FrameType | None) -> Where:
    """The lines in which a call is, from the user's callable inwards."""
    lines: list[tuple[CodeType, int | None]] = []
    while frame is not None and len(lines) < _DEEPEST:
        code = frame.f_code
        if code.co_filename.startswith((_PACKAGE, _GENERATED)):
            break
        lines.append((code, frame.f_lineno))
        frame = frame.f_back
    return tuple(reversed(lines))


WATCHDOG: Final = Watchdog()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCHDOG.forget)
