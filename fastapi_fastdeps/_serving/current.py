"""The plan that holds for a request."""

from typing import Any, Final

from fastapi_fastdeps._compiling.functions import Compiled, Tools, compile_function
from fastapi_fastdeps._deciding.graph import Graph, Overriding, Replacement
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.ground import Ground
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._lane.choice import ground_of, is_served_by_fastapi, ways_to_solve
from fastapi_fastdeps._plan.steps import compile_plan
from fastapi_fastdeps.errors import FastDepsError

_NOTHING: Final[dict[Any, Any]] = {}
_class_of: Final[Any] = type  # From which no checker infers what it knows nothing of.


class CurrentPlan:
    """The plan of one route, and the one for the overrides that are in force.

    A plan is compiled by the second request that could use it, of the tree as it is then.
    `dependency_overrides` may change at any time, in any thread.

    Attributes:
        from_request: which request compiles a plan; those before it do without.
    """

    from_request = 2

    def __init__(
        self, live: LiveGraph, tools: Tools, title: str, ways: Way, *, embed: bool
    ) -> None:
        """`ways` are those on which FastAPI handles a request, besides solving it."""
        self.live = live
        self._ways = ways
        self.provider = tools.provider
        self.embed = embed
        self._tools = tools
        self._title = title
        self._kind_of_provider: type | None = None
        self._is_plain_provider = False
        self._forget(live.current())

    def _look(self) -> Graph:
        """The tree as it is. Raises `FastDepsError` for what a change of it brought in."""
        graph = self.live.current()
        if graph is not self._graph:
            self._forget(graph)
        return graph

    def _forget(self, graph: Graph) -> None:
        self._graph = graph
        self._is_watched = self.live.is_watched
        self._ground: Ground | None = None
        self._requests = 0
        self._is_tried = False
        self._plan: Compiled | None = None
        self._forget_overridden()

    def _forget_overridden(self) -> None:
        self._overridden: Compiled | None = None
        self._looked_up: tuple[Replacement, ...] = ()
        self._overridden_requests = 0

    @property
    def ground(self) -> Ground:
        """What the plan takes for granted, where no overrides are in force."""
        try:
            graph = self._look()
        except FastDepsError:
            # It is raised when FastAPI would come to what is wrong in the tree.
            graph = self._graph
        if self._ground is None:
            self._ground = ground_of(self._ways | ways_to_solve(graph))
        return self._ground

    def is_touched(self) -> bool:
        """Whether something that the plan takes for granted is replaced."""
        ground = self._ground
        try:
            if ground is None or self.live.current() is not self._graph:
                ground = self.ground
        except FastDepsError:
            ground = self.ground
        return not ground.is_as_it_was() and ground.is_touched()

    @property
    def source(self) -> str | None:
        """What is run for a request without overrides, once it is compiled."""
        return self._plan.source if self._plan is not None else None

    def get(self) -> tuple[Compiled | None, Any]:
        """The plan to begin a request with and the overrides that it takes for granted,
        `None` where FastAPI's own algorithm is to be followed.

        Raises `FastDepsError` for what a change of the tree brought in.
        """
        graph = self.live.current()
        if graph is not self._graph:
            self._forget(graph)
        if type(self.provider) is not self._kind_of_provider:
            self._kind_of_provider = type(self.provider)
            self._is_plain_provider = _is_plain(self.provider)
        if not self._is_watched or not self._is_plain_provider:
            return None, None
        overrides: Any = None
        if self.provider is not None:
            try:
                overrides = self.provider.dependency_overrides
            except AttributeError:
                # FastAPI fails when it comes to a dependency, if there is one.
                return None, None
            if overrides is not None and _class_of(overrides) is not dict:
                return None, overrides
        if overrides:
            # What they bring in may need more of FastAPI than the route's own tree.
            is_as_planned = not is_served_by_fastapi()
            return self._for_overrides(graph, overrides) if is_as_planned else None, overrides
        if self._overridden_requests:
            # No override, nor what it holds, is kept once it is out of force.
            self._forget_overridden()
        self._requests += 1
        if not self._is_tried and self._requests >= self.from_request:
            self._is_tried = True
            self._plan = self._compiled(graph)
        return self._plan, overrides

    def _for_overrides(self, graph: Graph, overrides: dict[Any, Any]) -> Compiled | None:
        get = overrides.get
        for call, found in self._looked_up:
            if get(call, call) is not found:
                self._forget_overridden()
                break
        self._overridden_requests += 1
        if self._overridden is None and self._overridden_requests == self.from_request:
            compiled = self._overridden = self._compiled(graph, overrides)
            if compiled is not None:
                pairs = (pair for step in compiled.plan.steps for pair in step.looked_up)
                self._looked_up = tuple(dict.fromkeys(pairs))
        return self._overridden

    def _compiled(self, graph: Graph, overrides: dict[Any, Any] = _NOTHING) -> Compiled | None:
        try:
            root = Overriding(graph, overrides).tree(graph.root) if overrides else graph.root
            threads = self.live.threads
            plan = compile_plan(root, threads, embed=self.embed, is_for_overrides=bool(overrides))
            if plan is None:
                return None
            return compile_function(plan, self._tools, self._title, threads.observer)
        except Exception:
            # What can't be looked at in advance fails, if at all, when FastAPI comes to it.
            return None

    def __getstate__(self) -> dict[str, Any]:
        # A function that was made of source is made again where it is needed.
        state = self.__class__.__new__(self.__class__)
        vars(state).update(vars(self))
        state._forget(self._graph)
        return vars(state)


def _is_plain(provider: Any | None) -> bool:
    """Whether nothing of the user's runs when the overrides of a provider are asked for."""
    kind: Any = _class_of(provider)
    return provider is None or (
        not any(hasattr(kind, name) for name in ("__bool__", "__len__", "dependency_overrides"))
        and kind.__getattribute__ is object.__getattribute__
    )
