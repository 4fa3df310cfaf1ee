"""Fails where this package lost speed: `python -m benchmarks.guard`.

Every ratio compares two apps of one process by the processor time that they take, best
round against best round, so that a busy machine changes it little. A miss is measured
again, with more rounds, before it counts.

Every bound leaves the worst of ten runs, on two cores beside ten busy processes, a fifth:
a single try there strays from the median by a tenth as a rule, by a third at times, and
the second and third try are longer. `--repeat 10` shows what to set after a change.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.cases.case import Case
from benchmarks.cases.families import FAMILIES
from benchmarks.cases.registry import BY_NAME
from benchmarks.contenders import BY_KEY, FAST
from benchmarks.floors import CEILINGS, FLOORS
from benchmarks.report.text import table
from benchmarks.rounds import Effort, prepare, take_turns
from benchmarks.stats import best_ratio, best_slope

EFFORTS = (Effort(7, 0.01), Effort(15, 0.02), Effort(31, 0.03))
"""Of the first try, and of those that a miss gets."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is guarded, and what was seen."""

    what: str
    bound: float
    measured: float
    is_floor: bool

    @property
    def held(self) -> bool:
        return self.measured >= self.bound if self.is_floor else self.measured <= self.bound


async def check_ratios(case: Case, floors: Mapping[str, float], effort: Effort) -> list[Check]:
    """How many times faster than others a case is."""
    contenders = [FAST, *(BY_KEY[key] for key in floors)]
    subjects = await prepare(case, contenders)
    seconds = await take_turns(subjects, effort, clock=time.process_time)
    return [
        Check(f"{case.name} against {key}", floor, best_ratio(seconds[key], seconds["fast"]), True)
        for key, floor in floors.items()
    ]


async def check_slope(name: str, ceiling: float, effort: Effort) -> list[Check]:
    """What one more costs, in microseconds."""
    family = next(family for family in FAMILIES if family.name == name)
    subjects = {}
    sizes = (family.sizes[0], family.sizes[-1])
    for size in sizes:
        prepared = await prepare(family.case(size), [FAST])
        subjects[str(size)] = prepared["fast"]
    seconds = await take_turns(subjects, effort, clock=time.process_time)
    slope = best_slope([(size, seconds[str(size)]) for size in sizes]) * 1e6
    return [Check(f"{name}: µs of one more", ceiling, slope, False)]


async def guard(efforts: Sequence[Effort] = EFFORTS) -> list[Check]:
    """Every check, at its best try."""
    checks: list[Check] = []
    for name, floors in FLOORS.items():
        for effort in efforts:
            found = await check_ratios(BY_NAME[name], floors, effort)
            if all(check.held for check in found):
                break
        checks += found
    for name, ceiling in CEILINGS.items():
        for effort in efforts:
            found = await check_slope(name, ceiling, effort)
            if all(check.held for check in found):
                break
        checks += found
    return checks


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guard", description=__doc__)
    parser.add_argument(
        "--repeat", type=int, metavar="N", help="measure so often, and show the spread instead"
    )
    options = parser.parse_args(arguments)
    if options.repeat:
        _show_spread([_run(EFFORTS[:1]) for _ in range(options.repeat)])
        return 0
    checks = _run(EFFORTS)
    rows = [
        (check.what, f"{check.bound:.2f}", f"{check.measured:.2f}", "" if check.held else "MISSED")
        for check in checks
    ]
    print(table(("guarded", "bound", "measured", ""), rows))
    missed = [check for check in checks if not check.held]
    print(f"{len(checks) - len(missed)} passed, {len(missed)} failed")
    return 1 if missed else 0


def _run(efforts: Sequence[Effort]) -> list[Check]:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(guard(efforts))


def _show_spread(runs: Sequence[Sequence[Check]]) -> None:
    rows = []
    for checks in zip(*runs, strict=True):
        seen = sorted(check.measured for check in checks)
        worst = seen[0] if checks[0].is_floor else seen[-1]
        advised = worst * 0.8 if checks[0].is_floor else worst / 0.8
        rows.append(
            (
                checks[0].what,
                f"{checks[0].bound:.2f}",
                *(f"{one:.2f}" for one in (seen[0], seen[len(seen) // 2], seen[-1], advised)),
            )
        )
    print(table(("guarded", "bound", "least", "median", "most", "advised bound"), rows))


if __name__ == "__main__":
    sys.exit(main())
