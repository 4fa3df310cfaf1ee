"""What asking something of a value takes: whether it is true, equal, or in another one."""

import ast
import inspect
import types
from typing import TYPE_CHECKING

from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.looking import compares_by_identity, is_usual, text_of
from fastapi_fastdeps._reading.sizes import STEP, smaller
from fastapi_fastdeps._reading.values import (
    BOOL,
    Data,
    DataMethod,
    Instance,
    Known,
    Method,
    Value,
    is_enum,
    is_plain,
    keys_of,
    options,
    size_of,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader


def truth(reader: "Reader", value: Value, node: ast.AST | None) -> None:
    """Ask whether a value is true."""
    for each in options(value):
        if not _is_asked_plainly(reader, each, node):
            reader.problem(node, f"asks whether {text_of(node)} is true, which it can't see")


def _is_asked_plainly(reader: "Reader", value: Value, node: ast.AST | None) -> bool:
    match value:
        case Data() | Method() | DataMethod():
            return True
        case Known(what=what):
            return not isinstance(what, type) or is_usual(type(what))
        case Instance():
            return _is_instance_asked_plainly(reader, value, node)
        case _:
            return False


def _is_instance_asked_plainly(reader: "Reader", value: Instance, node: ast.AST | None) -> bool:
    if value.cls in shapes.MAPPINGS or is_enum(value.cls):
        return True
    for name in ("__bool__", "__len__"):
        if not all(
            inspect.getattr_static(each, name, None) is None for each in shapes.family(value.cls)
        ):
            found = inspect.getattr_static(value.cls, name, None)
            if not (value.exact and isinstance(found, types.FunctionType)):
                return value.exact and issubclass(value.cls, tuple)
            reader.enter(found, Arguments([value]), node)
    return True


def compare(reader: "Reader", node: ast.Compare) -> Value:
    """What a chain of comparisons gives."""
    left, left_node = reader.evaluate(node.left), node.left
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = reader.evaluate(right_node)
        if isinstance(op, ast.In | ast.NotIn):
            _look_for(reader, left, right, left_node, right_node)
        elif not isinstance(op, ast.Is | ast.IsNot):
            equal(reader, left, right, left_node, right_node)
        left, left_node = right, right_node
    reader.note("compares")
    return BOOL


def equal(
    reader: "Reader", left: Value, right: Value, left_node: ast.expr, right_node: ast.expr
) -> None:
    """Compare two values."""
    for value, node in ((left, left_node), (right, right_node)):
        if not is_plain(value) and not all(map(compares_by_identity, options(value))):
            reader.problem(node, f"compares {text_of(node)}, not known to be plain data")
    # Not more of the longer one is looked at than there is of the other.
    costs = [reader.costs.over_all(each) for each in (left, right)]
    reader.goes_through([left if smaller(*costs) is costs[0] else right], left_node)


def _look_for(
    reader: "Reader", left: Value, right: Value, left_node: ast.expr, right_node: ast.expr
) -> None:
    if not is_plain(left) and not all(map(compares_by_identity, options(left))):
        reader.problem(left_node, f"looks for {text_of(left_node)}, not known to be plain data")
    for each in options(right):
        if isinstance(each, Data):
            if not is_plain(keys_of(each)):
                reader.problem(right_node, f"looks through {text_of(right_node)}, not known")
            if each.kind in (dict, set, frozenset):
                reader.goes_through([left], right_node)
                continue
            _look_through(reader, left, each, right_node)
        elif not _looks_up_plainly(each):
            reader.problem(right_node, f"looks through {text_of(right_node)}, not known")
        else:
            reader.goes_through([left, shapes.HEADERS], right_node)


def _look_through(reader: "Reader", left: Value, right: Data, node: ast.AST) -> None:
    if right.kind in (str, bytes):
        reader.goes_through([left, right], node, times_searched(left))
        return
    reader.goes_through([right], node)
    # Each item is compared with what is looked for, and no further than it is long itself.
    reader.spend(node, STEP, "looks")


def _looks_up_plainly(value: Value) -> bool:
    if isinstance(value, Instance):
        return value.cls in shapes.MAPPINGS or value.known is vetted.ENVIRONMENT
    return isinstance(value, Known) and isinstance(value.what, type) and is_enum(value.what)


def times_searched(what: Value) -> int:
    """How often a text is gone through, at worst, to find another one in it. In a short text
    Python compares at each place; in a long one it does not."""
    size = size_of(what)
    return 100 if size.per else min(size.fixed, 100) + 8
