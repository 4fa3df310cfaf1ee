"""Whatever can be called with a candidate, and returns an execution or `None`, is a classifier."""

import functools
from typing import Literal, assert_type

from fastapi_fastdeps import (
    Candidate,
    Classifier,
    Execution,
    FastDepsAPI,
    FastDepsRouter,
    Inline,
    Threaded,
    default_classifier,
    markers,
)


def by_name(candidate: Candidate) -> Execution | None:
    return Inline() if candidate.parameter == "page" else None


def always(candidate: Candidate) -> Inline:
    return Inline()


def never(candidate: object, /) -> None:
    return None


def by_prefix(prefix: str, candidate: Candidate) -> Execution | None:
    return Threaded() if candidate.path.startswith(prefix) else None


class ByRole:
    def __init__(self, role: Literal["dependency", "endpoint"]) -> None:
        self.role = role

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        return Inline() if candidate.role == self.role else None

    def decide(self, candidate: Candidate) -> Execution | None:
        return self(candidate)


FastDepsAPI(classifier=by_name)
FastDepsAPI(classifier=always)
FastDepsAPI(classifier=never)
FastDepsAPI(classifier=ByRole("endpoint"))
FastDepsAPI(classifier=ByRole("endpoint").decide)
FastDepsAPI(classifier=functools.partial(by_prefix, "/admin"))
FastDepsAPI(classifier=lambda candidate: Inline() if candidate.role == "endpoint" else None)
FastDepsRouter(classifier=by_name)
FastDepsRouter(classifier=lambda _: Threaded())
FastDepsRouter(classifier=None)

kept: Classifier = markers
assert_type(default_classifier(Candidate(by_name)), Execution | None)
assert_type(kept(Candidate(by_name)), Execution | None)


def returns_bool(candidate: Candidate) -> bool:
    return candidate.role == "endpoint"


def returns_class(candidate: Candidate) -> type[Inline]:
    return Inline


def returns_text(candidate: Candidate) -> str | None:
    return "inline"


def takes_text(name: str) -> Execution | None:
    return None


def takes_two(candidate: Candidate, path: str) -> Execution | None:
    return None


def takes_none() -> Execution | None:
    return None


async def is_async(candidate: Candidate) -> Execution | None:
    return None


FastDepsAPI(classifier=returns_bool)  # error: argument-type
FastDepsAPI(classifier=returns_class)  # error: argument-type
FastDepsAPI(classifier=returns_text)  # error: argument-type
FastDepsAPI(classifier=takes_text)  # error: argument-type
FastDepsAPI(classifier=takes_two)  # error: argument-type
FastDepsAPI(classifier=takes_none)  # error: argument-type
FastDepsAPI(classifier=is_async)  # error: argument-type
FastDepsAPI(classifier=ByRole)  # error: argument-type
FastDepsAPI(classifier=Inline())  # error: argument-type
FastDepsAPI(classifier=lambda candidate: "inline")  # error: lambda
FastDepsAPI(classifier=lambda: None)  # error: lambda
FastDepsAPI(classifier=lambda it: it.rule)  # error: attribute; differs: lambda-parameter
FastDepsRouter(classifier=returns_bool)  # error: argument-type
kept = takes_text  # error: assignment
