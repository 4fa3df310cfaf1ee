"""`python -m tests.pyodide`: the program, and files of these tests, in Pyodide under Node, where no
thread can start."""

import importlib.metadata
import shutil
import sys
from pathlib import Path

from tests.harness.commands import CACHE, REPOSITORY, PreparationError, run, run_python

PYODIDE = "314.0.7"
PYTHON, PLATFORM = "3.14", "pyemscripten_2026_0_wasm32"
PACKAGES = "site-packages"
SCRIPT = Path(__file__).with_name("run.mjs")


def main() -> int:
    try:
        directory = prepare()
        for what in ("program", "suite"):
            script = directory / SCRIPT.name
            print(run("node", script, REPOSITORY, directory / PACKAGES, what), end="", flush=True)
    except PreparationError as error:
        print(error)
        return 1
    return 0


def prepare() -> Path:
    """Where Pyodide, this FastAPI for it and the script are. Raises `PreparationError`."""
    fastapi = importlib.metadata.version("fastapi")
    directory = CACHE / f"pyodide-{PYODIDE}-fastapi-{fastapi}"
    complete = directory / "complete"
    if not complete.exists():
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        run("npm", "install", "--prefix", directory, f"pyodide@{PYODIDE}")
        run_python(
            "pip",
            *("install", "--quiet", "--target", directory / PACKAGES, "--only-binary", ":all:"),
            *("--python-version", PYTHON, "--platform", PLATFORM, "--platform", "any"),
            *(f"fastapi=={fastapi}", "python-multipart", "httpx", "hypothesis", "pytest"),
        )
        complete.touch()
    # Node looks for packages from where the script is.
    shutil.copy(SCRIPT, directory)
    return directory


if __name__ == "__main__":
    sys.exit(main())
