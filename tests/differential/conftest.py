"""How many programs are run: `HYPOTHESIS_PROFILE=thorough` for long runs."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from .drive import Driver, driver

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=_SLOW, derandomize=True
)
settings.register_profile("thorough", max_examples=5000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def running() -> Iterator[Driver]:
    with driver() as started:
        yield started
