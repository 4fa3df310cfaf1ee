"""Run a neighbour's own suite with FastAPI's classes and with this package's, and compare."""

import os
import re
from itertools import count
from pathlib import Path

from tests.harness.commands import PreparationError
from tests.harness.injected.fastdeps_conformance.replacement import MODE_VARIABLE
from tests.harness.outcomes import Outcome, Outcomes, compare, failing
from tests.harness.suites import INJECTED, run_pytest
from tests.neighbours.catalogue import SUITE_COMMON, Neighbour, Suite
from tests.neighbours.environment import Environment, checkout, unpack_sdist, without_paths
from tests.neighbours.results import SuiteResult, counted


def run_suite(neighbour: Neighbour, suite: Suite, version: str) -> SuiteResult:
    """Both runs, test by test; says so where they could not be made. `version` is the tested
    one, of which the suite is, if its sdist has it."""
    version = suite.version or version
    first, *others = neighbour.requirements
    requirements = (f"{first}=={version}", *others, *suite.requirements.split(), *SUITE_COMMON)
    environment = Environment(
        f"suite-{neighbour.module}",
        requirements,
        tuple(suite.unresolved.split()),
        neighbour.overrides,
    )
    try:
        sources = _sources(neighbour, suite, version)
        environment.prepare()
        stock = _outcomes(environment, sources, suite, "stock")
        fastdeps = _outcomes(environment, sources, suite, "fastdeps")
    except PreparationError as error:
        return SuiteResult(unavailable=without_paths(str(error)))
    return SuiteResult(
        stock=counted([outcome.kind for outcome in stock.values()]),
        fastdeps=counted([outcome.kind for outcome in fastdeps.values()]),
        different={
            each.test: f"{each.stock.kind} with FastAPI, {each.here.kind} here"
            for each in compare(stock, fastdeps)
        },
        failing_in_both=tuple(sorted({*failing(stock)} & {*failing(fastdeps)})),
    )


def _sources(neighbour: Neighbour, suite: Suite, version: str) -> Path:
    if suite.repository:
        return checkout(suite.repository, suite.tag, suite.folders)
    return unpack_sdist(neighbour.distribution, version)


def _outcomes(environment: Environment, sources: Path, suite: Suite, mode: str) -> Outcomes:
    outcomes: Outcomes = {}
    for paths in (suite.paths, *((path,) for path in suite.apart)):
        outcomes = {**outcomes, **_run(environment, sources, (*paths, *suite.options), mode)}
    return _without_chance(outcomes, suite.chance)


def _run(
    environment: Environment, sources: Path, arguments: tuple[str, ...], mode: str
) -> Outcomes:
    python = environment.installed.python
    path = os.pathsep.join((str(python.parent), os.environ["PATH"]))
    return run_pytest(
        python,
        *arguments,
        *("-p", "no:cacheprovider", "--tb=short"),
        *("--continue-on-collection-errors", "--rootdir=."),
        cwd=sources,
        variables=os.environ | {MODE_VARIABLE: mode, "PYTHONPATH": str(INJECTED), "PATH": path},
    )


def _without_chance(outcomes: Outcomes, chance: str) -> Outcomes:
    """The outcomes under names that are the same in each run.

    Tests whose names differ only by chance are told apart by a number, in the order of how
    they ended, so that two runs compare equal where as many of them ended in each way.
    """
    if not chance:
        return outcomes
    renamed: dict[str, Outcome] = {}
    for test, outcome in sorted(outcomes.items(), key=lambda item: item[1].kind):
        name = re.sub(chance, "*", test)
        number = next(n for n in count() if f"{name} {n}" not in renamed)
        renamed[f"{name} {number}"] = outcome
    return renamed
