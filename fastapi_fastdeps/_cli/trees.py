"""The trees of routes, in which a sub-tree is shown once and then referred to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi_fastdeps.explanation import CallRecord, RouteRecord


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a tree.

    Attributes:
        above: the number of the route in which what is below the callable has been shown, if
            that is not shown again.
    """

    call: CallRecord
    above: int | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """A route with its lines."""

    number: int
    route: RouteRecord
    rows: tuple[Row, ...]


def trees(routes: Sequence[RouteRecord]) -> Iterator[Tree]:
    """Each route, what several have in common only in the first of them."""
    seen: dict[tuple[object, ...], int] = {}
    for number, route in enumerate(routes, 1):
        yield Tree(number, route, tuple(_rows(route.calls, number, seen)))


def _rows(
    calls: Sequence[CallRecord], number: int, seen: dict[tuple[object, ...], int]
) -> Iterator[Row]:
    index = 0
    while index < len(calls):
        call = calls[index]
        end = index + 1
        while end < len(calls) and calls[end].depth > call.depth:
            end += 1
        key = tuple(
            (each.name, each.location, each.depth - call.depth, each.runs, each.decided_by)
            for each in calls[index:end]
        )
        is_tree = call.depth > 0 and end - index > 1
        if is_tree and key in seen:
            yield Row(call, seen[key])
            index = end
            continue
        if is_tree:
            seen[key] = number
        yield Row(call)
        index += 1
