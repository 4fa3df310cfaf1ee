"""A pytest plugin that writes down how each test of the suite ended.

`pytest -p fastdeps_conformance.plugin --outcomes=FILE`, with this directory's parent on
`PYTHONPATH` and the mode in `FASTDEPS_CONFORMANCE_MODE`.
"""

import json
import re
from pathlib import Path

import pytest

from .lanes import count_lanes, write_lanes
from .replacement import check, replaces

GROUP = re.compile(r"@[^\]]*$")
"""What older releases of pytest-xdist append to the id of a test that is in a group."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, help="the file that the outcomes are written to")


def pytest_configure(config: pytest.Config) -> None:
    check()
    worker = getattr(config, "workerinput", {}).get("workerid")
    if config.option.outcomes and worker is None:
        config.pluginmanager.register(Recorder(config.option.outcomes))
    if config.option.outcomes and replaces():
        config.pluginmanager.register(LaneCounter(config.option.outcomes.parent, worker or "main"))


class Recorder:
    """Collects one outcome for each test id, the worst of its phases."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.outcomes: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = outcome_of(report)
        if outcome:
            self.record(report, outcome)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.config.option.collectonly:
            for item in session.items:
                self.outcomes[item.nodeid] = {"outcome": "collected", "text": ""}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self.record(report, "error" if report.failed else "skipped")

    def record(self, report: pytest.TestReport | pytest.CollectReport, outcome: str) -> None:
        test = GROUP.sub("", report.nodeid)
        earlier = self.outcomes.get(test)
        if earlier is None or earlier["outcome"] == "passed":
            text = "" if outcome == "passed" else report.longreprtext
            self.outcomes[test] = {"outcome": outcome, "text": text}

    def pytest_sessionfinish(self) -> None:
        self.file.write_text(json.dumps(dict(sorted(self.outcomes.items())), indent=1))


class LaneCounter:
    """Writes down how many routes of this process took which lane."""

    def __init__(self, directory: Path, worker: str) -> None:
        self.directory = directory
        self.worker = worker
        self.lanes = count_lanes()

    def pytest_sessionfinish(self) -> None:
        write_lanes(self.lanes, self.directory, self.worker)


def outcome_of(report: pytest.TestReport) -> str | None:
    """How a test ended in this phase; `None` if the phase decides nothing."""
    if hasattr(report, "wasxfail"):
        return "xpassed" if report.passed else "xfailed"
    if report.when in ("setup", "teardown"):
        return None if report.passed else "error" if report.failed else "skipped"
    return report.outcome
