"""Runs the blocks of a page as its reader would, in an empty folder: a plugin of pytest.

`python -m pytest -p tests.documentation.running README.md docs`
"""

import contextlib
import io
import json
import linecache
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from sybil import Document, Example, Region, Sybil

from tests.documentation.blocks import Block, blocks
from tests.documentation.synopses import check_synopsis
from tests.harness.commands import REPOSITORY, inherited_variables

SECONDS = 120


class Reader:
    """A folder that begins empty, and a module in which what is shown is run."""

    def __init__(self, page: Path) -> None:
        self._temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self._temporary.name).resolve() / "shop"
        self.folder.mkdir()
        self._name = re.sub(r"\W", "_", page.relative_to(REPOSITORY).with_suffix("").as_posix())
        self._begin()

    def run(self, block: Block) -> None:
        if block.fresh:
            self._begin()
        match block.kind:
            case "file":
                path = self.folder / block.title
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.source, encoding="utf-8")
            case "python":
                printed = self._execute(block)
                if block.shown is not None:
                    assert_shown(block.shown, printed)
            case "console":
                for command, shown in commands_of(block.source):
                    assert_shown(shown, self._command(command))
            case "synopsis":
                check_synopsis(block.source, self.folder)
            case "data":
                {"json": json.loads, "toml": tomllib.loads, "yaml": yaml.safe_load}[block.language](
                    block.source
                )
            case "drawing":
                pass
            case "shown":
                if not block.reason:
                    pytest.fail("Nothing says what prints this: see tests/documentation/blocks.py")
                pytest.skip(block.reason)

    def leave(self) -> None:
        sys.modules.pop(self._name, None)
        self._temporary.cleanup()

    def _begin(self) -> None:
        self._module = ModuleType(self._name)
        sys.modules[self._name] = self._module
        self._module.__dict__["__file__"] = str(self.folder / "page.py")

    def _execute(self, block: Block) -> str:
        # A file of its own: what is marked is named with its line, and `harmless` reads sources.
        path = self.folder.parent / f"{self._name}_{block.line}.py"
        path.write_text(block.source, encoding="utf-8")
        linecache.checkcache(str(path))
        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(compile(block.source, path, "exec", dont_inherit=True), self._module.__dict__)
        return printed.getvalue()

    def _command(self, command: str) -> str:
        environment = {
            **inherited_variables(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "PYTHONUNBUFFERED": "1",  # A terminal's order.
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return ended.stdout


def commands_of(source: str) -> Iterable[tuple[str, str]]:
    """Each command of a console, and what is shown of what it prints."""
    command, shown = "", list[str]()
    for line in source.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, "\n".join(shown)
            command, shown = line[2:], []
        elif command.endswith("\\") and line.startswith("> "):
            command = command[:-1] + line[2:]
        else:
            shown.append(line)
    if command:
        yield command, "\n".join(shown)


def assert_shown(shown: str, printed: str) -> None:
    """`...` stands for any text within a line and, alone in a line, for any lines. Where it is
    used, columns may be as wide as what stands in them."""
    varies = "..." in shown
    wanted = _lines(shown, varies)
    pattern = ""
    for line in wanted:
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("...")) + r"\n"
    found = "".join(f"{line}\n" for line in _lines(printed, varies))
    if not re.fullmatch(pattern, found):
        pytest.fail(f"This is shown:\n\n{shown}\n\nThis was printed:\n\n{found}", pytrace=False)


def _lines(text: str, varies: bool) -> list[str]:
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return [re.sub(r"(?<=\S) {2,}", "  ", line) for line in lines] if varies else lines


def _parse(document: Document) -> Iterable[Region]:
    for block in blocks(Path(document.path)):
        yield Region(block.start, block.end, block, _evaluate)


def _evaluate(example: Example) -> None:
    namespace: dict[str, Any] = example.namespace
    reader = namespace.setdefault("reader", None) or Reader(Path(example.path))
    namespace["reader"] = reader
    reader.run(example.parsed)


def _teardown(namespace: dict[str, Any]) -> None:
    if "reader" in namespace:
        namespace["reader"].leave()


pytest_collect_file = Sybil(
    parsers=[_parse],
    path=str(REPOSITORY),
    patterns=["*.md", "fastapi_fastdeps/*.py"],
    teardown=_teardown,
    document_types={".py": Document},
).pytest()
