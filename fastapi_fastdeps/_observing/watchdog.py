"""A thread that looks which calls hold up event loops, and where they are.

It looks twice within the shortest time that a call may take, so that it sees whatever takes longer,
unless that does not let other threads run. It ends once nothing was called for a while.
"""

# pyright: reportPrivateUsage=false

import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

from fastapi_fastdeps._fastapi.threadless import is_threadless
from fastapi_fastdeps._observing.slots import Slot, Where, all_slots, clock

IDLE_SECONDS: Final = 1.0
_DEEPEST: Final = 200
_PACKAGE: Final = str(Path(__file__).parents[1]) + os.sep
_GENERATED: Final = "<fastapi-fastdeps "


class Watchdog:
    """The one of this process.

    Attributes:
        tick: how often it looks, in seconds; infinity while it does not.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as new: in a process that was forked the thread is not there, and may have held
        the lock."""
        self.tick: float = 0.0 if is_threadless() else float("inf")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    def wake(self, tick: float) -> None:
        """Look as often from now on, as long as something is called."""
        with self._lock:
            was_awake = self.tick != float("inf")
            self.tick = min(self.tick, tick)
            if was_awake:
                return
            self._is_over = threading.Event()
            self._thread = threading.Thread(
                target=self._watch, args=(self._is_over,), name="fastdeps-watchdog", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError:
                # The interpreter ends, or has all the threads that it can have.
                self.tick = float("inf")

    def stop(self) -> None:
        """End, and wait for the end. What is called next wakes it up again."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._is_over.set()
        if thread is not None:
            thread.join()

    def _watch(self, is_over: threading.Event) -> None:
        begun: list[float] = []
        idle = 0.0
        while not is_over.wait(self.tick):
            slots = all_slots()
            for slot in slots:
                _look_at(slot)
            before, begun = begun, [slot.begun for slot in slots]
            is_busy = begun != before or any(slot.now is not None for slot in slots)
            idle = 0.0 if is_busy else idle + self.tick
            if idle > IDLE_SECONDS:
                break
        with self._lock:
            if self._is_over is is_over:
                self.tick = float("inf")


def _look_at(slot: Slot) -> None:
    now = slot.now
    if now is None:
        return
    begun = slot.begun
    observer, seconds = now.observer, clock() - begun
    if seconds < observer.tick:
        return
    where = _where(sys._current_frames().get(slot.thread))
    if slot.now is not now or slot.begun != begun:
        return
    slot.see(now, begun, where)
    if seconds >= observer.stuck:
        observer.tell_stuck(now, seconds, where)


def _where(frame: FrameType | None) -> Where:
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
