"""fastapi-async-safe-dependencies on the FastAPI that it accepts, in its own environment.

`python -m benchmarks.legacy` is the process in that environment: it imports neither this
package nor anything that its FastAPI does not have.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from benchmarks.apart import environment_of, told_by
from benchmarks.cases import classes, graph
from benchmarks.cases.case import Case
from benchmarks.results import Timing
from benchmarks.rounds import Effort, Subject, take_turns

REQUIREMENTS = ("fastapi==0.109.2", "fastapi-async-safe-dependencies==0.1.1", "uvloop")
CASES = ("one-class", "four-classes", "service-graph")


def measure_legacy(folder: Path, effort: Effort, concurrencies: Sequence[int]) -> list[Timing]:
    """The old library and stock FastAPI of its time, side by side."""
    arguments = [str(effort.rounds), str(effort.seconds), *map(str, concurrencies)]
    told = told_by(environment_of(folder, REQUIREMENTS), "benchmarks.legacy", *arguments)
    return [Timing(**timing) for timing in told]


async def _measure(effort: Effort, concurrencies: Sequence[int]) -> list[dict[str, Any]]:
    from fastapi_async_safe import init_app  # type: ignore[import-not-found]

    by_name = {case.name: case for case in (*classes.CASES, *graph.CASES)}
    timings = []
    for name in CASES:
        case = by_name[name]
        old = _app(case)
        init_app(old, all_classes_safe=True)
        async with old.router.lifespan_context(old):
            subjects = {
                "stock": Subject(_app(case), case.exchange),
                "legacy": Subject(old, case.exchange),
            }
            await _check(case, subjects)
            for concurrency in concurrencies:
                seconds = await take_turns(subjects, effort, concurrency)
                timings.append(
                    {
                        "case": name,
                        "title": case.title,
                        "concurrency": concurrency,
                        "seconds": seconds,
                    }
                )
    return timings


def _app(case: Case) -> FastAPI:
    app = FastAPI()
    case.declare(app)
    return app


async def _check(case: Case, subjects: dict[str, Subject]) -> None:
    answers = [await case.exchange.answer(subject.app) for subject in subjects.values()]
    assert answers[0] == answers[1], answers


def main(rounds: str, seconds: str, *concurrencies: str) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        effort = Effort(int(rounds), float(seconds))
        timings = runner.run(_measure(effort, [int(one) for one in concurrencies]))
    print(json.dumps(timings))


if __name__ == "__main__":
    main(*sys.argv[1:])
