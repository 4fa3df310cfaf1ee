"""Frontends whose dependencies run where a classifier says."""

from typing import TYPE_CHECKING, Any

from fastapi_fastdeps import _watching
from fastapi_fastdeps._building.handling import overrides_of
from fastapi_fastdeps._deciding.live import Deciding, LiveGraph, Memory
from fastapi_fastdeps._fastapi.names import FrontendRouteGroup, fast_lane
from fastapi_fastdeps._lane.choice import why_not_planned
from fastapi_fastdeps._lane.tree import classified_dependant
from fastapi_fastdeps._lane.within import PlannedFrontend
from fastapi_fastdeps._threads import threads_of

if TYPE_CHECKING or fast_lane:
    from fastapi_fastdeps._fastapi.requests import embeds_body_fields
    from fastapi_fastdeps._serving.frontend import FrontendSolving


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
    provider = state.dependency_overrides_provider
    live.serve_in(threads_of(provider))
    if why_not_planned():
        state.dependant = classified_dependant(live)
    else:
        solving = FrontendSolving(live, provider, embed=embeds_body_fields(state))
        state.dependant = PlannedFrontend(live, solving)
    state.dependency_overrides_provider = overrides_of(provider, live)
    return live
