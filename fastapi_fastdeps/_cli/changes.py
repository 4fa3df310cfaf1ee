"""Files of source as they are and as they are to be: shown, and written when that was agreed to."""

import difflib
import io
import tokenize
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from fastapi_fastdeps._cli.apps import NotFoundError


@dataclass(frozen=True, slots=True)
class Change:
    """A file, as it is and as it is to be.

    Attributes:
        encoding: the one that it declares.
    """

    file: Path
    before: str
    after: str
    encoding: str = "utf-8"

    def diff(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            str(self.file),
            str(self.file),
        )
        return "".join(lines)

    def write(self) -> None:
        """Raises `NotFoundError` where it can't be written."""
        with writing(self.file):
            self.file.write_bytes(self.after.encode(self.encoding))


@contextmanager
def writing(file: Path) -> Generator[None]:
    """Raise `NotFoundError` where a file can't be written."""
    try:
        yield
    except OSError as error:
        raise NotFoundError(f"{file} can't be written: {error.strerror}.") from error


def read_source(file: Path) -> tuple[str, str]:
    """The text of a file with the ends of lines that it has, and its encoding, as Python finds it.
    Raises `NotFoundError`."""
    try:
        data = file.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding), encoding
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise NotFoundError(f"{file} can't be read: {why}.") from error


def write_if_agreed(changes: Sequence[Change], *, yes: bool, to_stderr: bool = False) -> None:
    """Show the diff of each file, and write them if the user says so, or `yes`. Where nobody
    answers, nothing is written. Raises `NotFoundError` where one can't be written."""
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
