"""Everything that a submission has to pass: `python -m tests`, or the names of some checks."""

import argparse
import subprocess
import sys
import time

CHECKS: dict[str, list[str]] = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "tests": ["-m", "pytest", "-q", "-n", "2"],
    "versions": ["-m", "tests.versions", "--every-run", "--suite"],
    "everything inline": ["-m", "tests.conformance", "--mode", "inline"],
    "everything inline, FastAPI's lane": [
        "-m", "tests.conformance", "--mode", "inline", "--lane", "fastapi",
    ],
    "neighbours": ["-m", "tests.neighbours", "--no-suites"],
    "packaging": ["-m", "tests.packaging"],
    "Pyodide": ["-m", "tests.pyodide"],
    "guard": ["-m", "benchmarks.guard"],
    "documentation": ["-m", "tests.documentation"],
}  # fmt: skip

MATRIX: dict[str, list[str]] = {
    "versions": ["-m", "tests.versions", "--all", "--companions", "--suite"],
    "neighbours": ["-m", "tests.neighbours"],
    "packaging": ["-m", "tests.packaging"],
    "import time": ["-m", "benchmarks.import_time"],
}
"""What takes hours, and writes docs/versions.md and docs/neighbours.md."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="CHECK", help=", ".join(CHECKS))
    parser.add_argument(
        "--matrix",
        action="store_true",
        help="every version and neighbour with their suites, for the tables of the docs; hours",
    )
    options = parser.parse_args()
    checks = MATRIX if options.matrix else CHECKS
    failed: list[str] = []
    for name in options.names or checks:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run([sys.executable, *checks[name]], check=False).returncode
        print(f"-- {name}: {'failed' if code else 'passed'}, {time.monotonic() - started:.0f} s")
        if code:
            failed.append(name)
    print(f"\n{len(options.names or checks) - len(failed)} passed, {len(failed)} failed")
    for name in failed:
        print(f"failed: {name}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
