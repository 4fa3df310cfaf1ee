"""Virtual environments, made from nothing."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.harness.commands import REPOSITORY, uv


@dataclass(frozen=True, slots=True)
class VirtualEnvironment:
    """One in this directory, which is there when `prepare` has been called."""

    directory: Path

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    def prepare(self, install: Callable[["VirtualEnvironment"], object]) -> None:
        """Make it and `install` into it, unless both were done before, to the end.

        Raises `PreparationError` with what uv says.
        """
        complete = self.directory / "complete"
        if complete.exists():
            return
        shutil.rmtree(self.directory, ignore_errors=True)
        uv("venv", "--python", sys.executable, self.directory)
        install(self)
        complete.touch()

    def install(self, *arguments: str | Path) -> None:
        """`uv pip install`. Raises `PreparationError` with the resolver's message."""
        uv("pip", "install", "--python", self.python, *arguments)

    def install_package(self, *arguments: str | Path) -> None:
        """Build this package as it is now, and install it as users get it."""
        self.install("--no-deps", "--reinstall", *arguments, REPOSITORY)

    def versions(self) -> dict[str, str]:
        """The version of each installed distribution."""
        frozen = uv("pip", "list", "--python", self.python, "--format", "freeze")
        return dict(line.split("==") for line in frozen.split() if "==" in line)
