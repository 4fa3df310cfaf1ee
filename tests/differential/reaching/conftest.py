"""One event loop for all programs."""

from collections.abc import Iterator

import pytest

from .judging import Judge


@pytest.fixture(scope="session")
def judge() -> Iterator[Judge]:
    started = Judge()
    yield started
    started.close()
