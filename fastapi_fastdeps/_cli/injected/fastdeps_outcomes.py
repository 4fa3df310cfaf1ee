"""A pytest plugin that writes down how each test ended, for `fastdeps try -- pytest`."""

import json
import os
from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Recorder(Path(os.environ["FASTDEPS_TRY_OUTCOMES"])))


class _Recorder:
    """Collects the worst outcome of each test, and what it said."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.outcomes: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if hasattr(report, "wasxfail"):
            self._record(report, "xpassed" if report.passed else "xfailed")
        elif report.when == "call":
            self._record(report, report.outcome)
        elif not report.passed:
            self._record(report, "error" if report.failed else "skipped")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self._record(report, "error" if report.failed else "skipped")

    def _record(self, report: pytest.TestReport | pytest.CollectReport, outcome: str) -> None:
        if self.outcomes.get(report.nodeid, ("passed", ""))[0] == "passed":
            crash = getattr(report.longrepr, "reprcrash", None)
            text = crash.message if crash is not None else report.longreprtext
            self.outcomes[report.nodeid] = (outcome, "" if outcome == "passed" else text)

    def pytest_sessionfinish(self) -> None:
        self.file.write_text(json.dumps(self.outcomes), encoding="utf-8")
