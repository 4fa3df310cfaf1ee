"""Keeps an app under load for some stretches of time, and says what is left of it afterwards:
`python -m benchmarks.load`.

Requests are lost, generators, tasks or threads left over, or memory grows from the end of the
first stretch to that of the last: each is a failure.
"""

import argparse
import asyncio
import json
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import sleep

from benchmarks.http.serving import allow_connections, cores, served
from benchmarks.http.wrk import MissingToolError, check_tools, load
from benchmarks.load.leaving import leave_again_and_again
from benchmarks.report.text import table
from benchmarks.results import Load
from benchmarks.run import environment

PATHS = ("/inline", "/fused", "/limited", "/between", "/task", "/stream", "/awaited", "/failing")
SCRIPT = Path(__file__).with_name("mix.lua")
GROWTH = 1.05
"""How much more memory there may be at the end than at the end of the first stretch."""

THREADS = 100
"""More than there are while each limiter is full: 40, 10 and 10, and those that leave."""

Counts = dict[str, float]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one stretch of time came to: the answers, the clients that left, and what was counted
    in the server when all was over."""

    load: Load
    left: int
    counts: Counts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="of each stretch; %(default)s")
    parser.add_argument("--stretches", type=int, default=2, help="%(default)s")
    parser.add_argument("--connections", type=int, default=1000, help="%(default)s")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where it is written as JSON")
    options = parser.parse_args(arguments)
    command = (
        f"python -m benchmarks.load --seconds {options.seconds} --stretches {options.stretches} "
        f"--connections {options.connections}"
    )
    found: dict[str, object] = {"environment": environment() | {"command": command}}
    try:
        check_tools()
    except MissingToolError as missing:
        print(missing)
        return 1
    allow_connections(options.connections)
    server_cores, client_cores = cores()
    with served(["benchmarks.load.server"], server_cores) as port:
        before = _counts(port)
        stretches = [
            asyncio.run(_stretch(port, options.connections, options.seconds, client_cores))
            for _ in range(options.stretches)
        ]
    if options.output is not None:
        found["before"] = before
        found["stretches"] = [asdict(each) for each in stretches]
        options.output.write_text(json.dumps(found, indent=1))
    _show(before, stretches)
    problems = list(problems_of(before, stretches))
    print("\n".join(problems) or "Nothing was lost, and nothing is left over.")
    return bool(problems)


async def _stretch(
    port: int, connections: int, seconds: int, client_cores: Sequence[int]
) -> Stretch:
    url = f"http://127.0.0.1:{port}/"
    loading = asyncio.to_thread(
        load, url, connections, seconds, client_cores, script=SCRIPT, arguments=PATHS
    )
    answered, left = await asyncio.gather(
        loading, leave_again_and_again(port, PATHS, max(1, seconds - 2))
    )
    return Stretch(answered, left, _settled(port))


def _settled(port: int) -> Counts:
    """What is counted once nothing is going on any more, or after a while."""
    counts = _counts(port)
    for _ in range(60):
        sleep(0.5)
        before, counts = counts, _counts(port)
        if counts["begun"] == counts["ended"] == before["ended"]:
            break
    return counts


def _counts(port: int) -> Counts:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/counts", timeout=60) as response:
        counts: Counts = json.load(response)
    return counts


def problems_of(before: Counts, stretches: Sequence[Stretch]) -> Iterator[str]:
    """What is not as it should be."""
    for stretch in stretches:
        counts = stretch.counts
        if stretch.load.errors:
            yield f"{stretch.load.errors} requests of wrk were not answered, or with an error."
        if counts["begun"] != counts["ended"]:
            yield f"{counts['begun'] - counts['ended']:.0f} requests have not ended."
        if counts.get("failed"):
            yield f"{counts['failed']:.0f} requests have failed."
        if counts["entered"] != counts["left"]:
            yield f"{counts['entered']:.0f} generators were entered, {counts['left']:.0f} left."
        if counts["tasks added"] < counts["tasks done"]:
            yield "More background tasks were done than added."
        if counts["connections"] != before["connections"]:
            yield f"{counts['connections']:.0f} connections are in the pool."
        if counts["asyncio tasks"] > before["asyncio tasks"]:
            yield f"{counts['asyncio tasks']:.0f} tasks are left in the event loop."
        if counts["threads"] > THREADS:
            yield f"There are {counts['threads']:.0f} threads."
    first, last = stretches[0].counts["resident"], stretches[-1].counts["resident"]
    if last > first * GROWTH:
        yield f"The memory has grown from {first:.1f} MB to {last:.1f} MB."


def _show(before: Counts, stretches: Sequence[Stretch]) -> None:
    rows: list[tuple[str, ...]] = [
        ("requests/s", "", *(f"{each.load.requests_per_second:,.0f}" for each in stretches)),
        ("median, ms", "", *(f"{each.load.p50 * 1000:.0f}" for each in stretches)),
        ("p99, ms", "", *(f"{each.load.p99 * 1000:.0f}" for each in stretches)),
        ("errors of wrk", "", *(str(each.load.errors) for each in stretches)),
        ("clients that left", "", *(f"{each.left:,}" for each in stretches)),
    ]
    for name in stretches[-1].counts:
        counted = (before, *(each.counts for each in stretches))
        rows.append((name, *(f"{each.get(name, 0):,.10g}" for each in counted)))
    print(table(("", "before", *(f"stretch {n + 1}" for n in range(len(stretches)))), rows))


if __name__ == "__main__":
    sys.exit(main())
