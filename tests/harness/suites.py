"""Test suites of others, run in one mode, and how each of their tests ended."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.harness.commands import PreparationError
from tests.harness.outcomes import Outcomes, read_outcomes

INJECTED = Path(__file__).with_name("injected")
"""What goes onto the suite's `PYTHONPATH`, or a copy of it."""
TESTS_RAN = (0, 1)
LAST_LINES = 40


def run_pytest(
    python: Path,
    *arguments: str,
    cwd: Path,
    variables: Mapping[str, str],
    outcomes: Path | None = None,
    log: Path | None = None,
) -> Outcomes:
    """Run pytest with the plugin that writes the outcomes down.

    The outcomes and the log are kept in the files that are given. Raises `PreparationError`
    with the end of the log where pytest did not come to an end of its own.
    """
    with tempfile.TemporaryDirectory() as directory:
        file = outcomes or Path(directory) / "outcomes.json"
        log = log or Path(directory) / "log.txt"
        with log.open("w") as output:
            status = subprocess.run(
                [
                    *(python, "-m", "pytest", *arguments),
                    *("-p", "fastdeps_conformance.plugin", f"--outcomes={file}"),
                ],
                cwd=cwd,
                env=variables,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        if status not in TESTS_RAN or not file.exists():
            last = log.read_text().strip().splitlines()[-LAST_LINES:]
            raise PreparationError("\n".join([f"pytest ended with {status}:", *last]))
        return read_outcomes(file)
