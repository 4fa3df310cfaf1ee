"""Builds the site, from nothing, and takes no warning."""

import subprocess
import sys

from tests.harness.commands import REPOSITORY

CONFIGURATION = REPOSITORY / "docs" / "zensical.toml"
SITE = REPOSITORY / "docs" / ".site"


def main() -> int:
    """Runs what a contributor runs to build the site."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    ended = subprocess.run([*command, "-f", str(CONFIGURATION)], check=False)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
