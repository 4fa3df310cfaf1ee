"""A classified tree, compiled into a flat list of steps in FastAPI's order."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from fastapi_fastdeps._deciding.graph import Node, Replacement
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    concurrency_of,
    get_cache_key,
    get_oauth_scopes,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)
from fastapi_fastdeps._lane.standins import stand_in
from fastapi_fastdeps._plan.managers import inline_manager
from fastapi_fastdeps._plan.parameters import (
    SOURCES,
    Body,
    FieldGroup,
    Parameter,
    compile_body,
    compile_parameters,
    may_have_effect,
)
from fastapi_fastdeps.marking import Inline

_SOURCES: Final = [source for source, _ in SOURCES]
HEADERS: Final = _SOURCES.index("headers")


class Kind(Enum):
    """How a step comes by its value."""

    INLINE = auto()
    ASYNC = auto()
    THREADED = auto()
    INLINE_GENERATOR = auto()
    GENERATOR = auto()
    """Entered by FastAPI's own function: async generators, and sync ones in a thread."""
    AGAIN = auto()
    """Another occurrence of an earlier dependency: its cached value."""
    ENDPOINT = auto()
    """The values for the endpoint, which is called by the request handler."""


UNSHARED: Final = -1
LIST: Final = -2


class Read(NamedTuple):
    """A parameter as the solver needs it.

    Attributes:
        key: its name in the request: as in the headers of ASGI for a header.
        shared: the slot that equal parameters of one request share, `UNSHARED`, or
            `LIST` for a parameter that takes all the values of its name.
    """

    name: str
    source: int
    key: Any
    validate: Callable[..., Any]
    default: Callable[[], Any] | None
    shared: int
    parameter: Parameter


@dataclass(slots=True)
class Step:
    """One callable at one place of the tree: what it is passed, and how it is called.

    Attributes:
        slot: where its value is cached, `None` for the endpoint.
        dependencies: the arguments that are values of earlier steps.
        unnamed: the registers of earlier steps that pass no argument.
        reads: the parameters that the solver reads itself.
        more: whether there is more to pass: `groups`, `body` or what FastAPI injects.
        looked_up: what `dependency_overrides` gave for the callables whose sub-trees begin
            with this step, for `AGAIN` for all that are in its own.
        first: where the sub-tree of an earlier occurrence begins, for `AGAIN`.
        last: the step of the earlier occurrence, for `AGAIN`.
    """

    kind: Kind
    call: Callable[..., Any]
    dependant: Dependant
    slot: int = -1
    use_cache: bool = True
    function_scope: bool = False
    concurrency: Any = None
    dependencies: tuple[tuple[str, int], ...] = ()
    unnamed: tuple[int, ...] = ()
    reads: tuple[Read, ...] = ()
    more: bool = False
    groups: tuple[FieldGroup, ...] = ()
    body: Body | None = None
    special: bool = False
    scopes: list[str] = field(default_factory=list[str])
    looked_up: tuple[Replacement, ...] = ()
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one route; the last is the endpoint's.

    Attributes:
        root: the tree it was compiled of.
        spans: the first and last step of the sub-tree of each node, by identity.
        slots: how many values can be cached.
        shared: how many parameter values can be shared.
        embed: whether FastAPI embeds the body parameters of this route.
        is_overridden: whether an override is part of it.
    """

    root: Node
    spans: Mapping[int, tuple[int, int]]
    steps: tuple[Step, ...]
    slots: int
    shared: int
    embed: bool
    is_overridden: bool


def compile_plan(root: Node, *, embed: bool, again_only: Container[int] | None = None) -> Plan:
    """The plan of a route.

    `embed` is FastAPI's decision about its body parameters. `again_only`: the nodes, by
    identity, that may become `AGAIN`, if not all that occurred earlier may.
    """
    return _Compiler(embed, again_only).compile(root)


class _Compiler:
    def __init__(self, embed: bool, again_only: Container[int] | None) -> None:
        self._embed = embed
        self._again_only = again_only
        self._steps: list[Step] = []
        self._slots: dict[Any, int] = {}
        self._shared: dict[Any, int] = {}
        self._uses_scopes: dict[int, tuple[Dependant, bool]] = {}
        self._first: dict[Any, tuple[int, int]] = {}
        self._pure: dict[int, bool] = {}
        self._spans: dict[int, tuple[int, int]] = {}

    def compile(self, root: Node) -> Plan:
        self._add(root)
        return Plan(
            root,
            self._spans,
            tuple(self._steps),
            len(self._slots),
            len(self._shared),
            self._embed,
            any(call is not found for step in self._steps for call, found in step.looked_up),
        )

    def _add(self, node: Node) -> int:
        """Append the steps of a sub-tree. Returns the register of its value."""
        start = len(self._steps)
        register = self._add_node(node)
        self._spans[id(node)] = start, register
        step = self._steps[start]
        if node.candidate.role == "dependency":
            step.looked_up = (node.replacement, *step.looked_up)
        return register

    def _add_node(self, node: Node) -> int:
        if node.candidate.role == "endpoint":
            return self._append(node, Kind.ENDPOINT, -1)
        key = get_cache_key(dependant=node.place, uses_scopes_cache=self._uses_scopes)
        slot = self._slots.setdefault(key, len(self._slots))
        if not self._is_pure(node):
            return self._append(node, _kind(node), slot)
        identity = (slot, type(node.execution), id(concurrency_of(node.place)))
        if identity in self._first and (self._again_only is None or id(node) in self._again_only):
            return self._again(node, slot, *self._first[identity])
        first = len(self._steps)
        register = self._append(node, _kind(node), slot)
        self._first[identity] = first, register
        return register

    def _append(self, node: Node, kind: Kind, slot: int) -> int:
        arguments: list[tuple[str, int]] = []
        unnamed: list[int] = []
        for child in node.children:
            register = self._add(child)
            if child.place.name is None:
                unnamed.append(register)
            else:
                arguments.append((child.place.name, register))
        dependant = node.dependant
        parameters, groups = compile_parameters(dependant)
        body = compile_body(dependant, self._embed)
        special = _has_special(dependant)
        register = len(self._steps)
        self._steps.append(
            Step(
                kind=kind,
                call=_callable(node, kind),
                dependant=_solver_dependant(node) if kind is Kind.GENERATOR else dependant,
                slot=slot,
                use_cache=node.place.use_cache,
                function_scope=node.place.scope == "function",
                concurrency=concurrency_of(dependant),
                dependencies=tuple(arguments),
                unnamed=tuple(unnamed),
                reads=tuple(map(self._read, parameters)),
                more=bool(groups or body or special),
                groups=tuple(groups),
                body=body,
                special=special,
                scopes=get_oauth_scopes(dependant=dependant),
            )
        )
        return register

    def _again(self, node: Node, slot: int, first: int, last: int) -> int:
        register = len(self._steps)
        self._steps.append(
            Step(
                kind=Kind.AGAIN,
                call=node.candidate.call,
                dependant=node.dependant,
                slot=slot,
                looked_up=tuple(dict.fromkeys(each.replacement for each in node)),
                first=first,
                last=last,
            )
        )
        return register

    def _read(self, parameter: Parameter) -> Read:
        shared = LIST if parameter.is_list else UNSHARED
        if parameter.shared is not None:
            shared = self._shared.setdefault(parameter.shared, len(self._shared))
        alias = parameter.alias
        return Read(
            parameter.name,
            _SOURCES.index(parameter.source),
            alias.lower().encode("latin-1") if parameter.source == "headers" else alias,
            parameter.validate,
            parameter.default,
            shared,
            parameter,
        )

    def _is_pure(self, node: Node) -> bool:
        """Whether walking the sub-tree again has no effect once its value is cached."""
        if id(node) not in self._pure:
            self._pure[id(node)] = (
                node.place.use_cache
                and not may_have_effect(node.dependant)
                and all(map(self._is_pure, node.children))
            )
        return self._pure[id(node)]


def _kind(node: Node) -> Kind:
    call = node.candidate.call
    inline = isinstance(node.execution, Inline)
    if is_async_gen_callable(call):
        return Kind.GENERATOR
    if is_gen_callable(call):
        unlimited = concurrency_of(node.dependant) is None
        return Kind.INLINE_GENERATOR if inline and unlimited else Kind.GENERATOR
    if is_coroutine_callable(call):
        return Kind.ASYNC
    return Kind.INLINE if inline else Kind.THREADED


def _solver_dependant(node: Node) -> Dependant:
    """What FastAPI's own functions are given to call the node as it was decided."""
    if isinstance(node.execution, Inline):
        return replace(node.dependant, call=stand_in(node.candidate, node.execution))
    return node.dependant


def _callable(node: Node, kind: Kind) -> Callable[..., Any]:
    call = node.candidate.call
    return inline_manager(call) if kind is Kind.INLINE_GENERATOR else call


def _has_special(dependant: Dependant) -> bool:
    return any(
        (
            dependant.http_connection_param_name,
            dependant.request_param_name,
            dependant.websocket_param_name,
            dependant.background_tasks_param_name,
            dependant.response_param_name,
            dependant.security_scopes_param_name,
        )
    )
