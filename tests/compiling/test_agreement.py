"""FastAPI, a plan that is followed from the first request on, one that takes over, and no plan
at all do the same, whatever the callables of a route do to what FastAPI reads."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI

from fastapi_fastdeps import Candidate, FastDepsAPI, Inline
from fastapi_fastdeps._serving.current import CurrentPlan

from .programs import Running, program

PROGRAMS = 120
NEVER = 10**9


def everything(candidate: Candidate) -> Inline:
    return Inline()


APPS: dict[str, Callable[[], FastAPI]] = {
    "unmarked": FastDepsAPI,
    "inline": lambda: FastDepsAPI(classifier=everything),
}


@pytest.mark.parametrize("make", APPS.values(), ids=APPS)
@pytest.mark.parametrize("from_request", [1, 2, NEVER], ids=["generated", "later", "interpreted"])
def test_random_routes_do_what_they_do_in_fastapi(
    make: Callable[[], FastAPI], from_request: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CurrentPlan, "from_request", from_request)
    differences: list[int] = []
    for seed in range(PROGRAMS):
        drawn = program(seed)
        try:
            expected = Running(drawn, FastAPI).run(drawn.sendings)
        except Exception as error:
            with pytest.raises(type(error)):
                Running(drawn, make)
            continue
        if Running(drawn, make).run(drawn.sendings) != expected:
            differences.append(seed)
    assert differences == []
