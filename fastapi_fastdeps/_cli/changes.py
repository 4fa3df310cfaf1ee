"""Files of source as they are and as they are to be: shown, and written when that was agreed to."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from fastapi_fastdeps._cli.apps import NotFoundError


@dataclass(frozen=True, slots=True)
class Change:
    """A file, as it is and as it is to be."""

    file: Path
    before: str
    after: str

    def diff(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            str(self.file),
            str(self.file),
        )
        return "".join(lines)

    def write(self) -> None:
        self.file.write_text(self.after, encoding="utf-8", newline="")


def read_source(file: Path) -> str:
    """The text of a file with the ends of lines that it has. Raises `NotFoundError`."""
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            return opened.read()
    except (OSError, UnicodeDecodeError) as error:
        raise NotFoundError(f"{file} can't be read: {error}.") from error


def write_if_agreed(changes: Sequence[Change], *, yes: bool, to_stderr: bool = False) -> None:
    """Show the diff of each file, and write them if the user says so, or `yes`. Where nobody
    answers, nothing is written."""
    for change in changes:
        typer.echo(change.diff(), err=to_stderr)
    files = files_of(changes)
    if yes or _is_agreed(f"Write {files}?", to_stderr):
        for change in changes:
            change.write()


def _is_agreed(question: str, to_stderr: bool) -> bool:
    try:
        return typer.confirm(question, err=to_stderr)
    except typer.Abort:
        typer.echo(err=to_stderr)
        return False


def files_of(changes: Sequence[Change]) -> str:
    return f"{len(changes)} file{'' if len(changes) == 1 else 's'}"
