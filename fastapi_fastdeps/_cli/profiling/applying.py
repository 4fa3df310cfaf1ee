"""Puts marks on one's own callables, and changes nothing else."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import MetadataWrapper, PositionProvider

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps._cli.changes import Change, read_source
from fastapi_fastdeps._cli.profiling.advice import Advice
from fastapi_fastdeps._cli.profiling.measured import Callable
from fastapi_fastdeps._cli.profiling.reports import Advised

_OURS = "fastapi_fastdeps"
_ROUTES = frozenset(
    {
        "api_route", "delete", "exception_handler", "get", "head", "middleware", "options", "patch",
        "post", "put", "route", "trace", "websocket", "websocket_route",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mark:
    """What is to be marked, and how.

    Attributes:
        definition: its qualified name in its file.
        line: where it begins, its decorators included.
        decorator: `inline` or `threaded`.
    """

    definition: str
    line: int
    decorator: str


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
        if callable_.source.is_own:
            source = callable_.source
            by_definition[source.file, source.definition].append((callable_, advice))
    marks: defaultdict[Path, list[Mark]] = defaultdict(list)
    left: list[Left] = []
    for uses in by_definition.values():
        callable_, advice = uses[0]
        if not any(each.changes(used) for used, each in uses):
            continue
        decorators = {_decorator(each) for _, each in uses}
        because = _why_left(callable_) or (
            "it should run elsewhere in one role than in another" if len(decorators) > 1 else ""
        )
        source = callable_.source
        if because:
            left.append(Left(source.qualname, source.location, because))
        elif decorators != {None}:
            assert source.file
            assert source.definition
            assert source.line is not None
            decorator = _decorator(advice)
            assert decorator is not None
            marks[Path(source.file)].append(Mark(source.definition, source.line, decorator))
    return marks, left


def _decorator(advice: Advice) -> str | None:
    return {"inline": "inline", "threaded": "threaded", "async": "threaded"}.get(advice.verdict)


def _why_left(callable_: Callable) -> str:
    source = callable_.source
    if source.is_marked:
        return "it is marked already"
    if source.file is None or source.definition is None:
        return "its definition was not found"
    if source.definition.endswith("<lambda>"):
        return "a lambda takes no decorator: mark its place, Annotated[..., Depends(...), Inline]"
    if source.is_wrapper:
        return "a decorator made it, and would mark all that it makes"
    return ""


def changes_for(marks: Mapping[Path, list[Mark]]) -> Iterator[Change]:
    """The files as they are to be. Raises `NotFoundError` for what can't be read."""
    for file, of_file in sorted(marks.items()):
        before = read_source(file)
        try:
            after = marked(before, of_file)
        except cst.ParserSyntaxError as error:
            raise NotFoundError(f"{file}:{error.raw_line} can't be read: no Python.") from error
        if after != before:
            yield Change(file, before, after)


def marked(source: str, marks: list[Mark]) -> str:
    """A module with decorators on what is named, and with what they need imported. What is not
    found as it was when it was measured is left alone."""
    wrapper = MetadataWrapper(cst.parse_module(source))
    names = _Names()
    wrapper.module.visit(names)
    marking = _Marking(marks, names)
    module = wrapper.visit(marking)
    needed = sorted(each for each in marking.used if each not in names.ours)
    if names.imports is not None:
        return module.visit(_Importing(names, needed)).code
    context = CodemodContext()
    for decorator in needed:
        AddImportsVisitor.add_needed_import(context, _OURS, decorator, names.renamed(decorator))
    return AddImportsVisitor(context).transform_module(module).code


class _Names(cst.CSTVisitor):
    """What a module calls the decorators.

    Attributes:
        ours: the names by which they are imported.
        imports: the first import of this package's names.
        bound: all other names that the module binds at its top.
    """

    def __init__(self) -> None:
        self.ours: dict[str, str] = {}
        self.imports: cst.ImportFrom | None = None
        self.bound: set[str] = set()

    def renamed(self, decorator: str) -> str | None:
        """What a decorator is to be imported as, where its name means something else."""
        return f"fastdeps_{decorator}" if decorator in self.bound else None

    def local(self, decorator: str) -> str:
        """The name of a decorator here, which may still have to be imported."""
        return self.ours.get(decorator) or self.renamed(decorator) or decorator

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: N802
        self.bound.add(node.name.value)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:  # noqa: N802
        self.bound.add(node.name.value)
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:  # noqa: N802
        if isinstance(node.target, cst.Name):
            self.bound.add(node.target.value)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802
        if isinstance(node.names, cst.ImportStar):
            return False
        is_ours = isinstance(node.module, cst.Name) and node.module.value == _OURS
        if is_ours and self.imports is None:
            self.imports = node
        for alias in node.names:
            name = alias.evaluated_name
            local = alias.evaluated_alias or name
            if is_ours and name in ("inline", "threaded"):
                self.ours[name] = local
            else:
                self.bound.add(local)
        return False

    def visit_Import(self, node: cst.Import) -> bool:  # noqa: N802
        self.bound.update(
            alias.evaluated_alias or alias.evaluated_name.partition(".")[0] for alias in node.names
        )
        return False


class _Importing(cst.CSTTransformer):
    """Adds names to the import of this package's that there is."""

    def __init__(self, names: _Names, needed: Sequence[str]) -> None:
        self._names = names
        self._needed = needed

    def leave_ImportFrom(  # noqa: N802
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom:
        imports, given = self._names.imports, updated_node.names
        if imports is None or isinstance(given, cst.ImportStar):
            return updated_node
        if not self._needed or not original_node.deep_equals(imports):
            return updated_node
        aliases = list(given)
        between = aliases[0].comma if len(aliases) > 1 else _COMMA
        for decorator in self._needed:
            renamed = self._names.renamed(decorator)
            alias = cst.ImportAlias(
                cst.Name(decorator), cst.AsName(cst.Name(renamed)) if renamed else None
            )
            last = aliases[-1]
            aliases[-1] = last.with_changes(comma=between)
            aliases.append(alias.with_changes(comma=last.comma))
        self._needed = ()
        return updated_node.with_changes(names=aliases)


_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


class _Marking(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, marks: list[Mark], names: _Names) -> None:
        super().__init__()
        self._marks = {(mark.definition, mark.line): mark.decorator for mark in marks}
        self._names = names
        self._within: list[str] = []
        self.used: set[str] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:  # noqa: N802
        self._within += [node.name.value, "<locals>"]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:  # noqa: N802
        self._within += [node.name.value]

    def leave_FunctionDef(  # noqa: N802
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        del self._within[-2:]
        name = ".".join((*self._within, original_node.name.value))
        decorator = self._decorator(original_node, name)
        if decorator is None or original_node.asynchronous is not None:
            return updated_node
        return updated_node.with_changes(decorators=self._placed(updated_node, decorator))

    def leave_ClassDef(  # noqa: N802
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        self._within.pop()
        name = ".".join((*self._within, original_node.name.value))
        decorator = self._decorator(original_node, name)
        if decorator is None:
            return updated_node
        return updated_node.with_changes(decorators=self._placed(updated_node, decorator))

    def _decorator(self, node: cst.FunctionDef | cst.ClassDef, name: str) -> str | None:
        """What is to be put on it: it stands where it stood."""
        lines = {self._line(node), *(self._line(each) for each in node.decorators)}
        return next(
            (self._marks[name, line] for line in lines if (name, line) in self._marks), None
        )

    def _line(self, node: cst.CSTNode) -> int:
        position: Any = self.get_metadata(PositionProvider, node)
        line: int = position.start.line
        return line

    def _placed(self, node: cst.FunctionDef | cst.ClassDef, decorator: str) -> list[cst.Decorator]:
        """Below what makes a route of it, above all that may make something else of it."""
        self.used.add(decorator)
        decorators = list(node.decorators)
        routes = [number for number, each in enumerate(decorators) if _makes_a_route(each)]
        at = routes[-1] + 1 if routes else 0
        new = cst.Decorator(cst.Name(self._names.local(decorator)))
        return [*decorators[:at], new, *decorators[at:]]


def _makes_a_route(decorator: cst.Decorator) -> bool:
    match decorator.decorator:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name in _ROUTES
        case _:
            return False
