"""`dependency_overrides` in FastAPI's lane."""

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from operator import is_
from types import MethodType
from typing import Any, ClassVar, Final, TypeVar

from fastapi import params

from fastapi_fastdeps._deciding.graph import Node, Overrides, classify_override, judged
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._deciding.places import places
from fastapi_fastdeps._fastapi.callables import dependant_of, is_async, with_dependency
from fastapi_fastdeps._fastapi.names import get_typed_signature
from fastapi_fastdeps._lane.standins import (
    StandIn,
    is_called_by_us,
    needs_stand_in,
    stand_in,
)
from fastapi_fastdeps._marks import Decision
from fastapi_fastdeps._sending import LeavesBehind, Makers
from fastapi_fastdeps.classifiers import Candidate, Classifier
from fastapi_fastdeps.marking import Execution, Threaded

_REMEMBERED = 256
"""How many callables are kept with what overrides them, for each route."""


_Method = TypeVar("_Method", bound=Callable[..., Any])


def solves_by_plan(method: _Method) -> _Method:
    """A dependency of this package's own, about which no overrides are asked."""
    _OWN.add(method)
    return method


_OWN: Final[set[Callable[..., Any]]] = set()


def _is_own(call: object) -> bool:
    return isinstance(call, MethodType) and call.__func__ in _OWN


class ClassifiedOverrides(LeavesBehind):
    """The `dependency_overrides_provider` of a classified tree.

    While overrides are in force, FastAPI's solver derives each dependency anew from what
    this returns for it. So it returns the callable that is in force, classified like what
    it replaces, with its own dependencies classified in its signature.
    """

    left_behind: ClassVar[Makers] = {"_found": dict[Any, Any]}

    def __init__(self, provider: Any, live: LiveGraph) -> None:
        self.provider = provider
        self._live = live
        self._found: dict[int, tuple[object, object, Classifier, Callable[..., Any]]] = {}

    def __bool__(self) -> bool:
        return bool(self.provider)

    @property
    def dependency_overrides(self) -> Any:
        overrides = self.provider.dependency_overrides
        if overrides:
            return _InForce(overrides, self)
        self._found.clear()
        return overrides

    def find(self, call: Callable[..., Any], overrides: Overrides) -> Callable[..., Any]:
        """What FastAPI's solver should call in place of `call`."""
        if _is_own(call):
            return call
        original = call.call if isinstance(call, StandIn) else call
        override = overrides.get(original, original)
        classifier = self._classifier
        found = self._found.get(id(call))
        if found is None or not all(map(is_, found, (call, override, classifier))):
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            # The callable is kept, so that no other object gets its id.
            found = call, override, classifier, self._classified(call, override)
            self._found[id(call)] = found
        return found[3]

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
        if signature or is_called_by_us(execution, self._live.threads):
            return stand_in(candidate, execution, signature, self._live.threads)
        return override

    @property
    def _classifier(self) -> Classifier:
        return self._live.current().classifier

    @property
    def _path(self) -> str:
        return self._live.current().root.candidate.path

    def _classified_signature(self, call: Callable[..., Any]) -> inspect.Signature | None:
        """The signature with a stand-in for each dependency that needs one, or `None`.

        A dependency is given as a default value, never in `Annotated`: `typing` keeps
        equal annotations once, and a stand-in equals what it stands for.
        """
        dependant = dependant_of(call, self._path)
        metadata = places(dependant)
        marked: dict[str | None, Node] = {}
        for place in dependant.dependencies:
            each = judged(place, self._classifier, self._path, metadata.get(place.name, ()))
            if needs_stand_in(each, self._live.threads):
                marked[place.name] = each
        if not marked:
            return None
        signature = get_typed_signature(call)
        parameters: list[inspect.Parameter] = []
        for name, parameter in signature.parameters.items():
            parameter = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            if node := marked.get(name):
                depends = _depends(parameter, node.candidate.metadata)
                threads = self._live.threads
                below = stand_in(node.candidate, node.execution, threads=threads)
                parameter = parameter.replace(
                    annotation=inspect.Parameter.empty, default=with_dependency(depends, below)
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
        return not _is_own(call) and call in self._overrides

    def __getitem__(self, call: Callable[..., Any]) -> Callable[..., Any]:
        return self._classified.find(call, self._overrides)

    def get(self, call: Callable[..., Any], _: object = None) -> Callable[..., Any]:
        """What to call, which for a callable that is not overridden may be a stand-in."""
        return self._classified.find(call, self._overrides)


def _depends(parameter: inspect.Parameter, metadata: tuple[Any, ...]) -> params.Depends:
    if isinstance(parameter.default, params.Depends):
        return parameter.default
    return copy(next(item for item in reversed(metadata) if isinstance(item, params.Depends)))
