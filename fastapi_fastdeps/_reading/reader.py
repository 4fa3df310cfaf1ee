"""Follows a call through the code that it runs, and notes whatever might block."""

import ast
import types
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fastapi_fastdeps._reading import attributes, calls, expressions, operators, statements
from fastapi_fastdeps._reading.arguments import Arguments
from fastapi_fastdeps._reading.costs import Costs, boxes_gone_through
from fastapi_fastdeps._reading.frames import Frame
from fastapi_fastdeps._reading.looking import shapes_of, text_of
from fastapi_fastdeps._reading.sizes import ITEM, NOTHING, STEP, UNBOUNDED, Bound, largest
from fastapi_fastdeps._reading.values import (
    LONG,
    NEVER,
    UNKNOWN,
    Box,
    Data,
    DataMethod,
    Instance,
    Iterator,
    Known,
    Loop,
    Method,
    Share,
    Super,
    Unknown,
    Value,
    boxes_in,
    either,
    grown,
    is_enum,
    is_plain,
    member_of,
    options,
    shared,
    size_of,
    unshared,
)

_MANY = 20
_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class Problem:
    """What might block, or can't be seen through."""

    what: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.what} ({self.file}:{self.line})"


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The first problem has been met, and no more is asked for."""


@dataclass(frozen=True, slots=True)
class Iterated:
    """What iteration gives.

    Attributes:
        item: one item.
        size: how large all of them are.
        unit: how large each is, at least.
    """

    item: Value
    size: Bound
    unit: int


class Reader:
    """What is read, and what has been found out so far.

    Raises `Stopped` at the first problem, unless it is to go `on` to see what comes of the call.

    Attributes:
        problems: what was met that might block.
        does: what it was seen to do, in words, in the order in which it was met.
        frames: the functions that are being read, each called by the one before it.
        path: where each of them was called.
        costs: what the call takes.
        steps: how many expressions have been read.
    """

    def __init__(self, *, on: bool = False) -> None:
        self._on = on
        self.problems: dict[Problem, None] = {}
        self.does: dict[str, None] = {}
        self.frames: list[Frame] = []
        self.path: list[int] = []
        self.costs = Costs()
        self.steps = 0

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def loops(self) -> list[Loop]:
        return self.costs.loops

    def call(self, what: Value, given: Arguments, node: ast.AST | None = None) -> Value:
        """What a call gives, whichever of its values is called."""
        return either(calls.call(self, each, given, node) for each in options(what))

    def enter(
        self, function: types.FunctionType, given: Arguments, node: ast.AST | None = None
    ) -> Value:
        """What a function gives that is called."""
        return calls.enter(self, function, given, node)

    def attribute(self, value: Value, name: str, node: ast.AST | None) -> Value:
        """What reading an attribute gives."""
        return either(attributes.attribute(self, each, name, node) for each in options(value))

    def set_attribute(self, value: Value, name: str, new: Value, node: ast.AST | None) -> None:
        for each in options(value):
            attributes.set_attribute(self, each, name, new, node)

    def run(self, body: Iterable[ast.stmt]) -> None:
        statements.run(self, body)

    def evaluate(self, node: ast.expr, *, lazily: bool = False) -> Value:
        """What an expression gives; `lazily` where what it gives is gone through at once."""
        self.steps += 1
        if self.steps > _STEPS:
            self.problem(node, "is too long to read")
            raise Stopped
        self.spend(node, STEP)
        value = expressions.evaluate(self, node)
        if not lazily and any(isinstance(e, Data) and e.kind is Iterator for e in options(value)):
            return self.problem(node, "keeps an iterator, which may go through what changes")
        return value

    # What is found out

    def problem(self, node: ast.AST | None, what: str) -> Unknown:
        """Note what might block."""
        file, line = "", 0
        if self.frames:
            file = self.frame.function.__code__.co_filename
            line = getattr(node, "lineno", 0)
        self.problems.setdefault(Problem(what, file, line))
        if not self._on or len(self.problems) > _MANY:
            raise Stopped
        return UNKNOWN

    def note(self, what: str) -> None:
        """Note what it does, for the reason."""
        self.does.setdefault(what)

    def note_made(self, name: str) -> None:
        if self.frames:
            self.note(f"makes {name}")

    def spend(self, node: ast.AST | None, cost: Bound, what: str = "") -> None:
        """Note what something takes each time that it runs."""
        self._spend(node, what, self.costs.runs * cost)

    def goes_through(self, values: Iterable[Value], node: ast.AST | None, times: int = 1) -> None:
        """Note that values are gone through, `times` for each character."""
        for number, value in enumerate(values):
            if any(isinstance(e, Data) and e.kind is not int for e in options(value)):
                self._spend(node, f"through {number}", self.costs.over_all(value, times))

    def _spend(self, node: ast.AST | None, what: str, cost: Bound) -> None:
        was_long = self.costs.spent.is_long
        self.costs.spend((tuple(self.path), id(node), what), cost)
        if self.costs.spent.is_long and not was_long:
            self.problem(node, "may take long, or longer and longer as the request grows")

    # Containers

    def new(
        self,
        kind: type[Any],
        items: Value = NEVER,
        size: Bound = STEP,
        keys: Value = NEVER,
        share: Share | None = None,
    ) -> Data:
        """A container that is made here."""
        for value in (items, keys):
            self._put_inside(value)
        box = Box(unshared(items), unshared(keys), tuple(self.loops))
        return Data(kind, size, box, share=share)

    def iterator(
        self, item: Value, over: Iterable[Value], size: Bound, share: Share | None
    ) -> Data:
        """What goes through others, `size` large, when it is gone through itself."""
        data = self.new(Iterator, item, size, share=share)
        assert data.box is not None
        data.box.over = frozenset(boxes_gone_through(over))
        return data

    def share_of_this(self, size: Bound) -> Share | None:
        """The share of a round in what is `size` large in all of the call."""
        return Share(self.loops[-1], size) if self.loops else None

    def _put_inside(self, value: Value) -> None:
        for box in boxes_in(value):
            box.is_inside = True

    def put(self, on: Data, value: Value, node: ast.AST | None, key: Value = NEVER) -> None:
        """Put something into a container."""
        if on.box is not None:
            growth = self.costs.growth(on.box, value) + self.costs.growth(on.box, key)
            self._put(on.box, value, key, growth, node)

    def put_all(
        self, on: Data, value: Data, items: Value, keys: Value, node: ast.AST | None
    ) -> None:
        """Put all that another container has into one."""
        if on.box is not None:
            self._put(on.box, items, keys, self.costs.growth(on.box, value), node)

    def _put(
        self, box: Box, items: Value, keys: Value, growth: Bound, node: ast.AST | None
    ) -> None:
        going_through = any(box in loop.boxes for loop in self.loops)
        if box.within is None and not (is_plain(box.items) and is_plain(box.keys)):
            self.problem(node, "changes a container of which it can't see what is in it")
        if box.within is None and (self.loops or not _is_flat(items) or not _is_flat(keys)):
            self.problem(node, "changes what was there before, in a loop or by what is not plain")
        inside = (*boxes_in(items), *boxes_in(keys))
        if going_through or box.is_carried or box.is_inside or box in inside:
            self.problem(node, "changes a container that it goes through, or that is in another")
        self._put_inside(items)
        self._put_inside(keys)
        place = (tuple(self.path), id(node))
        before = (box.items, box.keys, box.growth.get(place))
        after = (either([box.items, unshared(items)]), either([box.keys, unshared(keys)]), growth)
        box.items, box.keys, box.growth[place] = after
        if _shape_of(*before) != _shape_of(*after):
            self.changed(box.within)

    def let_go(self) -> None:
        """Note that others have what there is now, and may put anything into it."""
        seen: set[int] = set()
        pending = [*(self.frame.variables or {}).values(), *self.frame.yielded]
        while pending:
            for each in options(pending.pop()):
                if id(each) in seen:
                    continue
                seen.add(id(each))
                if isinstance(each, Method | DataMethod | Super):
                    pending.append(each.on)
                elif isinstance(each, Instance):
                    pending += each.fields.values()
                    each.fields.update(dict.fromkeys(each.fields, UNKNOWN))
                    each.within = None
                elif isinstance(each, Data):
                    pending += each.parts or ()
                    if each.box is not None:
                        pending += (each.box.items, each.box.keys)
                        if each.kind not in (tuple, frozenset):
                            _let_go(each.box)

    def changed(self, within: tuple[Loop, ...] | None) -> None:
        """Note that a round has changed what was made before it."""
        made = within or ()
        for loop in self.loops:
            if not any(loop is each for each in made):
                loop.changes += 1

    def iterate(self, value: Value, node: ast.AST | None) -> Iterated:
        """What iteration gives, and how large all of it is."""
        items: list[Value] = []
        sizes: list[Bound] = [NOTHING]
        unit = ITEM
        for each in options(value):
            if isinstance(each, Data):
                if each.kind is not Iterator and each.kind not in LONG:
                    continue
                items.append(item_of(each))
                sizes.append(each.size)
                unit = 1 if each.kind in (str, bytes) else unit
            elif isinstance(each, Known) and isinstance(each.what, type) and is_enum(each.what):
                items.append(member_of(each.what))
                sizes.append(Bound(ITEM * len(getattr(each.what, "__members__", ()))))
            else:
                self.problem(node, f"iterates over {text_of(node)}, which it can't see")
                items.append(UNKNOWN)
                sizes.append(UNBOUNDED)
        self.goes_through([value], node)
        return Iterated(self.as_grown(either(items)), largest(sizes), unit)

    def as_grown(self, item: Value) -> Value:
        """What is taken out of a container: in a loop, a round may have put it there."""
        if not self.loops or all(isinstance(e, Data) and e.most is not None for e in options(item)):
            return item
        return grown(item)

    @contextmanager
    def loop(self, over: Value, found: Iterated, node: ast.AST) -> Generator[Value]:
        """A loop over a value; gives what stands for one item."""
        inside = self.costs.over_all(over)
        with self.costs.loop(over, found.size, found.unit) as loop:
            if loop.runs.is_long:
                self.problem(node, "loops within a loop, over what may be long")
            self.note("loops over what it is given")
            yield shared(found.item, Share(loop, inside), size_of(over))

    def operate(self, op: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        return operators.operate(self, op, left, right, node)

    def assign(self, target: ast.expr, value: Value, node: ast.AST | None) -> None:
        statements.assign(self, target, value, node)


def _let_go(box: Box) -> None:
    box.items = box.keys = UNKNOWN
    box.within = None
    box.growth["elsewhere"] = UNBOUNDED


def _shape_of(items: Value, keys: Value, growth: Bound | None) -> object:
    return shapes_of({"items": items, "keys": keys}), growth


def _is_flat(value: Value) -> bool:
    return all(isinstance(e, Data) and e.box is None and e.parts is None for e in options(value))


def item_of(value: Data) -> Value:
    """What iteration over data gives."""
    if value.kind in (str, bytes):
        return Data(str) if value.kind is str else Data(int, Bound(3), most=Bound(255))
    if value.box is None:
        return NEVER
    if value.parts is not None:
        return either(value.parts)
    return value.box.keys if value.kind is dict else value.box.items


__all__ = ["Iterated", "Problem", "Reader", "Stopped", "item_of"]
