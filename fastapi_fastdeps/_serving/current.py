"""The plan that holds for a request."""

from typing import Any, cast

from fastapi_fastdeps._deciding.graph import Graph, Overriding
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._plan.steps import Plan, compile_plan


class CurrentPlan:
    """The plan of one route, and the one for the overrides that are in force.

    A plan is compiled by the first request that needs it, of the tree as it is then.
    `dependency_overrides` may change at any time, in any thread.
    """

    def __init__(self, live: LiveGraph, provider: Any | None, *, embed: bool) -> None:
        self.live = live
        self.provider = provider
        self.embed = embed
        self._is_plain_provider = _is_plain(provider)
        self._forget(live.current())

    def _forget(self, graph: Graph) -> None:
        self._graph = graph
        self._plan: Plan | None = None
        self._overridden: Plan | None = None
        self._is_compiled = False

    def get(self) -> Plan | None:
        """The plan to begin a request with, `None` where only FastAPI's own algorithm will do.

        Raises `FastDepsError` for what a change of the tree brought in.
        """
        graph = self.live.current()
        if graph is not self._graph:
            self._forget(graph)
        if not self.live.is_watched or not self._is_plain_provider:
            return None
        provider = self.provider
        overrides: Any = provider.dependency_overrides if provider is not None else None
        if overrides is not None:
            in_force: Any = overrides
            if type(overrides) is not dict:
                return None
            if in_force:
                return self._for_overrides(graph, in_force)
        if self._overridden is not None and self._overridden.is_overridden:
            # No override, nor what it holds, is kept once it is out of force.
            self._overridden = None
        if not self._is_compiled:
            self._plan = self._compiled(graph)
            self._is_compiled = True
        return self._plan

    def _for_overrides(self, graph: Graph, overrides: dict[Any, Any]) -> Plan | None:
        plan = self._overridden
        if plan is None or not _fits(plan, overrides):
            plan = self._overridden = self._compiled(graph, overrides)
        return plan

    def _compiled(self, graph: Graph, overrides: dict[Any, Any] | None = None) -> Plan | None:
        try:
            if overrides is None:
                return compile_plan(graph.root, embed=self.embed)
            root = Overriding(graph, overrides).tree(graph.root)
            return compile_plan(root, embed=self.embed, is_for_overrides=True)
        except Exception:
            # What can't be looked at in advance fails, if at all, when FastAPI comes to it.
            return None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_plan": None, "_overridden": None, "_is_compiled": False}


def _fits(plan: Plan, overrides: dict[Any, Any]) -> bool:
    return all(
        overrides.get(call, call) is found for step in plan.steps for call, found in step.looked_up
    )


def _is_plain(provider: Any | None) -> bool:
    """Whether nothing of the user's runs when the overrides of a provider are asked for."""
    kind: Any = type(cast("object", provider))
    return provider is None or (
        not any(hasattr(kind, name) for name in ("__bool__", "__len__", "dependency_overrides"))
        and kind.__getattribute__ is object.__getattribute__
    )
