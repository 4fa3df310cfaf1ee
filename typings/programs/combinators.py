"""What a chain of classifiers is made of is checked, part by part."""

import inspect
from collections.abc import Callable
from typing import Any, assert_type

from fastapi_fastdeps import (
    Candidate,
    Classifier,
    Execution,
    FastDepsAPI,
    Inline,
    all_classes,
    default_classifier,
    first_match,
    markers,
    predicate,
)


def by_module(candidate: Candidate) -> Execution | None:
    return Inline() if candidate.call.__module__.startswith("shop.models") else None


def is_small(call: Callable[..., Any]) -> bool:
    return len(inspect.signature(call).parameters) < 3


def takes_candidate(candidate: Candidate) -> bool:
    return candidate.role == "endpoint"


def returns_bool(candidate: Candidate) -> bool:
    return True


chain = first_match(
    markers,
    by_module,
    predicate(is_small),
    predicate(inspect.isclass),
    predicate(lambda call: inspect.getmodule(call) is None),
    lambda candidate: Inline() if candidate.metadata else None,
    all_classes,
)
assert_type(chain, Classifier)
assert_type(predicate(is_small), Classifier)
assert_type(first_match(), Classifier)
FastDepsAPI(classifier=first_match(chain, default_classifier))

first_match(markers, returns_bool)  # error: argument-type
first_match(markers, is_small)  # error: argument-type
first_match([markers, all_classes])  # error: argument-type
first_match(markers, default=all_classes)  # error: unknown-argument
first_match(markers, lambda candidate: True)  # error: lambda
first_match(markers, None)  # error: argument-type
predicate(takes_candidate)  # error: argument-type
predicate(all_classes)  # error: argument-type
predicate(True)  # error: argument-type
predicate(lambda: True)  # error: lambda
