"""How findings are shown: in a terminal, as annotations of GitHub, as SARIF."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from fastapi_fastdeps._cli.checking.findings import RULES, Finding

_COLOURS = {"error": "red", "warning": "yellow", "note": "blue"}


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    for each in findings:
        where = f"{relative(each.file)}:{each.line}" if each.places else ""
        style = _COLOURS[each.rule.level]
        console.print(Text.assemble((f"{where} ", "bold"), (each.rule.code, style)))
        console.print(Text(f"    {each.message}"))
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
            "artifactLocation": {"uri": relative(finding.file)},
            "region": {"startLine": finding.line},
        }
        found["locations"] = [{"physicalLocation": place}]
    return found


def relative(file: str) -> str:
    path = Path(file)
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file
