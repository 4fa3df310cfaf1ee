"""Virtual environments and sdists for the neighbours, made from nothing and kept in a cache."""

import shutil
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.conformance.environment import REPOSITORY, run_python, uv

CACHE = REPOSITORY / ".cache" / "neighbours"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with these requirements, and this package as it is now."""

    name: str
    requirements: tuple[str, ...]
    unresolved: tuple[str, ...] = ()

    @property
    def directory(self) -> Path:
        key = "\n".join((sys.version, *self.requirements, *self.unresolved))
        return CACHE / "environments" / f"{self.name}-{sha256(key.encode()).hexdigest()[:12]}"

    @property
    def python(self) -> Path:
        return self.directory / "bin" / "python"

    def prepare(self) -> None:
        """Make it unless it is there. Raises `PreparationError` with the resolver's message."""
        complete = self.directory / "complete"
        if not complete.exists():
            shutil.rmtree(self.directory, ignore_errors=True)
            uv("venv", "--python", sys.executable, self.directory)
            uv("pip", "install", "--python", self.python, *self.requirements)
            if self.unresolved:
                uv("pip", "install", "--python", self.python, "--no-deps", *self.unresolved)
            complete.touch()
        uv("pip", "install", "--python", self.python, "--no-deps", "--reinstall", REPOSITORY)

    def versions(self) -> dict[str, str]:
        """The version of each installed distribution."""
        frozen = uv("pip", "list", "--python", self.python, "--format", "freeze")
        return dict(line.split("==") for line in frozen.split() if "==" in line)


def unpack_sdist(distribution: str, version: str) -> Path:
    """The content of an sdist of the package index."""
    directory = CACHE / "sdists" / f"{distribution}-{version}"
    if not directory.exists():
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
            download = ("pip", "download", "--no-deps", "--no-binary", distribution)
            run_python(*download, "--dest", temporary, f"{distribution}=={version}")
            (sdist,) = Path(temporary).iterdir()
            with tarfile.open(sdist) as archive:
                archive.extractall(temporary, filter="data")
            sdist.unlink()
            (content,) = Path(temporary).iterdir()
            content.rename(directory)
    return directory


def without_paths(text: str) -> str:
    """The text without what is particular to this machine."""
    for path in (CACHE, REPOSITORY, Path(sys.base_prefix), Path(sys.prefix)):
        text = text.replace(f"{path}/", "")
    return text
