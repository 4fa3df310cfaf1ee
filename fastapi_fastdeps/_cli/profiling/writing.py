"""Writes decisions about what isn't one's own code to the file that `decisions` reads."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps._cli.changes import writing
from fastapi_fastdeps._cli.profiling.advice import Advice
from fastapi_fastdeps._cli.profiling.measured import Callable
from fastapi_fastdeps._cli.profiling.reports import Advised
from fastapi_fastdeps._written import read_decisions
from fastapi_fastdeps.errors import DecisionsError


def check_file(file: Path) -> None:
    """Raise `NotFoundError` if it can't be written to, or is no file of decisions."""
    if not file.parent.is_dir():
        raise NotFoundError(f"There is no folder {file.parent}.")
    if file.exists():
        try:
            read_decisions(file)
        except DecisionsError as error:
            raise NotFoundError(str(error)) from error


def write_decisions(file: Path, advised: Advised) -> list[str]:
    """Add what the file does not name yet, and return these names; what it says already stays.

    What is called in several roles is inline if that is recommended for each of them. Raises
    `NotFoundError` where it can't be written.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    known = read_decisions(file) if text else {}
    added = {name: advice for name, advice in _decided(advised) if name not in known}
    if added:
        blank = "\n" if text and not text.endswith("\n\n") else ""
        newline = "" if not text or text.endswith("\n") else "\n"
        tables = "\n".join(_table(name, advice) for name, advice in added.items())
        with writing(file):
            file.write_text(f"{text}{newline}{blank}{tables}", encoding="utf-8")
    return list(added)


def _decided(advised: Advised) -> Iterator[tuple[str, Advice]]:
    by_name: defaultdict[str, list[Advice]] = defaultdict(list)
    for callable_, advice in advised:
        if (name := _name_of(callable_)) is not None:
            by_name[name].append(advice)
    for name, advices in by_name.items():
        worst = min(advices, key=lambda each: _ORDER.index(each.verdict))
        if worst.verdict != "undecided":
            yield name, worst


def _name_of(callable_: Callable) -> str | None:
    """The name of what is not one's own to mark, and about which a file can decide."""
    source = callable_.source
    is_left = source.is_own or source.is_wrapper or source.mark is not None
    return None if is_left or callable_.role == "upload" else source.name


_ORDER = ["undecided", "async", "threaded", "inline"]


def _table(name: str, advice: Advice) -> str:
    run = "inline" if advice.verdict == "inline" else "threaded"
    because = json.dumps(advice.because, ensure_ascii=False)
    return f'[{json.dumps(name)}]\nrun = "{run}"\nbecause = {because}\n'
