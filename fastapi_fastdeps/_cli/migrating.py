"""`fastdeps migrate`: source that is written for FastAPI or its neighbours, with this package."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import libcst as cst
from libcst.helpers import get_full_name_for_node

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
_SKIPPED = {".venv", "venv", "node_modules", "site-packages", "__pycache__", ".git"}


def migrations(paths: Sequence[Path]) -> Iterator[Change]:
    """The files that change. Raises `NotFoundError` for what can't be read."""
    for file in _files(paths):
        before = read_source(file)
        try:
            after = migrated(before)
        except cst.ParserSyntaxError as error:
            raise NotFoundError(
                f"{file}:{error.raw_line} can't be read: it is no Python."
            ) from error
        if after != before:
            yield Change(file, before, after)


def migrated(source: str) -> str:
    """The same module with this package's classes and marks; unchanged where there is nothing."""
    module = cst.parse_module(source)
    imports = _Imports()
    module.visit(imports)
    if not imports.renamed and not imports.gone:
        return source
    return module.visit(_Renaming(imports)).code


class _Imports(cst.CSTVisitor):
    """Which names of the module mean what is replaced: those that are imported at its top, by
    `from ... import`. What a function binds to such a name is not told apart from it."""

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}
        self.gone: set[str] = set()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: ARG002, N802
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:  # noqa: ARG002, N802
        return False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: N802
        for alias, key in _imported(node):
            local = _local(alias)
            if key in _NAMES:
                self.renamed[local] = _NAMES[key] if alias.asname is None else local
            elif key in _CALLS:
                self.gone.add(local)
        return False


class _Renaming(cst.CSTTransformer):
    def __init__(self, imports: _Imports) -> None:
        self._imports = imports
        self._is_imported = False

    def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: ARG002, N802
        return False

    def leave_Attribute(  # noqa: N802
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802
        return updated_node.with_changes(keyword=original_node.keyword)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802
        new = self._imports.renamed.get(original_node.value)
        return updated_node if new is None else updated_node.with_changes(value=new)

    def leave_SimpleStatementLine(  # noqa: N802
        self,
        original_node: cst.SimpleStatementLine,
        updated_node: cst.SimpleStatementLine,
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]:
        match original_node.body:
            case [cst.ImportFrom() as imported]:
                return self._import(imported, updated_node)
            case [cst.Expr(value=cst.Call(func=cst.Name(value=name)))] if (
                name in self._imports.gone
            ):
                return cst.RemoveFromParent()
            case _:
                return updated_node

    def _import(
        self, node: cst.ImportFrom, line: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel | cst.FlattenSentinel[cst.BaseStatement]:
        ours: list[cst.ImportAlias] = []
        others: list[cst.ImportAlias] = []
        for alias, key in _imported(node):
            if key in _NAMES:
                name = cst.Name(_NAMES[key])
                ours.append(alias.with_changes(name=name, comma=cst.MaybeSentinel.DEFAULT))
            elif key not in _CALLS:
                others.append(alias)
        if isinstance(node.names, cst.ImportStar) or len(others) == len(node.names):
            return line
        lines: list[cst.BaseStatement] = []
        if others:
            others[-1] = others[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
            lines.append(line.with_changes(body=[node.with_changes(names=others)]))
        if ours:
            made = cst.ImportFrom(module=cst.Name(_OURS), names=ours)
            kept = () if others else line.leading_lines
            lines.append(cst.SimpleStatementLine(body=[made], leading_lines=kept))
        return cst.FlattenSentinel(lines) if lines else cst.RemoveFromParent()


def _imported(node: cst.ImportFrom) -> Iterator[tuple[cst.ImportAlias, tuple[str, str]]]:
    if isinstance(node.names, cst.ImportStar) or node.relative or node.module is None:
        return
    module = get_full_name_for_node(node.module) or ""
    for alias in node.names:
        yield alias, (module, get_full_name_for_node(alias.name) or "")


def _local(alias: cst.ImportAlias) -> str:
    name = alias.asname.name if alias.asname is not None else alias.name
    return get_full_name_for_node(name) or ""


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"There is no file {path}.")
        if path.is_dir():
            found = sorted(path.rglob("*.py"))
            yield from (file for file in found if not _SKIPPED.intersection(file.parts))
        else:
            yield path
