"""How findings are shown: in a terminal, as annotations of GitHub, as SARIF."""

import os
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from fastapi_fastdeps._cli.checking.findings import RULES, Finding

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    for each in findings:
        where = f"{relative(each.file)}:{each.line}" if each.places else ""
        style = _COLOURS[each.rule.level]
        console.print(Text.assemble((f"{where} ", "bold"), (each.rule.code, style)))
        console.print(Padding(Text(each.message), (0, 0, 0, 4), expand=False))
        for file, line in each.places[1:]:
            console.print(Text(f"    from {relative(file)}:{line}", style="dim"))
    count = len(findings)
    console.print(Text(f"{count} finding{'' if count == 1 else 's'}", style="bold"))


def as_annotations(findings: Sequence[Finding]) -> Iterator[str]:
    """The workflow commands that GitHub shows at their lines."""
    for each in findings:
        level = "notice" if each.rule.level == "note" else each.rule.level
        message = each.message.replace("%", "%25").replace("\n", "%0A")
        place = f"file={relative(each.file)},line={each.line},title={each.rule.code}"
        yield f"::{level} {place}::{message}"


def as_sarif(findings: Sequence[Finding], version: str) -> dict[str, Any]:
    """SARIF 2.1.0."""
    rules = [
        {
            "id": rule.code,
            "shortDescription": {"text": rule.title},
            "defaultConfiguration": {"level": rule.level},
        }
        for rule in RULES
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "fastdeps", "version": version, "rules": rules}},
                "originalUriBaseIds": {
                    name: {"description": {"text": text}} for name, (text, _) in _BASES.items()
                },
                "results": [_result(each) for each in findings],
            }
        ],
    }


def _result(finding: Finding) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "level": finding.rule.level,
        "message": {"text": finding.message},
    }
    if finding.places:
        place = {
            "artifactLocation": _artifact(finding.file),
            "region": {"startLine": finding.line},
        }
        found["locations"] = [{"physicalLocation": place}]
    return found


_BASES = {
    "INSTALLED": ("The packages that are installed.", ("purelib", "platlib")),
    "PYTHON": ("Python's own library.", ("stdlib", "platstdlib")),
}
"""Where files are that the project doesn't have: elsewhere on each machine."""


def _artifact(file: str) -> dict[str, str]:
    """A file, by its place in the project, in an installed package or in Python's library."""
    path = Path(file)
    for name, (_, bases) in _BASES.items():
        for base in map(sysconfig.get_path, bases):
            if path.is_relative_to(base):
                return {"uri": quote(path.relative_to(base).as_posix()), "uriBaseId": name}
    try:
        return {"uri": quote(Path(os.path.relpath(file)).as_posix())}
    except ValueError:  # Another drive of Windows.
        return {"uri": path.as_uri()}


def relative(file: str) -> str:
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file
