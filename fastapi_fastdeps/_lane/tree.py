"""The tree for FastAPI's own handler and solver."""

from fastapi_fastdeps._deciding.graph import Graph, Node
from fastapi_fastdeps._deciding.places import is_marked_place
from fastapi_fastdeps._fastapi.names import Dependant
from fastapi_fastdeps._lane.standins import inline_endpoint, stand_in
from fastapi_fastdeps._watching import unwatched
from fastapi_fastdeps.marking import Inline


def classified_dependant(graph: Graph) -> Dependant:
    """A copy of FastAPI's tree in which an async stand-in takes the place of what runs inline."""
    root = _copy(graph.root)
    if isinstance(graph.root.execution, Inline):
        return unwatched(root, call=inline_endpoint(graph.root.candidate.call))
    return root


def _copy(node: Node) -> Dependant:
    dependencies = [_copy(child) for child in node.children]
    call = node.dependant.call
    if node.candidate.role == "dependency" and (
        isinstance(node.execution, Inline) or is_marked_place(node.candidate)
    ):
        call = stand_in(node.candidate, node.execution)
    return unwatched(node.dependant, dependencies=dependencies, call=call)
