"""Run FastAPI's suite in one mode, and say how every test ended."""

import ast
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi_fastdeps._fastapi.names import LANE_VARIABLE
from fastapi_fastdeps._observing.choice import GUARD_VARIABLE
from tests.conformance.environment import Environment
from tests.harness.commands import PreparationError, inherited_variables
from tests.harness.injected.fastdeps_conformance.replacement import MODE_VARIABLE
from tests.harness.outcomes import (
    COLLECTED,
    PASSED,
    Outcomes,
    failing,
    read_outcomes,
    write_outcomes,
)
from tests.harness.suites import INJECTED, run_pytest

REPLACED = {"FastAPI", "APIRouter"}
TIME_LIMIT = "60"
"""Seconds for a test."""
RETRIES = 3
FAST_LANE = "fast"
FASTAPIS_LANE = "fastapi"
LOGGING = "logging"
FAILING = "failing"
PLUGIN = (
    *("-p", "fastdeps_conformance.guarding"),
    *("-o", "fastdeps_guard=true", "-o", "fastdeps_slow_call=10"),
)
"""What has every test fail in which an inline call blocks: by what it calls, as the machine may be
busy."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the suite is given: whose classes, with the fast lane or without it, and with a guard
    that logs, one that has tests fail, or none."""

    mode: str
    lane: str | None = None
    guard: str | None = None

    def __str__(self) -> str:
        lanes = {FAST_LANE: " in the fast lane", FASTAPIS_LANE: " in FastAPI's lane"}
        guarded = f" with the guard {self.guard}" if self.guard else ""
        return f"{self.mode}{lanes.get(self.lane or '', '')}{guarded}"

    @property
    def name(self) -> str:
        return "-".join(filter(None, (self.mode, self.lane, self.guard)))

    @property
    def variables(self) -> dict[str, str]:
        return (
            {MODE_VARIABLE: self.mode}
            | ({LANE_VARIABLE: self.lane} if self.lane else {})
            | ({GUARD_VARIABLE: "1"} if self.guard == LOGGING else {})
        )

    @property
    def arguments(self) -> tuple[str, ...]:
        """What pytest is given besides."""
        return PLUGIN if self.guard == FAILING else ()


STOCK = Setting("stock")
COLLECT = ("tests", "--collect-only", "-q")
FEW = 300
"""How many tests are run one after the other rather than the whole suite at once."""


def run(
    environment: Environment, setting: Setting, workers: int, only: Sequence[str] = ()
) -> Outcomes:
    """Run the suite in this setting, or some of its tests, one after the other.

    Raises `PreparationError` where pytest did not come to an end of its own.
    """
    directory = environment.root / setting.name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    sources, package, injected = (directory / name for name in ("suite", "package", "injected"))
    environment.unpack_sources(sources)
    environment.install_package(package)
    shutil.copytree(INJECTED, injected)
    if missed := [*unreplaced(sources)]:
        raise PreparationError("FastAPI's classes are imported past us:\n" + "\n".join(missed))
    # FastAPI's own script for its tests puts docs_src on the path.
    python_path = os.pathsep.join(map(str, (injected, package, "docs_src")))
    variables = _variables(environment) | {"PYTHONPATH": python_path} | setting.variables
    pytest = Pytest(environment, directory, variables, setting.arguments)
    at_once = ("tests", "-n", str(workers), "--dist", "loadgroup")
    outcomes = pytest.run(*(only or at_once))
    for _ in range(RETRIES):
        if late := [test for test, outcome in outcomes.items() if outcome.is_late]:
            # Some tests give themselves 15 seconds, too few for them on a busy machine, and
            # one hangs now and then in Starlette's test client, stock or not.
            outcomes = {**outcomes, **pytest.run(*late)}
    return outcomes


@dataclass(frozen=True, slots=True)
class Pytest:
    """Runs tests of the sources that are unpacked in a directory."""

    environment: Environment
    directory: Path
    variables: dict[str, str]
    options: tuple[str, ...] = ()

    def run(self, *arguments: str) -> Outcomes:
        return run_pytest(
            self.environment.installed.python,
            *("-p", "no:sugar", "--timeout", TIME_LIMIT, "--timeout-method", "signal"),
            *self.options,
            *arguments,
            cwd=self.directory / "suite",
            variables=self.variables,
            outcomes=self.directory / "outcomes.json",
            log=self.directory / "log.txt",
        )


def stock(environment: Environment, workers: int, here: Outcomes) -> Outcomes:
    """The outcomes without any replacement, to compare these with.

    A test that passes here ends as FastAPI wants it to, and has no need to be run there, only to be
    there. What was run there in this environment is not run again. What fails where tests run at
    once counts as it ends alone.
    """
    file = environment.root / "stock.json"
    known = dict(read_outcomes(file) if file.exists() else run(environment, STOCK, 1, COLLECT))
    doubtful = sorted(
        test
        for test, there in known.items()
        if there.kind == COLLECTED and here.get(test) != PASSED
    )
    if len(doubtful) > FEW:
        known |= run(environment, STOCK, workers)
        doubtful = [*failing(known)]
    if doubtful:
        known |= run(environment, STOCK, workers, doubtful)
    write_outcomes(file, known)
    return {test: PASSED if each.kind == COLLECTED else each for test, each in known.items()}


def unreplaced(sources: Path) -> Iterator[str]:
    """Where the suite takes FastAPI's classes from elsewhere than the package `fastapi`."""
    for directory in ("tests", "docs_src"):
        for file in sorted((sources / directory).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_bytes())):
                if _takes_original(node):
                    yield f"{file.relative_to(sources)}: {ast.unparse(node)}"


def _takes_original(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        submodule = (node.module or "").startswith("fastapi.")
        return submodule and any(alias.name in REPLACED for alias in node.names)
    if isinstance(node, ast.Attribute) and node.attr in REPLACED:
        return ast.unparse(node.value).split(".")[-1] in ("applications", "routing")
    return False


def _variables(environment: Environment) -> dict[str, str]:
    inherited = inherited_variables("PYTEST_", "PYTHON", "COV_", "COVERAGE_", LANE_VARIABLE)
    installed = environment.installed
    path = (installed.python.parent, inherited.get("PATH", os.defpath))
    return inherited | {
        "PATH": os.pathsep.join(map(str, path)),
        "VIRTUAL_ENV": str(installed.directory),
    }
