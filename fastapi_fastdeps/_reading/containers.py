"""Containers that are made, looked into and changed."""

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.looking import text_of
from fastapi_fastdeps._reading.operators import share_of_all
from fastapi_fastdeps._reading.questions import truth
from fastapi_fastdeps._reading.sizes import STEP, Bound, total
from fastapi_fastdeps._reading.values import (
    LONG,
    NEVER,
    NONE,
    SCALAR,
    TEXT,
    UNKNOWN,
    Data,
    Instance,
    Iterator,
    Known,
    Share,
    Unknown,
    Value,
    either,
    is_enum,
    is_plain,
    keys_of,
    member_of,
    options,
    shared,
    size_of,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


# What is made


def tuple_of(reader: "Reader", node: ast.Tuple) -> Value:
    """A tuple of which it is known what stands where."""
    parts = tuple(reader.evaluate(each) for each in node.elts)
    made = reader.new(tuple, either(parts), _size_of_all(parts), NEVER, share_of_all(reader, parts))
    return Data(tuple, made.given, made.box, parts, share=made.share)


def _size_of_all(parts: Sequence[Value]) -> Bound:
    return STEP * (1 + len(parts)) + total(map(size_of, parts))


def display(
    reader: "Reader", node: ast.expr, kind: type[Any], elements: Sequence[ast.expr]
) -> Value:
    """A list, set or tuple that is written down."""
    items: list[Value] = []
    parts: list[Value] = []
    for each in elements:
        if isinstance(each, ast.Starred):
            over = reader.evaluate(each.value, lazily=True)
            items.append(reader.iterate(over, each).item)
            parts.append(over)
        else:
            items.append(reader.evaluate(each))
            parts.append(items[-1])
    if kind is set:
        for item in items:
            _hash(reader, item, node)
    return reader.new(kind, either(items), _size_of_all(parts), NEVER, share_of_all(reader, parts))


def dict_of(reader: "Reader", node: ast.Dict) -> Value:
    """A dict that is written down."""
    keys: list[Value] = []
    items: list[Value] = []
    parts: list[Value] = []
    for key, value in zip(node.keys, node.values, strict=True):
        made = reader.evaluate(value)
        parts.append(made)
        if key is not None:
            keys.append(reader.evaluate(key))
            _hash(reader, keys[-1], node)
            parts.append(keys[-1])
            items.append(made)
            continue
        for each in options(made):
            if isinstance(each, Data) and each.box is not None and each.kind is dict:
                reader.goes_through([each], value)
                keys.append(each.box.keys)
                items.append(each.box.items)
            else:
                reader.problem(value, f"unpacks {text_of(value)}, not known to be a dict")
    size = _size_of_all(parts)
    return reader.new(dict, either(items), size, either(keys), share_of_all(reader, parts))


def _hash(reader: "Reader", key: Value, node: ast.AST | None) -> None:
    if isinstance(key, Unknown) or not is_plain(key):
        reader.problem(node, "hashes what is not known to be plain data")
    reader.goes_through([key], node)


def comprehension(
    reader: "Reader",
    node: Comprehension,
    kind: type[Any],
    element: ast.expr,
    key: ast.expr | None = None,
) -> Value:
    """What a comprehension makes, and a generator that is gone through at once."""
    made: list[Value] = []
    sizes: list[Bound] = []
    over: list[Value] = []

    def inside() -> None:
        for each in (element, key):
            if each is not None:
                made.append(reader.evaluate(each))
                sizes.append(reader.costs.over_all(made[-1]))
        sizes.append(reader.costs.runs * STEP * 2)
        if kind in (set, dict):
            _hash(reader, made[-1], node)
            hashed(reader, made[-1], node)

    def nested(rest: Sequence[ast.comprehension]) -> None:
        if not rest:
            inside()
            return
        first = rest[0]
        if first.is_async:
            reader.problem(node, "iterates over what is async")
        over.append(reader.evaluate(first.iter, lazily=True))
        found = reader.iterate(over[-1], first.iter)
        with reader.loop(over[-1], found, first) as item:
            reader.assign(first.target, item, node)
            for test in first.ifs:
                truth(reader, reader.evaluate(test), test)
            changes = reader.loops[-1].changes
            nested(rest[1:])
            if reader.loops[-1].changes != changes:
                reader.problem(node, "changes in a comprehension what was there before")

    targets = [part.target for part in node.generators]
    names = {each.id for t in targets for each in ast.walk(t) if isinstance(each, ast.Name)}
    with reader.frame.scope(names), reader.frame.targeting(names):
        nested(node.generators)
    size = STEP + total(sizes)
    keys = made[-1] if kind is dict else NEVER
    share = reader.share_of_this(size)
    if isinstance(node, ast.GeneratorExp):
        return reader.iterator(made[0], over, size, share)
    return reader.new(kind, made[0], size, keys, share)


def through(reader: "Reader", item: Value, over: Sequence[Value], sizes: Sequence[Bound]) -> Value:
    """What goes through others, and gives a tuple of what they give."""
    texts = any(isinstance(e, Data) and e.box is None for v in over for e in options(v))
    # What a text gives takes more room than in the text.
    times = 64 if texts else 4
    share = share_of_all(reader, over)
    if share is not None:
        share = Share(share.loop, share.total * times)
    return reader.iterator(item, over, total(sizes) * times, share)


def hashed(reader: "Reader", key: Value, node: ast.AST | None) -> None:
    """Note that something is hashed to be kept. Numbers of a request can be such that all of
    them have one hash, which makes many of them take long."""
    reader.goes_through([key], node)
    if reader.costs.runs.per and not hashes_apart(key):
        reader.problem(node, "keeps many numbers in a dict or set, which may all have one hash")


def hashes_apart(key: Value) -> bool:
    """Whether nobody can know which of such values have one hash."""
    for each in options(key):
        if not isinstance(each, Data):
            continue
        if each.parts is not None:
            if not all(map(hashes_apart, each.parts)):
                return False
        elif each.kind not in (str, bytes, bool, type(None)):
            return False
    return True


# What is looked up


def subscript(reader: "Reader", node: ast.Subscript) -> Value:
    """What is read by a key, an index or a slice."""
    on = reader.evaluate(node.value)
    key = slice_of(reader, node.slice)
    results: list[Value] = []
    for each in options(on):
        if isinstance(each, Data):
            if each.kind in LONG and not is_plain(key):
                results.append(reader.problem(node, "looks up what is not known to be plain"))
                continue
            if each.kind is dict:
                if not is_plain(keys_of(each)):
                    results.append(reader.problem(node, "looks among what is not known"))
                    continue
                reader.goes_through([key], node)
            results.append(_item_at(reader, each, node))
        elif isinstance(each, Known) and isinstance(each.what, type) and is_enum(each.what):
            if is_plain(key):
                reader.goes_through([key], node)
                results.append(member_of(each.what))
            else:
                results.append(reader.problem(node, "looks up what is not plain data"))
        elif isinstance(each, Instance) and _is_mapping(each):
            if is_plain(key):
                reader.goes_through([key, shapes.HEADERS], node)
                results.append(TEXT)
            else:
                results.append(reader.problem(node, "looks up what is not plain data"))
        else:
            results.append(reader.problem(node, f"reads an item of {text_of(node.value)}"))
    return either(results)


def slice_of(reader: "Reader", node: ast.expr) -> Value:
    """A key, or a slice, whose parts are numbers."""
    if not isinstance(node, ast.Slice):
        return reader.evaluate(node)
    parts = [reader.evaluate(each) for each in (node.lower, node.upper, node.step) if each]
    return SCALAR if all(map(is_plain, parts)) else UNKNOWN


def _is_mapping(value: Instance) -> bool:
    mappings = (shapes.Headers, shapes.QueryParams, shapes.MutableHeaders)
    return value.cls in mappings or value.known is vetted.ENVIRONMENT


def _item_at(reader: "Reader", on: Data, node: ast.Subscript) -> Value:
    if isinstance(node.slice, ast.Slice):
        reader.goes_through([on], node)
        if on.kind not in LONG:
            return NEVER
        if on.box is None:
            return Data(on.kind, on.size, share=on.share)
        item = either(on.parts) if on.parts is not None else on.box.items
        return reader.new(on.kind, item, on.size, on.box.keys, on.share)
    if on.kind in (str, bytes):
        return Data(str) if on.kind is str else Data(int, Bound(3), most=Bound(255))
    if on.box is None:
        return NEVER
    found = on.box.items
    if on.parts is not None:
        index = node.slice.value if isinstance(node.slice, ast.Constant) else None
        fits = type(index) is int and -len(on.parts) <= index < len(on.parts)
        found = on.parts[index] if fits and type(index) is int else either(on.parts)
    return shared(found, on.share, on.size) if on.share is not None else found


# What is changed


def put_by_key(reader: "Reader", on: Data, value: Value, key: Value, node: ast.AST | None) -> None:
    """Put something into a dict, or in the place of an item of a list."""
    if on.kind is dict:
        hashed(reader, key, node)
        reader.put(on, value, node, key)
    else:
        reader.put(on, value, node)


def extend(reader: "Reader", on: Data, value: Value, node: ast.AST | None) -> Value:
    """Put all that another container has into a list, set or dict."""
    if on.box is None or on.kind not in (list, set, dict):
        return NEVER
    for each in options(value):
        if not isinstance(each, Data) or each.kind not in (*LONG, Iterator):
            return reader.problem(node, "puts in what it can't see")
        if on.kind is dict and each.kind is not dict:
            return reader.problem(node, "puts in what it can't see")
        if each.box is not None and (each.box is on.box or on.box in each.box.over):
            return reader.problem(node, "puts a container into itself")
        found = reader.iterate(each, node)
        if on.kind in (set, dict):
            _hash(reader, found.item, node)
            if size_of(each).per and not hashes_apart(found.item):
                reader.problem(node, "keeps many numbers in a dict or set")
        items = each.box.items if each.kind is dict and each.box and on.kind is dict else found.item
        keys = found.item if on.kind is dict else NEVER
        reader.put_all(on, each, items, keys, node)
    return NONE
