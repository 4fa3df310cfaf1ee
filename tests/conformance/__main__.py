"""`python -m tests.conformance`: FastAPI's suite with and without this package, compared."""

import argparse
import sys
from datetime import date
from pathlib import Path

from tests.conformance.comparison import Verdict, judge, read_expectations
from tests.conformance.environment import Environment, newest_version
from tests.conformance.examination import examine_in
from tests.conformance.recording import FILE, found_by, record
from tests.conformance.suite import (
    FAILING,
    FAST_LANE,
    FASTAPIS_LANE,
    LOGGING,
    Setting,
)
from tests.conformance.versions import NEWEST, RELEASES, release
from tests.harness.commands import PreparationError
from tests.harness.injected.fastdeps_conformance.replacement import MODES
from tests.harness.outcomes import Outcomes, summary
from tests.versions.table import keep

DIFFERENCES = Path(__file__).parent / "differences"
PROOF = Setting("fastdeps", FAST_LANE)
"""How a run proves the fast lane, where nothing differs."""


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        version = newest_version() if options.fastapi == NEWEST else options.fastapi
        environment = Environment(release(version, options.exclude_newer))
        environment.prepare()
        results = [
            _run(environment, Setting(mode, options.lane, options.guard), options.workers)
            for mode in options.mode or ["fastdeps", "inline"]
        ]
    except PreparationError as error:
        print(error, file=sys.stderr)
        return 2
    return 0 if all(results) else 1


def _run(environment: Environment, setting: Setting, workers: int) -> bool:
    examined = examine_in(environment, setting, workers)
    lists = [DIFFERENCES / f"{name}.toml" for name in dict.fromkeys((setting.mode, setting.name))]
    verdict = judge(examined.differences, read_expectations(*lists))
    for line in _complaints(verdict):
        print(line)
    print(_conclusion(setting, examined.outcomes, verdict), flush=True)
    if setting == PROOF and verdict.holds and not verdict.differences:
        _record(environment)
        keep(environment.release.version, **{f"{FAST_LANE} lane": str(examined)})
    return verdict.holds and examined.takes_its_lane


def _record(environment: Environment) -> None:
    """Write down that the fast lane was proven there."""
    package = environment.root / PROOF.name / "package"
    new = record(found_by(environment.installed.python, package), is_proof=True)
    print(f"recorded in {FILE.name}: {len(new)} new sources", *new, sep="\n  ", flush=True)


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
        "--guard",
        choices=[LOGGING, FAILING],
        help="have a guard log what takes long inline, or each test fail in which it blocks",
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
