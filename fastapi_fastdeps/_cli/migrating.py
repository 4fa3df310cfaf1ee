"""`fastdeps migrate`: source that is written for FastAPI or its neighbours, with this package."""

import os
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import libcst as cst
from libcst import matchers
from libcst.helpers import get_full_name_for_node
from libcst.metadata import (
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    QualifiedNameProvider,
    ScopeProvider,
)

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps._cli.changes import Change, read_source

_OURS = "fastapi_fastdeps"
_NAMES = {
    ("fastapi", "FastAPI"): "FastDepsAPI",
    ("fastapi", "APIRouter"): "FastDepsRouter",
    ("fastapi.applications", "FastAPI"): "FastDepsAPI",
    ("fastapi.routing", "APIRouter"): "FastDepsRouter",
    ("fastapi_async_safe", "async_safe"): "inline",
    ("fastapi_async_safe", "async_unsafe"): "threaded",
    ("fastapi_async_safe", "AsyncSafeMixin"): "InlineMixin",
    ("fastapi_cache_di", "loop_safe"): "inline",
}
_CALLS = {
    ("fastapi_async_safe", "init_app"),
    ("fastapi_cache_di", "patch_fastapi_run_in_threadpool"),
}
"""What is called once to set the neighbour up, and goes."""
_TYPES = ("FastAPI", "APIRouter")
_REPLACED = {name for _, name in (*_NAMES, *_CALLS)}
_FACTORIES = ("default_factory", "factory")
"""By what dataclasses, Pydantic and attrs are told what to call."""
_SKIPPED = {".venv", "venv", "node_modules", "site-packages", "__pycache__", ".git"}


def migrations(paths: Sequence[Path], leave: Callable[[str], object]) -> Iterator[Change]:
    """The files that change. Raises `NotFoundError` for what was named and can't be read; what was
    found in a folder is left, and `leave` told why, as it is what is left for the user to do."""
    for file, is_named in _files(paths):
        try:
            change = _migration(file, leave)
        except NotFoundError as error:
            if is_named:
                raise
            leave(str(error))
            continue
        if change.after != change.before:
            yield change


def _migration(file: Path, leave: Callable[[str], object]) -> Change:
    def tell(line: int, call: str) -> None:
        leave(f"{file}:{line}: what {call} says, for you to write as the app's classifier.")

    before, encoding = read_source(file)
    try:
        return Change(file, before, migrated(before, tell), encoding)
    except cst.ParserSyntaxError as error:
        raise NotFoundError(f"{file}:{error.raw_line} can't be read: it is no Python.") from error


def migrated(source: str, tell: Callable[[int, str], object] | None = None) -> str:
    """The same module with this package's classes and marks; unchanged where there is nothing.

    FastAPI's classes are replaced where they are called or derived from, by whatever name the
    module has for them. Where they are a type, in an annotation or `isinstance`, they stay: what
    is made is one of them, too. What sets a neighbour up goes; what that was given besides the app
    is told with its line.
    """
    module = cst.parse_module(source)
    if not any(name in source for name in _REPLACED):
        return source
    wrapper = MetadataWrapper(module)
    uses = _Uses()
    wrapper.visit(uses)
    if not uses.imports and not uses.added:
        return source
    if tell is not None:
        for line, call in uses.told:
            tell(line, wrapper.module.code_for_node(call))
    return wrapper.module.visit(_Renaming(uses)).code


class _Uses(cst.CSTVisitor):
    """What is replaced in a module, and the imports that change with it.

    Attributes:
        replaced: the names and attributes, by the name that comes in their place.
        gone: the statements that are taken away.
        imports: of each import that changes, by its aliases, what is imported in their place.
        added: the names that are imported behind an import.
        told: the calls that go and were given more than the app, with their lines.
    """

    METADATA_DEPENDENCIES = (
        ParentNodeProvider,
        PositionProvider,
        QualifiedNameProvider,
        ScopeProvider,
    )

    def __init__(self) -> None:
        self.replaced: dict[cst.CSTNode, str] = {}
        self.gone: set[cst.CSTNode] = set()
        self.imports: dict[cst.CSTNode, dict[cst.ImportAlias, str]] = {}
        self.added: dict[cst.CSTNode, set[str]] = {}
        self.told: list[tuple[int, cst.Call]] = []
        self._exported: set[str] = set()

    def visit_Module(self, node: cst.Module) -> None:  # noqa: N802
        for each in node.body:
            if isinstance(each, cst.SimpleStatementLine):
                self._exported.update(*map(_exported, each.body))

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802
        if not self._is_alone(node):
            return
        for alias, key in _imported(node):
            if key in _CALLS:
                self._take_away(node, alias)
            elif key in _NAMES:
                self._replace(node, alias, _NAMES[key], is_type=key[1] in _TYPES)

    def visit_Import(self, node: cst.Import) -> None:  # noqa: N802
        if not self._is_alone(node):
            return
        for alias in node.names:
            if (get_full_name_for_node(alias.name) or "").partition(".")[0] == "fastapi":
                for access in self._accesses(node, _local(alias)):
                    self._replace_attribute(node, access)

    def _is_alone(self, node: cst.CSTNode) -> bool:
        """Whether an import has a line of its own, behind which there can be another one."""
        line = self._parent(node)
        return isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1

    def _is_free(self, node: cst.CSTNode, new: str) -> bool:
        """Whether a name means nothing else where an import stands."""
        scope = self.get_metadata(ScopeProvider, node, None)
        if scope is None or new not in scope:
            return True
        return {each.name for each in scope.get_qualified_names_for(new)} == {f"{_OURS}.{new}"}

    def _replace(
        self, node: cst.ImportFrom, alias: cst.ImportAlias, new: str, *, is_type: bool
    ) -> None:
        """Replace what is imported by name; where some uses stay, beside it."""
        local = _local(alias)
        accesses = self._accesses(node, local)
        if not self._is_free(node, new):
            return
        made = [each for each in accesses if not is_type or self._is_made(each)]
        stays = len(made) < len(accesses) or local in self._exported
        if not made and is_type:
            return
        if not stays:
            self.imports.setdefault(node, {})[alias] = new
            if alias.asname is None:
                self.replaced.update(dict.fromkeys(made, new))
            return
        self.added.setdefault(node, set()).add(new)
        self.replaced.update(dict.fromkeys(made, new))

    def _replace_attribute(self, node: cst.Import, access: cst.CSTNode) -> None:
        """Replace what is reached through its module."""
        while isinstance(parent := self._parent(access), cst.Attribute) and parent.value is access:
            access = parent
            for each in self._names(access):
                module, _, name = each.rpartition(".")
                new = _NAMES.get((module, name))
                if new is not None and self._is_made(access) and self._is_free(node, new):
                    self.added.setdefault(node, set()).add(new)
                    self.replaced[access] = new

    def _is_made(self, node: cst.CSTNode) -> bool:
        """Whether a class is called here, or derived from."""
        if len(self._names(node)) != 1:
            return False
        parent = self._parent(node)
        if isinstance(parent, cst.Call):
            return parent.func is node
        if not isinstance(parent, cst.Arg):
            return False
        owner = self._parent(parent)
        if isinstance(owner, cst.ClassDef):
            return parent in owner.bases
        if parent.keyword is not None:
            return parent.keyword.value in _FACTORIES
        called = get_full_name_for_node(owner) if isinstance(owner, cst.Call) else None
        return called in ("partial", "functools.partial")

    def _take_away(self, node: cst.ImportFrom, alias: cst.ImportAlias) -> None:
        """Take away an import and the calls of it, if nothing else is done with it."""
        local = _local(alias)
        calls = [self._parent(access) for access in self._accesses(node, local)]
        statements = [self._parent(self._parent(call)) for call in calls]
        if local in self._exported:
            return
        for call, statement in zip(calls, statements, strict=True):
            is_alone = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
            is_expression = isinstance(self._parent(call), cst.Expr)
            if not (isinstance(call, cst.Call) and is_expression and is_alone):
                return
        for call in calls:
            where = self.get_metadata(PositionProvider, call, None)
            if where is not None and isinstance(call, cst.Call) and call.args[1:]:
                self.told.append((where.start.line, call))
        self.imports.setdefault(node, {})[alias] = ""
        self.gone.update(statements)

    def _accesses(self, node: cst.CSTNode, local: str) -> list[cst.CSTNode]:
        scope = self.get_metadata(ScopeProvider, node, None)
        if scope is None:
            return []
        return [each.node for assigned in scope[local] for each in assigned.references]

    def _names(self, node: cst.CSTNode) -> set[str]:
        return {each.name for each in self.get_metadata(QualifiedNameProvider, node, ())}

    def _parent(self, node: cst.CSTNode) -> cst.CSTNode:
        return self.get_metadata(ParentNodeProvider, node, node)


class _Renaming(cst.CSTTransformer):
    def __init__(self, uses: _Uses) -> None:
        self._uses = uses

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> Any:
        new = self._uses.replaced.get(original_node)
        if new is not None and isinstance(original_node, cst.Name | cst.Attribute):
            return cst.Name(new, lpar=original_node.lpar, rpar=original_node.rpar)
        return super().on_leave(original_node, updated_node)

    def leave_SimpleStatementLine(  # noqa: N802
        self,
        original_node: cst.SimpleStatementLine,
        updated_node: cst.SimpleStatementLine,
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]:
        if original_node in self._uses.gone:
            return cst.RemoveFromParent()
        if len(original_node.body) != 1:
            return updated_node
        (imported,) = original_node.body
        aliases = self._uses.imports.get(imported, {})
        added = sorted(self._uses.added.get(imported, ()))
        if not aliases and not added:
            return updated_node
        ours = [
            each.with_changes(name=cst.Name(new), comma=cst.MaybeSentinel.DEFAULT)
            for each, new in aliases.items()
            if new
        ]
        ours += [cst.ImportAlias(cst.Name(new)) for new in added]
        lines: list[cst.BaseStatement] = []
        if aliases and (left := _without(imported, aliases)) is not None:
            lines.append(updated_node.with_changes(body=[left]))
        elif not aliases:
            lines.append(updated_node)
        if ours:
            made = cst.ImportFrom(module=cst.Name(_OURS), names=ours)
            place = cst.SimpleStatementLine([]) if lines else updated_node
            lines.append(place.with_changes(body=[made]))
        return cst.FlattenSentinel(lines) if lines else cst.RemoveFromParent()


def _without(
    imported: cst.BaseSmallStatement, aliases: Container[cst.ImportAlias]
) -> cst.ImportFrom | None:
    """The import of what is left, with its comments, and closed as it was; `None` if nothing is."""
    if not isinstance(imported, cst.ImportFrom) or isinstance(imported.names, cst.ImportStar):
        return None
    left = [each for each in imported.names if each not in aliases]
    if not left:
        return None
    own, last, bracket = left[-1].comma, imported.names[-1].comma, imported.rpar
    space = own.whitespace_after if isinstance(own, cst.Comma) else None
    if left[-1] is imported.names[-1]:
        pass
    elif bracket is None or not isinstance(space, cst.ParenthesizedWhitespace):
        own = last
    elif isinstance(last, cst.Comma):
        own = cst.Comma(whitespace_after=_closed(space, last.whitespace_after))
    elif space.first_line.comment is None:
        own = last
    else:
        own = cst.Comma(whitespace_after=_closed(space, bracket.whitespace_before))
        bracket = bracket.with_changes(whitespace_before=cst.SimpleWhitespace(""))
    left[-1] = left[-1].with_changes(comma=own)
    return imported.with_changes(names=left, rpar=bracket)


def _closed(
    space: cst.ParenthesizedWhitespace, end: cst.BaseParenthesizableWhitespace
) -> cst.ParenthesizedWhitespace:
    """What is behind a name, its comment with it, before a bracket that stands where `end` ends."""
    if not isinstance(end, cst.ParenthesizedWhitespace):
        return space
    return end.with_changes(first_line=space.first_line)


def _exported(statement: cst.BaseSmallStatement) -> Iterator[str]:
    """The names in `__all__`, and those that are imported as what they are."""
    match statement:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value="__all__"))]) | (
            cst.AugAssign(target=cst.Name(value="__all__"))
        ):
            for each in matchers.findall(statement.value, matchers.SimpleString()):
                yield str(cst.ensure_type(each, cst.SimpleString).evaluated_value)
        case cst.ImportFrom():
            for alias, _ in _imported(statement):
                if alias.asname is not None and _local(alias) == get_full_name_for_node(alias.name):
                    yield _local(alias)
        case _:
            pass


def _imported(node: cst.ImportFrom) -> Iterator[tuple[cst.ImportAlias, tuple[str, str]]]:
    if isinstance(node.names, cst.ImportStar) or node.relative or node.module is None:
        return
    module = get_full_name_for_node(node.module) or ""
    for alias in node.names:
        yield alias, (module, get_full_name_for_node(alias.name) or "")


def _local(alias: cst.ImportAlias) -> str:
    name = alias.asname.name if alias.asname is not None else alias.name
    return get_full_name_for_node(name) or ""


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file, and whether it was named itself."""
    for path in paths:
        if not os.path.exists(path):
            raise NotFoundError(f"There is no file {path}.")
        if path.is_dir():
            for file in sorted(path.rglob("*.py")):
                if file.is_file() and not _SKIPPED.intersection(file.parts):
                    yield file, False
        else:
            yield path, True
