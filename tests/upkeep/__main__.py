"""`python -m tests.upkeep`: what is to be done on the day when a FastAPI comes out.

Fetches it, says which of the functions that this package stands in for have changed, and how,
runs its suite in both lanes, and writes down what was proven: `_fastapi/proven.py`,
docs/versions.json and docs/versions.md.
"""

import argparse
import sys

from tests.conformance.environment import Environment, newest_version
from tests.conformance.examination import Examination, examine
from tests.conformance.recording import FILE, found_by, record
from tests.conformance.suite import FAST_LANE, FASTAPIS_LANE
from tests.conformance.versions import NEWEST, RELEASES, Release, release
from tests.harness.commands import REPOSITORY, PreparationError
from tests.upkeep.changes import changes
from tests.versions.table import keep

LANES = (FAST_LANE, FASTAPIS_LANE)


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        each = release(newest_version() if options.fastapi == NEWEST else options.fastapi)
        environment = Environment(each)
        environment.prepare()
        _tell_changes(environment)
        if not options.suite:
            return 0
        examined = {lane: examine(each, options.workers, lane) for lane in LANES}
    except PreparationError as error:
        print(error, file=sys.stderr)
        return 2
    for lane, found in examined.items():
        _keep(each, lane, found)
    if examined[FAST_LANE].holds:
        new = record(found_by(environment.installed.python, REPOSITORY), is_proof=True)
        print(f"{FILE.relative_to(REPOSITORY)}: {len(new)} new sources")
    if each not in RELEASES:
        print(
            f"To be done by hand: {each.version} in RELEASES (tests/conformance/versions.py), and "
            "NEWEST, and FAST_LANE if its fast lane holds (_fastapi/versions.py); then README.md"
        )
    return 0 if all(found.holds for found in examined.values()) else 1


def _tell_changes(environment: Environment) -> None:
    found = changes(environment.installed.python)
    version = environment.release.version
    print(f"FastAPI {version}: {len(found)} functions are not as they were proven")
    for change in found:
        print(f"  {change.part}: {change.function}{' is gone' if change.is_gone else ''}")
    for change in found:
        print(f"\n{change.diff()}")
    sys.stdout.flush()


def _keep(each: Release, lane: str, found: Examination) -> None:
    column = f"{lane} lane"
    keep(
        each.version,
        **{
            column: str(found),
            "failing in stock": found.failing_in_stock,
            f"different in the {column}": [*map(str, found.differences)],
        },
    )
    print(f"FastAPI {each.version} in its {column}: {found}")
    for difference in found.differences:
        print(f"  {difference}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.upkeep", description=__doc__)
    parser.add_argument(
        "fastapi", nargs="?", metavar="VERSION", default=NEWEST, help="default: %(default)s"
    )
    parser.add_argument(
        "--no-suite", dest="suite", action="store_false", help="only say what has changed"
    )
    parser.add_argument("--workers", type=int, default=2, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
