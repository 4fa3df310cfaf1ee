"""How the suite of a release ends with this package's classes, and in which lane."""

from collections import Counter
from dataclasses import dataclass

from tests.conformance.environment import Environment
from tests.conformance.suite import STOCK, Setting, run, stock
from tests.conformance.versions import Release
from tests.harness.injected.fastdeps_conformance.lanes import FAST, read_lanes
from tests.harness.outcomes import Difference, Outcomes, compare, failing, summary

FAST_LANE_SHARE = 0.9
"""How many of the suite's routes have to take the fast lane."""


@dataclass(frozen=True, slots=True)
class Examination:
    """How a suite ended with this package's classes.

    Attributes:
        failing_in_stock: the tests that fail with FastAPI's own classes.
        takes_its_lane: whether as many routes took the fast lane as should.
    """

    outcomes: Outcomes
    differences: tuple[Difference, ...]
    failing_in_stock: tuple[str, ...]
    takes_its_lane: bool

    def __str__(self) -> str:
        return f"{summary(self.outcomes)}; {len(self.differences)} differences"

    @property
    def holds(self) -> bool:
        return not self.differences and self.takes_its_lane


def examine(each: Release, workers: int, lane: str | None = None) -> Examination:
    """How a release's suite ends with this package's classes, and what differs from stock.

    Raises `PreparationError` where it does not come to an end.
    """
    environment = Environment(each)
    environment.prepare()
    return examine_in(environment, Setting("fastdeps", lane), workers)


def examine_in(environment: Environment, setting: Setting, workers: int) -> Examination:
    """The same for any setting, in an environment that is prepared.

    What differs, or does not pass in either, is run again, one test after the other, and counts as
    it ends then, as what `stock` has run does.
    """
    outcomes = run(environment, setting, workers)
    is_stock = setting.mode == STOCK.mode
    reference = outcomes if is_stock else stock(environment, workers, outcomes)
    takes_its_lane = fast_lane_is_taken(environment, setting)
    # Some tests share files, which they lose to one another at once.
    doubtful = {difference.test for difference in compare(reference, outcomes)}
    doubtful |= {*failing(reference), *failing(outcomes)}
    if doubtful and not is_stock:
        outcomes = {**outcomes, **run(environment, setting, 1, sorted(doubtful))}
    return Examination(outcomes, compare(reference, outcomes), failing(reference), takes_its_lane)


def fast_lane_is_taken(environment: Environment, setting: Setting) -> bool:
    """Whether enough routes of the last run took the fast lane, where they may."""
    lanes = read_lanes(environment.root / setting.name)
    if not lanes or setting.lane or not environment.release.has_fast_lane:
        return True
    share = lanes[FAST] / lanes.total()
    print(f"routes in the fast lane: {share:.1%} of {lanes.total()}, the others because:")
    for why, count in (lanes - Counter({FAST: lanes[FAST]})).most_common():
        print(f"  {count:5} {why}")
    return share >= FAST_LANE_SHARE
