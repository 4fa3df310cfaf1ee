"""The load generator."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import Load

_SCRIPT = Path(__file__).with_name("report.lua")


class MissingToolError(Exception):
    """A program that a measurement needs is not installed."""


def check_tools() -> None:
    """Raise `MissingToolError` where a load cannot be made, or programs cannot be pinned."""
    for tool, package in (("wrk", "wrk"), ("taskset", "util-linux")):
        if shutil.which(tool) is None:
            raise MissingToolError(
                f"measuring over HTTP needs {tool}: on Debian, apt-get install {package}"
            )


def load(
    url: str,
    concurrency: int,
    seconds: float,
    cores: Sequence[int],
    *,
    script: Path = _SCRIPT,
    arguments: Sequence[str] = (),
) -> Load:
    """Send requests for some seconds, from so many connections. A script of one's own prints
    what ours prints, and is given the arguments."""
    command = [
        *pinned(cores),
        "wrk",
        "--threads=1",
        f"--connections={concurrency}",
        f"--duration={max(1, round(seconds))}s",
        "--timeout=10s",
        f"--script={script}",
        url,
        "--",
        *arguments,
    ]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=seconds + 60, check=True
    )
    return parse(ended.stdout)


def pinned(cores: Sequence[int]) -> list[str]:
    """The beginning of a command that runs on these cores only."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores))]


def parse(output: str) -> Load:
    """What the script of `wrk` printed on its last line."""
    said = json.loads(output.strip().splitlines()[-1])
    return Load(
        requests_per_second=said["requests"] / (said["microseconds"] / 1e6),
        p50=said["p50"] / 1e6,
        p95=said["p95"] / 1e6,
        p99=said["p99"] / 1e6,
        errors=said["errors"],
        latencies=[microseconds / 1e6 for microseconds in said["latencies"]],
    )
