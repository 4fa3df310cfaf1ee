"""What is shown in a terminal."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fastapi_fastdeps._cli.overview import Overview
from fastapi_fastdeps._cli.trees import Tree, trees
from fastapi_fastdeps.explanation import CallRecord

_COLOURS = {"inline": "green", "threaded": "yellow", "async": "blue"}
_PACKAGES: Final = ("site-packages", "dist-packages")
_UNWRAPPED: Final = 10_000
_LANES = {"fast": "fast lane", "fastapi": "FastAPI's lane", "stock": "FastAPI's own"}


def terminal() -> Console:
    """Where it is shown. In a file or a pipe nothing is wrapped: a line there is one to search."""
    is_wide = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    return Console(width=_UNWRAPPED if is_wide else None)


def show(console: Console, shown: Overview, *, by_route: bool) -> None:
    """Print the summary, then the callables, or the routes with their trees."""
    console.print(Group(*summary(shown)))
    if not shown.routes:
        return
    console.print()
    if by_route:
        for tree in trees(shown.routes):
            console.print(_tree(tree))
    else:
        console.print(_callables(shown, console.width))


def summary(shown: Overview) -> Iterator[Text]:
    """The totals, in three lines, and a line before them for a dry run."""
    if shown.is_dry_run:
        yield Text(
            "Dry run: this app is a FastAPI. With FastDepsAPI in its place and "
            "classifier=first_match(default_classifier, harmless):",
            style="bold",
        )
    lanes = ", ".join(f"{count} in {_LANES[lane]}" for lane, count in sorted(shown.lanes.items()))
    yield Text(f"Routes     {len(shown.routes)}{': ' if lanes else ''}{lanes}")
    executions = ", ".join(f"{count} {where}" for where, count in sorted(shown.executions.items()))
    yield Text(f"Callables  {executions or 0}")
    hops = f"{shown.hops_left} left, {shown.hops_saved} saved, by one request to each route"
    streams = sum(route.takes_items_in_threads for route in shown.routes)
    each = f", and one for each item of {streams} stream{'' if streams == 1 else 's'}"
    yield Text(f"Hops       {hops}{each if streams else ''}")


def _callables(shown: Overview, width: int) -> RenderableType:
    uses = sorted(shown.uses(), key=lambda use: (-use.routes, use.call.name))
    places = [_short(use.call.location) for use in uses]
    # What is to be found again stays in one piece, as long as there is room for a reason.
    pieces = (
        max((len(use.call.runs) for use in uses), default=0)
        + max((len(use.call.name) for use in uses), default=0)
        + max(map(len, places), default=0)
    )
    is_whole = width - pieces - _OTHERS >= _REASON
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("runs", no_wrap=True)
    table.add_column("callable", overflow="fold", no_wrap=is_whole)
    table.add_column("routes", justify="right", no_wrap=True)
    table.add_column("where", overflow="fold", no_wrap=is_whole)
    table.add_column("why", overflow="fold")
    for use, where in zip(uses, places, strict=True):
        call = use.call
        table.add_row(
            _runs(call),
            Text(call.name),
            str(use.routes),
            Text(where),
            Text(call.decided_by),
        )
    return table


_OTHERS: Final = len("routes") + 4 * 2
_REASON: Final = 20


def _tree(tree: Tree) -> RenderableType:
    route = tree.route
    kind = " ".join(route.methods) if route.kind == "http" else route.kind
    lane = f"{_LANES[route.lane]}{': ' if route.why else ''}{route.why}"
    left = f"{route.hops_left} hop{'' if route.hops_left == 1 else 's'} left"
    each = ", and one for each item" if route.takes_items_in_threads else ""
    hops = f"{left}, {route.hops_saved} saved{each}"
    title = Text.assemble(
        (f"{tree.number}. ", "dim"), (f"{kind} {route.path}", "bold"), f"  [{lane}]  {hops}"
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    for row in tree.rows:
        call = row.call
        name = f"{call.parameter}: {call.name}" if call.parameter else call.name
        seen = "above" if row.above == tree.number else str(row.above)
        below = f"  (what is below it: see {seen})" if row.above is not None else ""
        table.add_row(
            Text("  " * (call.depth + 1) + name + below),
            _runs(call),
            Text(call.decided_by),
        )
    return Group(title, table)


def _runs(call: CallRecord) -> Text:
    return Text(call.runs, style=_COLOURS[call.execution])


def _short(location: str | None) -> str:
    """A location in an installed package is told from there, one below the working directory
    from that."""
    if location is None:
        return ""
    file, _, line = location.rpartition(":")
    path = Path(file)
    folders = [at for at, part in enumerate(path.parts) if part in _PACKAGES]
    if folders:
        file = str(Path(*path.parts[folders[-1] + 1 :]))
    elif path.is_relative_to(Path.cwd()):
        file = str(path.relative_to(Path.cwd()))
    return f"{file}:{line}"
