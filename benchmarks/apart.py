"""Libraries that replace what FastAPI has, or need another one, in environments of their own."""

import json
import os
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def environment_of(folder: Path, requirements: Sequence[str]) -> Path:
    """The Python of an environment with these packages, which is made where it is missing.

    Raises:
        OSError: it cannot be made.
        subprocess.SubprocessError: a package cannot be installed.
    """
    python = folder / "bin" / "python"
    made = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not made.exists() or made.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(command, check=True, timeout=600, capture_output=True)
        made.write_text(wanted)
    return python


def told_by(python: Path, module: str, *arguments: str) -> Any:
    """What a module of this project prints there, read as JSON."""
    ended = subprocess.run(
        [str(python), "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=1200,
    )
    return json.loads(ended.stdout)


def reason(error: OSError | subprocess.SubprocessError) -> str:
    """Why it went wrong: the last thing that the process said, if it said anything."""
    said = getattr(error, "stderr", None)
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    lines = (text or "").strip().splitlines()
    return lines[-1] if lines else str(error)
