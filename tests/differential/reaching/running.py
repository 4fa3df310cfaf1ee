"""Runs many programs, and counts what came of them."""

import collections
import gc
from collections.abc import Iterable
from dataclasses import dataclass, field

from .drawing import draw
from .judging import STOCK, Framework, Judge
from .pieces import Program
from .shrinking import way

_COLLECT_EVERY = 200


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


def run_seeds(
    judge: Judge, seeds: Iterable[int], ours: Framework | None = None, without: str = ""
) -> Tally:
    """Run the programs of these seeds, but for those that try what begins with `without`.

    `ours` takes the place of each program's own variant.
    """
    tally = Tally()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for seed in seeds:
            program = draw(seed)
            if without and any(kind.startswith(without) for kind in program.kinds()):
                continue
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
        gc.unfreeze()
    return tally


_judge: Judge | None = None


def run_chunk(work: tuple[range, bool, str]) -> Tally:
    """In a process of its own: FastAPI against itself, or against what the seeds say."""
    global _judge
    _judge = _judge or Judge()
    seeds, stock, without = work
    return run_seeds(_judge, seeds, STOCK if stock else None, without)


def script(program: Program) -> str:
    """A file that shows the difference when it is run from the project's root."""
    names = "from tests.differential.reaching.scenery import *  # noqa: F403"
    return (
        f'"""Seed {program.seed}, {program.variant}."""\n\n{names}\n\n\n{program.text}\n\n'
        'if __name__ == "__main__":\n'
        "    from tests.differential.reaching.judging import compare_file\n\n"
        f"    compare_file(__file__, {program.variant!r})\n"
    )
