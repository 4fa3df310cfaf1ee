"""Reads expressions."""

import ast
from typing import TYPE_CHECKING

from fastapi_fastdeps._reading import shapes
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.containers import (
    comprehension,
    dict_of,
    display,
    subscript,
    tuple_of,
)
from fastapi_fastdeps._reading.functional import as_comprehension, as_lambda
from fastapi_fastdeps._reading.handlers import GOES_THROUGH, TAKES_KEY
from fastapi_fastdeps._reading.looking import text_of
from fastapi_fastdeps._reading.operators import formatted, unary
from fastapi_fastdeps._reading.questions import compare, truth
from fastapi_fastdeps._reading.values import (
    NONE,
    SCALAR,
    SCALARS,
    UNKNOWN,
    Data,
    DataMethod,
    Known,
    Super,
    Value,
    either,
    grown,
    is_plain,
    options,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

_UNREAD: dict[type, str] = {ast.Await: "an await", ast.YieldFrom: "a yield from"}
_GOING_THROUGH = frozenset({"extend", "join", "update"})


def evaluate(reader: "Reader", node: ast.expr) -> Value:
    """What an expression gives."""
    match node:
        case ast.Constant():
            return shapes.of_constant(node.value) if type(node.value) in SCALARS else UNKNOWN
        case ast.Name():
            return _as_loaded(reader, reader.frame.load(node.id), node)
        case ast.Attribute():
            on = reader.evaluate(node.value)
            return _as_loaded(reader, reader.attribute(on, node.attr, node), node)
        case ast.Subscript():
            return _as_loaded(reader, subscript(reader, node), node)
        case ast.Call():
            return _called(reader, node)
        case ast.BinOp():
            left, right = reader.evaluate(node.left), reader.evaluate(node.right)
            return reader.operate(node.op, left, right, node)
        case ast.BoolOp():
            return _chain(reader, node)
        case ast.UnaryOp():
            return unary(reader, node)
        case ast.Compare():
            return compare(reader, node)
        case ast.IfExp():
            truth(reader, reader.evaluate(node.test), node.test)
            return either([reader.evaluate(node.body), reader.evaluate(node.orelse)])
        case ast.JoinedStr():
            return formatted(reader, node)
        case ast.NamedExpr():
            return _named(reader, node)
        case ast.Tuple() if not any(isinstance(each, ast.Starred) for each in node.elts):
            return tuple_of(reader, node)
        case ast.Tuple():
            return display(reader, node, tuple, node.elts)
        case ast.List():
            return display(reader, node, list, node.elts)
        case ast.Set():
            return display(reader, node, set, node.elts)
        case ast.Dict():
            return dict_of(reader, node)
        case ast.ListComp() | ast.GeneratorExp():
            return comprehension(reader, node, list, node.elt)
        case ast.SetComp():
            return comprehension(reader, node, set, node.elt)
        case ast.DictComp():
            return comprehension(reader, node, dict, node.value, node.key)
        case ast.Lambda():
            evaluate_defaults(reader, node.args)
            return UNKNOWN
        case ast.Yield():
            reader.frame.yielded.append(reader.evaluate(node.value) if node.value else NONE)
            reader.note("yields")
            reader.let_go()
            return NONE
        case _:
            return reader.problem(node, f"has {_UNREAD.get(type(node), 'what it can not read')}")


def _chain(reader: "Reader", node: ast.BoolOp) -> Value:
    values = [reader.evaluate(each) for each in node.values]
    for value, each in zip(values[:-1], node.values, strict=False):
        truth(reader, value, each)
    return either(values)


def _named(reader: "Reader", node: ast.NamedExpr) -> Value:
    value = reader.evaluate(node.value)
    if reader.loops:
        reader.problem(node, "assigns within an expression in a loop")
    before = reader.frame.variables or {}
    name = node.target.id
    # In `a and (b := c)` it may not come to it.
    known = [before[name]] if name in before else []
    reader.frame.assign(name, either([*known, value]))
    return value


def _as_loaded(reader: "Reader", value: Value, node: ast.expr) -> Value:
    """In a loop, a number that it assigns itself may have been made of itself."""
    if not reader.loops:
        return value
    root: ast.expr = node
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    if isinstance(root, ast.Name):
        if root.id in reader.frame.targets:
            return value
        if isinstance(node, ast.Name) and root.id not in reader.frame.rebound:
            return value
    return grown(value)


def evaluate_defaults(reader: "Reader", arguments: ast.arguments) -> None:
    """Read what is evaluated where a function is written, not where it is called."""
    for default in (*arguments.defaults, *filter(None, arguments.kw_defaults)):
        reader.evaluate(default)


# Calls


def _called(reader: "Reader", node: ast.Call) -> Value:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
        return _super(reader, node)
    what = reader.evaluate(node.func)
    derived = as_comprehension(reader, what, node)
    if derived is not None:
        return comprehension(reader, derived, list, derived.elt)
    given = Arguments()
    keyed = _keyed(reader, what, node)
    given.is_keyed = keyed is not None
    lazily = _goes_through(what)
    for each in node.args:
        if isinstance(each, ast.Starred):
            over = reader.evaluate(each.value)
            reader.iterate(over, each)
            given.is_open = True
        elif keyed is None or each is not keyed:
            value = reader.evaluate(each, lazily=lazily)
            if not given.is_open:
                # Behind others of which nobody knows how many they are, it stands anywhere.
                given.positional.append(value)
    for keyword in node.keywords:
        if keyword.arg is None:
            value = reader.evaluate(keyword.value)
            if not all(isinstance(option, Data) for option in options(value)):
                reader.problem(node, "passes on what is not known to be a dict")
            reader.goes_through([value], keyword)
            given.is_open = True
            given.named["**"] = UNKNOWN if not is_plain(value) else SCALAR
        elif keyed is None or keyword.value is not keyed:
            given.named[keyword.arg] = reader.evaluate(keyword.value)
    return reader.call(what, given, node)


def _goes_through(what: Value) -> bool:
    """Whether a call goes through its arguments before anything else happens."""
    if isinstance(what, DataMethod):
        return isinstance(what.on, Data) and what.name in _GOING_THROUGH
    return isinstance(what, Known) and any(what.what is each for each in GOES_THROUGH)


def _keyed(reader: "Reader", what: Value, node: ast.Call) -> ast.expr | None:
    """Read the function that is given as a key to what sorts or compares."""
    if not (isinstance(what, Known) and any(what.what is each for each in TAKES_KEY)):
        return None
    keys = [each.value for each in node.keywords if each.arg == "key"]
    if len(keys) != 1 or len(node.args) != 1 or isinstance(node.args[0], ast.Starred):
        return None
    (key,) = keys
    called = as_lambda(reader, key)
    if called is None or reader.frame.variables is None:
        return None
    over = reader.evaluate(node.args[0], lazily=True)
    name = called.args.args[0].arg
    found = reader.iterate(over, node.args[0])
    with (
        reader.frame.scope({name}),
        reader.frame.targeting({name}),
        reader.loop(over, found, key) as item,
    ):
        reader.frame.assign(name, item)
        result = reader.evaluate(called.body)
        reader.goes_through([result], key, 16)
    if not is_plain(result):
        reader.problem(node, "sorts by what is not known to be plain data")
    return key


def _super(reader: "Reader", node: ast.Call) -> Value:
    try:
        cls = reader.frame.cell("__class__")
    except KeyError:
        return reader.problem(node, "calls super(), which it can't see")
    code = reader.frame.function.__code__
    variables = reader.frame.variables or {}
    first = code.co_varnames[0] if code.co_argcount else ""
    if first not in variables or not isinstance(cls, type):
        return reader.problem(node, f"calls {text_of(node)}(), which it can't see")
    return Super(cls, variables[first])
