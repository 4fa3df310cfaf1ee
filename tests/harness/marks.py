"""Where tests run."""

import pytest

from fastapi_fastdeps._fastapi.names import fast_lane

in_both_lanes = pytest.mark.usefixtures("both_lanes")
needs_plans = pytest.mark.skipif(not fast_lane, reason="there are no plans")
