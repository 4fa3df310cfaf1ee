"""Which of one's own callables are to be marked, and which are left."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import libcst as cst

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps._cli.changes import Change, read_source
from fastapi_fastdeps._cli.profiling.advice import Advice
from fastapi_fastdeps._cli.profiling.applying import Mark, marked
from fastapi_fastdeps._cli.profiling.measured import Callable
from fastapi_fastdeps._cli.profiling.reports import Advised


@dataclass(frozen=True, slots=True)
class Left:
    """What is not marked though it should run elsewhere, and why."""

    qualname: str
    location: str | None
    because: str


def marks_for(advised: Advised) -> tuple[dict[Path, list[Mark]], list[Left]]:
    """The marks of each file, and what has to be done by hand.

    What is called in several roles is marked if the same is recommended for each of them.
    """
    by_definition: defaultdict[object, list[tuple[Callable, Advice]]] = defaultdict(list)
    for callable_, advice in advised:
        source = callable_.source
        if source.is_own:
            by_definition[source.file, source.definition].append((callable_, advice))
    marks: defaultdict[Path, list[Mark]] = defaultdict(list)
    left: list[Left] = []
    for uses in by_definition.values():
        source = uses[0][0].source
        wanted = {_MARKS.get(advice.verdict) for _, advice in uses}
        if wanted == {source.mark} or not any(advice.changes(used) for used, advice in uses):
            continue
        [mark, *others] = wanted
        because = _why_left(uses[0][0])
        if others or mark is None:
            left.append(Left(source.qualname, source.location, _NOT_ALIKE))
        elif because or source.file is None or source.definition is None or source.line is None:
            left.append(Left(source.qualname, source.location, because or _NOT_FOUND))
        else:
            marks[Path(source.file)].append(Mark(source.definition, source.line, mark))
    return marks, left


_MARKS = {"inline": "inline", "threaded": "threaded", "async": "threaded"}
_NOT_ALIKE = "it is not recommended alike for all that it is called for"
_NOT_FOUND = "its definition was not found"


def _why_left(callable_: Callable) -> str:
    source = callable_.source
    if source.mark:
        return f"it is marked {source.mark}, which is for you to change"
    if source.definition is not None and source.definition.endswith("<lambda>"):
        return "a lambda takes no decorator: mark its place, Annotated[..., Depends(...), Inline]"
    if source.is_wrapper:
        return "a decorator made it, and would mark all that it makes"
    if source.is_base:
        return "classes derive from it, and would be marked with it: mark its place"
    return ""


def changes_for(marks: Mapping[Path, list[Mark]]) -> Iterator[Change]:
    """The files as they are to be. Raises `NotFoundError` for what can't be read."""
    for file, of_file in sorted(marks.items()):
        before, encoding = read_source(file)
        try:
            after = marked(before, of_file)
        except cst.ParserSyntaxError as error:
            raise NotFoundError(f"{file}:{error.raw_line} can't be read: no Python.") from error
        if after != before:
            yield Change(file, before, after, encoding)
