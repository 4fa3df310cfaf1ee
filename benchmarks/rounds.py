"""Measuring several apps in turns, so that what disturbs one disturbs all."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.cases.case import ASGIApp, Case, Exchange
from benchmarks.contenders import Contender, build, within
from benchmarks.stats import repetitions, rotated

Clock = Callable[[], float]


class WrongAnswerError(Exception):
    """A contender does not answer as the others do."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, and how long each app is measured in each of them."""

    rounds: int
    seconds: float


@dataclass(slots=True)
class Subject:
    """An app that is measured, and what is asked of it."""

    app: ASGIApp
    exchange: Exchange

    async def time(self, count: int, concurrency: int, clock: Clock) -> float:
        """The seconds that so many requests take."""
        gc.collect()
        started = clock()
        if concurrency == 1:
            await self.exchange.run(self.app, count)
        else:
            share = count // concurrency
            await asyncio.gather(*(self.exchange.run(self.app, share) for _ in range(concurrency)))
        return clock() - started


async def prepare(case: Case, contenders: list[Contender]) -> dict[str, Subject]:
    """The apps of a case, which were seen to give the same answer."""
    subjects: dict[str, Subject] = {}
    expected = None
    for contender in contenders:
        with within(contender):
            app = build(case, contender)
            answer = await case.exchange.answer(app)
            # The second request of a route compiles its function, and looks at all routes once
            # more; how many requests a round has is not to be told by that.
            for _ in range(2):
                await case.exchange.answer(app)
        if answer.status != case.exchange.status:
            raise WrongAnswerError(f"{case.name}: {contender.label} answers {answer}")
        if expected is None:
            expected = answer
        if answer != expected:
            raise WrongAnswerError(
                f"{case.name}: {contender.label} answers {answer}, not {expected}"
            )
        subjects[contender.key] = Subject(app, case.exchange)
    return subjects


async def take_turns(
    subjects: Mapping[str, Subject],
    effort: Effort,
    concurrency: int = 1,
    clock: Clock = time.perf_counter,
) -> dict[str, list[float]]:
    """Measure all subjects in every round. Returns the seconds per request, by subject."""
    samples: dict[str, list[float]] = {key: [] for key in subjects}
    with _frozen_heap():
        counts = {
            key: await _count(subject, effort.seconds, concurrency, clock)
            for key, subject in subjects.items()
        }
        for number in range(effort.rounds):
            for key in rotated(list(subjects), number):
                took = await subjects[key].time(counts[key], concurrency, clock)
                samples[key].append(took / counts[key])
    return samples


@contextmanager
def _frozen_heap() -> Iterator[None]:
    """Keep the garbage collector from walking through the apps again and again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


async def _count(subject: Subject, seconds: float, concurrency: int, clock: Clock) -> int:
    """How many requests one round has."""
    count = concurrency * 2
    while (took := await subject.time(count, concurrency, clock)) < seconds / 4:
        count *= 2
    return repetitions(count, took, seconds, concurrency)
