"""fastapi-cache-di beside this package, on the same FastAPI.

It replaces functions in `fastapi` for the whole process, so each contender has a process of
its own, and they take turns. `python -m benchmarks.cache_di CONTENDER ROUNDS SECONDS` is one of
them, in an environment that has the library.
"""

import asyncio
import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI

from benchmarks.apart import environment_of, told_by
from benchmarks.cases import classes
from benchmarks.contenders import FAST, STOCK, fastdeps_app
from benchmarks.results import Rounds, Timing
from benchmarks.rounds import Effort, Subject, take_turns
from benchmarks.stats import rotated

LIBRARY = "fastapi-cache-di==0.4.0"
KEY = "cache-di"
CASE = next(case for case in classes.CASES if case.name == "four-classes")
_SAME = ("fastapi", "starlette", "pydantic", "anyio", "uvloop")


def measure_cache_di(folder: Path, effort: Effort, processes: int) -> Timing:
    """Four classes by FastAPI, by FastAPI with the library, and by this package.

    Raises:
        OSError: its environment cannot be made.
        subprocess.SubprocessError: its packages cannot be installed, or it failed.
    """
    python = environment_of(folder, [LIBRARY, *(f"{name}=={version(name)}" for name in _SAME)])
    seconds: dict[str, Rounds] = {STOCK.key: [], KEY: [], FAST.key: []}
    share = Effort(max(1, effort.rounds // processes), effort.seconds)
    for number in range(processes):
        for key in rotated(list(seconds), number):
            arguments = (key, str(share.rounds), str(share.seconds))
            seconds[key] += told_by(python, "benchmarks.cache_di", *arguments)
    return Timing(CASE.name, CASE.title, 1, seconds)


def _app(key: str) -> FastAPI:
    if key == FAST.key:
        app = fastdeps_app(inline=True)
    else:
        if key == KEY:
            _have_it_do_all_it_can()
        app = FastAPI()
    CASE.declare(app)
    return app


def _have_it_do_all_it_can() -> None:
    import fastapi_cache_di as library  # type: ignore[import-not-found]

    library.patch_fastapi_run_in_threadpool(inline_classes=True)
    library.patch_fastapi_resolution_plan()


async def _measure(key: str, effort: Effort) -> Rounds:
    subject = Subject(_app(key), CASE.exchange)
    answer = await CASE.exchange.answer(subject.app)
    assert answer.body == b'{"q":"foo","skip":3,"limit":14}', answer
    samples = await take_turns({key: subject}, effort, clock=time.perf_counter)
    return samples[key]


def main(key: str, rounds: str, seconds: str) -> None:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(_measure(key, Effort(int(rounds), float(seconds))))))


if __name__ == "__main__":
    main(*sys.argv[1:])
