"""The classes under comparison, and the classifiers that they are given."""

from typing import Any, Literal

from fastapi_fastdeps import (
    Candidate,
    Classifier,
    Execution,
    FastDepsAPI,
    FastDepsRouter,
    Inline,
    Threaded,
    all_classes,
    default_classifier,
    first_match,
)
from fastapi_fastdeps._lane.choice import LANE_VARIABLE

from .build import Framework
from .program import Marks


def everything(_: Candidate) -> Execution:
    return Inline()


_CLASSIFIERS: dict[Literal["default", "everything", "classes"], Classifier] = {
    "default": default_classifier,
    "everything": everything,
    "classes": first_match(default_classifier, all_classes),
}


def by_turns(candidate: Candidate) -> Execution:
    """In threads of one limiter, of another, or of AnyIO's default one."""
    name = getattr(candidate.call, "__qualname__", type(candidate.call).__qualname__)
    return Threaded((None, "one", "two")[sum(name.encode()) % 3])


def fastdeps(marks: Marks) -> Framework:
    classifier = _CLASSIFIERS[marks.classifier]
    options: dict[str, Any] = {"fuse_visits": marks.threads != "not fused"}
    if marks.is_limited:
        classifier = first_match(classifier, by_turns)
        options["limiters"] = {"one": 1, "two": 2}
    if marks.threads == "one token":
        options["thread_tokens"] = 1
    if marks.shares_context:
        options["thread_context"] = "shared"
    options["classifier"] = classifier
    environment = ((LANE_VARIABLE, marks.lane),)
    return Framework(FastDepsAPI, FastDepsRouter, tuple(options.items()), environment)
