"""What the syntax tree of a file says of the names in it."""

import ast
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias, cast

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_READS = frozenset({"copy", "count", "get", "index", "items", "keys", "values"})
_READERS = frozenset({"all", "any", "frozenset", "len", "max", "min", "sorted", "sum"})
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})


@dataclass(frozen=True, eq=False)
class Module:
    """A file of source, and what is known of the names in it.

    Attributes:
        body: its statements.
        functions: by the line where their code begins and their name; `None` where two share both.
        source: what stands in it.
        inner: the functions that stand in another one, by the `id` of their node, with that.
        imported: names that are imported out of a module, with its name and theirs there.
        declared: the names that a function declares `global` or `nonlocal`.
        mutated: names of what may be changed in place, those of attributes with a dot before
            them: it stands elsewhere than where its items are read.
        reassigned: names of attributes that are assigned outside of constructors.
        derived: expressions that stand for others, by the `id` of what they stand for.
        within: how often functions bind names, by the `id` of their node, as far as it was asked.
    """

    body: list[ast.stmt]
    functions: dict[tuple[int, str], Function | None]
    source: str
    inner: dict[int, Function]
    imported: dict[str, tuple[str, str]]
    declared: frozenset[str]
    mutated: frozenset[str]
    reassigned: frozenset[str]
    derived: dict[int, ast.expr] = field(default_factory=dict[int, ast.expr])
    within: dict[int, Counter[str]] = field(default_factory=dict[int, "Counter[str]"])

    @cached_property
    def bindings(self) -> Counter[str]:
        """How often its names are bound at its top."""
        return Counter(_bound_in(self.body))

    @cached_property
    def codes(self) -> frozenset[types.CodeType]:
        """The code objects that the source compiles to: of a file that is only looked through,
        nobody asks."""
        try:
            with warnings.catch_warnings():
                # It has been compiled before, with its warnings.
                warnings.simplefilter("ignore")
                return frozenset(
                    _codes(compile(self.source, "<source>", "exec", dont_inherit=True))
                )
        except (SyntaxError, ValueError, RecursionError):
            return frozenset()

    def is_bound_once(self, name: str) -> bool:
        """Whether a global name of the module means one object for good."""
        return name not in self.declared and self.bindings.get(name, 0) == 1

    def is_bound_once_in(self, function: Function, name: str) -> bool:
        """Whether a name that a function takes from around it means one object for good."""
        around = self.inner.get(id(function))
        while around is not None:
            count = self._bound_within(around).get(name, 0)
            if count:
                return count == 1 and name not in self.declared
            around = self.inner.get(id(around))
        return False

    def _bound_within(self, function: Function) -> Counter[str]:
        known = self.within.get(id(function))
        if known is None:
            known = self.within[id(function)] = Counter(_bound_in_function(function))
        return known


def parsed(source: str) -> Module | None:
    """What is known of a module by its source; `None` where that is no Python."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return None
    found = _Found()
    found.go_through(tree)
    return Module(
        tree.body,
        found.functions,
        source,
        found.inner,
        found.imported,
        frozenset(found.declared),
        frozenset(name for name, node in found.loaded if node not in found.read),
        frozenset(found.reassigned),
    )


class _Found:
    """What is met on the way through a tree, by the attributes of `Module`.

    Attributes:
        loaded: the names and attributes that are read, with the `id` of their node.
        read: the `id`s of those of which no more than the items are read.
    """

    def __init__(self) -> None:
        self.functions: dict[tuple[int, str], Function | None] = {}
        self.inner: dict[int, Function] = {}
        self.imported: dict[str, tuple[str, str]] = {}
        self.declared: set[str] = set()
        self.loaded: list[tuple[str, int]] = []
        self.read: set[int] = set()
        self.reassigned: set[str] = set()

    def go_through(self, tree: ast.Module) -> None:
        # A node, the function around it, and whether that is a constructor.
        pending: list[tuple[ast.AST, Function | None, bool]] = [(tree, None, False)]
        for node, around, is_in_constructor in pending:
            self._meet(node, around, is_in_constructor)
            if isinstance(node, Function):
                around = node
                if not isinstance(node, ast.Lambda):
                    is_in_constructor = node.name in _CONSTRUCTORS
            for value in vars(node).values():
                if isinstance(value, ast.AST):
                    pending.append((value, around, is_in_constructor))
                elif isinstance(value, list):
                    pending += [
                        (each, around, is_in_constructor)
                        for each in cast("list[object]", value)
                        if isinstance(each, ast.AST)
                    ]

    def _meet(self, node: ast.AST, around: Function | None, is_in_constructor: bool) -> None:
        match node:
            case ast.Name():
                if isinstance(node.ctx, ast.Load):
                    self.loaded.append((node.id, id(node)))
            case ast.Attribute():
                if isinstance(node.ctx, ast.Load):
                    self.loaded.append((f".{node.attr}", id(node)))
                elif not is_in_constructor:
                    self.reassigned.add(node.attr)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                key = _key(node)
                self.functions[key] = None if key in self.functions else node
                if around is not None:
                    self.inner[id(node)] = around
            case ast.Global() | ast.Nonlocal():
                self.declared.update(node.names)
            case ast.ImportFrom():
                module = "." * node.level + (node.module or "")
                for alias in node.names:
                    self.imported[alias.asname or alias.name] = (module, alias.name)
            case ast.Subscript() | ast.Compare() | ast.For() | ast.comprehension() | ast.Call():
                self.read.update(map(id, _only_read(node)))
            case _:
                pass


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _codes(constant)


def _key(node: Function) -> tuple[int, str]:
    if isinstance(node, ast.Lambda):
        return node.lineno, "<lambda>"
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first, node.name


def _bound_in(body: list[ast.stmt]) -> Iterator[str]:
    """The names that statements bind, once for each statement that may bind them anew.

    The branches of one `if` or `try` at the top count as one.
    """
    for statement in body:
        names = list(_bound_by(statement))
        if isinstance(statement, ast.If | ast.Try):
            yield from set(names)
        else:
            yield from names


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    if isinstance(node, ast.For | ast.While | ast.AugAssign):
        # What is bound in a loop may be bound again and again.
        for child in ast.iter_child_nodes(node):
            yield from _bound_by(child)
    for child in ast.iter_child_nodes(node):
        yield from _bound_by(child)


def _bound_in_function(function: Function) -> Iterator[str]:
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.arg
    for rest in (arguments.vararg, arguments.kwarg):
        if rest is not None:
            yield rest.arg
    if not isinstance(function, ast.Lambda):
        yield from _bound_in(function.body)


def _only_read(node: ast.AST) -> Iterator[ast.AST]:
    """What `node` does no more with than to read its items."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    elif isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.iter
    elif isinstance(node, ast.Call):
        match node.func:
            case ast.Attribute() as method if method.attr in _READS:
                yield method.value
            case ast.Name() as function if function.id in _READERS:
                yield from node.args
            case _:
                pass
