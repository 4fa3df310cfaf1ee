"""Frontends whose dependencies run where a classifier says."""

from typing import Any

from fastapi_fastdeps import _watching
from fastapi_fastdeps._building.handling import overrides_of
from fastapi_fastdeps._deciding.live import Deciding, LiveGraph, Memory
from fastapi_fastdeps._fastapi.names import FrontendRouteGroup
from fastapi_fastdeps._lane.tree import classified_dependant
from fastapi_fastdeps._threads import threads_of


class FrontendGroup(FrontendRouteGroup):
    """The frontends of one router, their dependencies classified."""

    live: LiveGraph

    @classmethod
    def take(cls, group: FrontendRouteGroup, deciding: Deciding) -> "FrontendGroup":
        """Let this one decide about a group that FastAPI has just made."""
        live = classified_frontend(group, deciding)
        group.__class__ = cls
        assert isinstance(group, FrontendGroup)
        group.live = live
        return group


def classified_frontend(state: Any, deciding: Deciding, memory: Memory | None = None) -> LiveGraph:
    """Give a group of frontends, or its inclusion, the classified tree for FastAPI's solver."""
    _watching.watch(state.dependant)
    live = LiveGraph(
        state.dependant,
        deciding,
        endpoint=False,
        dependencies=state.dependencies,
        memory=memory,
    )
    live.serve_in(threads_of(state.dependency_overrides_provider))
    state.dependant = classified_dependant(live)
    state.dependency_overrides_provider = overrides_of(state.dependency_overrides_provider, live)
    return live
