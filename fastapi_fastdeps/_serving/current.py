"""The plan that holds for a request."""

from dataclasses import replace
from typing import Any, ClassVar

from fastapi_fastdeps._deciding.graph import Graph, Node, Overriding
from fastapi_fastdeps._fastapi.names import uses_scopes
from fastapi_fastdeps._plan.steps import Kind, Plan, compile_plan
from fastapi_fastdeps._sending import LeavesBehind, nothing


class CurrentPlan(LeavesBehind):
    """The plan of one route, and the one for the overrides that are in force.

    A plan is compiled by the first request that needs it. `dependency_overrides` may
    change at any time, in any thread: a request begins with the plan that fits then, and
    asks for another where what is in force differs from what its plan took for granted.
    """

    left_behind: ClassVar = {"_plan": nothing, "_overridden": nothing}

    def __init__(self, graph: Graph, provider: Any | None, *, embed: bool) -> None:
        self._graph = graph
        self.provider = provider
        self._embed = embed
        self._plan: Plan | None = None
        self._overridden: Plan | None = None
        calls = {
            id(node.candidate.call): node.candidate.call
            for node in graph.root
            if node is not graph.root
        }
        self._calls = [*calls.values()]

    @property
    def overrides(self) -> Any:
        """What is in force now."""
        return self.provider.dependency_overrides if self.provider is not None else {}

    def get(self) -> Plan:
        """The plan to begin a request with."""
        overrides = self.overrides
        if not overrides or not self._is_touched(overrides):
            if self._plan is None:
                self._plan = compile_plan(self._graph.root, embed=self._embed)
            return self._plan
        plan = self._overridden
        if plan is None or not _fits(plan, overrides):
            root = Overriding(self._graph, overrides).tree(self._graph.root)
            plan = self._overridden = compile_plan(root, embed=self._embed)
        return plan

    def go_on(self, plan: Plan, index: int) -> Plan:
        """The plan to go on with at step `index`, where overrides changed in a request.

        What has run and what is waiting for its dependencies stays; what has not begun is
        looked up anew, as FastAPI does. The steps before `index` are the same.
        """
        overriding = Overriding(self._graph, self.overrides)
        # From here on the cached value of a callable says nothing of what is below it.
        again: set[int] = set()

        def changed(node: Node) -> Node:
            first, last = plan.spans[id(node)]
            if first >= index:
                return overriding.node(node)
            if plan.steps[last].kind is Kind.AGAIN:
                again.add(id(node))
                return node
            return replace(node, children=tuple(map(changed, node.children)))

        return compile_plan(changed(plan.root), embed=self._embed, again_only=again)

    def _is_touched(self, overrides: Any) -> bool:
        # FastAPI derives the whole tree anew while overrides are in force, and scopes
        # that are inherited twice come out of that once.
        return any(call in overrides for call in self._calls) or uses_scopes(
            dependant=self._graph.root.dependant
        )


def _fits(plan: Plan, overrides: Any) -> bool:
    return all(
        overrides.get(call, call) is found for step in plan.steps for call, found in step.looked_up
    )
