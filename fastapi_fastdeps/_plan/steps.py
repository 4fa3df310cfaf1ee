"""A classified tree, compiled into a flat list of steps in FastAPI's order."""

import functools
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, cast

from fastapi_fastdeps._deciding.graph import Node, Replacement
from fastapi_fastdeps._fastapi.callables import concurrency_of, is_given_request, is_injected_into
from fastapi_fastdeps._fastapi.dependants import is_what_it_was, nature, nature_of_override, seen
from fastapi_fastdeps._fastapi.names import Dependant, get_cache_key, get_oauth_scopes, uses_scopes
from fastapi_fastdeps._lane.standins import stand_in
from fastapi_fastdeps._plan.kinds import ENTERED, MANAGED, Kind, kind_of
from fastapi_fastdeps._plan.managers import manager_of
from fastapi_fastdeps._plan.parameters import (
    Body,
    Reads,
    Source,
    compile_body,
    compile_parameters,
)
from fastapi_fastdeps._threads import Threads, limiter_of
from fastapi_fastdeps._watching import unwatched
from fastapi_fastdeps.classifiers import Candidate
from fastapi_fastdeps.marking import Inline

LONGEST: Final = 5000
"""How many steps a plan may have. FastAPI walks a dependency for each of its occurrences,
which can be many more than there are dependencies."""


@dataclass(frozen=True, slots=True)
class Step:
    """One callable at one place of the tree: what it is passed, and how it is called.

    Attributes:
        kind: how it comes by its value.
        node: the callable at its place.
        parent: the step of the callable that depends on it, the endpoint's own for that.
        position: which of the parent's dependencies it is.
        key: what FastAPI caches its value by.
        slot: where its value is cached: the same for equal keys, -1 for the endpoint.
        uses_scopes: what FastAPI knows of it once it has made its key.
        callee: what is called: for a sync generator, what makes it a context manager.
        dependant: what FastAPI's own function is given to enter a generator.
        dependencies: FastAPI's list of what it depends on.
        use_cache: whether a value that is cached already is taken.
        is_of_function_scope: whether a generator is left when the endpoint has returned.
        concurrency: what limits how many requests are in it at once, `None` for nothing.
        limiter: the name of the limiter that it waits for a thread of, `None` for none.
        arguments: the arguments that are values of earlier steps.
        reads: the parameters that are read for it, by source.
        body: the body parameters that are read for it, `None` for none.
        is_special: whether it takes what FastAPI injects by type, such as the request.
        looked_up: what `dependency_overrides` gave for the callables whose sub-trees begin
            with this step, for `AGAIN` for all that are in its own.
    """

    kind: Kind
    node: Node
    parent: int
    position: int
    key: Any
    slot: int
    uses_scopes: bool
    callee: Callable[..., Any]
    dependant: Dependant
    dependencies: list[Dependant]
    use_cache: bool
    is_of_function_scope: bool
    concurrency: Any
    limiter: str | None
    arguments: tuple[tuple[str, int], ...]
    reads: tuple[Reads, ...]
    body: Body | None
    is_special: bool
    looked_up: tuple[Replacement, ...]


class Taken(NamedTuple):
    """What a callable takes from the request: parameters by source, and body parameters."""

    reads: tuple[Reads, ...]
    body: Body | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of one route; the last is the endpoint's.

    It holds for the tree that it was compiled of, as long as that does not change.

    Attributes:
        children: the steps of what each step depends on, in FastAPI's order.
        taken: what each callable takes from the request, by the `id` of FastAPI's description
            of the callable.
        shared: where each value that can be shared is kept.
        sources: what is read of the request.
        is_given_request: whether a callable of the route can see the request.
        is_open: whether a dependency can, and so could change what those after it are given.
        is_query_plain: whether the query is read for single values only.
        is_for_overrides: whether it was derived with overrides in force.
    """

    steps: tuple[Step, ...]
    children: tuple[tuple[int, ...], ...]
    taken: Mapping[int, Taken]
    shared: dict[Any, int]
    sources: frozenset[Source]
    is_given_request: bool
    is_open: bool
    is_query_plain: bool
    is_for_overrides: bool


def compile_plan(
    root: Node, threads: Threads, *, embed: bool, is_for_overrides: bool = False
) -> Plan | None:
    """The plan of a route, `None` if only FastAPI's own algorithm will do.

    `threads` are where what has a limiter waits, `embed` is FastAPI's decision about its body
    parameters. `root` is derived with overrides in force for a plan `is_for_overrides`.
    Raises whatever the user's objects raise when they are looked at.
    """
    nodes: list[Node] = []
    for node in root:
        nodes.append(node)
        if len(nodes) > LONGEST:
            return None
    if not all(_is_known_by_identity(call) for node in nodes[1:] for call in node.replacement):
        return None
    return _Compiler(nodes, threads, embed, is_for_overrides).compile(root)


def _is_known_by_identity(call: Any) -> bool:
    """Whether nothing of the user's runs when FastAPI looks for the callable in a dictionary."""
    kind: Any = type(cast("object", call))
    if kind is types.MethodType:
        return type(call.__func__) is types.FunctionType
    if kind in (types.FunctionType, types.BuiltinFunctionType, functools.partial):
        return True
    return kind.__hash__ in _HASHED_BY_IDENTITY and kind.__eq__ in _EQUAL_BY_IDENTITY


_HASHED_BY_IDENTITY: Final = (object.__hash__, type.__hash__)
_EQUAL_BY_IDENTITY: Final = (object.__eq__, type.__eq__)


class _Compiler:
    def __init__(
        self, nodes: list[Node], threads: Threads, embed: bool, is_for_overrides: bool
    ) -> None:
        self._threads = threads
        self._is_for_overrides = is_for_overrides
        self._nature = nature_of_override if is_for_overrides else nature
        self._steps: dict[int, Step] = {}
        self._children: dict[int, tuple[int, ...]] = {}
        self._count = 0
        self._slots: dict[Any, int] = {}
        self._shared: dict[Any, int] = {}
        self._uses_scopes: dict[int, tuple[Dependant, bool]] = {}
        self._taken = {
            id(node.dependant): Taken(
                compile_parameters(node.dependant), compile_body(node.dependant, embed)
            )
            for node in nodes
        }
        self._is_given_request = any(is_given_request(node.dependant) for node in nodes)
        self._is_open = any(is_given_request(node.dependant) for node in nodes[1:])
        self._first: dict[int, Node] = {}

    def compile(self, root: Node) -> Plan:
        for branch in self._branches(root):
            self._finish(branch)
        steps = tuple(self._steps[register] for register in range(self._count))
        reads = [reads for step in steps for reads in step.reads]
        return Plan(
            steps=steps,
            children=tuple(self._children[register] for register in range(self._count)),
            taken=self._taken,
            shared=self._shared,
            sources=frozenset(each.source for each in reads),
            is_given_request=self._is_given_request,
            is_open=self._is_open,
            is_query_plain=not self._is_open
            and all(_is_single(each) for each in reads if each.source == "query_params"),
            is_for_overrides=self._is_for_overrides,
        )

    def _branches(self, root: Node) -> Iterator["_Branch"]:
        """Each occurrence that gets a step, after those that it depends on."""
        pending = [_Branch(root, None, 0)]
        while pending:
            branch = pending[-1]
            position = len(branch.children)
            if position == 0 and branch.parent is not None:
                branch.identity = self._identity(branch.node)
                first = self._first.get(branch.identity[1])
                branch.is_again = first is not None and self._are_one(first, branch.node)
            if branch.is_again or position == len(branch.node.children):
                pending.pop()
                branch.register = self._count
                self._count += 1
                yield branch
            else:
                child = _Branch(branch.node.children[position], branch, position)
                branch.children.append(child)
                pending.append(child)

    def _finish(self, branch: "_Branch") -> None:
        node, dependant = branch.node, branch.node.dependant
        key, slot, is_scoped = branch.identity or (None, -1, False)
        is_limited = concurrency_of(dependant) is not None
        if branch.parent is None:
            kind = Kind.ENDPOINT
        elif branch.is_again:
            kind = Kind.AGAIN
        else:
            found = self._nature(seen(dependant))
            kind = kind_of(found, node.execution, is_limited=is_limited)
            self._first.setdefault(slot, node)
        taken = Taken((), None) if branch.is_again else self._taken[id(dependant)]
        for each in taken.reads:
            for parameter in each.parameters or ():
                if parameter.shared is not None:
                    self._shared.setdefault(parameter.shared, len(self._shared))
        self._children[branch.register] = tuple(child.register for child in branch.children)
        self._steps[branch.register] = Step(
            kind=kind,
            node=node,
            parent=branch.register,
            position=branch.position,
            key=key,
            slot=slot,
            uses_scopes=is_scoped,
            callee=_callee(node, kind, self._threads, is_timed=is_limited),
            dependant=_dependant(node, kind, self._threads),
            dependencies=dependant.dependencies,
            use_cache=node.place.use_cache,
            is_of_function_scope=node.place.scope == "function",
            concurrency=concurrency_of(dependant),
            limiter=limiter_of(node.execution),
            arguments=tuple(
                (child.node.place.name, child.register)
                for child in branch.children
                if child.node.place.name is not None
            ),
            reads=taken.reads,
            body=taken.body,
            is_special=not branch.is_again and is_injected_into(dependant),
            looked_up=tuple(node.replacement for node in branch.begun()),
        )
        for child in branch.children:
            step = self._steps[child.register]
            self._steps[child.register] = replace(step, parent=branch.register)

    def _identity(self, node: Node) -> tuple[Any, int, bool]:
        place = seen(node.place)
        key = get_cache_key(dependant=place, uses_scopes_cache=self._uses_scopes)
        is_scoped = uses_scopes(dependant=place, cache=self._uses_scopes)
        return key, self._slots.setdefault(key, len(self._slots)), is_scoped

    def _are_one(self, first: Node, second: Node) -> bool:
        """Whether walking the second sub-tree, after the first, could have no effect: the same
        callables with the same scopes, all cached, and nothing to read that could have
        changed or that runs code of the user's."""
        pairs = [(first, second)]
        while pairs:
            one, other = pairs.pop()
            if (
                one.candidate.call is not other.candidate.call
                or one.place.call is not other.place.call
                or not (one.place.use_cache and other.place.use_cache)
                or len(one.children) != len(other.children)
                or _scopes(one) != _scopes(other)
                or not self._are_read_alike(one.dependant, other.dependant)
            ):
                return False
            pairs += zip(one.children, other.children, strict=True)
        return True

    def _are_read_alike(self, one: Dependant, other: Dependant) -> bool:
        reads, again = self._taken[id(one)].reads, self._taken[id(other)].reads
        if one.body_params or other.body_params or len(reads) != len(again):
            return False
        if not reads:
            return True
        # Only the query is settled before anything of the user's runs.
        if self._is_open or [each.source for each in (*reads, *again)] != ["query_params"] * 2:
            return False
        plainly = _plainly(reads[0])
        return plainly is not None and plainly == _plainly(again[0])


class _Branch:
    """A node whose steps are being made."""

    __slots__ = ("children", "identity", "is_again", "node", "parent", "position", "register")

    def __init__(self, node: Node, parent: "_Branch | None", position: int) -> None:
        self.node = node
        self.parent = parent
        self.position = position
        self.children: list[_Branch] = []
        self.identity: tuple[Any, int, bool] | None = None
        self.is_again = False
        self.register = -1

    def begun(self) -> list[Node]:
        """The dependencies whose sub-trees begin with this step, all of them for `AGAIN`."""
        if self.parent is None or self.children:
            return []
        below = list(self.node) if self.is_again else [self.node]
        above: list[Node] = []
        branch = self
        while branch.position == 0 and branch.parent is not None and branch.parent.parent:
            branch = branch.parent
            above.append(branch.node)
        return above[::-1] + below


def _is_single(reads: Reads) -> bool:
    return reads.parameters is not None and not any(each.is_list for each in reads.parameters)


def _plainly(reads: Reads) -> list[tuple[Any, bool]] | None:
    """Equal for parameters that are read alike, `None` if reading them may have an effect."""
    found: list[tuple[Any, bool]] = []
    for parameter in reads.parameters or ():
        if not parameter.is_pure:
            return None
        found.append((parameter.shared, parameter.field.field_info.is_required()))
    return found or None


def _scopes(node: Node) -> tuple[Any, ...]:
    lists = (
        node.place.own_oauth_scopes,
        node.place.parent_oauth_scopes,
        node.dependant.own_oauth_scopes,
        node.dependant.parent_oauth_scopes,
    )
    return (
        *(tuple(scopes) if scopes is not None else None for scopes in lists),
        tuple(get_oauth_scopes(dependant=seen(node.dependant))),
        node.place.scope,
    )


def _callee(node: Node, kind: Kind, threads: Threads, *, is_timed: bool) -> Callable[..., Any]:
    """`is_timed`: whether whoever is told of an inline call is told by what is called."""
    call = node.candidate.call
    if kind in MANAGED:
        call = manager_of(call)
    if kind is Kind.INLINE and not is_timed:
        return call
    return told_of(call, kind, node.candidate, threads)


def told_of(
    callee: Callable[..., Any], kind: Kind, candidate: Candidate, threads: Threads
) -> Callable[..., Any]:
    """What is called in the place of this where somebody is told of inline calls."""
    observer = threads.observer
    if observer is None or kind not in (Kind.INLINE, Kind.INLINE_GENERATOR):
        return callee
    if kind is Kind.INLINE:
        return observer.calling(candidate, callee)
    return observer.managing(candidate, callee)


def _dependant(node: Node, kind: Kind, threads: Threads) -> Dependant:
    """What FastAPI's own function is given to enter a generator where it was decided."""
    return entered_where_decided(node, threads) if kind in ENTERED else node.dependant


def entered_where_decided(node: Node, threads: Threads) -> Dependant:
    """A description of a generator that FastAPI's own function enters where it was decided."""
    is_decided = isinstance(node.execution, Inline) or limiter_of(node.execution) is not None
    if is_decided and is_what_it_was(node.dependant):
        call = stand_in(node.candidate, node.execution, threads=threads)
        return unwatched(node.dependant, call=call)
    return node.dependant
