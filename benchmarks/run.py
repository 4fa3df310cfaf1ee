"""One run: every measurement that was asked for, in order."""

import asyncio
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.apart import reason
from benchmarks.building import measure_building
from benchmarks.cache_di import measure_cache_di
from benchmarks.cases.families import FAMILIES
from benchmarks.cases.registry import BY_NAME, CASES
from benchmarks.contenders import CONTENDERS, Contender, contenders_of
from benchmarks.http.serving import HTTPEffort, measure_serving
from benchmarks.http.wrk import MissingToolError, check_tools
from benchmarks.in_process import measure_case, measure_family
from benchmarks.instrumented import TOOLS, measure_instrumented
from benchmarks.legacy import measure_legacy
from benchmarks.pools import measure_pools
from benchmarks.results import Results
from benchmarks.rounds import Clock, Effort
from benchmarks.sleeping import measure_sleeping

PARTS = (
    "sleeping",
    "pools",
    "cases",
    "families",
    "legacy",
    "cache-di",
    "instrumented",
    "building",
    "http",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How thorough a run is."""

    effort: Effort
    graph_concurrencies: Sequence[int]
    family_sizes: int
    http: HTTPEffort
    http_contenders: Sequence[str]
    sleep: float
    pools: tuple[int, float]
    building_rounds: int
    processes: int
    trace: bool


SHORT = Scale(
    effort=Effort(7, 0.008),
    graph_concurrencies=(1, 50),
    family_sizes=4,
    http=HTTPEffort(1, 2, (1, 10, 100, 1000)),
    http_contenders=("stock", "wrappers", "fast", "litestar", "starlette"),
    sleep=0.2,
    pools=(3, 0.2),
    building_rounds=1,
    processes=2,
    trace=False,
)
FULL = Scale(
    effort=Effort(21, 0.05),
    graph_concurrencies=(1, 10, 25, 50, 100, 200),
    family_sizes=10,
    http=HTTPEffort(3, 5, (1, 10, 100, 1000)),
    http_contenders=tuple(contender.key for contender in CONTENDERS),
    sleep=2.0,
    pools=(11, 1.0),
    building_rounds=3,
    processes=7,
    trace=True,
)


def run(
    scale: Scale,
    only: Sequence[str],
    cache: Path,
    say: Callable[[str], None],
    clock: Clock = time.perf_counter,
) -> Results:
    """Measure. `only` names parts, cases and families; nothing means everything.

    `clock` tells the time of what runs in this process.
    """
    results = Results(environment={**environment(), "clock": clock.__name__})
    started = time.monotonic()

    def wants(part: str, *names: str) -> bool:
        return not only or part in only or any(name in only for name in names)

    with _loop() as runner:
        if wants("sleeping"):
            say("endpoints that sleep")
            results.sleepings = runner.run(measure_sleeping(scale.sleep))
        if wants("pools"):
            say("two pools of threads")
            results.pools = runner.run(measure_pools(*scale.pools, scale.sleep / 4))
        for case in CASES:
            if wants("cases", case.name):
                say(f"case {case.name}")
                concurrencies = (
                    scale.graph_concurrencies if case.name == "service-graph" else (1, 50)
                )
                results.timings += runner.run(
                    measure_case(case, scale.effort, concurrencies, clock)
                )
        for family in FAMILIES:
            if wants("families", family.name):
                say(f"family {family.name}")
                sizes = spread_out(family.sizes, scale.family_sizes)
                results.growths.append(
                    runner.run(measure_family(family, scale.effort, sizes, clock))
                )
    if wants("legacy"):
        say("fastapi-async-safe-dependencies")
        _measure_legacy(results, scale, cache)
    if wants("cache-di"):
        say("fastapi-cache-di")
        _measure_cache_di(results, scale, cache)
    if wants("instrumented"):
        _measure_instrumented(results, scale, cache, clock, say)
    if wants("building"):
        say("building 1,000 routes")
        results.buildings = measure_building(scale.building_rounds, trace=scale.trace)
    if wants("http"):
        _measure_http(results, scale, say)
    results.environment["seconds"] = round(time.monotonic() - started)
    return results


def spread_out(sizes: Sequence[int], count: int) -> list[int]:
    """At most so many of the sizes, the smallest and the largest among them."""
    if count >= len(sizes):
        return list(sizes)
    step = (len(sizes) - 1) / (count - 1)
    return [sizes[round(index * step)] for index in range(count)]


@contextmanager
def _loop() -> Iterator[asyncio.Runner]:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


def _measure_legacy(results: Results, scale: Scale, cache: Path) -> None:
    try:
        results.legacy = measure_legacy(
            cache / "legacy", scale.effort, sorted({*scale.graph_concurrencies, 1, 50})
        )
    except (OSError, subprocess.SubprocessError) as error:
        results.skipped.append(f"the old library, in its own environment: {reason(error)}")


def _measure_cache_di(results: Results, scale: Scale, cache: Path) -> None:
    folder = cache / f"cache-di-{sys.version_info.major}.{sys.version_info.minor}"
    try:
        results.cache_di = [measure_cache_di(folder, scale.effort, scale.processes)]
    except (OSError, subprocess.SubprocessError) as error:
        results.skipped.append(f"fastapi-cache-di, in its own environment: {reason(error)}")


def _measure_instrumented(
    results: Results, scale: Scale, cache: Path, clock: Clock, say: Callable[[str], None]
) -> None:
    folder = cache / f"instrumented-{sys.version_info.major}.{sys.version_info.minor}"
    for tool, title in TOOLS.items():
        say(title)
        try:
            timing = measure_instrumented(folder, tool, scale.effort, scale.processes, clock)
        except (OSError, subprocess.SubprocessError) as error:
            results.skipped.append(f"{title}, in its own environment: {reason(error)}")
        else:
            results.instrumented.append(timing)


def _measure_http(results: Results, scale: Scale, say: Callable[[str], None]) -> None:
    try:
        check_tools()
    except MissingToolError as missing:
        results.skipped.append(str(missing))
        return
    for name, effort in (
        ("four-classes", scale.http),
        ("one-class", HTTPEffort(scale.http.rounds, scale.http.seconds, (10,))),
        ("session-in-one-visit", HTTPEffort(scale.http.rounds, scale.http.seconds, (100, 1000))),
    ):
        case = BY_NAME[name]
        for serving in measure_serving(case, _over_http(scale, name), effort):
            say(f"HTTP {name}, {serving.concurrency} connections: done")
            results.servings.append(serving)


def _over_http(scale: Scale, case: str) -> list[Contender]:
    keys = scale.http_contenders if case == "four-classes" else ("stock", "fast")
    return [one for one in contenders_of(BY_NAME[case]) if one.key in keys]


def environment() -> dict[str, object]:
    """The machine, the versions and the command that figures are of."""
    packages = (
        "fastapi-fastdeps",
        "fastapi",
        "starlette",
        "pydantic",
        "litestar",
        "uvicorn",
        "uvloop",
        "httptools",
    )
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg()[0],
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "at": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "packages": {package: version(package) for package in packages},
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()
