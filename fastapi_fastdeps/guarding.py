"""The guard: what is told when a call on the event loop takes too long."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi_fastdeps.errors import FastDepsError, describe_place

Part = Literal["call", "enter", "exit", "next"]
"""What of a callable ran: all of it, or of a generator function what is before its `yield`, what
is after it, or what makes the next item of a stream."""


class GuardError(FastDepsError):
    """A guard has a setting that can't be."""


class SlowCallError(FastDepsError):
    """An inline call took longer than the guard of its app allows, in the mode `"raise"`.

    Attributes:
        slow_call: the call.
    """

    def __init__(self, slow_call: "SlowCall") -> None:
        super().__init__(str(slow_call))
        self.slow_call: SlowCall = slow_call


@dataclass(frozen=True, slots=True)
class SlowCall:
    """One inline call that held up the event loop. `str()` of it is what is logged.

    Attributes:
        call: the user's callable.
        name: its qualified name.
        file: where it is defined, `None` for what has no Python source.
        line: the line there.
        role: what it was called for: `"dependency"`, `"endpoint"`, `"method"`, `"background task"`,
            `"exception handler"` or `"run_inline"`.
        part: what of it ran.
        path: the path of the route, empty where it is not known.
        parameter: the parameter that takes its result, `None` where no parameter does.
        seconds: how long it took, or has taken so far.
        limit: how long it may take.
        is_running: whether it had not returned yet.
        stack: where it was, from the callable inwards, the way it was seen most often; empty
            where it was not seen.
        times: how often it was slow since it was last told of, this time included.
        others: the names of what was called right before it, if it may have been that: calls that
            follow on each other are timed together until they were slow once, and no watchdog has
            seen which one was.
    """

    call: Callable[..., Any] = field(repr=False)
    name: str
    file: str | None
    line: int | None
    role: str
    part: Part
    path: str
    parameter: str | None
    seconds: float
    limit: float
    is_running: bool = False
    stack: tuple[traceback.FrameSummary, ...] = field(default=(), repr=False)
    times: int = 1
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = {
            "call": "",
            "enter": ", before its yield",
            "exit": ", after its yield",
            "next": ", for an item",
        }
        took = f"{self.seconds * 1000:.1f} ms"
        held = f"has held up the event loop for {took} and still does"
        if not self.is_running:
            held = f"held up the event loop for {took}"
        what = describe_place(self)
        if self.others:
            what += f", or what was called right before it ({', '.join(self.others)}),"
        what += f" {held}{parts[self.part]} (the limit is {self.limit * 1000:g} ms"
        if self.times > 1:
            what += f"; {self.times} times since this was last reported"
        text = f"{what[0].upper()}{what[1:]}). "
        if self.stack:
            frames = "".join(traceback.format_list(list(self.stack)))
            text += f"It was at\n{frames}"
        return (
            f"{text}Have it run in a thread, without the mark or by @threaded, or make what it "
            "waits for async."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Tells of calls on the event loop that hold up everything else: `FastDepsAPI(guard=...)`.

    What is told is logged as a warning by the logger `fastapi_fastdeps`, once for each callable
    and interval.

    Attributes:
        slow_call: how many seconds an inline call may take.
        stuck_call: after how many seconds one that has not returned is told of, once more.
        interval: for how many seconds nothing more is told of a callable.
        mode: `"raise"` raises `SlowCallError` where the call has returned, every time: for tests.
        callback: is told in place of the log, on the event loop, or of a call that has not returned
            in a thread. What it raises is logged.
        watch_every: how often, in seconds, a thread looks where calls are, and tells of stuck
            ones; `None` for never. No thread looks where none can start.

    ```python
    from fastapi_fastdeps import FastDepsAPI, Guard, SlowCall

    told: list[SlowCall] = []
    app = FastDepsAPI(guard=Guard(slow_call=0.01, interval=60, callback=told.append))
    ```
    """

    slow_call: float = 0.005
    stuck_call: float = 1.0
    interval: float = 60.0
    mode: Literal["log", "raise"] = "log"
    callback: Callable[[SlowCall], object] | None = None
    watch_every: float | None = 0.01

    def __post_init__(self) -> None:
        for name in ("slow_call", "stuck_call", "interval", "watch_every"):
            seconds: object = getattr(self, name)
            if name == "watch_every" and seconds is None:
                continue
            if (
                not isinstance(seconds, int | float)
                or isinstance(seconds, bool)
                or not seconds >= 0
            ):
                raise GuardError(f"Guard({name}={seconds!r}) is no number of seconds.")
        if self.mode not in ("log", "raise"):
            raise GuardError(f'Guard(mode={self.mode!r}) is neither "log" nor "raise".')
        if self.callback is not None and not callable(self.callback):
            raise GuardError(f"Guard(callback={self.callback!r}) can't be called.")
