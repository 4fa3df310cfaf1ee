"""`dependency_overrides` in FastAPI's lane."""

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import replace
from typing import Any

from fastapi import params

from fastapi_fastdeps._fastapi import (
    get_dependant,
    get_typed_signature,
    is_async,
    with_dependency,
)
from fastapi_fastdeps.classifiers import Candidate, Classifier, Decision
from fastapi_fastdeps.dependants import classify_dependency, classify_override, is_marked_place
from fastapi_fastdeps.markers import Execution, Inline, Threaded
from fastapi_fastdeps.standins import StandIn, stand_in


class ClassifiedOverrides:
    """The `dependency_overrides_provider` of a classified tree.

    While overrides are in force, FastAPI's solver derives each dependency anew from what
    this returns for it. So it returns the callable that is in force, classified like what
    it replaces, with its own dependencies classified in its signature.
    """

    def __init__(self, provider: Any, classifier: Classifier, path: str) -> None:
        self._provider = provider
        self._classifier = classifier
        self._path = path

    @property
    def dependency_overrides(self) -> Any:
        overrides = self._provider.dependency_overrides
        return _InForce(overrides, self._classifier, self._path) if overrides else overrides


class _InForce:
    def __init__(
        self,
        overrides: Mapping[Callable[..., Any], Callable[..., Any]],
        classifier: Classifier,
        path: str,
    ) -> None:
        self._overrides = overrides
        self._classifier = classifier
        self._path = path

    def get(self, call: Callable[..., Any], _: Callable[..., Any]) -> Callable[..., Any]:
        execution: Execution | None
        if isinstance(call, StandIn):
            candidate, execution = call.candidate, call.execution
        else:
            candidate = Candidate(call, path=self._path)
            execution = None if is_async(call) else Threaded()
        override = self._overrides.get(candidate.call, candidate.call)
        if override is not candidate.call:
            candidate = replace(candidate, call=override)
            replaced = Decision(execution, "") if execution else None
            decision = classify_override(candidate, self._classifier, replaced)
            execution = decision.execution if decision else None
        signature = self._classified_signature(override)
        if signature or isinstance(execution, Inline):
            return stand_in(candidate, execution, signature)
        return override

    def _classified_signature(self, call: Callable[..., Any]) -> inspect.Signature | None:
        """The signature with a stand-in for each dependency that needs one, or `None`.

        A dependency is given as a default value, never in `Annotated`: `typing` keeps
        equal annotations once, and a stand-in equals what it stands for.
        """
        places = {
            node.dependant.name: node
            for node in classify_dependency(
                get_dependant(path=self._path, call=call), self._classifier, self._path
            ).children
            if isinstance(node.execution, Inline) or is_marked_place(node.candidate)
        }
        if not places:
            return None
        signature = get_typed_signature(call)
        parameters: list[inspect.Parameter] = []
        for name, parameter in signature.parameters.items():
            parameter = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            if node := places.get(name):
                depends = _depends(parameter, node.candidate.metadata)
                parameter = parameter.replace(
                    annotation=inspect.Parameter.empty,
                    default=with_dependency(depends, stand_in(node.candidate, node.execution)),
                )
            parameters.append(parameter)
        return inspect.Signature(parameters)


def _depends(parameter: inspect.Parameter, metadata: tuple[Any, ...]) -> params.Depends:
    if isinstance(parameter.default, params.Depends):
        return parameter.default
    return copy(next(item for item in reversed(metadata) if isinstance(item, params.Depends)))
