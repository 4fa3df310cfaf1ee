"""Nothing tells the index from FastAPI's own search, in tables of any kind."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastapi_fastdeps._matching.index import Indexed, RouteIndex
from fastapi_fastdeps._matching.patterns import Pattern
from fastapi_fastdeps._matching.snapshots import RoutesSnapshot
from fastapi_fastdeps._matching.table import Table
from fastapi_fastdeps._matching.trie import Trie

from .comparing import difference, observed
from .programs import program

QUICK = range(200)


@pytest.mark.parametrize("seeds", [QUICK[first::4] for first in range(4)])
def test_the_index_does_as_fastapi_does(seeds: range) -> None:
    for seed in seeds:
        assert difference(program(seed)) is None, f"seed {seed}"


@settings(max_examples=25, deadline=None)
@given(st.integers(min_value=10**9))
def test_the_index_does_as_fastapi_does_in_tables_never_seen(seed: int) -> None:
    assert difference(program(seed)) is None


def test_most_requests_are_served_by_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    served = {True: 0, False: 0}
    find = Indexed.index

    def counted(indexed: Indexed) -> RouteIndex | None:
        index = find(indexed)
        served[index is not None] += 1
        return index

    monkeypatch.setattr(Indexed, "index", counted)
    for seed in QUICK[:50]:
        observed(program(seed), 1)
    assert served[True] > served[False]


def _reversed(find: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: find(*arguments)[::-1]


def _always(_: object) -> bool:
    return True


FAULTS: dict[str, tuple[type, str, Callable[[Any], Any]]] = {
    "routes in another order": (Table, "candidates", _reversed),
    "no route but the first": (Table, "candidates", lambda find: lambda *path: find(*path)[:1]),
    "no open pattern": (
        Trie,
        "add",
        lambda add: (
            lambda trie, number, pattern: None if pattern.is_open else add(trie, number, pattern)
        ),
    ),
    "no parameters": (
        Trie,
        "add",
        lambda add: (
            lambda trie, number, pattern: (
                add(trie, number, Pattern(("", "a"), is_open=False))
                if None in pattern.segments
                else add(trie, number, pattern)
            )
        ),
    ),
    "no change is noticed": (RoutesSnapshot, "holds", lambda _: _always),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_index_would_be_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, name, broken = FAULTS[fault]
    monkeypatch.setattr(kind, name, broken(getattr(kind, name)))
    assert any(difference(program(seed)) is not None for seed in QUICK)
