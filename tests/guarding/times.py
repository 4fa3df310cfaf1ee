"""A clock that stands still unless a callable takes its time."""

from collections.abc import Iterator

import pytest

from fastapi_fastdeps import SlowCall
from fastapi_fastdeps._compiling import timing
from fastapi_fastdeps._observing import observer, reports, watchdog


class Clock:
    """Read by what times calls.

    Attributes:
        now: what it shows.
    """

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def take(self, seconds: float = 1.0) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    given = Clock()
    for module in (timing, observer, reports, watchdog):
        monkeypatch.setattr(module, "clock", given)
    yield given
    watchdog.WATCHDOG.stop()


Told = tuple[str, str, str, str, float]


def told(calls: list[SlowCall]) -> list[Told]:
    """What was told, in short; forgotten."""
    found = [(each.name, each.role, each.part, each.path, each.seconds) for each in calls]
    calls.clear()
    return found
