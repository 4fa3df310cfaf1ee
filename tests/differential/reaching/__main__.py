"""Run the programs of a range of seeds: `python -m tests.differential.reaching --seeds 0:1000`."""

import argparse
import collections
import gc
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..drive import difference
from .drawing import draw
from .judging import STOCK, Framework, Judge
from .pieces import Program
from .shrinking import shrink, way

_CHUNK = 100
_COLLECT_EVERY = 50


@dataclass
class Tally:
    """What came of some seeds."""

    seeds: int = 0
    differing: list[tuple[int, str]] = field(default_factory=list)
    kinds: "collections.Counter[str]" = field(default_factory=collections.Counter)
    answers: "collections.Counter[str]" = field(default_factory=collections.Counter)

    def add(self, other: "Tally") -> None:
        self.seeds += other.seeds
        self.differing += other.differing
        self.kinds += other.kinds
        self.answers += other.answers


def run_seeds(judge: Judge, seeds: Iterable[int], ours: Framework | None = None) -> Tally:
    """Run the programs of these seeds; `ours` in place of each one's own variant."""
    tally = Tally()
    gc.disable()
    try:
        for seed in seeds:
            program = draw(seed)
            expected, actual = judge.observations(program, ours)
            tally.seeds += 1
            tally.kinds.update(set(program.kinds()))
            for answer in expected.answers:
                for event in answer.events:
                    if event.name in ("http.response.start", "websocket.close"):
                        tally.answers[f"{event.name} {event.detail[:14]}"] += 1
                if answer.error:
                    tally.answers["an exception"] += 1
            if found := way(expected, actual):
                tally.differing.append((seed, found))
            if tally.seeds % _COLLECT_EVERY == 0:
                gc.collect()
    finally:
        gc.enable()
    return tally


_judge: Judge | None = None


def _chunk(work: tuple[range, bool]) -> Tally:
    global _judge
    _judge = _judge or Judge()
    seeds, stock = work
    return run_seeds(_judge, seeds, STOCK if stock else None)


def _chunks(seeds: range) -> Iterator[range]:
    for start in range(seeds.start, seeds.stop, _CHUNK):
        yield range(start, min(start + _CHUNK, seeds.stop))


def script(program: Program) -> str:
    """A file that shows the difference when it is run from the project's root."""
    names = "from tests.differential.reaching.scenery import *  # noqa: F403"
    return (
        f'"""Seed {program.seed}, {program.variant}."""\n\n{names}\n\n\n{program.text}\n\n'
        'if __name__ == "__main__":\n'
        "    from tests.differential.reaching.judging import compare_file\n\n"
        f"    compare_file(__file__, {program.variant!r})\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0:1000", help="FIRST:END")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--stock", action="store_true", help="FastAPI against itself")
    parser.add_argument("--show", type=int, default=3, help="how many to shrink, of each way")
    parser.add_argument("--digest", action="store_true", help="say how often each kind was drawn")
    options = parser.parse_args()
    first, _, end = options.seeds.partition(":")
    seeds = range(int(first), int(end or int(first) + 1))
    started, total = time.monotonic(), Tally()
    work = [(chunk, options.stock) for chunk in _chunks(seeds)]
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for tally in pool.imap_unordered(_chunk, work):
            total.add(tally)
    took = time.monotonic() - started
    print(f"{total.seeds} programs in {took:.0f} s, {len(total.differing)} differ")
    ways: dict[str, list[int]] = {}
    for seed, found in sorted(total.differing):
        ways.setdefault(found, []).append(seed)
    if options.digest:
        for counted in (total.kinds, total.answers):
            print("\n".join(f"{count:8} {kind}" for kind, count in counted.most_common()))
    judge = Judge()
    for found, differing in ways.items():
        print(f"\n## {found}: {len(differing)}, seeds {differing[:20]}")
        for seed in differing[: options.show] if not options.stock else ():
            smallest = shrink(judge, draw(seed), found)
            print(f"\n### seed {seed}, {smallest.variant}\n\n```python\n{smallest.text}```\n")
            print(f"```diff\n{difference(*judge.observations(smallest))}\n```", flush=True)
    return bool(total.differing)


if __name__ == "__main__":
    sys.exit(main())
