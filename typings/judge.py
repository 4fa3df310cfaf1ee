"""Compares what the checkers say with what the programs expect."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from typings.checkers import CHECKERS, PACKAGE, Diagnostic, check
from typings.differences import DIFFERENCES, Difference
from typings.kinds import CODES
from typings.programs import DIRECTORY, OLDEST, Expectation, Program, programs


def judge(directory: Path, cache: Path, only: str | None = None) -> list[str]:
    """Everything that is not as expected in a copy, in words; nothing, if all is well.

    The programs and the package itself are judged, or `only` the program of this name.
    """
    problems: list[str] = []
    chosen = [program for program in programs() if only in (None, program.name)]
    chosen.sort(key=attrgetter("python"))
    for python, group in groupby(chosen, attrgetter("python")):
        members = list(group)
        files = [f"{DIRECTORY.name}/{program.name}" for program in members]
        if only is None and python == OLDEST:
            files.append(PACKAGE.name)
        problems += _compare(members, check(directory, files, python, cache))
    return problems


def unnamed_differences() -> Iterator[str]:
    """The differences that no line names, and the names that no difference has."""
    named = {
        expectation.differs
        for program in programs()
        for expectation in program.expectations.values()
        if expectation.differs
    }
    listed = {difference.name for difference in DIFFERENCES}
    for name in sorted(listed - named):
        yield f"differences.py: no line of a program is named {name!r}; remove the entry."
    for name in sorted(named - listed):
        yield f"differences.py: a program names {name!r}, which is not listed; remove the comment."


def _compare(members: list[Program], diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    found: dict[tuple[str, str, int], list[Diagnostic]] = defaultdict(list)
    for diagnostic in diagnostics:
        found[diagnostic.checker, diagnostic.file, diagnostic.line].append(diagnostic)
    for program in members:
        file = f"{DIRECTORY.name}/{program.name}"
        for line, expectation in program.expectations.items():
            for checker in CHECKERS:
                said = found.pop((checker, file, line), [])
                if problem := _problem(expectation, checker, said):
                    yield f"{file}:{line}: {checker} {problem}"
    for unexpected in found.values():
        yield from map(str, unexpected)


def _problem(expectation: Expectation, checker: str, said: list[Diagnostic]) -> str | None:
    codes = {diagnostic.code for diagnostic in said}
    messages = "; ".join(f"[{diagnostic.code}] {diagnostic.message}" for diagnostic in said)
    difference = _difference(expectation, checker)
    if difference is not None:
        if codes == difference.codes:
            return None
        if _is_as_expected(expectation, checker, codes):
            return f"no longer differs: remove its {difference.name!r} from differences.py."
    elif _is_as_expected(expectation, checker, codes):
        return None
    expected = f"an error of kind {expectation.kind}" if expectation.kind else "no error"
    return f"should report {expected}, and says {messages or 'nothing'}"


def _is_as_expected(expectation: Expectation, checker: str, codes: set[str]) -> bool:
    if expectation.kind is None:
        return not codes
    return bool(codes) and codes <= CODES[expectation.kind, checker]


def _difference(expectation: Expectation, checker: str) -> Difference | None:
    for difference in DIFFERENCES:
        if (difference.name, difference.checker) == (expectation.differs, checker):
            return difference
    return None
