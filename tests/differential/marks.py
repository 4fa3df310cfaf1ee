"""Random marks on a program, and where they make its callables run."""

from collections.abc import Callable, Iterator
from typing import Any, get_args

from hypothesis import strategies as st

from .program import SYNC, Depend, Endpoint, Mark, Marks, Node, Program, Threading
from .source import CLASSES

_Draw = Callable[[st.SearchStrategy[Any]], Any]
_MARKS = st.sampled_from(get_args(Mark))
lanes: st.SearchStrategy[Any] = st.sampled_from(("fast", "fast", "fastapi"))
threads: st.SearchStrategy[Any] = st.sampled_from(("own", *get_args(Threading)))
_CLASS_SHAPED = CLASSES | {"instance", "generator instance"}


@st.composite
def marks(draw: _Draw, program: Program) -> Marks:
    """What may be marked is sync: a marker on anything else is an error."""
    decorated = _chosen(draw, [*_markable_nodes(program), *_sync_endpoints(program)])
    placed = _chosen(draw, list(_markable_places(program)))
    class_shaped = [
        f"n{index}" for index, node in enumerate(program.nodes) if node.kind in _CLASS_SHAPED
    ]
    inherited = _chosen(draw, class_shaped)
    classifier = draw(st.sampled_from(("default", "classes")))
    return Marks(decorated, placed, inherited, classifier, draw(lanes), draw(threads))


def _chosen(draw: _Draw, names: list[str]) -> tuple[tuple[str, Mark], ...]:
    if not names:
        return ()
    unique = st.lists(st.sampled_from(names), unique=True, max_size=len(names))
    return tuple((name, draw(_MARKS)) for name in draw(unique))


def _markable_nodes(program: Program) -> list[str]:
    return [
        f"n{index}" for index, node in enumerate(program.nodes) if node.kind in SYNC - {"builtin"}
    ]


def _sync_endpoints(program: Program) -> list[str]:
    return [
        f"e{index}"
        for index, endpoint in enumerate(program.endpoints)
        if not endpoint.kind.startswith("async")
    ]


def _owners(program: Program) -> Iterator[tuple[str, Node | Endpoint]]:
    yield from ((f"n{index}", node) for index, node in enumerate(program.nodes))
    yield from ((f"e{index}", endpoint) for index, endpoint in enumerate(program.endpoints))


def _places(program: Program) -> Iterator[tuple[str | None, Depend]]:
    """Every edge, with the name of its place; `None` where nothing can be said."""
    for name, owner in _owners(program):
        for index, depend in enumerate(owner.depends):
            place = {"annotated": f"{name}.d{index}", "shared": f"n{depend.node}.shared"}
            in_lambda = isinstance(owner, Node) and owner.kind == "lambda"
            yield None if in_lambda else place.get(depend.style), depend
        if isinstance(owner, Endpoint):
            yield from ((None, depend) for depend in owner.dependencies)
    for layer in program.layers:
        for depend in (*layer.dependencies, *layer.include_dependencies):
            yield None, depend
    yield from ((None, depend) for depend in program.app_dependencies)


def _markable_places(program: Program) -> Iterator[str]:
    places = {
        place: None
        for place, depend in _places(program)
        if place and program.nodes[depend.node].kind in SYNC
    }
    yield from places


def sync_callables(program: Program) -> set[str]:
    """The names of all that FastAPI would call in a thread."""
    return {*_markable_nodes(program), *_sync_endpoints(program)}


def executions(program: Program, marks: Marks) -> dict[str, Mark]:
    """Where sync callables run. Without those whose places disagree: the first one decides."""
    decorated, placed, inherited = map(dict, (marks.decorated, marks.placed, marks.inherited))
    own: dict[str, Mark] = {}
    for name, owner in _owners(program):
        unmarked: Mark = "threaded"
        if marks.classifier == "classes" and owner.kind in CLASSES:
            unmarked = "inline"
        own[name] = decorated.get(name) or inherited.get(name) or unmarked
    decided: dict[str, set[Mark]] = {name: {own[name]} for name in _sync_endpoints(program)}
    for place, depend in _places(program):
        name = f"n{depend.node}"
        mark = placed.get(place or "") or own[name]
        decided.setdefault(name, set()).add(mark)
    sync = sync_callables(program)
    return {
        name: next(iter(marks))
        for name, marks in decided.items()
        if name in sync and len(marks) == 1
    }
