"""What operators give of data. Python's own types do no more than to compute."""

import ast
import decimal
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi_fastdeps._reading import shapes
from fastapi_fastdeps._reading.looking import formats_plainly, text_of, width_of
from fastapi_fastdeps._reading.questions import truth
from fastapi_fastdeps._reading.sizes import DIGITS, ITEM, STEP, Bound, largest, total
from fastapi_fastdeps._reading.values import (
    BOOL,
    CONTAINERS,
    FLOAT,
    LONG,
    NEVER,
    NUMBERS,
    UNKNOWN,
    Data,
    Share,
    Value,
    either,
    is_plain,
    options,
    share_of,
    size_of,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

_INTS = (int, bool)
_REALS = (bool, float, int)
_OF_NUMBER = 400


def operate(
    reader: "Reader", op: ast.operator, left: Value, right: Value, node: ast.AST | None
) -> Value:
    """What an operator gives, whichever of its values each side is."""
    reader.note("computes")
    return either(
        _operate(reader, op, one, other, node) for one in options(left) for other in options(right)
    )


def _operate(
    reader: "Reader", op: ast.operator, left: Value, right: Value, node: ast.AST | None
) -> Value:
    if not isinstance(left, Data) or not isinstance(right, Data):
        return reader.problem(node, "computes with what is not known to be plain data")
    kinds = {left.kind, right.kind}
    if object in kinds:
        return reader.problem(node, "computes with one of several kinds of data")
    if type(None) in kinds:
        return NEVER
    if kinds <= set(_INTS):
        return _integers(reader, op, left, right, node)
    if kinds <= {*_REALS, complex}:
        return _floats(op, left, right)
    if kinds <= {decimal.Decimal, *_INTS}:
        return _decimals(reader, op, left, right, node)
    if isinstance(op, ast.Mod) and left.kind in (str, bytes):
        return _percent(reader, left, right, node)
    if isinstance(op, ast.Mult) and kinds & LONG:
        return _repeat(reader, left, right, node)
    if kinds <= LONG:
        return _join(reader, op, left, right, node)
    if not kinds & LONG and not kinds & {complex, decimal.Decimal}:
        return _times(op, left, right)
    return NEVER


def _integers(
    reader: "Reader", op: ast.operator, left: Data, right: Data, node: ast.AST | None
) -> Value:
    grown = left.is_grown or right.is_grown
    digits = largest([left.size, right.size])
    most: Bound | None = None
    is_signed = left.is_signed or right.is_signed
    match op:
        case ast.Add():
            if left.is_grown and right.is_grown:
                return reader.problem(node, "adds up in a loop what it has added up")
            most = left.most + right.most if left.most and right.most else None
        case ast.Sub():
            if left.is_grown and right.is_grown:
                return reader.problem(node, "adds up in a loop what it has added up")
        case ast.Mult():
            if grown:
                return reader.problem(node, "multiplies in a loop what it has multiplied")
            digits = left.size + right.size
            reader.spend(node, left.size * right.size // _OF_NUMBER)
        case ast.FloorDiv() | ast.Mod():
            reader.spend(node, left.size * right.size // _OF_NUMBER)
            if isinstance(op, ast.Mod) and not right.is_signed and right.size.fixed < 19:
                most, is_signed = right.most, False
        case ast.Div():
            return FLOAT
        case ast.Pow():
            exponent = right.constant
            if grown or type(exponent) is not int or not 0 <= exponent <= 8:
                return reader.problem(node, "raises to a power that may be large")
            digits = left.size * max(exponent, 1)
            reader.spend(node, digits * digits // _OF_NUMBER)
        case ast.LShift():
            bits = right.constant
            if grown or type(bits) is not int or not 0 <= bits <= 64:
                return reader.problem(node, "shifts by what may be large")
            digits = left.size + Bound(20)
        case ast.RShift() | ast.BitAnd() | ast.BitOr() | ast.BitXor():
            pass
        case _:
            return NEVER
    if digits.per or digits.fixed > 8 * DIGITS:
        return reader.problem(node, "computes a number that may have very many digits")
    share = None if grown else share_of_all(reader, [left, right])
    is_signed = is_signed and most is not None
    return Data(int, digits, most=most, is_signed=is_signed, is_grown=grown, share=share)


def _floats(op: ast.operator, left: Data, right: Data) -> Value:
    if isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow):
        return Data(complex) if complex in (left.kind, right.kind) else FLOAT
    return NEVER


def _decimals(
    reader: "Reader", op: ast.operator, left: Data, right: Data, node: ast.AST | None
) -> Value:
    if not isinstance(op, ast.Add | ast.Sub | ast.Mult):
        return reader.problem(node, "divides decimals, which may have very many digits")
    if isinstance(op, ast.Mult) and all(size.per for size in (left.size, right.size)):
        return reader.problem(node, "multiplies decimals, which may have very many digits")
    reader.goes_through([left, right], node, 100)
    return Data(decimal.Decimal, Bound(100, 1))


def _times(op: ast.operator, left: Data, right: Data) -> Value:
    """Of points in time, and what is between them."""
    if not isinstance(op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.FloorDiv | ast.Mod):
        return NEVER
    results: list[Value] = []
    for kind in (left.kind, right.kind):
        results.append(Data(kind))
    names = {left.kind.__name__, right.kind.__name__}
    if names <= {"date", "datetime"} and isinstance(op, ast.Sub):
        results.append(shapes.DELTA)
    if names == {"timedelta"} and isinstance(op, ast.Div):
        results.append(FLOAT)
    if names == {"timedelta"} and isinstance(op, ast.FloorDiv):
        results.append(Data(int, Bound(20)))
    return either(results)


def _repeat(reader: "Reader", left: Data, right: Data, node: ast.AST | None) -> Value:
    for one, other in ((left, right), (right, left)):
        if one.kind in LONG and other.kind in _INTS:
            if one.kind in (dict, set, frozenset):
                return NEVER
            most = Bound(1) if other.kind is bool else other.most
            if most is None:
                return reader.problem(node, "repeats by a number that may be large")
            size = one.size * most
            reader.spend(node, size, "repeats")
            return _of_kind(reader, one, [one], size, None)
    return NEVER


def _of_kind(
    reader: "Reader", like: Data, parts: Iterable[Data], size: Bound, share: Share | None
) -> Value:
    if like.kind not in CONTAINERS:
        return Data(like.kind, size, share=share)
    boxes = [part.box for part in parts if part.box is not None]
    items = [part for each in parts for part in each.parts or ()]
    return reader.new(
        like.kind,
        either([*items, *(box.items for box in boxes)]),
        size,
        either(box.keys for box in boxes),
        share,
    )


def _join(
    reader: "Reader", op: ast.operator, left: Data, right: Data, node: ast.AST | None
) -> Value:
    both = (left, right)
    fits = left.kind is right.kind or {left.kind, right.kind} <= {set, frozenset}
    sets = left.kind in (set, frozenset) and isinstance(
        op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor
    )
    unites = left.kind is dict and isinstance(op, ast.BitOr)
    adds = left.kind in (str, bytes, list, tuple) and isinstance(op, ast.Add)
    if not fits or not (sets or unites or adds):
        return NEVER
    if (sets or unites) and not all(map(is_plain, both)):
        return reader.problem(node, "hashes what is not known to be plain data")
    reader.goes_through(both, node)
    return _of_kind(reader, left, both, total(e.size for e in both), share_of_all(reader, both))


def share_of_all(reader: "Reader", values: Iterable[Value]) -> Share | None:
    """The share of a round in several values that are made one."""
    found: Share | None = None
    small = Bound(ITEM)
    for value in values:
        share = share_of(value)
        if share is None:
            if size_of(value).per:
                return None
            small += size_of(value)
        elif found is None:
            found = share
        elif found.loop is not share.loop:
            return None
        else:
            found = Share(found.loop, found.total + share.total)
    if found is None or found.loop not in reader.loops:
        return None
    return Share(found.loop, found.total + found.loop.runs * small)


def lengthened(value: Value, kind: type, times: int, more: Bound = STEP) -> Value:
    """A text that may be `times` as long as a value, and a little longer."""
    share = share_of(value)
    if share is not None:
        share = Share(share.loop, share.total * times + share.loop.runs * more)
    return Data(kind, size_of(value) * times + more, share=share)


def _percent(reader: "Reader", left: Data, right: Data, node: ast.AST | None) -> Value:
    width = width_of(left.constant) if isinstance(left.constant, str) else None
    values = right.parts if right.parts is not None else (right,)
    if width is None or not is_plain(right) or right.kind is dict:
        return reader.problem(node, "formats by what is not written here")
    return text(reader, [left, *values], width, node)


def text(
    reader: "Reader", values: Iterable[Value], width: int, node: ast.AST | None, times: int = 1
) -> Value:
    """What values make, formatted one after the other."""
    parts = [_as_text(reader, value, times, node) for value in values]
    written = Data(str, Bound(width))
    reader.goes_through([*parts, written], node)
    size = total(map(size_of, (*parts, written)))
    return Data(str, size, share=share_of_all(reader, [*parts, written]))


def _as_text(reader: "Reader", value: Value, times: int, node: ast.AST | None) -> Value:
    """A value as text: in a container all that is in it, which `repr` makes longer."""
    results: list[Value] = []
    for each in options(value):
        kind = each.kind if isinstance(each, Data) else type(None)
        if kind is int:
            digits = size_of(each)
            reader.spend(node, digits * digits // _OF_NUMBER, "as text")
            results.append(Data(str, Bound(min(digits.fixed, DIGITS) + ITEM)))
        elif kind in LONG:
            longer = times if kind is str else 10
            results.append(lengthened(each, str, longer))
        elif kind in (decimal.Decimal, object):
            results.append(lengthened(each, str, 1))
        else:
            results.append(Data(str, Bound(400)))
    return either(results)


def unary(reader: "Reader", node: ast.UnaryOp) -> Value:
    """What an operator in front of a value gives."""
    value = reader.evaluate(node.operand)
    if isinstance(node.op, ast.Not):
        truth(reader, value, node.operand)
        return BOOL
    results: list[Value] = []
    for each in options(value):
        if not isinstance(each, Data):
            return reader.problem(node, "computes with what is not known to be plain data")
        if each.kind not in (*NUMBERS, shapes.DELTA.kind):
            results.append(NEVER)
        elif isinstance(node.op, ast.USub) and type(each.constant) in (int, float):
            results.append(shapes.of_constant(-each.constant))
        else:
            kind = int if each.kind is bool else each.kind
            results.append(Data(kind, each.size + Bound(1), is_grown=each.is_grown))
    return either(results)


def formatted(reader: "Reader", node: ast.JoinedStr) -> Value:
    """What an f-string gives."""
    values: list[Value] = []
    width = 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            width += len(str(part.value))
            continue
        assert isinstance(part, ast.FormattedValue)
        value = reader.evaluate(part.value)
        values.append(value)
        if not formats_plainly(value):
            reader.problem(part, f"formats {text_of(part.value)}, not known to be plain data")
        if part.conversion in (97, 114):
            values[-1] = either(
                lengthened(each, str, 10) if isinstance(each, Data) and each.kind in LONG else each
                for each in options(value)
            )
        if part.format_spec is not None:
            wide = _width(part, value)
            if wide is None:
                reader.problem(part, "formats to a width that may be large")
            width += wide or 0
    reader.note("formats")
    return text(reader, values, width, node)


def _width(part: ast.FormattedValue, value: Value) -> int | None:
    spec = part.format_spec
    assert isinstance(spec, ast.JoinedStr)
    written = "".join(
        str(each.value) if isinstance(each, ast.Constant) else "*" for each in spec.values
    )
    for each in options(value):
        if isinstance(each, Data) and each.kind in (decimal.Decimal, object):
            return None
    width = width_of(written)
    # Thousands are separated, and a float may have 309 digits before the point.
    return None if width is None else 2 * width + 1000


__all__ = [
    "UNKNOWN",
    "formatted",
    "lengthened",
    "operate",
    "share_of_all",
    "text",
    "unary",
]
