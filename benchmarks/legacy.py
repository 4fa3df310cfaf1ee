"""fastapi-async-safe-dependencies on the FastAPI that it accepts, in its own environment.

`python -m benchmarks.legacy` is the process in that environment: it imports neither this
package nor anything that its FastAPI does not have.
"""

import asyncio
import json
import os
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from benchmarks.cases import classes, graph
from benchmarks.cases.case import Case
from benchmarks.results import Timing
from benchmarks.rounds import Effort, Subject, take_turns

REQUIREMENTS = ("fastapi==0.109.2", "fastapi-async-safe-dependencies==0.1.1", "uvloop")
CASES = ("one-class", "four-classes", "service-graph")


def environment_of(folder: Path) -> Path:
    """The Python of the environment, which is made where it is missing."""
    python = folder / "bin" / "python"
    made = folder / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS)
    if not made.exists() or made.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *REQUIREMENTS]
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        made.write_text(wanted)
    return python


def measure_legacy(folder: Path, effort: Effort, concurrencies: Sequence[int]) -> list[Timing]:
    """The old library and stock FastAPI of its time, side by side."""
    root = Path(__file__).parents[1]
    arguments = [str(effort.rounds), str(effort.seconds), *map(str, concurrencies)]
    ended = subprocess.run(
        [str(environment_of(folder)), "-m", "benchmarks.legacy", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
        timeout=1200,
    )
    return [Timing(**timing) for timing in json.loads(ended.stdout)]


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
