"""Programs that are run to the end, in processes of their own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache"


class PreparationError(Exception):
    """Something that is needed could not be had; says what its tool said."""


def run(
    *command: str | Path, cwd: Path | None = None, variables: Mapping[str, str] | None = None
) -> str:
    """What a command prints. Raises `PreparationError` with all that it said if it fails."""
    line = [*map(str, command)]
    finished = subprocess.run(
        line, cwd=cwd, env=variables, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise PreparationError(f"{' '.join(line)}\n{finished.stdout}{finished.stderr}")
    return finished.stdout


def run_python(module: str, *arguments: str | Path) -> str:
    """What a module of this interpreter prints. Raises `PreparationError` if it fails."""
    return run(sys.executable, "-m", module, *arguments)


def uv(*arguments: str | Path) -> str:
    """What uv prints. Raises `PreparationError` if it fails."""
    return run_python("uv", *arguments)


def inherited_variables(*without: str) -> dict[str, str]:
    """This process's environment variables, but for those that begin with one of these."""
    return {name: value for name, value in os.environ.items() if not name.startswith(without)}
