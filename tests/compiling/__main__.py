"""Compare plans with FastAPI's solver: `python -m tests.compiling FIRST LAST`."""

import sys

from tests.harness.seeds import compare_seeds

from .comparing import differs

if __name__ == "__main__":
    sys.exit(bool(compare_seeds("tests.compiling", __doc__, differs)))
