"""`map`, `filter` and `key=`: what calls a function with each item, as a comprehension would."""

import ast
import operator
from typing import TYPE_CHECKING, Any

from fastapi_fastdeps._reading.values import Known, Value

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

_ITEM = ".item"
"""No name that source can have."""


def as_comprehension(reader: "Reader", what: Value, node: ast.Call) -> ast.GeneratorExp | None:
    """The generator that stands for `map(function, items)` and `filter(function, items)`."""
    builtin = what.what if isinstance(what, Known) else None
    if builtin is not map and builtin is not filter:
        return None
    is_map = builtin is map
    if len(node.args) != 2 or node.keywords or isinstance(node.args[1], ast.Starred):
        return None
    derived = reader.frame.module.derived
    if id(node) in derived:
        known = derived[id(node)]
        return known if isinstance(known, ast.GeneratorExp) else None
    function, items = node.args
    name, called = _ITEM, _item()
    if not (isinstance(function, ast.Constant) and function.value is None and not is_map):
        called_by = as_lambda(reader, function)
        if called_by is None:
            return None
        name, called = called_by.args.args[0].arg, called_by.body
    given: ast.expr = called if is_map else ast.Name(name, ast.Load())
    made = ast.GeneratorExp(
        given,
        [ast.comprehension(ast.Name(name, ast.Store()), items, [] if is_map else [called], 0)],
    )
    derived[id(node)] = _at(node, made)
    return made


def as_lambda(reader: "Reader", function: ast.expr) -> ast.Lambda | None:
    """A lambda of one parameter, or one that stands for the name of a function, `itemgetter(key)`
    or `attrgetter("name")`."""
    if isinstance(function, ast.Lambda):
        return function if _is_of_one(function) else None
    derived = reader.frame.module.derived
    known = derived.get(id(function))
    if isinstance(known, ast.Lambda):
        return known
    body: ast.expr | None = None
    match function:
        case ast.Name() | ast.Attribute():
            body = ast.Call(function, [_item()], [])
        case ast.Call(func=ast.Name() | ast.Attribute() as getter, args=[key], keywords=[]):
            if isinstance(key, ast.Constant):
                body = _got(reader, getter, key)
        case _:
            pass
    if body is None:
        return None
    parameters = ast.arguments([], [ast.arg(_ITEM)], None, [], [], None, [])
    made = ast.Lambda(parameters, body)
    derived[id(function)] = _at(function, made)
    return made


def _got(reader: "Reader", getter: ast.expr, key: ast.Constant) -> ast.expr | None:
    what: Any = reader.evaluate(getter)
    if not isinstance(what, Known):
        return None
    if what.what is operator.itemgetter:
        return ast.Subscript(_item(), key, ast.Load())
    name = key.value
    if what.what is operator.attrgetter and isinstance(name, str) and name.isidentifier():
        return ast.Attribute(_item(), name, ast.Load())
    return None


def _is_of_one(function: ast.Lambda) -> bool:
    """Whether it is called with one argument, and binds nothing of its own."""
    given = function.args
    if len(given.args) != 1 or given.posonlyargs or given.defaults or given.kwonlyargs:
        return False
    if given.vararg or given.kwarg:
        return False
    return not any(
        isinstance(each, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await)
        for each in ast.walk(function.body)
    )


def _item() -> ast.expr:
    return ast.Name(_ITEM, ast.Load())


def _at(place: ast.expr, made: ast.expr) -> ast.expr:
    """What has no place yet is where the other one is."""
    for each in ast.walk(made):
        if isinstance(each, ast.expr | ast.arg) and not hasattr(each, "lineno"):
            ast.copy_location(each, place)
    return made


__all__ = ["as_comprehension", "as_lambda"]
