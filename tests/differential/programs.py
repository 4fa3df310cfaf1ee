"""Hypothesis strategies for programs."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, get_args

from hypothesis import strategies as st

from .calls import calls
from .fields import FIELDS, Place, kinds_at
from .program import (
    ASYNC_GENERATORS,
    SCHEMES,
    STREAMS,
    SYNC_GENERATORS,
    Depend,
    Endpoint,
    EndpointKind,
    Failure,
    Field,
    Finish,
    Handling,
    Layer,
    Node,
    NodeKind,
    Program,
    Reply,
    Special,
)

T = TypeVar("T")
Shape = Literal["http", "stream", "websocket"]
_Draw = Callable[[st.SearchStrategy[Any]], Any]

_NAMES = ("a", "b", "long_name")
_GENERATORS = SYNC_GENERATORS | ASYNC_GENERATORS
_NODE_KINDS: Sequence[NodeKind] = (
    *get_args(NodeKind),
    *("def", "class", "generator", "async def", "async generator") * 3,
)
_HTTP_REPLIES: Sequence[Reply] = (
    *("plain", "annotated", "plain", "annotated", "model", "exclude unset", "invalid"),
    *("response", "response with task", "created", "empty", "text"),
)
_FAILURES = st.sampled_from(get_args(Failure))
_HANDLINGS = st.sampled_from(get_args(Handling))
_FINISHES: st.SearchStrategy[Finish] = st.sampled_from(
    ("return", "return", "return", "raise", "yield again")
)
_SPECIALS: Sequence[Special] = ("response", "tasks", "scopes", "connection")
_TASKS = st.sampled_from(("sync", "sync", "async", "failing"))
_SCOPES = st.sampled_from((("read",), ("write",), ("read", "write"), ()))


def rarely(value: st.SearchStrategy[T], otherwise: T, one_in: int = 4) -> st.SearchStrategy[T]:
    """Mostly `otherwise`, to which it shrinks."""
    return st.integers(0, one_in - 1).flatmap(
        lambda number: value if number == one_in - 1 else st.just(otherwise)
    )


def _edges(draw: _Draw, nodes: Sequence[Node], at_most: int) -> tuple[Depend, ...]:
    if not nodes:
        return ()
    return tuple(
        _edge(draw, nodes) for _ in range(draw(st.integers(0, min(at_most, len(nodes) + 1))))
    )


def _edge(draw: _Draw, nodes: Sequence[Node]) -> Depend:
    node = draw(st.integers(0, len(nodes) - 1))
    if draw(st.booleans()):
        return Depend(node)
    return Depend(
        node,
        style=draw(st.sampled_from(("annotated", "default", "shared"))),
        use_cache=draw(st.sampled_from((True, True, False))),
        scope=draw(rarely(st.sampled_from(("function", "request")), None)),
        security=draw(rarely(_SCOPES, None)),
        limited=draw(rarely(st.just(True), False)),
    )


def _fields(draw: _Draw, places: Sequence[Place], at_most: int = 3) -> tuple[Field, ...]:
    names = draw(st.lists(st.sampled_from(_NAMES), max_size=at_most, unique=True))
    fields = [Field(draw(st.sampled_from(kinds_at(*places))), name) for name in names]
    if draw(st.integers(0, 4)) == 4:
        name = draw(st.sampled_from(("item", "item", "outer")))
        fields.append(Field(draw(st.sampled_from(kinds_at("path"))), name))
    return tuple(fields)


def _specials(draw: _Draw, shape: Shape) -> tuple[Special, ...]:
    if draw(st.booleans()):
        return ()
    # FastAPI passes no websocket to a request's dependency, nor a request to a websocket's.
    unfitting = draw(rarely(st.just(True), False, one_in=12))
    own: Special = "websocket" if (shape == "websocket") != unfitting else "request"
    return tuple(draw(st.lists(st.sampled_from((*_SPECIALS, own)), max_size=2, unique=True)))


def _node(
    draw: _Draw, nodes: Sequence[Node], places: Sequence[Place], shape: Shape
) -> Node:
    kind: NodeKind = draw(st.sampled_from(_NODE_KINDS))
    if kind in SCHEMES or kind == "builtin":
        return Node(kind)
    fields = _fields(draw, places)
    depends = _edges(draw, nodes, 3)
    specials = _specials(draw, shape)
    if kind == "model":
        fields = tuple(field for field in fields if FIELDS[field.kind].plain)
        depends, specials = (), ()
    elif kind == "dataclass":
        fields = tuple(field for field in fields if not FIELDS[field.kind].mutable)
    elif kind == "lambda":
        fields = tuple(field for field in fields if FIELDS[field.kind].place != "path")
        specials = ()
    generator = kind in _GENERATORS
    failure = draw(rarely(_FAILURES, None))
    return Node(
        kind,
        fields,
        specials,
        depends,
        fails=failure if generator or failure != "no yield" else "error",
        fails_at=draw(rarely(st.just(2), 1)),
        handling=draw(_HANDLINGS) if generator else "raise",
        finish=draw(_FINISHES) if generator else "return",
        status=draw(rarely(st.sampled_from((202, 299)), None)) if "response" in specials else None,
        task=draw(_TASKS) if "tasks" in specials else "sync",
    )


def _endpoint(
    draw: _Draw, nodes: Sequence[Node], places: Sequence[Place], shape: Shape
) -> Endpoint:
    websocket_kinds = ("async def", "async instance")
    kinds = websocket_kinds if shape == "websocket" else get_args(EndpointKind)
    replies: dict[Shape, Sequence[Reply]] = {
        "http": _HTTP_REPLIES,
        "stream": sorted(STREAMS),
        "websocket": ("talk",),
    }
    body = any(place in ("json", "form") for place in places)
    specials = _specials(draw, shape)
    reply = draw(st.sampled_from(replies[shape]))
    # Whether server-sent events fail before or after the response has started is chance.
    failure = None if reply.startswith("events") else draw(rarely(_FAILURES, None))
    return Endpoint(
        kind=draw(st.sampled_from(kinds)),
        reply=reply,
        path=draw(st.sampled_from(("", "", "/{item}", "/{item:int}", "/{item:path}"))),
        method=draw(st.sampled_from(("POST", "PUT", "GET") if body else ("GET", "DELETE"))),
        fields=_fields(draw, places),
        specials=specials,
        depends=_edges(draw, nodes, 4),
        dependencies=_edges(draw, nodes, 2),
        fails="error" if failure == "no yield" else failure,
        fails_at=draw(st.sampled_from((1, 2))) if shape != "http" else 1,
        status=draw(rarely(st.sampled_from((202, 299)), None)),
        task=draw(_TASKS) if "tasks" in specials else "sync",
    )


def _layer(draw: _Draw, nodes: Sequence[Node], outermost: bool) -> Layer:
    return Layer(
        prefix=draw(st.sampled_from(("", "/inner"))),
        dependencies=_edges(draw, nodes, 2),
        include_prefix=draw(st.sampled_from(("", "/{outer}") if outermost else ("", "/part"))),
        include_dependencies=_edges(draw, nodes, 2),
        plain=draw(st.booleans()),
        included_first=draw(st.booleans()),
    )


@st.composite
def programs(draw: _Draw, shape: Shape = "http") -> Program:
    flat: tuple[Place, ...] = ("query", "query", "header", "cookie")
    bodies: tuple[tuple[Place, ...], ...] = ((), (), ("json",), ("form",), ("json", "form"))
    places = flat + draw(st.sampled_from(((),) if shape == "websocket" else bodies))
    nodes: list[Node] = []
    for _ in range(draw(st.integers(0, 6))):
        nodes.append(_node(draw, nodes, places, shape))
    endpoints = tuple(
        _endpoint(draw, nodes, places, shape) for _ in range(draw(st.sampled_from((1, 1, 2))))
    )
    layers = draw(st.sampled_from((0, 0, 1, 2)))
    program = Program(
        nodes=tuple(nodes),
        endpoints=endpoints,
        app_dependencies=_edges(draw, nodes, 2) if draw(st.integers(0, 2)) == 2 else (),
        layers=tuple(_layer(draw, nodes, number == 0) for number in range(layers)),
        overrides=_overrides(draw, nodes),
        postponed=draw(rarely(st.just(True), False)),
    )
    return draw(calls(program))


def _overrides(draw: _Draw, nodes: Sequence[Node]) -> tuple[tuple[int, int], ...]:
    if len(nodes) < 2 or draw(st.booleans()):
        return ()
    replaced = draw(st.lists(st.integers(1, len(nodes) - 1), min_size=1, max_size=2, unique=True))
    return tuple((index, draw(st.integers(0, index - 1))) for index in replaced)
