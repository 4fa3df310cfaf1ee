"""Hypothesis strategies for programs."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar, get_args

import pytest
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
in_every_shape = pytest.mark.parametrize("shape", get_args(Shape))
_Draw = Callable[[st.SearchStrategy[Any]], Any]

_NAMES = ("a", "b", "long_name", "other")
_GENERATORS = SYNC_GENERATORS | ASYNC_GENERATORS
_NODE_KINDS: Sequence[NodeKind] = (
    *get_args(NodeKind),
    *("def", "class", "generator", "async def", "async generator") * 3,
)
_HTTP_REPLIES: Sequence[Reply] = (
    *("plain", "annotated", "plain", "annotated", "model", "exclude unset", "invalid"),
    *("response", "response with task", "created", "empty", "text"),
)
_SPECIALS: Sequence[Special] = ("response", "tasks", "scopes", "scopes", "connection")


def rarely(values: Sequence[T], otherwise: T, times: int = 3) -> st.SearchStrategy[T]:
    """Mostly `otherwise`, to which it shrinks."""
    return st.sampled_from((*(otherwise,) * (times * len(values)), *values))


_FAILURES: st.SearchStrategy[Failure | None] = rarely(get_args(Failure), None)
_FAILS_AT = rarely((2,), 1)
_HANDLINGS: st.SearchStrategy[Handling] = st.sampled_from(get_args(Handling))
_FINISHES: st.SearchStrategy[Finish] = rarely(("raise", "yield again"), "return", 2)
_STATUSES = rarely((202, 299), None)
_TASKS: st.SearchStrategy[Any] = rarely(("async", "failing"), "sync", 1)
_STYLES: st.SearchStrategy[Any] = st.sampled_from(("annotated", "default", "shared"))
_USE_CACHE = rarely((False,), True, 2)
_SCOPES: st.SearchStrategy[Any] = rarely(("function", "request"), None)
_SECURITY = rarely((("read",), ("write",), ("read", "write"), ()), None, 1)
_SELDOM = rarely((True,), False)
_VERY_SELDOM = rarely((True,), False, 12)
_KINDS = st.sampled_from(_NODE_KINDS)
_FIELD_NAME = st.sampled_from(_NAMES)
_PATH_NAME = rarely(("outer",), "item", 2)
_POOL_SIZE = st.integers(0, 7)


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
        style=draw(_STYLES),
        use_cache=draw(_USE_CACHE),
        scope=draw(_SCOPES),
        security=draw(_SECURITY),
        limited=draw(_SELDOM),
    )


def _pool(draw: _Draw, places: Sequence[Place]) -> tuple[Field, ...]:
    """The parameters of a program. Most names mean one thing, so that a request can be valid."""
    pool: dict[object, Field] = {}
    for number in range(draw(_POOL_SIZE)):
        kind = draw(st.sampled_from(kinds_at(*places)))
        field = Field(kind, draw(_FIELD_NAME))
        meaning = number if draw(_VERY_SELDOM) else (FIELDS[kind].place, field.name)
        pool.setdefault(meaning, field)
    if draw(_SELDOM):
        path = Field(draw(st.sampled_from(kinds_at("path"))), draw(_PATH_NAME))
        pool.setdefault("path", path)
    return tuple(pool.values())


def _fields(draw: _Draw, pool: Sequence[Field], at_most: int = 3) -> tuple[Field, ...]:
    if not pool:
        return ()
    chosen = draw(st.lists(st.sampled_from(pool), max_size=at_most))
    return tuple({field.name: field for field in chosen}.values())


def _specials(draw: _Draw, shape: Shape) -> tuple[Special, ...]:
    if draw(st.booleans()):
        return ()
    # FastAPI passes no websocket to a request's dependency, nor a request to a websocket's.
    unfitting = draw(_VERY_SELDOM)
    own: Special = "websocket" if (shape == "websocket") != unfitting else "request"
    return tuple(draw(st.lists(st.sampled_from((*_SPECIALS, own)), max_size=2, unique=True)))


def _node(draw: _Draw, nodes: Sequence[Node], pool: Sequence[Field], shape: Shape) -> Node:
    kind: NodeKind = draw(_KINDS)
    if kind in SCHEMES or kind == "builtin":
        return Node(kind)
    fields = _fields(draw, pool)
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
    failure = draw(_FAILURES)
    return Node(
        kind,
        fields,
        specials,
        depends,
        fails=failure if generator or failure != "no yield" else "error",
        fails_at=draw(_FAILS_AT),
        handling=draw(_HANDLINGS) if generator else "raise",
        finish=draw(_FINISHES) if generator else "return",
        status=draw(_STATUSES) if "response" in specials else None,
        task=draw(_TASKS) if "tasks" in specials else "sync",
    )


def _endpoint(draw: _Draw, nodes: Sequence[Node], pool: Sequence[Field], shape: Shape) -> Endpoint:
    websocket_kinds = ("async def", "async instance")
    kinds = websocket_kinds if shape == "websocket" else get_args(EndpointKind)
    replies: dict[Shape, Sequence[Reply]] = {
        "http": _HTTP_REPLIES,
        "stream": sorted(STREAMS),
        "websocket": ("talk",),
    }
    body = any(FIELDS[field.kind].place in ("json", "form") for field in pool)
    specials = _specials(draw, shape)
    reply = draw(st.sampled_from(replies[shape]))
    # Whether server-sent events fail before or after the response has started is chance.
    failure = None if reply.startswith("events") else draw(_FAILURES)
    return Endpoint(
        kind=draw(st.sampled_from(kinds)),
        reply=reply,
        path=draw(st.sampled_from(("", "", "/{item}", "/{item:int}", "/{item:path}"))),
        method=draw(st.sampled_from(("POST", "PUT", "GET") if body else ("GET", "DELETE"))),
        fields=_fields(draw, pool),
        specials=specials,
        depends=_edges(draw, nodes, 4),
        dependencies=_edges(draw, nodes, 2),
        fails="error" if failure == "no yield" else failure,
        fails_at=draw(st.sampled_from((1, 2))) if shape != "http" else 1,
        status=draw(_STATUSES),
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
        own_routes=draw(_SELDOM),
    )


@st.composite
def programs(draw: _Draw, shape: Shape = "http") -> Program:
    flat: tuple[Place, ...] = ("query", "query", "header", "cookie")
    bodies: tuple[tuple[Place, ...], ...] = ((), (), ("json",), ("form",), ("json", "form"))
    places = flat + draw(st.sampled_from(((),) if shape == "websocket" else bodies))
    pool = _pool(draw, places)
    nodes: list[Node] = []
    for _ in range(draw(st.integers(0, 6))):
        nodes.append(_node(draw, nodes, pool, shape))
    endpoints = tuple(
        _endpoint(draw, nodes, pool, shape) for _ in range(draw(st.sampled_from((1, 1, 2))))
    )
    layers = draw(st.sampled_from((0, 0, 1, 2, 2)))
    program = Program(
        nodes=tuple(nodes),
        endpoints=endpoints,
        app_dependencies=_edges(draw, nodes, 2) if draw(_SELDOM) else (),
        layers=tuple(_layer(draw, nodes, number == 0) for number in range(layers)),
        overrides=_overrides(draw, nodes),
        postponed=draw(_SELDOM),
        mounted=draw(_VERY_SELDOM),
    )
    called: Program = draw(calls(program))
    return called


def _overrides(draw: _Draw, nodes: Sequence[Node]) -> tuple[tuple[int, int], ...]:
    if len(nodes) < 2 or draw(st.booleans()):
        return ()
    replaced = draw(st.lists(st.integers(1, len(nodes) - 1), min_size=1, max_size=2, unique=True))
    return tuple((index, draw(st.integers(0, index - 1))) for index in replaced)
