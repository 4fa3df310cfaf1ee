"""Reads statements."""

import ast
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fastapi_fastdeps._reading import shapes
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.containers import extend, put_by_key
from fastapi_fastdeps._reading.expressions import evaluate_defaults
from fastapi_fastdeps._reading.frames import Variables, joined
from fastapi_fastdeps._reading.looking import caught, is_simple, shapes_of, text_of
from fastapi_fastdeps._reading.questions import truth
from fastapi_fastdeps._reading.sizes import STEP
from fastapi_fastdeps._reading.values import (
    NEVER,
    NONE,
    UNKNOWN,
    Data,
    Instance,
    Known,
    Nothing,
    Value,
    boxes_in,
    either,
    is_plain,
    options,
    shared,
    unshared,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

_MANY_ROUNDS = 8
_UNREADABLE: dict[type, str] = {
    ast.While: "has a while loop",
    ast.Import: "imports",
    ast.ImportFrom: "imports",
    ast.ClassDef: "makes a class",
    ast.FunctionDef: "has a decorated function in it",
}


def run(reader: "Reader", body: Iterable[ast.stmt]) -> None:
    """Read statements until one of them returns or raises."""
    for statement in body:
        if reader.frame.variables is None:
            return
        reader.spend(statement, STEP)
        _statement(reader, statement)


def _statement(reader: "Reader", node: ast.stmt) -> None:
    frame = reader.frame
    match node:
        case ast.Expr():
            reader.evaluate(node.value)
        case ast.Assign():
            for target in node.targets:
                _assign_from(reader, target, node.value)
        case ast.AnnAssign():
            if node.value is not None:
                _assign_from(reader, node.target, node.value)
        case ast.AugAssign():
            _augment(reader, node)
        case ast.Return():
            frame.returned.append(reader.evaluate(node.value) if node.value else NONE)
            frame.variables = None
        case ast.Raise():
            _raise(reader, node)
        case ast.If():
            truth(reader, reader.evaluate(node.test), node.test)
            reader.note("branches")
            _branches(reader, [node.body, node.orelse])
        case ast.For():
            _for(reader, node)
        case ast.Try():
            _try(reader, node)
        case ast.With():
            _with(reader, node)
        case ast.Assert():
            truth(reader, reader.evaluate(node.test), node.test)
            if node.msg is not None:
                before = dict(frame.variables or {})
                reader.evaluate(node.msg)
                frame.variables = before
        case ast.Match():
            _match(reader, node)
        case ast.Delete():
            for target in node.targets:
                _delete(reader, target)
        case ast.Break() | ast.Continue():
            if frame.exits and frame.variables is not None:
                frame.exits[-1].append(frame.variables)
            frame.variables = None
        case ast.FunctionDef() if not node.decorator_list:
            evaluate_defaults(reader, node.args)
            for annotation in _annotations(node):
                reader.evaluate(annotation)
            frame.assign(node.name, UNKNOWN)
        case ast.Pass():
            pass
        case _:
            _unreadable(reader, node)


def _annotations(node: ast.FunctionDef) -> Iterator[ast.expr]:
    arguments = node.args
    rest = [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *rest):
        if each.annotation is not None:
            yield each.annotation
    if node.returns is not None:
        yield node.returns


def _unreadable(reader: "Reader", node: ast.stmt) -> None:
    """What is not followed: anything may have been assigned or returned by it."""
    reader.problem(node, _UNREADABLE.get(type(node), f"has a {type(node).__name__} statement"))
    for below in ast.walk(node):
        if isinstance(below, ast.Name) and isinstance(below.ctx, ast.Store):
            reader.frame.assign(below.id, UNKNOWN)
        elif isinstance(below, ast.alias):
            reader.frame.assign(below.asname or below.name.partition(".")[0], UNKNOWN)
        elif isinstance(below, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            reader.frame.assign(below.name, UNKNOWN)
        elif isinstance(below, ast.Return):
            reader.frame.returned.append(UNKNOWN)
        elif isinstance(below, ast.Yield | ast.YieldFrom):
            reader.frame.yielded.append(UNKNOWN)


def _branches(reader: "Reader", bodies: Iterable[Sequence[ast.stmt]]) -> None:
    frame = reader.frame
    before = frame.variables or {}
    after: list[Variables | None] = []
    for body in bodies:
        frame.variables = dict(before)
        reader.run(body)
        after.append(frame.variables)
    frame.variables = joined(after)


def _raise(reader: "Reader", node: ast.Raise) -> None:
    if node.exc is not None:
        for each in options(reader.evaluate(node.exc)):
            if isinstance(each, Known) and isinstance(each.what, type):
                # A class is called to make what is raised.
                (each,) = options(reader.call(each, Arguments(), node.exc))
            if not isinstance(each, Instance | Data) and not reader.problems:
                reader.problem(node, f"raises {text_of(node.exc)}, which it can't see")
            if isinstance(each, Instance):
                reader.note(f"raises {each.cls.__name__}")
    if node.cause is not None:
        for cause in options(reader.evaluate(node.cause)):
            if isinstance(cause, Known) and isinstance(cause.what, type):
                reader.call(cause, Arguments(), node.cause)
            elif not isinstance(cause, Instance | Data):
                reader.problem(node, f"raises from {text_of(node.cause)}, which it can't see")
    reader.frame.variables = None


def _try(reader: "Reader", node: ast.Try) -> None:
    frame = reader.frame
    before = dict(frame.variables or {})
    frame.assigned.append({})
    reader.run(node.body)
    reader.run(node.orelse)
    ended = [frame.variables]
    assigned = frame.assigned.pop()
    anywhere = joined([before, assigned]) or {}
    for handler in node.handlers:
        frame.variables = dict(anywhere)
        kind = reader.evaluate(handler.type) if handler.type is not None else NONE
        if handler.name is not None:
            frame.assign(handler.name, either(map(caught, options(kind))))
        frame.assigned.append({})
        reader.run(handler.body)
        inside = frame.assigned.pop()
        anywhere = joined([anywhere, inside]) or {}
        ended.append(frame.variables)
    after = joined(ended)
    if not node.finalbody:
        frame.variables = after
        return
    frame.variables = dict(anywhere if after is None else joined([anywhere, after]) or {})
    reader.run(node.finalbody)
    # Where it returns or raises itself, nothing else counts.
    if frame.goes_on:
        frame.variables = after
        if after is not None:
            reader.run(node.finalbody)


def _with(reader: "Reader", node: ast.With) -> None:
    frame = reader.frame
    before = dict(frame.variables or {})
    for item in node.items:
        value = reader.evaluate(item.context_expr)
        for each in options(value):
            if not (isinstance(each, Instance) and _does_nothing(each)):
                reader.problem(node, f"enters {text_of(item.context_expr)}")
        if item.optional_vars is not None:
            assign(reader, item.optional_vars, UNKNOWN, node)
    frame.assigned.append({})
    reader.run(node.body)
    assigned = frame.assigned.pop()
    frame.variables = joined([before, {**before, **assigned}, frame.variables])


def _does_nothing(context: Instance) -> bool:
    """Whether a context manager is one of Python's own that runs nothing of the user's."""
    if context.cls is contextlib.suppress and context.known is Nothing.NOTHING:
        suppressed = context.fields.get("_exceptions", UNKNOWN)
        classes = [
            each
            for given in options(suppressed)
            for each in options(given.box.items if isinstance(given, Data) and given.box else given)
        ]
        return all(isinstance(each, Known) and type(each.what) is type for each in classes)
    return context.cls is contextlib.nullcontext


def _match(reader: "Reader", node: ast.Match) -> None:
    subject = reader.evaluate(node.subject)
    if not is_plain(subject):
        reader.problem(node, "matches what is not known to be plain data")
    if not all(is_simple(case.pattern) for case in node.cases):
        _unreadable(reader, node)
        return
    frame = reader.frame
    before = frame.variables or {}
    after: list[Variables | None] = [dict(before)]
    for case in node.cases:
        frame.variables = dict(before)
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.MatchAs) and part.name is not None:
                frame.assign(part.name, subject)
            elif isinstance(part, ast.MatchValue):
                if not is_plain(reader.evaluate(part.value)):
                    reader.problem(node, "compares with what is not known to be plain data")
                reader.goes_through([subject], part)
        if case.guard is not None:
            truth(reader, reader.evaluate(case.guard), case.guard)
        reader.run(case.body)
        after.append(frame.variables)
    frame.variables = joined(after)


def _delete(reader: "Reader", target: ast.expr) -> None:
    if isinstance(target, ast.Name):
        if reader.frame.variables is not None:
            reader.frame.variables.pop(target.id, None)
        return
    if isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
        on, key = reader.evaluate(target.value), reader.evaluate(target.slice)
        if all(_is_own(reader, each) for each in options(on)) and is_plain(key):
            reader.goes_through([on, key], target)
            return
    reader.problem(target, f"deletes {text_of(target)}")


def _is_own(reader: "Reader", value: Value) -> bool:
    """Whether taking something out of a container disturbs no loop over it, and ends nothing
    that was there before."""
    if not isinstance(value, Data):
        return False
    if value.box is None:
        return True
    is_known = value.box.within is not None or is_plain(value)
    return is_known and not any(value.box in loop.boxes for loop in reader.loops)


# Loops


def _for(reader: "Reader", node: ast.For) -> None:
    over = reader.evaluate(node.iter, lazily=True)
    found = reader.iterate(over, node.iter)
    with reader.loop(over, found, node) as item, reader.frame.rebinding(node, node.target):
        rounds(
            reader, lambda: assign(reader, node.target, item, node), lambda: reader.run(node.body)
        )
    reader.run(node.orelse)


def rounds(reader: "Reader", begin: Callable[[], None], body: Callable[[], None]) -> None:
    """Read the body of a loop until another round says nothing new."""
    frame, loop = reader.frame, reader.loops[-1]
    before = dict(frame.variables or {})
    for count in range(_MANY_ROUNDS):
        changes = loop.changes
        if count == _MANY_ROUNDS - 1:
            reader.problem(None, "makes ever larger or other things in a loop")
        frame.variables = dict(before)
        frame.exits.append([])
        begin()
        body()
        ends = [*frame.exits.pop(), frame.variables]
        after = joined([before, *(_at_the_end(reader, each) for each in ends)]) or before
        if shapes_of(after) == shapes_of(before) and changes == loop.changes:
            break
        before = after
    frame.variables = before


def _at_the_end(reader: "Reader", variables: Variables | None) -> Variables | None:
    """What one round leaves to the next ones."""
    if variables is None:
        return None
    loop = reader.loops[-1]
    for value in variables.values():
        for box in boxes_in(value):
            if box.within is not None and any(loop is each for each in box.within):
                box.is_carried = True
    return {name: unshared(value, loop) for name, value in variables.items()}


# Assignment


def _assign_from(reader: "Reader", target: ast.expr, source: ast.expr) -> None:
    if isinstance(target, ast.Tuple) and isinstance(source, ast.Tuple):
        plain = not any(isinstance(each, ast.Starred) for each in (*target.elts, *source.elts))
        if plain and len(target.elts) == len(source.elts):
            values = [reader.evaluate(each) for each in source.elts]
            for each, value in zip(target.elts, values, strict=True):
                assign(reader, each, value, source)
            return
    is_unpacked = isinstance(target, ast.Tuple | ast.List)
    assign(reader, target, reader.evaluate(source, lazily=is_unpacked), source)


def assign(reader: "Reader", target: ast.expr, value: Value, node: ast.AST | None) -> None:
    """Give what stands left of `=` a value."""
    match target:
        case ast.Name():
            reader.frame.assign(target.id, value)
        case ast.Attribute():
            reader.set_attribute(reader.evaluate(target.value), target.attr, value, target)
        case ast.Subscript():
            _set_item(reader, target, value)
        case ast.Tuple() | ast.List():
            _unpack(reader, target, value, node)
        case _:
            reader.problem(target, f"assigns {text_of(target)}")


def _unpack(
    reader: "Reader", target: ast.Tuple | ast.List, value: Value, node: ast.AST | None
) -> None:
    number = len(target.elts)
    parts: list[Value] = [NEVER] * number
    for each in options(value):
        if isinstance(each, Data) and each.parts is not None:
            if len(each.parts) == number:
                parts = [either(pair) for pair in zip(parts, each.parts, strict=True)]
            continue
        item = reader.iterate(each, node).item
        if isinstance(each, Data) and each.share is not None:
            item = shared(item, each.share, each.size)
        parts = [either([part, item]) for part in parts]
    for inner, part in zip(target.elts, parts, strict=True):
        assign(reader, inner, part, node)


def _set_item(reader: "Reader", target: ast.Subscript, value: Value) -> None:
    on, key = reader.evaluate(target.value), reader.evaluate(target.slice)
    for each in options(on):
        if isinstance(each, Data):
            if not is_plain(key):
                reader.problem(target, "uses as a key what is not known to be plain data")
            if isinstance(target.slice, ast.Slice):
                reader.problem(target, "assigns a slice")
            put_by_key(reader, each, value, key, target)
        elif isinstance(each, Instance) and each.cls is shapes.MutableHeaders:
            if not (is_plain(value) and is_plain(key)):
                reader.problem(target, "puts into headers what is not known to be text")
            reader.goes_through([shapes.HEADERS, value, key], target)
        else:
            reader.problem(target, f"assigns an item of {text_of(target.value)}, not known")


def _augment(reader: "Reader", node: ast.AugAssign) -> None:
    target = node.target
    loaded: ast.expr
    match target:
        case ast.Name():
            loaded = ast.Name(target.id, ast.Load())
        case ast.Attribute():
            loaded = ast.Attribute(target.value, target.attr, ast.Load())
        case _:
            loaded = ast.Subscript(target.value, target.slice, ast.Load())
    ast.copy_location(loaded, target)
    # The tree is kept for as long as the function is, so that its id stays its own.
    loaded = reader.frame.module.derived.setdefault(id(node), loaded)
    before, value = reader.evaluate(loaded), reader.evaluate(node.value)
    changed = [e for e in options(before) if isinstance(e, Data) and e.kind in (list, set, dict)]
    if changed:
        if len(changed) > 1 or before is not changed[0] or not _extends(node.op, changed[0]):
            reader.problem(node, "changes a container in a way that it can't see")
            return
        extend(reader, changed[0], value, node)
        return
    assign(reader, target, reader.operate(node.op, before, value, node), node)


def _extends(op: ast.operator, on: Data) -> bool:
    return isinstance(op, ast.Add) if on.kind is list else isinstance(op, ast.BitOr)


__all__ = ["assign", "rounds", "run"]
