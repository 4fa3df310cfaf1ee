"""`python -m benchmarks.import_time`: what importing the package adds to importing FastAPI."""

import argparse
import os
import statistics
import subprocess
import sys

CLOCK = (
    "import time; start = time.process_time(); import {module}; print(time.process_time() - start)"
)
LIMIT = 1.1
NO_COMPILED_FILES = "PYTHONDONTWRITEBYTECODE"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.import_time", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="default: %(default)s")
    options = parser.parse_args(arguments)
    # In turn, so that what else the machine does falls on both.
    pairs = [(seconds("fastapi"), seconds("fastapi_fastdeps")) for _ in range(options.runs + 1)]
    fastapi, fastdeps = zip(*pairs[1:], strict=True)
    ratio = statistics.median(fastdeps) / statistics.median(fastapi)
    print(
        f"import fastapi {statistics.median(fastapi) * 1000:.0f} ms, "
        f"fastapi_fastdeps {statistics.median(fastdeps) * 1000:.0f} ms: {ratio:.3f}x "
        f"(at most {LIMIT}x), medians of {options.runs} fresh processes each"
    )
    return 0 if ratio <= LIMIT else 1


def seconds(module: str) -> float:
    """The processor time of the import in a fresh process, compiled files in place."""
    command = [sys.executable, "-c", CLOCK.format(module=module)]
    variables = {name: value for name, value in os.environ.items() if name != NO_COMPILED_FILES}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
