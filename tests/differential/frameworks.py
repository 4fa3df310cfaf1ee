"""The classes under comparison, and the classifiers that they are given."""

from typing import Literal

from fastapi_fastdeps import (
    Candidate,
    Classifier,
    Execution,
    FastDepsAPI,
    FastDepsRouter,
    Inline,
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


def fastdeps(marks: Marks) -> Framework:
    options = (("classifier", _CLASSIFIERS[marks.classifier]),)
    environment = ((LANE_VARIABLE, marks.lane),)
    return Framework(FastDepsAPI, FastDepsRouter, options, environment)
