"""One call of a function while it is read."""

import ast
import builtins
import sys
import types
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import resolve_name
from typing import Any

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading.shapes import of_object
from fastapi_fastdeps._reading.source import (
    Function,
    Module,
    definition_of,
    is_mutated_anywhere,
    module_of,
)
from fastapi_fastdeps._reading.values import CONTAINERS, UNKNOWN, Data, Value, either

Variables = dict[str, Value]


@dataclass
class Frame:
    """A function, and its variables where the reading has come to.

    Attributes:
        variables: `None` after a `return` or a `raise`.
        returned: what it returns, so far.
        yielded: what it yields, so far.
        exits: the variables at each `break` and `continue` of the innermost loop.
        assigned: what has been assigned within each `try` around.
        targets: the names that loops around give a value in each round.
        rebound: the names that loops around assign.
    """

    function: Any
    node: Function
    module: Module
    variables: Variables | None
    returned: list[Value] = field(default_factory=list[Value])
    yielded: list[Value] = field(default_factory=list[Value])
    exits: list[list[Variables]] = field(default_factory=list[list[Variables]])
    assigned: list[Variables] = field(default_factory=list[Variables])
    targets: frozenset[str] = frozenset()
    rebound: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        code = self.function.__code__
        self._locals = frozenset((*code.co_varnames, *code.co_cellvars))

    @property
    def goes_on(self) -> bool:
        """Whether it has neither returned nor raised."""
        return self.variables is not None

    def assign(self, name: str, value: Value) -> None:
        """Give a variable a value."""
        if self.variables is None or name not in self._locals:
            return
        self.variables[name] = value
        for assigned in self.assigned:
            assigned[name] = either([assigned[name], value]) if name in assigned else value

    @contextmanager
    def rebinding(self, loop: ast.AST, target: ast.expr) -> Generator[None]:
        """A loop, which gives its targets a value in each round and assigns other names."""
        targets, rebound = self.targets, self.rebound
        names = set(_stored(target))
        self.targets = targets | names
        self.rebound = (rebound | set(_stored(loop))) - names
        yield
        self.targets, self.rebound = targets, rebound

    @contextmanager
    def targeting(self, names: set[str]) -> Generator[None]:
        """A comprehension, which gives these names a value in each round."""
        targets = self.targets
        self.targets = targets | names
        yield
        self.targets = targets

    @contextmanager
    def scope(self, names: set[str]) -> Generator[None]:
        """A comprehension, which has its own variables of these names."""
        before, outer = dict(self.variables or {}), self._locals
        self._locals = outer | names
        yield
        self._locals = outer
        if self.variables is not None:
            for name in names:
                self.variables.pop(name, None)
            self.variables.update((n, before[n]) for n in names if n in before)

    def load(self, name: str) -> Value:
        """What a name stands for here."""
        if self.variables is not None and name in self.variables:
            return self.variables[name]
        if name in self._locals:
            return UNKNOWN
        if name in self.function.__code__.co_freevars:
            return self._enclosed(name)
        return self._global(name)

    def cell(self, name: str) -> Any:
        """The object that a name of an enclosing function stands for. `KeyError`, if none."""
        names = self.function.__code__.co_freevars
        cells = dict(zip(names, self.function.__closure__ or (), strict=True))
        try:
            return cells[name].cell_contents
        except ValueError:
            raise KeyError(name) from None

    def _enclosed(self, name: str) -> Value:
        if name == "__class__":
            return UNKNOWN
        if not self.module.is_bound_once_in(self.node, name):
            return UNKNOWN
        try:
            found = self.cell(name)
        except KeyError:
            return UNKNOWN
        return _as_it_is(found, name, self.module, self.function.__code__.co_filename)

    def _global(self, name: str) -> Value:
        namespace: dict[str, Any] = self.function.__globals__
        if name in namespace:
            if not self.module.is_bound_once(name):
                return UNKNOWN
            if name in self.module.imported and kind_of(namespace[name]) in CONTAINERS:
                return self._imported(name)
            file = self.function.__code__.co_filename
            return _as_it_is(namespace[name], name, self.module, file)
        found: Any = namespace.get("__builtins__", builtins)
        inside: Mapping[str, Any] = vars(builtins) if found is builtins else found
        # What is no builtin either is defined later, or not at all.
        return of_object(inside[name]) if name in inside else UNKNOWN

    def _imported(self, name: str) -> Value:
        """A container of another module, which that one may change."""
        namespace: dict[str, Any] = self.function.__globals__
        written, original = self.module.imported[name]
        try:
            module = sys.modules[resolve_name(written, namespace.get("__package__") or "")]
        except (ImportError, KeyError):
            return UNKNOWN
        if vars(module).get(original) is not namespace[name]:
            return UNKNOWN
        if name in self.module.mutated:
            return of_object(namespace[name], stable=False)
        return in_module(module, original)


def in_module(module: types.ModuleType, name: str) -> Value:
    """What a name of another module stands for."""
    namespace = vars(module)
    if name not in namespace:
        return UNKNOWN
    file = namespace.get("__file__")
    source = module_of(file, namespace) if isinstance(file, str) else None
    value = _as_it_is(namespace[name], name, source, file)
    if source is None or source.is_bound_once(name):
        return value if source is not None or not isinstance(value, Data) else UNKNOWN
    # A package has its modules without naming them.
    found = namespace[name]
    if isinstance(found, types.ModuleType) and name not in source.bindings:
        return value
    return UNKNOWN


def _as_it_is(what: Any, name: str, module: Module | None, file: str | None) -> Value:
    """The shape of an object of this name in a module, which is written in this file."""
    stable = module is not None and name not in module.mutated
    if stable and kind_of(what) in CONTAINERS:
        stable = not is_mutated_anywhere(name, file)
    return of_object(what, stable=stable)


def joined(branches: list[Variables | None]) -> Variables | None:
    """The variables after several ways through the code."""
    alive = [branch for branch in branches if branch is not None]
    if not alive:
        return None
    names = {name for branch in alive for name in branch}
    return {name: either(b[name] for b in alive if name in b) for name in names}


def frame_of(function: types.FunctionType, variables: Variables) -> Frame | None:
    """A call of a function; `None` where its source is not there to read."""
    found = definition_of(function)
    if found is None:
        return None
    node, module = found
    return Frame(function, node, module, variables)


def _stored(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each.id
