"""Everything that a submission has to pass: `python -m tests`, or the names of some checks."""

import subprocess
import sys
import time

CHECKS: dict[str, list[str]] = {
    "lint": ["-m", "ruff", "check", "."],
    "format": ["-m", "ruff", "format", "--check", "."],
    "types": ["-m", "mypy"],
    "tests": ["-m", "pytest", "-q", "-n", "2"],
    "conformance, fast lane": ["-m", "tests.conformance", "--mode", "fastdeps"],
    "conformance, FastAPI's lane": [
        "-m", "tests.conformance", "--mode", "fastdeps", "--lane", "fastapi",
    ],
    "conformance, everything inline": ["-m", "tests.conformance", "--mode", "inline"],
    "versions": ["-m", "tests.versions", "--every-run"],
    "guard": ["-m", "benchmarks.guard"],
}  # fmt: skip


def main(names: list[str]) -> int:
    failed: list[str] = []
    for name in names or CHECKS:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run([sys.executable, *CHECKS[name]], check=False).returncode
        print(f"-- {name}: {'failed' if code else 'passed'}, {time.monotonic() - started:.0f} s")
        if code:
            failed.append(name)
    print(f"\n{len(names or CHECKS) - len(failed)} passed, {len(failed)} failed")
    for name in failed:
        print(f"failed: {name}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
