"""`dependency_overrides` in FastAPI's lane."""

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

from fastapi import params

from fastapi_fastdeps._deciding.graph import (
    Graph,
    Overrides,
    classify_dependency,
    classify_override,
)
from fastapi_fastdeps._deciding.places import is_marked_place
from fastapi_fastdeps._fastapi.names import (
    get_dependant,
    get_typed_signature,
    is_async,
    with_dependency,
)
from fastapi_fastdeps._lane.standins import StandIn, stand_in
from fastapi_fastdeps.classifiers import Candidate, Classifier, Decision
from fastapi_fastdeps.marking import Execution, Inline, Threaded

_REMEMBERED = 1000
"""How many pairs of a callable and what overrides it are kept classified, for each route."""


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
        self._found: dict[tuple[int, int], tuple[object, object, Callable[..., Any]]] = {}

    @classmethod
    def of(cls, provider: Any | None, graph: Graph) -> "ClassifiedOverrides | None":
        """Those of a provider, as the routes of this tree need them."""
        return cls(provider, graph.classifier, graph.root.candidate.path) if provider else None

    @property
    def dependency_overrides(self) -> Any:
        overrides = self._provider.dependency_overrides
        return _InForce(overrides, self) if overrides else overrides

    def find(self, call: Callable[..., Any], overrides: Overrides) -> Callable[..., Any]:
        """What FastAPI's solver should call in place of `call`."""
        original = call.call if isinstance(call, StandIn) else call
        override = overrides.get(original, original)
        key = id(call), id(override)
        found = self._found.get(key)
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            # Both are kept, so that no other object gets an id of the key.
            found = self._found[key] = call, override, self._classified(call, override)
        return found[2]

    def _classified(
        self, call: Callable[..., Any], override: Callable[..., Any]
    ) -> Callable[..., Any]:
        execution: Execution | None
        if isinstance(call, StandIn):
            candidate, execution = call.candidate, call.execution
        else:
            candidate = Candidate(call, path=self._path)
            execution = None if is_async(call) else Threaded()
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


class _InForce:
    """The overrides in force, as FastAPI should see them: releases before 0.160 look into
    them with `in` and `[]` too."""

    def __init__(self, overrides: Overrides, classified: ClassifiedOverrides) -> None:
        self._overrides = overrides
        self._classified = classified

    def __contains__(self, call: object) -> bool:
        return call in self._overrides

    def __getitem__(self, call: Callable[..., Any]) -> Callable[..., Any]:
        return self._classified.find(call, self._overrides)

    def get(self, call: Callable[..., Any], _: object = None) -> Callable[..., Any]:
        """What to call, which for a callable that is not overridden may be a stand-in."""
        return self._classified.find(call, self._overrides)


def _depends(parameter: inspect.Parameter, metadata: tuple[Any, ...]) -> params.Depends:
    if isinstance(parameter.default, params.Depends):
        return parameter.default
    return copy(next(item for item in reversed(metadata) if isinstance(item, params.Depends)))
