"""What a FastAPI before 0.140 keeps of a `Dependant` holds for a plan, which keeps nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from inspect import iscoroutinefunction, isgeneratorfunction
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant

from fastapi_fastdeps import _watching
from fastapi_fastdeps._fastapi import dependants
from fastapi_fastdeps._fastapi.dependants import Nature
from fastapi_fastdeps._fastapi.replacements import getter_of


@dataclass
class Keeping:
    """As FastAPI's were, in the parts that matter."""

    call: Callable[..., Any]
    dependencies: list["Keeping"] = field(default_factory=list)

    @cached_property
    def cache_key(self) -> tuple[Any, ...]:
        return self.call, self._uses_scopes

    @cached_property
    def _uses_scopes(self) -> bool:
        return any(each._uses_scopes for each in self.dependencies)

    @cached_property
    def is_gen_callable(self) -> bool:
        return isgeneratorfunction(self.call)

    @cached_property
    def is_async_gen_callable(self) -> bool:
        return False

    @cached_property
    def is_coroutine_callable(self) -> bool:
        return iscoroutinefunction(self.call)


def called() -> int:
    return 1


def entered() -> Any:
    yield 1


async def awaited() -> int:
    return 1


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> None:
    predicates = (isgeneratorfunction, lambda _: False, iscoroutinefunction)
    monkeypatch.setattr(dependants, "Dependant", Keeping)
    monkeypatch.setattr(dependants, "keeps", True)
    monkeypatch.setattr(dependants, "_PREDICATES", predicates)
    monkeypatch.setattr(dependants, "nature", dependants._natures(*predicates))


def dependant_of(call: Callable[..., Any], *below: Any) -> Any:
    made: Any = Keeping(call, [*below])
    return made


@pytest.mark.usefixtures("keeping")
def test_who_only_looks_has_nothing_kept() -> None:
    below = dependant_of(called)
    dependant = dependant_of(awaited, below)

    assert dependants.seen(dependant).cache_key == (awaited, False)
    assert dependants.nature(dependants.seen(dependant)) == Nature(False, False, True)

    assert [*vars(dependant)] == [*vars(below)] == ["call", "dependencies"]


@pytest.mark.usefixtures("keeping")
def test_what_is_kept_holds_for_what_has_taken_its_place() -> None:
    dependant = dependant_of(entered)
    assert dependants.nature(dependant) == Nature(True, False, False)
    assert dependants.is_what_it_was(dependant)

    dependant.call = awaited

    assert dependants.nature(dependants.seen(dependant)) == Nature(True, False, False)
    assert not dependants.is_what_it_was(dependant)
    assert dependants.seen(dependant).cache_key == (awaited, False)


def test_the_newest_keeps_nothing_and_is_asked_itself() -> None:
    dependant = Dependant(call=called)
    assert dependants.seen(dependant) is dependant
    assert dependants.nature(dependant) == Nature(False, False, False)

    dependant.call = awaited

    assert dependants.nature(dependant) == Nature(False, False, True)
    assert dependants.is_what_it_was(dependant)


def test_the_function_of_a_property_that_keeps_is_found() -> None:
    getter: Any = vars(Keeping)["cache_key"]
    assert getter_of(getter) is getter.func
    assert getter_of(called) is called


def scoped(scopes: list[str]) -> Dependant:
    return Dependant(dependencies=[Dependant(own_oauth_scopes=scopes)])


def test_a_tree_notices_changes_of_what_it_shares_with_a_copy_of_fastapis() -> None:
    tree, copy = map(scoped, [["read"]] * 2)

    _watching.watch(tree)
    assert type(tree) is Dependant

    _watching.watch(tree, copy)
    (below,), (copied,) = tree.dependencies, copy.dependencies
    assert type(below) is _watching.WatchedDependant
    assert type(copied) is Dependant
    assert copied.own_oauth_scopes is below.own_oauth_scopes

    before = _watching.token
    assert copied.own_oauth_scopes is not None
    copied.own_oauth_scopes.append("write")
    assert _watching.token is not before
