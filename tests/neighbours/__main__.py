"""`python -m tests.neighbours`: every neighbour beside this package, as data and as a table."""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from tests.harness.commands import REPOSITORY, PreparationError
from tests.neighbours import results, table
from tests.neighbours.catalogue import COMMON, NEIGHBOURS, Neighbour
from tests.neighbours.conftest import SWITCH
from tests.neighbours.environment import Environment
from tests.neighbours.results import Result, Results, counted
from tests.neighbours.suites import run_suite


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    chosen = [
        each
        for each in NEIGHBOURS
        if (each.module in options.only if options.only else options.suites or not each.is_heavy)
    ]
    for neighbour in NEIGHBOURS:
        if neighbour.is_heavy and neighbour not in chosen and not options.only:
            print(f"{neighbour.name}: not in this run; it is in --only {neighbour.module}")
    found = results.read()
    environments = [_environment(each) for each in chosen]
    with ThreadPoolExecutor(1 if options.suites else _AT_ONCE) as threads:
        judged = threads.map(
            lambda each, environment: _judge(
                each, environment, options.suites, found.get(each.module)
            ),
            chosen,
            environments,
        )
        for neighbour, environment, result in zip(chosen, environments, judged, strict=True):
            found[neighbour.module] = result
            print(_line(result), flush=True)
            _write(found, environment)
    return 0 if all(_holds(found[each.module]) for each in chosen) else 1


_AT_ONCE = 2
"""Each neighbour's tests wait for its server, or its imports, for much of their time. The suites
have workers of their own."""


@cache
def _shared_environment() -> Environment:
    """The one environment of all that are not heavy, so that they are tested beside each other."""
    together = [each for each in NEIGHBOURS if not each.is_heavy]
    requirements = {part: None for each in together for part in each.requirements}
    environment = Environment("neighbours", (*COMMON, *requirements))
    environment.prepare()
    return environment


def _environment(neighbour: Neighbour) -> Environment:
    if not neighbour.is_heavy:
        return _shared_environment()
    name = f"neighbour-{neighbour.module}"
    requirements = (*COMMON, *neighbour.requirements)
    environment = Environment(name, requirements, overrides=neighbour.overrides)
    environment.prepare()
    return environment


def _judge(
    neighbour: Neighbour, environment: Environment, suites: bool, earlier: Result | None
) -> Result:
    version = environment.installed.versions()[neighbour.distribution]
    suite = earlier.suite if earlier else None
    if suites and neighbour.suite:
        suite = run_suite(neighbour, neighbour.suite, version)
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        # In a process of its own: some neighbours replace functions of FastAPI for good.
        finished = subprocess.run(
            [
                *(
                    environment.installed.python,
                    "-m",
                    "pytest",
                    f"tests/neighbours/test_{neighbour.module}.py",
                ),
                *("-q", "--tb=short", "-o", "filterwarnings=", f"--junitxml={report}"),
            ],
            cwd=REPOSITORY,
            env=os.environ | {SWITCH: "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if not report.exists():
            raise PreparationError(finished.stdout + finished.stderr)
        cases = ElementTree.parse(report).findall(".//testcase")
    outcomes = {f"{case.get('classname')}::{case.get('name')}": _outcome(case) for case in cases}
    failed = tuple(test for test, outcome in outcomes.items() if outcome != "passed")
    if failed:
        print(finished.stdout, file=sys.stderr)
    lanes = {
        item.get("value", "")
        for case in cases
        for item in case.findall("properties/property")
        if item.get("name") == "lane"
    }
    return Result(
        name=neighbour.name,
        works=finished.returncode == 0,
        version=version,
        lanes=tuple(sorted(lanes)),
        caveat=neighbour.caveat,
        outcomes=counted(list(outcomes.values())),
        failed=failed,
        suite=suite,
    )


def _outcome(case: ElementTree.Element) -> str:
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return {"failure": "failed"}.get(kind, kind)
    return "passed"


def _write(found: dict[str, Result], environment: Environment) -> None:
    versions = environment.installed.versions()
    ordered = {each.module: found[each.module] for each in NEIGHBOURS if each.module in found}
    written = Results(
        python=platform.python_version(),
        fastapi=versions["fastapi"],
        starlette=versions["starlette"],
        neighbours=ordered,
    )
    written.write()
    table.write(written)


def _holds(result: Result) -> bool:
    return result.works and not (result.suite and result.suite.different)


def _line(result: Result) -> str:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in result.outcomes.items())
    return f"{result.name} {result.version}: {counts} [{', '.join(result.lanes)}]"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.neighbours", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[each.module for each in NEIGHBOURS],
        help="may be given more than once; the other rows keep their earlier results",
    )
    parser.add_argument(
        "--no-suites",
        dest="suites",
        action="store_false",
        help="leave out the neighbours' own suites; their earlier results are kept",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
