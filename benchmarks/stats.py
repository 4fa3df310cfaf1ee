"""Medians, spread, ratios and slopes of samples that were taken in rounds."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median, quantiles
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Summary:
    """A median and its spread."""

    median: float
    minimum: float
    lower: float
    upper: float
    maximum: float


def summarize(samples: Sequence[float]) -> Summary:
    """The five numbers of some samples."""
    if not samples:
        raise ValueError("there are no samples to summarize")
    if len(samples) == 1:
        return Summary(*[samples[0]] * 5)
    lower, middle, upper = quantiles(samples, n=4, method="inclusive")
    return Summary(middle, min(samples), lower, upper, max(samples))


def ratios(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """One ratio for each round."""
    return [above / below for above, below in zip(numerators, denominators, strict=True)]


def median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The median of the rounds' ratios."""
    return median(ratios(numerators, denominators))


def best_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The ratio of the best samples: noise only ever adds time."""
    return min(numerators) / min(denominators)


def bootstrapped(
    statistic: Callable[[Sequence[float], Sequence[float]], float],
    first: Sequence[float],
    second: Sequence[float],
    draws: int = 400,
) -> tuple[float, float]:
    """Between which two values a statistic of rounds is for 95 of 100 samples of these rounds,
    drawn with replacement."""
    rounds = range(len(first))
    found = []
    for _ in range(draws):
        drawn = random.choices(rounds, k=len(first))
        found.append(statistic([first[each] for each in drawn], [second[each] for each in drawn]))
    edges = quantiles(found, n=40, method="inclusive")
    return edges[0], edges[-1]


def slopes(samples: Sequence[tuple[int, Sequence[float]]]) -> list[float]:
    """For each round, what one more costs: the slope of a line through its sizes."""
    sizes = [size for size, _ in samples]
    rounds = zip(*(taken for _, taken in samples), strict=True)
    return [linear_regression(sizes, taken).slope for taken in rounds]


def best_slope(samples: Sequence[tuple[int, Sequence[float]]]) -> float:
    """What one more costs, by the best sample of each size."""
    sizes = [size for size, _ in samples]
    return linear_regression(sizes, [min(taken) for _, taken in samples]).slope


def rotated(items: Sequence[Item], by: int) -> list[Item]:
    """The items from another start, so that nobody always follows the same one."""
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]


def repetitions(count: int, took: float, wanted: float, multiple: int = 1) -> int:
    """How often to do what took so long when it was done `count` times, for it to take
    about as long as wanted."""
    needed = count * wanted / took if took > 0 else count
    return max(multiple, round(needed / multiple) * multiple)
