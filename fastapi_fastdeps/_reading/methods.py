"""What methods of Python's own types give, and of FastAPI's and Starlette's."""

import decimal
import string
from ast import AST
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING

from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.containers import extend, hashed, put_by_key, through
from fastapi_fastdeps._reading.inherited import leaves_alone
from fastapi_fastdeps._reading.looking import is_written
from fastapi_fastdeps._reading.operators import lengthened, share_of_all
from fastapi_fastdeps._reading.operators import text as as_text
from fastapi_fastdeps._reading.questions import times_searched
from fastapi_fastdeps._reading.sizes import ITEM, Bound, total
from fastapi_fastdeps._reading.values import (
    BOOL,
    CONTAINERS,
    COUNT,
    NEVER,
    NONE,
    UNKNOWN,
    Box,
    Data,
    Instance,
    Known,
    Method,
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

_SETS = ("difference", "intersection", "isdisjoint", "issubset", "issuperset", "union")
_ENDING = ("clear", "discard", "pop", "popitem", "remove")
_STRIPPING = ("lstrip", "rstrip", "strip")
_FROM_THE_END = ("rfind", "rindex", "rpartition", "rsplit")


def call_data(reader: "Reader", name: str, on: Data, given: Arguments, node: AST | None) -> Value:
    """What a method of a builtin type gives."""
    if on.kind in CONTAINERS:
        return _of_container(reader, name, on, given, node)
    text = f"{on.kind.__name__}.{name}"
    if given.is_open or not all(map(is_plain, given.all)):
        return reader.problem(node, f"gives {text} what is not known to be plain data")
    if on.kind in (str, bytes):
        return _of_text(reader, name, on, given, node)
    if name in ("strftime", "format") and on.kind not in (str, decimal.Decimal):
        if all(map(is_written, given.all)):
            return Data(str, Bound(20_000))
        return reader.problem(node, f"calls {text} with a format that it can't see")
    for kind in on.kind.__mro__:
        if name in vetted.METHODS.get(kind, ()):
            reader.note(f"calls {text}")
            return vetted.METHODS[kind][name]
    return reader.problem(node, f"calls {text}")


def _of_text(reader: "Reader", name: str, on: Data, given: Arguments, node: AST | None) -> Value:
    text = f"{on.kind.__name__}.{name}"
    first = given.positional[0] if given.positional else NONE
    if name == "join" and len(given.all) == 1:
        return _joined(reader, on, first, node)
    reader.note(f"calls {text}")
    if name == "replace":
        return _replaced(reader, on, given, node)
    if name == "format" and on.kind is str:
        return _formatted(reader, on, given, node)
    if name in ("encode", "decode"):
        codecs = [each.constant for each in given.all if isinstance(each, Data)]
        if len(codecs) > 1 or not all(codec in vetted.CODECS for codec in codecs):
            return reader.problem(node, f"calls {text} with a codec that it can't see")
        reader.goes_through([on], node, 4)
        return lengthened(on, bytes if name == "encode" else str, 4)
    # From its end, Python compares at each place.
    if name in (*_FROM_THE_END, *_STRIPPING) and any(size_of(each).per for each in given.all):
        return reader.problem(node, f"calls {text} with what may be long")
    reader.goes_through([on, *given.all], node, times_searched(first))
    if name in vetted.LONGER[on.kind]:
        return lengthened(on, on.kind, vetted.LONGER[on.kind][name])
    if name in vetted.SPLITTING:
        part = Data(on.kind, on.size)
        # There are three parts, or as many as there are characters.
        is_few = "partition" in name
        parts = lengthened(on, on.kind, 1 if is_few else 1 + ITEM, Bound(4 * ITEM))
        share = share_of_all(reader, [parts, first])
        return reader.new(
            tuple if is_few else list, part, size_of(parts) + size_of(first), NEVER, share
        )
    if name == "hex" and on.kind is bytes and not given.all:
        return lengthened(on, str, 2)
    if name in ("center", "ljust", "rjust", "zfill"):
        width = first if isinstance(first, Data) else COUNT
        if width.most is None:
            return reader.problem(node, f"calls {text} with a width that may be large")
        reader.spend(node, width.most, "pads")
        return Data(on.kind, on.size + width.most)
    if name in vetted.METHODS[on.kind]:
        return vetted.METHODS[on.kind][name]
    return reader.problem(node, f"calls {text}")


def _formatted(reader: "Reader", on: Data, given: Arguments, node: AST | None) -> Value:
    """What `str.format` gives where it puts values in as they are."""
    if not isinstance(on.constant, str) or not _puts_in_plainly(on.constant):
        return reader.problem(node, "formats in a way that it can't see")
    times = on.constant.count("{") + 1
    return lengthened(as_text(reader, given.all, len(on.constant), node), str, times)


def _puts_in_plainly(written: str) -> bool:
    try:
        fields = list(string.Formatter().parse(written))
    except ValueError:
        return False
    return all(
        name is None or (not spec and conversion in (None, "s") and (not name or name.isalnum()))
        for _, name, spec, conversion in fields
    )


def _joined(reader: "Reader", on: Data, value: Value, node: AST | None) -> Value:
    found = reader.iterate(value, node)
    for each in options(found.item):
        if not isinstance(each, Data):
            return reader.problem(node, "joins what is not known to be text")
    # There are no more separators than items, each of which is at least one unit large.
    between = on.size * (found.size // found.unit)
    reader.spend(node, found.size + between, "joins")
    share = share_of(value)
    if share is not None:
        many = share.total if found.unit == 1 else share.total // ITEM + share.loop.runs
        share = None if on.size.per else Share(share.loop, share.total + many * on.size)
    return Data(on.kind, found.size + between, share=share)


def _replaced(reader: "Reader", on: Data, given: Arguments, node: AST | None) -> Value:
    if len(given.positional) < 2 or given.named:
        return reader.problem(node, "calls replace with arguments that it can't see")
    old, new = given.positional[:2]
    longer = size_of(new)
    if longer.per:
        return reader.problem(node, "replaces by what may be long")
    reader.goes_through([on, old, new], node, times_searched(old) + longer.fixed)
    # An empty text is found between all characters.
    return lengthened(on, on.kind, longer.fixed + 1)


# Containers


def _of_container(
    reader: "Reader", name: str, on: Data, given: Arguments, node: AST | None
) -> Value:
    kind, box = on.kind, on.box
    assert box is not None
    text = f"{kind.__name__}.{name}"
    if given.is_open or given.named:
        return reader.problem(node, f"calls {text} with arguments that it can't see")
    if kind is dict and name in ("keys", "values", "items"):
        pair = Data(tuple, on.size, Box(NEVER, NEVER), (box.keys, box.items))
        item = {"keys": box.keys, "values": box.items, "items": pair}[name]
        return through(reader, item, [on], [on.size])
    if kind is dict and name in ("get", "pop", "setdefault"):
        return _looked_up(reader, name, on, given, node)
    if not _disturbs(reader, name, box):
        return reader.problem(node, f"calls {text} of what it goes through")
    if name in _ENDING and box.within is None and not is_plain(on):
        return reader.problem(node, f"calls {text} of what it can't see")
    first = given.positional[0] if given.positional else NONE
    if name == "append" and kind is list:
        reader.put(on, first, node)
        return NONE
    if name == "add" and kind is set:
        if not is_plain(first):
            return reader.problem(node, "hashes what is not known to be plain data")
        hashed(reader, first, node)
        reader.put(on, first, node)
        return NONE
    if name in ("extend", "update") and len(given.positional) == 1:
        return extend(reader, on, first, node)
    if name == "insert" and kind is list and len(given.positional) == 2:
        reader.goes_through([on], node)
        reader.put(on, given.positional[1], node)
        return NONE
    return _rearranged(reader, name, on, given, node)


def _disturbs(reader: "Reader", name: str, box: Box) -> bool:
    """Whether a method leaves alone what loops go through, or only looks."""
    looks = (*_SETS, "copy", "count", "index")
    return name in looks or not any(box in loop.boxes for loop in reader.loops)


def _looked_up(reader: "Reader", name: str, on: Data, given: Arguments, node: AST | None) -> Value:
    first = given.positional[0] if given.positional else NONE
    default = given.positional[1] if len(given.positional) > 1 else NONE
    if not is_plain(first) or (on.box is not None and not is_plain(on.box.keys)):
        return reader.problem(node, f"looks up dict.{name} by what is not plain data")
    reader.goes_through([first], node)
    if on.box is None:
        return UNKNOWN
    if name == "pop" and any(on.box in loop.boxes for loop in reader.loops):
        return reader.problem(node, "takes something out of what it goes through")
    if name == "pop" and on.box.within is None and not is_plain(on):
        return reader.problem(node, "takes something out of what it can't see")
    if name == "setdefault":
        put_by_key(reader, on, default, first, node)
    found: Value = on.box.items
    if on.share is not None:
        from_share = [
            Data(e.kind, e.given, e.box, e.parts, share=on.share)
            if isinstance(e, Data) and e.kind in (str, bytes)
            else e
            for e in options(found)
        ]
        found = either(from_share)
    return reader.as_grown(either([found, default]))


def _rearranged(reader: "Reader", name: str, on: Data, given: Arguments, node: AST | None) -> Value:
    kind, box = on.kind, on.box
    assert box is not None
    text = f"{kind.__name__}.{name}"
    first = given.positional[0] if given.positional else NONE
    if name in ("discard", "remove") and kind in (set, list):
        if not is_plain(first) or (kind is list and not is_plain(on)):
            return reader.problem(node, f"calls {text} with what is not plain data")
        reader.goes_through([on, first] if kind is list else [first], node)
        return NONE
    if name == "pop" and kind is list:
        if given.positional:
            reader.goes_through([on], node)
        return reader.as_grown(box.items)
    if name in ("copy", "clear", "reverse"):
        reader.goes_through([on], node)
        if name == "copy":
            return reader.new(kind, box.items, on.size, box.keys, share_of(on))
        return NONE
    if name in ("count", "index", "sort") and is_plain(on) and all(map(is_plain, given.all)):
        reader.goes_through([on], node, 20 if name == "sort" else 1)
        return NONE if name == "sort" else COUNT
    if name in _SETS and kind in (set, frozenset):
        return _of_sets(reader, name, on, given, node)
    return reader.problem(node, f"calls {text} with what it can't see")


def _of_sets(reader: "Reader", name: str, on: Data, given: Arguments, node: AST | None) -> Value:
    others = [each for value in given.all for each in options(value)]
    known = [each for each in others if isinstance(each, Data) and is_plain(each)]
    if len(known) != len(others) or not is_plain(on):
        return reader.problem(node, f"calls set.{name} with what it can't see")
    reader.goes_through([on, *given.all], node, 2)
    items = [reader.iterate(each, node).item for each in known]
    if name.startswith("is"):
        return BOOL
    size = on.size + total(each.size * 64 for each in known)
    inside = on.box.items if on.box is not None else NEVER
    return reader.new(on.kind, either([inside, *items]), size)


def _is_taken_plainly(name: str, given: Arguments) -> bool:
    """Whether such a method asks nothing of its arguments that runs code of the user's."""
    if name != "add_task":
        return all(map(is_plain, given.all))
    # Whether a task is async, Starlette asks its attributes.
    task = given.positional[0] if given.positional else UNKNOWN
    return all(
        isinstance(each, Method)
        or (isinstance(each, Known) and isinstance(each.what, FunctionType | BuiltinFunctionType))
        for each in options(task)
    )


def call_vetted(
    reader: "Reader", name: str, on: Instance, given: Arguments, node: AST | None
) -> Value:
    """What a method of FastAPI's or Starlette's own gives."""
    for base, methods in shapes.METHODS.items():
        if not issubclass(on.cls, base) or name not in methods:
            continue
        same = all(leaves_alone(each, base, name) for each in shapes.family(on.cls))
        if same and not given.is_open and _is_taken_plainly(name, given):
            reader.goes_through([shapes.HEADERS, *given.all], node, 4)
            return methods[name]
    return reader.problem(node, f"calls {on.cls.__qualname__}.{name} with what it can't see")
