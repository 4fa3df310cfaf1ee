"""Compare the index with FastAPI's search: `python -m tests.matching FIRST LAST`."""

import pprint
import sys

from tests.harness.seeds import compare_seeds

from .comparing import difference
from .programs import program, shrunk


def differs(seed: int) -> bool:
    return difference(program(seed)) is not None


def main() -> int:
    differing = compare_seeds("tests.matching", __doc__, differs)
    if differing:
        smallest = shrunk(program(differing[0]), lambda each: difference(each) is not None)
        pprint.pprint(smallest, width=100)
        print(difference(smallest))
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
