"""The documentation: `python -m tests.documentation`, or the names of some of its parts."""

import argparse
import subprocess
import sys
import time

PARTS: dict[str, list[str]] = {
    "forms": ["-m", "tests.documentation.forms"],
    "links": ["-m", "tests.documentation.links"],
    "site": ["-m", "tests.documentation.site"],
    "browser": ["-m", "pytest", "-q", "tests/documentation/browsing.py"],
    "code": ["-m", "tests.documentation.code"],
    "examples": [
        "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile", "-p", "tests.documentation.running",
        "README.md", "CHANGELOG.md", "docs", "fastapi_fastdeps",
    ],
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.documentation", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="PART", help=", ".join(PARTS))
    failed: list[str] = []
    for name in parser.parse_args().names or PARTS:
        started = time.monotonic()
        print(f"-- {name}", flush=True)
        code = subprocess.run([sys.executable, *PARTS[name]], check=False).returncode
        print(f"{name}: {'failed' if code else 'passed'}, {time.monotonic() - started:.0f} s")
        if code:
            failed.append(name)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
