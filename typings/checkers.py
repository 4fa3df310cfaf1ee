"""The four type checkers, run over a copy of the package and the programs."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typings.programs import DIRECTORY

PACKAGE = Path(__file__).parents[1] / "fastapi_fastdeps"
CHECKERS = ("mypy", "pyright", "ty", "pyrefly")
_BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or warning. `file` is relative to the copy, `code` the checker's own."""

    checker: str
    file: str
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.checker} [{self.code}] {self.message}"


def lay_out(directory: Path) -> Path:
    """Copy the package and the programs, so that no configuration but ours applies."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, directory / PACKAGE.name, ignore=ignored)
    shutil.copytree(DIRECTORY, directory / DIRECTORY.name, ignore=ignored)
    return directory


def check(directory: Path, files: list[str], python: str, cache: Path) -> list[Diagnostic]:
    """What the four checkers say about files and folders of a copy."""
    with ThreadPoolExecutor(len(_RUNS)) as pool:
        runs = [pool.submit(run, directory, files, python, cache) for run in _RUNS]
        return [diagnostic for run in runs for diagnostic in run.result()]


def _mypy(directory: Path, files: list[str], python: str, cache: Path) -> list[Diagnostic]:
    # Without this code mypy passes over `@deprecated`, even in strict mode.
    options = ["--strict", "--enable-error-code=deprecated", "--config-file=", "--output=json"]
    version = [f"--python-version={python}", f"--cache-dir={cache}"]
    output = _run("mypy", *options, *version, *files, cwd=directory, MYPYPATH=str(directory))
    return [
        Diagnostic("mypy", found["file"], found["line"], found["code"], found["message"])
        for found in map(json.loads, filter(None, output.splitlines()))
        if found["severity"] != "note"
    ]


def _pyright(directory: Path, files: list[str], python: str, _: Path) -> list[Diagnostic]:
    config = directory / f"pyright-{python}.json"
    settings = {"typeCheckingMode": "strict", "pythonVersion": python, "include": files}
    config.write_text(json.dumps(settings))
    options = ["--outputjson", f"--project={config}", f"--pythonpath={sys.executable}"]
    output = json.loads(_run("pyright", *options, cwd=directory))
    return [
        Diagnostic(
            "pyright",
            str(Path(found["file"]).relative_to(directory)),
            found["range"]["start"]["line"] + 1,
            found.get("rule", "syntax"),
            found["message"],
        )
        for found in output["generalDiagnostics"]
        if found["severity"] != "information"
    ]


def _ty(directory: Path, files: list[str], python: str, _: Path) -> list[Diagnostic]:
    options = ["--output-format=gitlab", f"--python={sys.executable}", f"--project={directory}"]
    output = json.loads(
        _run("ty", "check", *options, f"--python-version={python}", *files, cwd=directory)
    )
    return [
        Diagnostic(
            "ty",
            found["location"]["path"],
            found["location"]["positions"]["begin"]["line"],
            found["check_name"],
            found["description"],
        )
        for found in output
    ]


def _pyrefly(directory: Path, files: list[str], python: str, _: Path) -> list[Diagnostic]:
    options = ["--output-format=json", "--preset=default", "--min-severity=warn"]
    environment = [f"--python-interpreter-path={sys.executable}", f"--search-path={directory}"]
    version = f"--python-version={python}"
    output = _run("pyrefly", "check", *options, *environment, version, *files, cwd=directory)
    return [
        Diagnostic("pyrefly", found["path"], found["line"], found["name"], found["description"])
        for found in json.loads(output)["errors"]
    ]


_RUNS: tuple[Callable[[Path, list[str], str, Path], list[Diagnostic]], ...] = (
    _pyright,
    _mypy,
    _ty,
    _pyrefly,
)


def verify_types() -> dict[str, Any]:
    """`pyright --verifytypes` of the installed package, as its JSON."""
    # It knows no `--pythonpath`, and takes the first Python of PATH.
    path = f"{_BIN}{os.pathsep}{os.environ['PATH']}"
    options = ("--verifytypes", PACKAGE.name, "--ignoreexternal", "--outputjson")
    report: dict[str, Any] = json.loads(_run("pyright", *options, cwd=PACKAGE.parent, PATH=path))
    return report


def incompletely_typed(report: dict[str, Any]) -> Iterator[str]:
    """The public symbols whose type `verify_types` found unknown or ambiguous."""
    for symbol in report["typeCompleteness"]["symbols"]:
        if symbol["isExported"] and not symbol["isTypeKnown"]:
            yield symbol["name"]


def _run(checker: str, *arguments: str, cwd: Path, **environment: str) -> str:
    finished = subprocess.run(
        [str(_BIN / checker), *arguments],
        cwd=cwd,
        env={**os.environ, "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    # 1 is "there are errors", which the callers read.
    if finished.returncode > 1:
        raise RuntimeError(f"{checker} failed:\n{finished.stdout}{finished.stderr}")
    return finished.stdout
