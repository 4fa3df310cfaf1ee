"""`python -m benchmarks.guarded [FILE]`: what the guard adds to a request with four class
dependencies.

One app with a guard and one without, in one process; nothing is slow. First instructions are
counted, which do not depend on what else the machine does, where Valgrind is installed; then
the time of the event loop's thread is taken, in many short rounds by turns. Written to a file
where one is named.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.cases.classes import EXCHANGE, four_classes
from benchmarks.run import environment
from benchmarks.stats import bootstrapped
from fastapi_fastdeps import FastDepsAPI, Guard, all_classes

LIMIT = 1.03
REQUESTS = 20
"""Of a round of one app."""
COUNTED = (100, 600)
"""In so many requests instructions are counted; what a request takes is in the difference."""
COUNTS = 3
NEVER = 1e6


@dataclass(frozen=True, slots=True)
class Counted:
    """Instructions per request, by Valgrind, in which no watchdog looks: time passes otherwise."""

    plain: float
    guarded: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of the event loop's thread per request.

    Attributes:
        plain: the median of all rounds without a guard.
        guarded: with one.
        ratio: of these medians.
        interval: in which it is for 95 of 100 samples drawn from the rounds.
        watchdog: the share of a processor that all other threads took.
    """

    rounds: int
    plain: float
    guarded: float
    ratio: float
    interval: tuple[float, float]
    watchdog: float


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.guarded", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="where what was found is written to")
    parser.add_argument("--rounds", type=int, default=20_000, help="default: %(default)s")
    parser.add_argument("--count-into", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.count_into is not None:
        asyncio.run(count(options.count_into))
        return 0
    counted = counted_by_valgrind()
    timed = asyncio.run(measure(options.rounds))
    if counted is not None:
        print(
            f"instructions: {counted.plain:,.0f} without a guard, {counted.guarded:,.0f} with one: "
            f"{counted.ratio:.4f}x"
        )
    low, high = timed.interval
    print(
        f"time: {timed.plain * 1e6:.2f} µs without a guard, {timed.guarded * 1e6:.2f} µs with one: "
        f"{timed.ratio:.4f}x, {low:.4f} to {high:.4f}; medians of {timed.rounds} rounds of "
        f"{REQUESTS}. The thread that looks: {timed.watchdog:.2%} of a processor."
    )
    if options.file is not None:
        command = "python -m benchmarks.guarded FILE"
        found = {
            "environment": environment() | {"command": command},
            "instructions": asdict(counted) if counted is not None else None,
            "time": asdict(timed),
        }
        options.file.write_text(json.dumps(found, indent=1))
    return 0 if low <= LIMIT and (counted is None or counted.ratio <= LIMIT) else 1


async def measure(rounds: int) -> Timed:
    """Both apps, in turns; the first is another one in every round."""
    apps = {"plain": _app(False), "guarded": _app(Guard(callback=_tell_nobody))}
    await _warm(apps)
    seconds: dict[str, list[float]] = {key: [] for key in apps}
    keys = [*apps]
    began, process, thread = time.perf_counter(), time.process_time(), time.thread_time()
    for _ in range(rounds):
        random.shuffle(keys)
        for key in keys:
            started = time.thread_time()
            await EXCHANGE.run(apps[key], REQUESTS)
            seconds[key].append((time.thread_time() - started) / REQUESTS)
    others = (time.process_time() - process) - (time.thread_time() - thread)
    plain, guarded = seconds["plain"], seconds["guarded"]
    ratio = median(guarded) / median(plain)
    interval = bootstrapped(lambda above, below: median(above) / median(below), guarded, plain)
    watchdog = others / (time.perf_counter() - began)
    return Timed(rounds, median(plain), median(guarded), ratio, interval, watchdog)


def counted_by_valgrind() -> Counted | None:
    """What a process of its own counts, `None` without Valgrind."""
    if shutil.which("valgrind") is None or shutil.which("vgdb") is None:
        return None
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "counts"
        subprocess.run(
            [
                *("valgrind", "-q", "--tool=callgrind", "--instr-atstart=no"),
                f"--callgrind-out-file={file}",
                *(sys.executable, "-m", "benchmarks.guarded", "--count-into", file),
            ],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=True,
        )
        counts: dict[str, list[float]] = json.loads(file.with_suffix(".json").read_text())
    plain, guarded = median(counts["plain"]), median(counts["guarded"])
    return Counted(plain, guarded, guarded / plain)


async def count(file: Path) -> None:
    """Count in this process, which Valgrind runs and has its files begin with this name for."""
    guard = Guard(slow_call=NEVER, stuck_call=NEVER, watch_every=None)
    apps = {"plain": _app(False), "guarded": _app(guard)}
    await _warm(apps)
    _ask_valgrind("instrumentation", "on")
    counts: dict[str, list[float]] = {key: [] for key in apps}
    for _ in range(COUNTS):
        for key, app in apps.items():
            few, many = [await _instructions(app, requests, file) for requests in COUNTED]
            counts[key].append((many - few) / (COUNTED[1] - COUNTED[0]))
    file.with_suffix(".json").write_text(json.dumps(counts))


async def _instructions(app: Callable[..., Any], requests: int, file: Path) -> int:
    await EXCHANGE.run(app, REQUESTS)
    _ask_valgrind("zero")
    await EXCHANGE.run(app, requests)
    _ask_valgrind("dump")
    (dump,) = file.parent.glob(f"{file.name}.*[0-9]")
    total = re.search(r"^(?:totals|summary): (\d+)", dump.read_text(), re.MULTILINE)
    dump.unlink()
    assert total is not None
    return int(total[1])


def _ask_valgrind(*what: str) -> None:
    subprocess.run(["vgdb", f"--pid={os.getpid()}", *what], check=True, capture_output=True)


def _app(guard: Guard | bool) -> FastDepsAPI:
    app = FastDepsAPI(classifier=all_classes, guard=guard)
    four_classes(app)
    return app


async def _warm(apps: dict[str, FastDepsAPI]) -> None:
    """Have their functions compiled, and the garbage collector keep away."""
    for app in apps.values():
        await EXCHANGE.run(app, 200)
    gc.collect()
    gc.freeze()
    gc.disable()


def _tell_nobody(_: object) -> None:
    """On a busy machine, a call may be slow by the clock."""


if __name__ == "__main__":
    sys.exit(main())
