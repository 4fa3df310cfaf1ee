"""Run the programs of a range of seeds: `python -m tests.differential.reaching --seeds 0:1000`."""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..drive import difference
from .drawing import draw
from .judging import Judge
from .running import Tally, run_chunk, script
from .shrinking import WAYS, shrink

_CHUNK = 100
_SHOWN_EVERY = 1000


def _chunks(seeds: range) -> Iterator[range]:
    for start in range(seeds.start, seeds.stop, _CHUNK):
        yield range(start, min(start + _CHUNK, seeds.stop))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:1000", help="FIRST:END")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--stock", action="store_true", help="FastAPI against itself")
    parser.add_argument("--without", default="", help="leave out what tries this: `names`")
    parser.add_argument("--show", type=int, default=3, help="how many to shrink, of each way")
    parser.add_argument("--save", type=Path, help="a folder for the programs that are shown")
    parser.add_argument("--digest", action="store_true", help="say how often each kind was drawn")
    options = parser.parse_args()
    first, _, end = options.seeds.partition(":")
    seeds = range(int(first), int(end or int(first) + 1))
    started, total = time.monotonic(), Tally()
    work = [(chunk, options.stock, options.without) for chunk in _chunks(seeds)]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for tally in pool.imap_unordered(run_chunk, work):
            total.add(tally)
            if total.seeds // _SHOWN_EVERY > (total.seeds - tally.seeds) // _SHOWN_EVERY:
                differing = sorted(seed for seed, _ in total.differing)
                print(f"{total.seeds}, {len(differing)} differ {differing}", file=sys.stderr)
    took = time.monotonic() - started
    print(f"{total.seeds} programs in {took:.0f} s, {len(total.differing)} differ")
    ways: dict[str, list[int]] = {found: [] for found in WAYS}
    for seed, found in sorted(total.differing):
        ways[found].append(seed)
    if options.digest:
        for counted in (total.kinds, total.answers):
            print("\n".join(f"{count:8} {kind}" for kind, count in counted.most_common()))
    judge = Judge()
    for found, differing in ways.items():
        if not differing:
            continue
        print(f"\n## {found}: {len(differing)}, seeds {differing[:20]}")
        for seed in differing[: options.show] if not options.stock else ():
            smallest = shrink(judge, draw(seed), found)
            if options.save:
                options.save.mkdir(parents=True, exist_ok=True)
                (options.save / f"seed_{seed}.py").write_text(script(smallest))
            print(f"\n### seed {seed}, {smallest.variant}\n\n```python\n{smallest.text}```\n")
            print(f"```diff\n{difference(*judge.observations(smallest))}\n```", flush=True)
    return bool(total.differing)


if __name__ == "__main__":
    sys.exit(main())
