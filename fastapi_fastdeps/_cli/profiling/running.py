"""Runs a command whose processes measure what is sync in their apps."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi_fastdeps._cli.checking.table import names_that_block
from fastapi_fastdeps._cli.profiling.describing import TABLE
from fastapi_fastdeps._cli.profiling.measured import Profile, profile_of
from fastapi_fastdeps._cli.projects import Project, project, starting


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, and what was measured.

    Attributes:
        exit_code: the command's, or 128 and the number of the signal that ended it.
    """

    exit_code: int
    profile: Profile


def run(command: Sequence[str], *, python: str | None, to_stderr: bool) -> Ended:
    """Run a command, wait for its end, and read what its processes have written.

    `to_stderr`: what it writes to its standard output goes to the standard error. Ctrl-C is left to
    the command, and SIGTERM handed on to it. Raises `NotFoundError` where there is no such command.
    """
    with project(python) as there, TemporaryDirectory(prefix="fastdeps-profile-") as folder:
        Path(folder, TABLE).write_text(json.dumps(sorted(names_that_block())), encoding="utf-8")
        code = _waited_for(there, command, folder, to_stderr)
        return Ended(128 - code if code < 0 else code, profile_of(Path(folder)))


def _waited_for(there: Project, command: Sequence[str], folder: str, to_stderr: bool) -> int:
    # In FastAPI's lane each callable is called alone, and what is threaded goes FastAPI's way.
    variables = there.environment(
        FASTDEPS_PROFILE=folder, FASTDEPS_TRY="stock", FASTAPI_FASTDEPS_LANE="fastapi"
    )
    program = there.program(command)
    with _signals_left_to(process := []):
        with starting(command[0]):
            process.append(
                subprocess.Popen(
                    program, env=variables, stdout=sys.stderr.fileno() if to_stderr else None
                )
            )
        return process[0].wait()


@contextmanager
def _signals_left_to(process: list[subprocess.Popen[bytes]]) -> Generator[None]:
    """A terminal sends Ctrl-C to the command too, so it is enough that this goes on."""

    def hand_on(number: int, _: Any) -> None:
        for each in process:
            each.send_signal(number)

    def ignore(number: int, _: Any) -> None: ...

    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, ignore),
        signal.SIGTERM: signal.signal(signal.SIGTERM, hand_on),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
