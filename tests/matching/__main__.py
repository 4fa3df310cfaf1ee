"""Compare the index with FastAPI's search: `python -m tests.matching FIRST LAST`."""

import argparse
import pprint
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from .comparing import difference
from .programs import program, shrunk

CHUNK = 500


def _differing(seeds: range) -> list[int]:
    return [seed for seed in seeds if difference(program(seed)) is not None]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.matching", description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    seeds = range(arguments.first, arguments.last)
    chunks = [seeds[start : start + CHUNK] for start in range(0, len(seeds), CHUNK)]
    started = time.perf_counter()
    with ProcessPoolExecutor(arguments.workers) as pool:
        differing = [seed for found in pool.map(_differing, chunks) for seed in found]
    took = time.perf_counter() - started
    print(f"{len(seeds)} tables, {len(differing)} differ, {len(seeds) / took:.0f} a second")
    if differing:
        print(differing[:50])
        smallest = shrunk(program(differing[0]), lambda each: difference(each) is not None)
        pprint.pprint(smallest, width=100)
        print(difference(smallest))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
