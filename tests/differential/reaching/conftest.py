"""One event loop for the programs of a module."""

import gc
import warnings
from collections.abc import Iterator

import pytest

from .judging import Judge


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    started = Judge()
    yield started
    started.close()
    with warnings.catch_warnings():
        # What programs leave behind on purpose must not be collected within another test.
        warnings.simplefilter("ignore")
        gc.collect()
