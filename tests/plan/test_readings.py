"""A plan reads parameters and bodies as FastAPI's solver does."""

import pytest

from tests.harness.marks import needs_plans
from tests.plan.readings import differs

pytestmark = needs_plans


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_sent_it_is_read_as_by_fastapi(seed: int) -> None:
    assert not differs(seed)
