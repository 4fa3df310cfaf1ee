"""`python -m typings`: what the four checkers say that they should not, or don't and should."""

import sys
import tempfile
from pathlib import Path

from typings.checkers import incompletely_typed, lay_out, verify_types
from typings.judge import judge, unnamed_differences


def main() -> int:
    with tempfile.TemporaryDirectory() as scratch:
        directory = lay_out(Path(scratch).resolve() / "copy")
        cache = Path(scratch) / "cache"
        cache.mkdir()
        problems = [*unnamed_differences(), *judge(directory, cache)]
    problems += [f"{name} is not fully typed" for name in incompletely_typed(verify_types())]
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
