"""`python -m tests.conformance`: FastAPI's suite with and without this package, compared."""

import argparse
import sys
from collections import Counter
from datetime import date
from pathlib import Path

from tests.conformance.comparison import (
    Outcomes,
    Verdict,
    compare,
    judge,
    read_expectations,
    summary,
)
from tests.conformance.environment import Environment, PreparationError, newest_version
from tests.conformance.injected.fastdeps_conformance.lanes import FAST, read_lanes
from tests.conformance.injected.fastdeps_conformance.replacement import MODES
from tests.conformance.suite import FAST_LANE, FASTAPIS_LANE, STOCK, Setting, run, stock
from tests.conformance.versions import NEWEST, RELEASES, Release, release

DIFFERENCES = Path(__file__).parent / "differences"
FASTDEPS = Setting("fastdeps")
FAST_LANE_SHARE = 0.9
"""How many of the suite's routes have to take the fast lane."""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        version = newest_version() if options.fastapi == NEWEST else options.fastapi
        environment = Environment(release(version, options.exclude_newer))
        environment.prepare()
        reference = stock(environment, options.workers)
        results = [
            _run(environment, Setting(mode, options.lane), reference, options.workers)
            for mode in options.mode or ["fastdeps", "inline"]
        ]
    except PreparationError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(results) else 1


def examine(each: Release, workers: int) -> tuple[bool, str]:
    """Whether a release's suite ends as in stock with this package's classes, and in words.

    What differs is run again, one test after the other, and counts if it differs then too.
    Raises `PreparationError` where it does not come to an end.
    """
    environment = Environment(each)
    environment.prepare()
    reference = stock(environment, workers)
    outcomes = run(environment, FASTDEPS, workers)
    differences = compare(reference, outcomes)
    if differing := [difference.test for difference in differences]:
        # Tests of older suites share files, which they lose to one another at once.
        alone = (run(environment, setting, 1, differing) for setting in (STOCK, FASTDEPS))
        differences = compare(*alone)
    for difference in differences:
        print(difference)
    return not differences, f"{summary(outcomes)}; {len(differences)} differences"


def _run(environment: Environment, setting: Setting, reference: Outcomes, workers: int) -> bool:
    is_reference = setting.mode == STOCK.mode
    outcomes = reference if is_reference else run(environment, setting, workers)
    lists = [DIFFERENCES / f"{name}.toml" for name in dict.fromkeys((setting.mode, setting.name))]
    verdict = judge(compare(reference, outcomes), read_expectations(*lists))
    for line in _complaints(verdict):
        print(line)
    print(_conclusion(setting, outcomes, verdict), flush=True)
    return verdict.holds and _fast_lane_is_taken(environment, setting)


def _fast_lane_is_taken(environment: Environment, setting: Setting) -> bool:
    lanes = read_lanes(environment.root / setting.name)
    if not lanes or setting.lane or not environment.release.has_fast_lane:
        return True
    share = lanes[FAST] / lanes.total()
    print(f"routes in the fast lane: {share:.1%} of {lanes.total()}, the others because:")
    for why, count in (lanes - Counter({FAST: lanes[FAST]})).most_common():
        print(f"  {count:5} {why}")
    return share >= FAST_LANE_SHARE


def _complaints(verdict: Verdict) -> list[str]:
    return [
        *(f"not listed: {each}" for each in verdict.unlisted),
        *(f"listed for another reason: {each}" for each in verdict.without_evidence),
        *(f"listed, but no longer different: {test}" for test in verdict.stale),
    ]


def _conclusion(setting: Setting, outcomes: Outcomes, verdict: Verdict) -> str:
    count = len(verdict.differences)
    listed = ", all of them listed" if count and verdict.holds else ""
    return (
        f"conformance {setting}: {summary(outcomes)}; "
        f"{count} difference{'' if count == 1 else 's'} from stock{listed}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument(
        "--mode",
        action="append",
        choices=MODES,
        help="may be given more than once; without it: fastdeps and inline",
    )
    parser.add_argument(
        "--lane",
        choices=[FASTAPIS_LANE, FAST_LANE],
        help="keep every route out of the fast lane, or in it on a FastAPI without proof of it",
    )
    parser.add_argument(
        "--fastapi",
        metavar="VERSION",
        default=RELEASES[-1].version,
        help=f"default: %(default)s; {NEWEST!r} asks the package index",
    )
    parser.add_argument(
        "--exclude-newer",
        metavar="DATE",
        type=date.fromisoformat,
        help="resolve the suite's dependencies as of this day (YYYY-MM-DD)",
    )
    parser.add_argument("--workers", type=int, default=2, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
