"""Comparing many random programs: what the commands of several folders share."""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

_CHUNK = 500


def _differing(differs: Callable[[int], bool], seeds: range) -> list[int]:
    return [seed for seed in seeds if differs(seed)]


def compare_seeds(
    module: str, description: str | None, differs: Callable[[int], bool]
) -> list[int]:
    """Which of the seeds that the command line asks for differ, and says how many."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.last)
    chunks = [seeds[start : start + _CHUNK] for start in range(0, len(seeds), _CHUNK)]
    started = time.perf_counter()
    with ProcessPoolExecutor(arguments.workers) as pool:
        found = pool.map(partial(_differing, differs), chunks)
        differing = [seed for each in found for seed in each]
    took = time.perf_counter() - started
    print(f"{len(seeds)} programs, {len(differing)} differ, {len(seeds) / took:.0f} a second")
    if differing:
        print(differing[:50])
    return differing
