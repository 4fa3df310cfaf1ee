"""What is recommended for a callable, and why."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fastapi_fastdeps._cli.checking.reports import relative
from fastapi_fastdeps._cli.profiling.measured import Callable, Measured

Verdict = Literal["inline", "threaded", "async", "undecided"]

CALLS = 20
INLINE_BELOW = 100e-6
NEVER_WAITED = 20e-6
WAITS_FROM = 1e-3
WAITS_SHARE = 0.8
IDLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Limits:
    """When something is recommended.

    Attributes:
        calls: how many of a callable are needed to say anything.
        inline_below: how many seconds 99 of 100 calls may take that are to be inline.
    """

    calls: int = CALLS
    inline_below: float = INLINE_BELOW


@dataclass(frozen=True, slots=True)
class Advice:
    """A recommendation.

    Attributes:
        verdict: where it should run; `"async"` for what should be written as `async def`.
        because: the reason.
        saves: how many seconds a request in which it is called is shorter by; of `"async"`, for
            how many a thread is free.
    """

    verdict: Verdict
    because: str
    saves: float = 0.0

    def changes(self, callable_: Callable) -> bool:
        """Whether it is to run elsewhere than it did."""
        return self.verdict != "undecided" and callable_.wheres != {
            "inline" if self.verdict == "inline" else "threaded"
        }


def advice_on(callable_: Callable, limits: Limits) -> Advice:
    """What the times and the source say.

    Inline only if all of its parts were called often enough, 99 of 100 calls took less than the
    limit and waited less than `NEVER_WAITED`, and nothing in its source plainly blocks.
    """
    parts = list(callable_.parts.values())
    calls = min(each.calls for each in parts)
    if calls < limits.calls:
        return Advice("undecided", f"{_count(calls)} is too few to tell: {limits.calls} are needed")
    source = callable_.source
    slowest = max(parts, key=lambda each: each.wall.p99)
    is_short = slowest.wall.p99 < limits.inline_below
    waits = [each for each in parts if _waits(each)]
    if callable_.role == "upload":
        return Advice("threaded", "it reads a file")
    if source.blocks or any(map(_mostly_waits, parts)):
        return _blocking(callable_, waits)
    if not is_short:
        return Advice("threaded", _slow(slowest))
    if waits:
        most = max(waits, key=lambda each: each.waited.p99)
        waited = f"it waited {duration(most.waited.p99)} in {_one_call(most.calls)}{_of(most)}"
        return Advice("threaded", waited)
    if source.unread:
        return Advice("threaded", f"its source was not looked at: {source.unread}")
    read = "nothing in its source blocks" if source.is_read else "its source can't be read"
    because = (
        f"{_most_calls(calls)} took at most {duration(slowest.wall.p99)}, never waiting; {read}"
    )
    return Advice("inline", because, sum(map(_way_saved, parts)))


def _blocking(callable_: Callable, waits: list[Measured]) -> Advice:
    source = callable_.source
    most = max(waits or callable_.parts.values(), key=lambda each: each.waited.p50)
    says = f"it waits for {duration(most.waited.p50)} of {duration(most.wall.p50)}{_of(most)}"
    if source.blocks:
        name, file, line = source.blocks[0]
        blocks = f"it calls {name} ({_shown(file)}:{line}), which blocks"
        is_seen = most.waited.p50 >= NEVER_WAITED
        says = f"{blocks}, and {says.removeprefix('it ')}" if is_seen else blocks
    if not any(map(_mostly_waits, callable_.parts.values())):
        return Advice("threaded", says)
    if not source.blocks and not any(map(_left_idle, callable_.parts.values())):
        return Advice("threaded", f"{says}, maybe for other threads, which ran meanwhile")
    if not source.is_own:
        return Advice("threaded", f"{says}; it is not yours to change")
    if source.is_class:
        return Advice("threaded", f"{says}; a class can't be async, a function that makes it can")
    saves = sum(_per_request(each) * each.waited.p50 for each in waits)
    return Advice("async", says, saves)


def _shown(file: str) -> str:
    """A file of an installed package by where it is in that, as on every machine."""
    for folder in ("site-packages", "dist-packages"):
        _, found, within = file.rpartition(f"{os.sep}{folder}{os.sep}")
        if found:
            return within
    return relative(file)


def _waits(measured: Measured) -> bool:
    return measured.waited.p99 >= NEVER_WAITED


def _mostly_waits(measured: Measured) -> bool:
    """Whether most of its time, and not little, goes by while it does nothing."""
    wall, waited = measured.wall.p50, measured.waited.p50
    return wall >= WAITS_FROM and waited >= WAITS_SHARE * wall


def _left_idle(measured: Measured) -> bool:
    """Whether it waited while its process had nothing to do: a thread that computes waits, too,
    for others that do."""
    return _mostly_waits(measured) and measured.idle.p50 >= IDLE_SHARE * measured.waited.p50


def _slow(measured: Measured) -> str:
    busy = round(100 * measured.busy)
    what = "computing" if busy >= 80 else f"of which {busy} % is computing"
    takes = f"{_one_call(measured.calls)} took {duration(measured.wall.p99)}{_of(measured)}"
    return f"{takes}, {what}"


def _one_call(calls: int) -> str:
    return f"1 of {min(calls, 100)} calls"


def _most_calls(calls: int) -> str:
    return f"all {calls} calls" if calls < 100 else "99 of 100 calls"


def _way_saved(measured: Measured) -> float:
    return measured.way.p50 * _per_request(measured)


def _per_request(measured: Measured) -> float:
    return measured.calls / measured.requests if measured.requests else 1.0


def _of(measured: Measured) -> str:
    return {
        "call": "",
        "enter": " before its yield",
        "exit": " after its yield",
        "next": " for an item",
        "validation": ", the validation of its response",
    }[measured.part]


def _count(calls: int) -> str:
    return f"{calls:,} call{'' if calls == 1 else 's'}"


def duration(seconds: float) -> str:
    """A duration with its unit, two digits that count."""
    for unit, name in ((1e-6, "µs"), (1e-3, "ms")):
        if seconds < 999.5 * unit:
            return f"{_two_digits(seconds / unit)} {name}"
    return f"{_two_digits(seconds)} s"


def _two_digits(number: float) -> str:
    if number < 0.995:
        return f"{number:.2f}" if number > 0 else "0"
    return f"{number:.1f}" if number < 9.95 else f"{number:,.0f}"


def sorted_by_saving(advised: list[tuple[Callable, Advice]]) -> Iterator[tuple[Callable, Advice]]:
    """What changes most first."""
    order: list[Verdict] = ["inline", "async", "threaded", "undecided"]
    yield from sorted(
        advised,
        key=lambda each: (
            not each[1].changes(each[0]) and each[1].verdict != "async",
            order.index(each[1].verdict),
            -each[1].saves,
            each[0].source.qualname,
        ),
    )
