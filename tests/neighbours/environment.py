"""Virtual environments and sdists for the neighbours, kept in a cache."""

import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tests.harness import commands
from tests.harness.commands import REPOSITORY
from tests.harness.environments import VirtualEnvironment
from tests.harness.sdists import download_sdist, unpack

CACHE = commands.CACHE / "neighbours"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with these requirements, and this package as it is now."""

    name: str
    requirements: tuple[str, ...]
    unresolved: tuple[str, ...] = ()

    @property
    def installed(self) -> VirtualEnvironment:
        key = "\n".join((sys.version, *self.requirements, *self.unresolved))
        name = f"{self.name}-{sha256(key.encode()).hexdigest()[:12]}"
        return VirtualEnvironment(CACHE / "environments" / name)

    def prepare(self) -> None:
        """Make it unless it is there. Raises `PreparationError` with the resolver's message."""
        self.installed.prepare(self._install)
        self.installed.install_package()

    def _install(self, environment: VirtualEnvironment) -> None:
        environment.install(*self.requirements)
        if self.unresolved:
            environment.install("--no-deps", *self.unresolved)


def unpack_sdist(distribution: str, version: str) -> Path:
    """The content of an sdist of the package index."""
    directory = CACHE / "sdists" / f"{distribution}-{version}"
    if not directory.exists():
        archive = download_sdist(f"{distribution}=={version}", directory.parent)
        unpack(archive, directory)
        archive.unlink()
    return directory


def without_paths(text: str) -> str:
    """The text without what is particular to this machine."""
    for path in (CACHE, REPOSITORY, Path(sys.base_prefix), Path(sys.prefix)):
        text = text.replace(f"{path}/", "")
    return text
