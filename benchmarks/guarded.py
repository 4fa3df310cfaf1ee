"""`python -m benchmarks.guarded`: what the guard adds to a request with four class dependencies.

One app with a guard and one without, in turns, in one process; nothing is slow.
"""

import argparse
import asyncio
import sys
import time

from benchmarks.cases.classes import EXCHANGE, four_classes
from benchmarks.rounds import Effort, Subject, take_turns
from benchmarks.stats import best_ratio

LIMIT = 1.03


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guarded", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="default: %(default)s")
    options = parser.parse_args(arguments)
    reported: list[str] = []
    seconds = asyncio.run(measure(Effort(options.rounds, 0.05), reported))
    ratio = best_ratio(seconds["guarded"], seconds["plain"])
    print(
        f"four-classes: {min(seconds['plain']) * 1e6:.1f} µs without a guard, "
        f"{min(seconds['guarded']) * 1e6:.1f} µs with one: {ratio:.3f}x (at most {LIMIT}x), best "
        f"of {options.rounds} interleaved rounds each, processor time. Slow by its clock, of what "
        f"else the machine does: {len(reported)}"
    )
    return 0 if ratio <= LIMIT else 1


async def measure(effort: Effort, reported: list[str]) -> dict[str, list[float]]:
    """The seconds per request of each round, with a guard and without, and what it tells."""
    from fastapi_fastdeps import FastDepsAPI, Guard, all_classes

    guard = Guard(callback=lambda slow_call: reported.append(slow_call.name))
    subjects: dict[str, Subject] = {}
    for key, given in (("plain", False), ("guarded", guard)):
        app = FastDepsAPI(classifier=all_classes, guard=given)
        four_classes(app)
        await EXCHANGE.answer(app)
        subjects[key] = Subject(app, EXCHANGE)
    return await take_turns(subjects, effort, clock=time.process_time)


if __name__ == "__main__":
    sys.exit(main())
