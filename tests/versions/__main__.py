"""`python -m tests.versions`: try versions of FastAPI and of what it stands on, and tell.

Writes docs/versions.json and docs/versions.md.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fastapi_fastdeps._fastapi.versions import LANE_VARIABLE
from tests.conformance.examination import examine
from tests.conformance.suite import FAST_LANE, FASTAPIS_LANE
from tests.conformance.versions import COMPANIONS, EVERY_RUN, RELEASES, Companion, Release, release
from tests.harness.commands import CACHE, REPOSITORY, PreparationError
from tests.harness.environments import VirtualEnvironment
from tests.versions.releases import releases_with_plans, unproven_in
from tests.versions.table import described, keep, write_page

NEEDED = ("httpx", "python-multipart")
PROGRAMS = ("tests.compiling", "tests.plan.readings")
"""What compares random programs in the fast lane with FastAPI's own classes."""
TESTS = (
    "pytest",
    "pytest-xdist",
    "hypothesis",
    "dependency-injector",
    "fastapi[standard]",
    "anyio[trio]",
)


def main() -> int:
    options = _parser().parse_args()
    versions = options.versions or [each.version for each in RELEASES if options.all]
    if options.every_run:
        versions = [*EVERY_RUN]
    held = [_try(release(version), options.suite, options.workers) for version in versions]
    if options.programs:
        held += [_agrees(release(version), options.programs) for version in versions]
    if options.companions:
        held += [_try_with(each) for each in COMPANIONS]
    if options.releases:
        held += [_has_fast_lane(version) for version in releases_with_plans()]
    write_page()
    return 0 if all(held) else 1


def _try(each: Release, suite: bool, workers: int) -> bool:
    day = ("--exclude-newer", str(each.as_of)) if each.as_of else ()
    python = _environment(each.version, *day, f"fastapi=={each.version}", *NEEDED)
    served = _served(python)
    keep(each.version, served=served)
    print(f"FastAPI {each.version}: {served}", flush=True)
    held = served.startswith("the same")
    if suite:
        for lane in (FAST_LANE, FASTAPIS_LANE) if each.has_fast_lane else (FASTAPIS_LANE,):
            held = _try_suite(each, lane, workers) and held
    return held


def _try_suite(each: Release, lane: str, workers: int) -> bool:
    is_usual = lane == FAST_LANE or not each.has_fast_lane
    column = f"{lane} lane"
    try:
        examined = examine(each, workers, None if is_usual else lane)
    except PreparationError as error:
        print(error, file=sys.stderr)
        keep(each.version, **{column: "did not come to an end"})
        return False
    found: dict[str, Any] = {
        column: str(examined),
        "failing in stock": examined.failing_in_stock,
        f"different in the {column}": [str(each) for each in examined.differences],
    }
    keep(each.version, **found)
    print(f"FastAPI {each.version} in its {lane} lane: {examined}", flush=True)
    for difference in examined.differences:
        print(difference)
    return examined.holds


def _agrees(each: Release, programs: int) -> bool:
    """Whether random programs do in the fast lane what they do with FastAPI's own classes."""
    day = ("--exclude-newer", str(each.as_of)) if each.as_of else ()
    requirements = (*day, f"fastapi=={each.version}", *NEEDED, "pytest", "hypothesis")
    python = _environment(f"{each.version}-programs", *requirements)
    agreed = [_agree(each, python, module, programs) for module in PROGRAMS]
    return all(agreed)


def _has_fast_lane(version: str) -> bool:
    unproven = unproven_in(f"fastapi=={version}")
    keep(version, unproven=unproven)
    print(f"FastAPI {version}: {', '.join(unproven) or 'the fast lane is on'}", flush=True)
    return not unproven


def _agree(each: Release, python: Path, module: str, programs: int) -> bool:
    done = subprocess.run(
        [python, "-W", "ignore", "-m", module, "0", str(programs)],
        cwd=REPOSITORY,
        env={**os.environ, LANE_VARIABLE: "fast"},
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"FastAPI {each.version}, {module}: {(done.stdout or done.stderr).strip()}", flush=True)
    return done.returncode == 0


def _try_with(companion: Companion) -> bool:
    is_newest = companion.fastapi == RELEASES[-1].version
    as_of = release(companion.fastapi).as_of if companion.version else None
    python = _environment(
        f"{companion.fastapi}-{companion}".replace(" ", "-"),
        *(("--exclude-newer", str(as_of)) if as_of else ()),
        *(f"fastapi=={companion.fastapi}", *NEEDED),
        *((f"{companion.name}=={companion.version}",) if companion.version else ()),
        *(TESTS if is_newest else ()),
    )
    served = _served(python)
    held = served.startswith("the same")
    tests = ""
    if is_newest:
        passed, tests = _run_own_tests(python)
        held = held and passed
    keep(companion.combination, served=served, tests=tests)
    print(f"FastAPI {companion.combination}: {served}; {tests}", flush=True)
    return held


def _run_own_tests(python: Path) -> tuple[bool, str]:
    # The lowest version of one and the newest of another deprecate each other's names.
    warnings = ("-W", "ignore::DeprecationWarning")
    command = [python, "-m", "pytest", "-q", "-n", "2", *warnings, *_own_tests()]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    last = done.stdout.strip().splitlines()[-1].strip("= ")
    return done.returncode == 0, last.partition(" in ")[0]


def _own_tests() -> list[str]:
    """Those that need no more than `TESTS`."""
    others = {"fastapi_names", "language_server", "next_fastapi", "typings"}
    directories = ("building", "compiling", "deciding", "lane", "matching", "plan", "serving")
    tests = (REPOSITORY / "tests").glob("test_*.py")
    return [
        *(str(REPOSITORY / "tests" / directory) for directory in directories),
        *sorted(str(file) for file in tests if file.stem.removeprefix("test_") not in others),
    ]


def _environment(name: str, *requirements: str) -> Path:
    root = CACHE / "versions" / f"{name}-{sys.version_info[0]}.{sys.version_info[1]}"
    environment = VirtualEnvironment(root)
    environment.prepare(lambda made: made.install(*requirements))
    return environment.python


def _served(python: Path) -> str:
    command = [python, "-m", "tests.next_fastapi"]
    line = json.dumps([[], False, None]) + "\n"
    done = subprocess.run(
        command, input=line, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return described(json.loads(done.stdout)) if done.stdout else f"failed: {done.stderr[-300:]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.versions", description=__doc__)
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="of FastAPI")
    parser.add_argument("--all", action="store_true", help="every version that is listed")
    parser.add_argument("--every-run", action="store_true", help="the four that CI always runs")
    parser.add_argument("--suite", action="store_true", help="run FastAPI's own suite too")
    parser.add_argument(
        "--programs",
        metavar="COUNT",
        type=int,
        default=0,
        help="compare as many random programs in the fast lane too",
    )
    parser.add_argument(
        "--companions",
        action="store_true",
        help="the lowest and the newest Pydantic, Starlette and AnyIO",
    )
    parser.add_argument(
        "--releases",
        action="store_true",
        help="say of every release with plans whether the fast lane is on there",
    )
    parser.add_argument("--workers", type=int, default=2, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
