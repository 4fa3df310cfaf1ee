"""What is shown in a terminal."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from fastapi_fastdeps._cli.overview import Overview
from fastapi_fastdeps._cli.trees import Tree, trees

_COLOURS = {"inline": "green", "threaded": "yellow", "async": "blue"}
_LANES = {"fast": "fast lane", "fastapi": "FastAPI's lane", "stock": "FastAPI's own"}


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
        console.print(_callables(shown))


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
    yield Text(
        f"Hops       {shown.hops_left} left, {shown.hops_saved} saved, by one request to each route"
    )


def _callables(shown: Overview) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("runs", "callable", "routes", "where", "why"):
        table.add_column(title, overflow="fold", justify="right" if title == "routes" else "left")
    for use in sorted(shown.uses(), key=lambda use: (-use.routes, use.call.name)):
        call = use.call
        table.add_row(
            _execution(call.execution),
            Text(call.name),
            str(use.routes),
            Text(_short(call.location)),
            Text(call.decided_by),
        )
    return table


def _tree(tree: Tree) -> RenderableType:
    route = tree.route
    kind = " ".join(route.methods) if route.kind == "http" else route.kind
    lane = f"{_LANES[route.lane]}{': ' if route.why else ''}{route.why}"
    hops = f"{route.hops_left} hops left, {route.hops_saved} saved"
    title = Text.assemble(
        (f"{tree.number}. ", "dim"), (f"{kind} {route.path}", "bold"), f"  [{lane}]  {hops}"
    )
    table = Table(box=None, show_header=False, pad_edge=False)
    for row in tree.rows:
        call = row.call
        name = f"{call.parameter}: {call.name}" if call.parameter else call.name
        below = f"  (what is below it: see {row.above})" if row.above is not None else ""
        table.add_row(
            Text("  " * (call.depth + 1) + name + below),
            _execution(call.execution),
            Text(call.decided_by),
        )
    return Group(title, table)


def _execution(execution: str) -> Text:
    return Text(execution, style=_COLOURS[execution])


def _short(location: str | None) -> str:
    """A location below the working directory is told from there."""
    if location is None:
        return ""
    file, _, line = location.rpartition(":")
    path = Path(file)
    if path.is_relative_to(Path.cwd()):
        file = str(path.relative_to(Path.cwd()))
    return f"{file}:{line}"
