"""FastAPI, a plan that is followed from the first request on, one that takes over, and no plan
at all do the same, whatever the callables of a route do to what FastAPI reads."""

import pytest

from .comparing import APPS, PLANNED_FROM, is_as_in_fastapi

PROGRAMS = 60


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("planned", PLANNED_FROM)
def test_random_routes_do_what_they_do_in_fastapi(app: str, planned: str) -> None:
    make, planned_from = APPS[app], PLANNED_FROM[planned]
    seeds = range(PROGRAMS)
    assert [seed for seed in seeds if not is_as_in_fastapi(seed, make, planned_from)] == []
