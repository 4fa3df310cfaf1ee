"""The syntax tree of a function, if it is the one that runs."""

import ast
import linecache
import sys
import sysconfig
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_READS = frozenset({"copy", "count", "get", "index", "items", "keys", "values"})
_READERS = frozenset({"all", "any", "frozenset", "len", "max", "min", "sorted", "sum"})
_CONSTRUCTORS = frozenset({"__init__", "__new__", "__post_init__"})


@dataclass(frozen=True, eq=False)
class Module:
    """A file of source, and what is known of the names in it.

    Attributes:
        functions: by the line where their code begins and their name; `None` where two share both.
        codes: the code objects that the source compiles to.
        inner: the functions that stand in another one, by the `id` of their node, with that.
        imported: names that are imported out of a module, with its name and theirs there.
        declared: the names that a function declares `global` or `nonlocal`.
        mutated: names of what may be changed in place, those of attributes with a dot before
            them: it stands elsewhere than where its items are read.
        reassigned: names of attributes that are assigned outside of constructors.
        derived: expressions that stand for others, by the `id` of what they stand for.
    """

    functions: dict[tuple[int, str], Function | None]
    codes: frozenset[types.CodeType]
    inner: dict[int, Function]
    bindings: dict[str, int]
    imported: dict[str, tuple[str, str]]
    declared: frozenset[str]
    mutated: frozenset[str]
    reassigned: frozenset[str]
    derived: dict[int, ast.expr] = field(default_factory=dict[int, ast.expr])

    def is_bound_once(self, name: str) -> bool:
        """Whether a global name of the module means one object for good."""
        return name not in self.declared and self.bindings.get(name, 0) == 1

    def is_bound_once_in(self, function: Function, name: str) -> bool:
        """Whether a name that a function takes from around it means one object for good."""
        around = self.inner.get(id(function))
        while around is not None:
            count = sum(bound == name for bound in _bound_in_function(around))
            if count:
                return count == 1 and name not in self.declared
            around = self.inner.get(id(around))
        return False


def definition_of(function: types.FunctionType) -> tuple[Function, Module] | None:
    """The syntax tree of a function and its module; `None` where the source is not that of
    the code that runs: another version of the file, a macro, something typed in."""
    code = function.__code__
    module = module_of(code.co_filename, function.__globals__)
    if module is None or code not in module.codes:
        return None
    node = module.functions.get((code.co_firstlineno, code.co_name))
    return None if node is None else (node, module)


def is_written_default(call: object, name: str) -> bool:
    """Whether the default of a parameter is a list, dict or set that is written where it stands,
    by itself or in a call."""
    function = getattr(call, "__init__", None) if isinstance(call, type) else call
    function = getattr(function, "__func__", function)
    found = definition_of(function) if isinstance(function, types.FunctionType) else None
    if found is None:
        return False
    arguments = found[0].args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    defaults = dict(zip(reversed(names), reversed(arguments.defaults), strict=False))
    for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            defaults[each.arg] = value
    node = defaults.get(name)
    if isinstance(node, ast.Call):
        given = [*node.args[:1], *(each.value for each in node.keywords if each.arg == "default")]
        node = given[0] if given else None
    return isinstance(node, ast.List | ast.Dict | ast.Set)


def module_of(filename: str, namespace: dict[str, object]) -> Module | None:
    """What is known of a file of source, `None` where there is none."""
    lines = linecache.getlines(filename, namespace)
    if not lines:
        return None
    known = _known.get(filename)
    if known is None or known[0] is not lines:
        known = _known[filename] = lines, _parsed("".join(lines))
    return known[1]


def is_mutated_anywhere(name: str, beside: str | None) -> bool:
    """Whether a file of the user's may change in place what has this name, or is an attribute
    of this name; those of the package that the file `beside` is in are the user's."""
    return any(
        name in module.mutated or f".{name}" in module.mutated
        for module in _mentioning(name, beside)
    )


def is_reassigned_anywhere(name: str, beside: str | None) -> bool:
    """Whether such a file assigns an attribute of this name, outside of constructors."""
    return any(name in module.reassigned for module in _mentioning(f".{name}", beside))


def _mentioning(text: str, beside: str | None) -> Iterator[Module]:
    package = _installed_package(beside or "")
    for module in list(sys.modules.values()):
        namespace: dict[str, object] = getattr(module, "__dict__", {})
        file = namespace.get("__file__")
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        if _installed_package(file) not in (None, package):
            continue
        lines = linecache.getlines(file, namespace)
        if any(text in line for line in lines) and (found := module_of(file, namespace)):
            yield found


@cache
def _installed_package(file: str) -> str | None:
    """Which installed package a file is of, "" for Python's own library, if it is of one."""
    for path in _INSTALLED:
        if file.startswith(path):
            return file[len(path) :].strip("/\\").partition("/")[0].partition("\\")[0]
    return "" if file.startswith(_LIBRARY) else None


_INSTALLED = tuple({sysconfig.get_path(each) for each in ("purelib", "platlib")})
_LIBRARY = sysconfig.get_path("stdlib")

# By file, with the lines that were read; `linecache` has others when they have changed.
_known: dict[str, tuple[list[str], Module | None]] = {}


def _parsed(source: str) -> Module | None:
    try:
        with warnings.catch_warnings():
            # It has been compiled before, with its warnings.
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            code = compile(source, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    functions: dict[tuple[int, str], Function | None] = {}
    inner: dict[int, Function] = {}
    declared: set[str] = set()
    read: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, Function):
            key = _key(node)
            functions[key] = None if key in functions else node
            for below in ast.walk(node):
                if below is not node and isinstance(below, Function):
                    # Those around come first, so the nearest one is what stays.
                    inner[id(below)] = node
        elif isinstance(node, ast.Global | ast.Nonlocal):
            declared.update(node.names)
        read.update(map(id, _only_read(node)))
    mutated = {
        name
        for node in ast.walk(tree)
        if id(node) not in read and (name := _name(node)) is not None and _is_loaded(node)
    }
    bindings: dict[str, int] = {}
    for name in _bound_in(tree.body):
        bindings[name] = bindings.get(name, 0) + 1
    return Module(
        functions,
        frozenset(_codes(code)),
        inner,
        bindings,
        dict(_imported(tree)),
        frozenset(declared),
        frozenset(mutated),
        frozenset(_reassigned(tree, None)),
    )


def _imported(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, (module, alias.name)


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


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return f".{node.attr}" if isinstance(node, ast.Attribute) else None


def _is_loaded(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Load)


def _reassigned(node: ast.AST, function: str | None) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        function = node.name
    if (
        isinstance(node, ast.Attribute)
        and not isinstance(node.ctx, ast.Load)
        and function not in _CONSTRUCTORS
    ):
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _reassigned(child, function)
