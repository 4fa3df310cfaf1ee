"""The graph of an app: callables, and what takes what."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi_fastdeps.explanation import CallRecord, RouteRecord

_CLASSES = {
    "inline": "fill:#d3f9d8,stroke:#2b8a3e,color:#000",
    "threaded": "fill:#fff3bf,stroke:#e67700,color:#000",
    "async": "fill:#d0ebff,stroke:#1864ab,color:#000",
}


@dataclass(frozen=True, slots=True)
class Graph:
    """Each callable once for each way in which it runs.

    Attributes:
        calls: the callables; their place here is the number that edges say.
        edges: what takes the result of what, without repetition.
        roots: for each route the callables that no other one takes the result of.
    """

    calls: tuple[CallRecord, ...]
    edges: tuple[tuple[int, int], ...]
    roots: tuple[tuple[int, ...], ...]


def graph_of(routes: Sequence[RouteRecord]) -> Graph:
    """What the routes have in common is in the graph once."""
    numbers: dict[tuple[object, ...], int] = {}
    calls: list[CallRecord] = []
    edges: dict[tuple[int, int], None] = {}
    roots: list[tuple[int, ...]] = []
    for route in routes:
        above: list[int] = []
        first: list[int] = []
        for call in route.calls:
            key = (call.name, call.location, call.role, call.execution)
            if key not in numbers:
                numbers[key] = len(calls)
                calls.append(call)
            number = numbers[key]
            # A frontend has no endpoint, so its dependencies are one deeper than what is there.
            del above[call.depth - route.calls[0].depth :]
            if above:
                edges[(above[-1], number)] = None
            else:
                first.append(number)
            above.append(number)
        roots.append(tuple(first))
    return Graph(tuple(calls), tuple(edges), tuple(roots))


def as_mermaid(routes: Sequence[RouteRecord]) -> str:
    """A flow chart, coloured by where callables run."""
    graph = graph_of(routes)
    lines = ["flowchart LR"]
    for number, route in enumerate(routes):
        kind = " ".join(route.methods) if route.kind == "http" else route.kind
        lines.append(f'    r{number}(["{_escaped(f"{kind} {route.path}")}"])')
    for number, call in enumerate(graph.calls):
        lines.append(f'    c{number}["{_escaped(call.name)}"]:::{_class(call)}')
    for number, roots in enumerate(graph.roots):
        lines += [f"    r{number} --> c{root}" for root in roots]
    lines += [f"    c{one} --> c{other}" for one, other in graph.edges]
    lines += [f"    classDef {_NAMES.get(name, name)} {style}" for name, style in _CLASSES.items()]
    return "\n".join(lines)


def too_large(drawn: str) -> str | None:
    """Why Mermaid would show an error in place of this, unless it is told to draw more. Its limits
    can't be set from within a chart."""
    arrows = sum(" --> " in line for line in drawn.splitlines())
    if arrows <= _ARROWS and len(drawn) <= _TEXT:
        return None
    return (
        f"Mermaid draws {_ARROWS} arrows and {_TEXT:,} characters unless its maxEdges and "
        f"maxTextSize are set; these are {arrows} and {len(drawn):,}. --route and --threaded show "
        "fewer routes, and --format html has no limit."
    )


def _class(call: CallRecord) -> str:
    return _NAMES.get(call.execution, call.execution)


def _escaped(text: str) -> str:
    for character, entity in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;")):
        text = text.replace(character, entity)
    return text


_NAMES = {"async": "asynchronous"}
_ARROWS, _TEXT = 500, 50_000
