"""The plan that holds for a request."""

from typing import Any

from fastapi_fastdeps._fastapi import uses_scopes
from fastapi_fastdeps.dependants import Graph, Replacement, override
from fastapi_fastdeps.plan.steps import Plan, compile_plan


class CurrentPlan:
    """The plan of one route, and the one for the overrides that are in force.

    A plan is compiled by the first request that needs it. `dependency_overrides` may
    change at any time, in any thread: a request holds on to the plan that it began with.
    """

    def __init__(self, graph: Graph, provider: Any | None, *, embed: bool) -> None:
        self._graph = graph
        self._provider = provider
        self._embed = embed
        self._plan: Plan | None = None
        self._overridden: tuple[list[Replacement], Plan] | None = None
        self._calls = {
            id(node.candidate.call): node.candidate.call
            for node in graph.root
            if node is not graph.root
        }

    def get(self) -> Plan:
        overrides = self._provider.dependency_overrides if self._provider is not None else None
        if overrides and self._is_touched(overrides):
            return self._with(overrides)
        if self._plan is None:
            self._plan = compile_plan(self._graph.root, embed=self._embed)
        return self._plan

    def _is_touched(self, overrides: Any) -> bool:
        # FastAPI derives the whole tree anew while overrides are in force, and scopes
        # that are inherited twice come out of that once.
        return any(call in overrides for call in self._calls.values()) or uses_scopes(
            dependant=self._graph.root.dependant
        )

    def _with(self, overrides: Any) -> Plan:
        if self._overridden is not None:
            looked_up, plan = self._overridden
            if all(overrides.get(call, call) is found for call, found in looked_up):
                return plan
        root, looked_up = override(self._graph, overrides)
        plan = compile_plan(root, embed=self._embed)
        self._overridden = looked_up, plan
        return plan
