"""What the names in a function are bound to, and where."""

import ast
import math
from collections.abc import Iterator
from typing import Any

from fastapi_fastdeps._cli.checking.values import NOTHING, is_none
from fastapi_fastdeps._reading.source import Function

Place = tuple[int, int]
End = tuple[float, float]
EVER: End = (math.inf, math.inf)


class Bindings:
    """What is bound to names on the way through a function."""

    def __init__(self) -> None:
        # From where, to where, and what.
        self._bound: dict[str, list[tuple[Place, End, Any]]] = {}

    def bind(self, name: str, value: Any, place: Place, end: End = EVER) -> None:
        """`None` is left out: what else a name is bound to is what is called."""
        if not is_none(value):
            self._bound.setdefault(name, []).append((place, end, value))

    def unpack(self, target: ast.expr, value: Any, place: Place, end: End = EVER) -> None:
        """Bind what a target gives names to: of several, nothing is known."""
        match target:
            case ast.Name(id=name):
                self.bind(name, value, place, end)
            case ast.Tuple(elts=names) | ast.List(elts=names):
                for each in names:
                    self.unpack(each, NOTHING, place, end)
            case _:
                pass

    def before(self, name: str, place: Place) -> list[Any]:
        """What was bound to a name last, in the order in which that is written, or in the
        comprehension that the place is in; as a list, empty if there was nothing."""
        bound = self._bound.get(name, ())
        within = [each for each in bound if each[1] != EVER and each[0] <= place < each[1]]
        above = [each for each in bound if each[1] == EVER and each[0] <= place]
        return [value for _, _, value in (within or above)[-1:]]

    def after(self, name: str) -> list[Any]:
        """What is bound to a name first, which a loop may bring back."""
        return [each[2] for each in self._bound.get(name, ()) if each[1] == EVER][:1]


def end_of(node: ast.stmt | ast.expr) -> Place:
    return node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def is_of_itself(name: str, value: ast.expr) -> bool:
    """Whether something is made anew of what has its name already, as a query of a query."""
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(value))


def inside(function: Function) -> Iterator[ast.AST]:
    """What stands in a function, in its order; of the functions in it, those that it calls."""
    body = function.body if isinstance(function.body, list) else [function.body]
    within = dict(named for each in body for node in ast.walk(each) for named in _functions(node))
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            called = within.pop(node.func.id, None)
            if called is not None:
                pending.extend(called.body if isinstance(called.body, list) else [called.body])
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def _functions(node: ast.AST) -> Iterator[tuple[str, ast.FunctionDef | ast.Lambda]]:
    """A function in another one, and the name under which it is called there."""
    match node:
        case ast.FunctionDef(name=name):
            yield name, node
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
            yield name, value
        case _:
            pass
