"""The same routes in FastAPI, by a generated plan, by one that takes over, and by none."""

from collections.abc import Callable

from fastapi import FastAPI

from fastapi_fastdeps import Candidate, FastDepsAPI, Inline, Threaded
from fastapi_fastdeps._serving.current import CurrentPlan

from .programs import Running, program

NEVER = 10**9
PLANNED_FROM = {"generated": 1, "later": 2, "interpreted": NEVER}
"""From which request on a plan is followed."""


def everything(candidate: Candidate) -> Inline:
    return Inline()


def by_turns(candidate: Candidate) -> Threaded:
    name = getattr(candidate.call, "__name__", "")
    return Threaded((None, "one", "two")[sum(name.encode()) % 3])


APPS: dict[str, Callable[[], FastAPI]] = {
    "unmarked": FastDepsAPI,
    "inline": lambda: FastDepsAPI(classifier=everything),
    "not fused": lambda: FastDepsAPI(fuse_visits=False),
    "one token": lambda: FastDepsAPI(thread_tokens=1),
    "limiters": lambda: FastDepsAPI(classifier=by_turns, limiters={"one": 1, "two": 2}),
    "shared": lambda: FastDepsAPI(thread_context="shared"),
}


def is_as_in_fastapi(seed: int, make: Callable[[], FastAPI], planned_from: int) -> bool:
    """Whether an app of ours does what FastAPI's does, or is refused as that is."""
    return _outcome(seed, make, planned_from) == _outcome(seed, FastAPI, planned_from)


def differs(seed: int) -> bool:
    """Whether anything differs, whoever follows the plan from when on."""
    expected = _outcome(seed, FastAPI, NEVER)
    return not all(
        _outcome(seed, make, planned_from) == expected
        for make in APPS.values()
        for planned_from in PLANNED_FROM.values()
    )


def _outcome(seed: int, make: Callable[[], FastAPI], planned_from: int) -> object:
    """What a program's requests come to, or the exception that its app is refused with."""
    drawn, before = program(seed), CurrentPlan.from_request
    CurrentPlan.from_request = planned_from
    try:
        return Running(drawn, make).run(drawn.sendings)
    except Exception as error:
        return type(error)
    finally:
        CurrentPlan.from_request = before
