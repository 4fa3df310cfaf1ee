"""Commands that are shown without what they print: what they name has to be there."""

import re
import shlex
import subprocess
import sys
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.harness.commands import REPOSITORY

PROJECT = "fastapi-fastdeps"


def check_synopsis(source: str, here: Path) -> None:
    """Fails where a command, an option, a file or an extra does not exist."""
    for line in source.splitlines():
        for command in re.split(r"\s*&&\s*", line.split("  #")[0]):
            if command.strip():
                _check(shlex.split(command), here)


def _check(words: list[str], here: Path) -> None:
    while "=" in words[0]:
        words = words[1:]
    program, *rest = words
    if program.endswith(("/pip", "/python", "/python3")):
        program = program.rsplit("/", 1)[1]
    match program:
        case "pip" | "uv" | "uvx":
            for word in rest:
                _check_requirement(word)
        case "python" | "python3":
            _check_module(rest)
        case "fastdeps":
            _check_fastdeps(rest)
        case "fastapi":
            files = [Path(word) for word in rest[1:] if word.endswith(".py")]
            missing = [f for f in files if not any((at / f).exists() for at in (REPOSITORY, here))]
            assert not missing, missing
        case "pytest" | "git" | "cd" | "apt-get" | "ruff" | "mypy" | "pyright":
            pass
        case _:
            pytest.fail(f"Nothing is known of the command {program!r}", pytrace=False)


def _check_requirement(word: str) -> None:
    extras = re.fullmatch(rf"(?:{PROJECT}|\.)\[([\w,-]+)\]", word)
    if extras:
        known = _project()["optional-dependencies"]
        unknown = set(extras[1].split(",")) - set(known)
        assert not unknown, f"{word}: there is no extra {', '.join(unknown)}"
    elif word.startswith("fastapi-fast") and word != PROJECT:
        pytest.fail(f"{word} is not how this project is called", pytrace=False)


def _check_module(rest: list[str]) -> None:
    if rest and rest[0] == "-m":
        assert find_spec(rest[1]) is not None, f"there is no module {rest[1]}"


def _check_fastdeps(rest: list[str]) -> None:
    if not rest:
        return
    helped = _help_of(rest[0])
    for word in re.findall(r"(?<![\w-])--?[a-z][\w-]*", " ".join(rest[1:]).split(" -- ")[0]):
        assert re.search(rf"(?<![\w-]){word}(?![\w-])", helped), f"{rest[0]} has no option {word}"


@cache
def _help_of(command: str) -> str:
    shown = subprocess.run(
        [sys.executable, "-m", "fastapi_fastdeps", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    return shown.stdout


@cache
def _project() -> dict[str, dict[str, list[str]]]:
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        project: dict[str, dict[str, list[str]]] = tomllib.load(file)["project"]
    return project
