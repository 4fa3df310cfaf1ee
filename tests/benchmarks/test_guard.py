import asyncio
from collections.abc import Mapping

import pytest

from benchmarks import guard as guarding
from benchmarks.cases.case import Case
from benchmarks.cases.families import FAMILIES
from benchmarks.cases.registry import BY_NAME
from benchmarks.contenders import BY_KEY, contenders_of
from benchmarks.floors import CEILINGS, FLOORS
from benchmarks.guard import Check, guard
from benchmarks.rounds import Effort


def test_every_case_is_guarded_against_contenders_that_it_has() -> None:
    assert set(FLOORS) == set(BY_NAME)
    for name, floors in FLOORS.items():
        assert {BY_KEY[key] for key in floors} <= set(contenders_of(BY_NAME[name]))
    assert set(CEILINGS) == {family.name for family in FAMILIES if family.linear}


def test_a_floor_holds_from_above_and_a_ceiling_from_below() -> None:
    assert Check("speed", 2.0, 2.1, is_floor=True).held
    assert not Check("speed", 2.0, 1.9, is_floor=True).held
    assert Check("cost", 2.0, 1.9, is_floor=False).held
    assert not Check("cost", 2.0, 2.1, is_floor=False).held


def test_a_miss_is_measured_again_and_counts_if_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[tuple[str, int]] = []

    async def ratios(case: Case, _: Mapping[str, float], effort: Effort) -> list[Check]:
        tries.append((case.name, effort.rounds))
        reached = effort.rounds if case.name == "headers" else 0
        return [Check(case.name, 2, reached, is_floor=True)]

    monkeypatch.setattr(guarding, "FLOORS", {"headers": {}, "cookies": {}})
    monkeypatch.setattr(guarding, "CEILINGS", {})
    monkeypatch.setattr(guarding, "check_ratios", ratios)
    checks = asyncio.run(guard([Effort(1, 0), Effort(2, 0), Effort(3, 0)]))
    assert [check.held for check in checks] == [True, False]
    assert tries == [
        ("headers", 1),
        ("headers", 2),
        ("cookies", 1),
        ("cookies", 2),
        ("cookies", 3),
    ]
