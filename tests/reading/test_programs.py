"""What is called harmless among random programs runs no code that nobody can see through."""

import pytest

from fastapi_fastdeps._reading.sizes import Bound
from tests.reading.programs import outcomes


def test_nothing_unseen_runs_in_what_is_called_harmless() -> None:
    found = [outcome for outcome in outcomes(60, 7, large=400) if outcome is not None]
    assert len(found) > 10
    assert [outcome.source for outcome in found if outcome.ran] == []


def test_the_bound_of_the_work_keeps_programs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bound = [outcome is not None for outcome in outcomes(60, 7, large=40)]
    monkeypatch.setattr(Bound, "is_long", property(lambda _: False))
    without = [outcome is not None for outcome in outcomes(60, 7, large=40)]
    assert sum(without) > sum(with_bound)
