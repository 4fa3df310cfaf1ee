"""Virtual environments and sdists for the neighbours, kept in a cache."""

import sys
import tempfile
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
    overrides: tuple[str, ...] = ()

    @property
    def installed(self) -> VirtualEnvironment:
        key = "\n".join((sys.version, *self.requirements, *self.unresolved, *self.overrides))
        name = f"{self.name}-{sha256(key.encode()).hexdigest()[:12]}"
        return VirtualEnvironment(CACHE / "environments" / name)

    def prepare(self) -> None:
        """Make it unless it is there. Raises `PreparationError` with the resolver's message."""
        self.installed.prepare(self._install)
        self.installed.install_package()

    def _install(self, environment: VirtualEnvironment) -> None:
        with tempfile.TemporaryDirectory() as directory:
            overrides = Path(directory) / "overrides.txt"
            overrides.write_text("\n".join(self.overrides))
            environment.install("--override", overrides, *self.requirements)
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


def checkout(repository: str, tag: str, folders: tuple[str, ...]) -> Path:
    """These files and folders of a repository as they were at this tag, and no others."""
    key = sha256("\n".join((repository, tag, *folders)).encode()).hexdigest()[:12]
    directory = CACHE / "repositories" / f"{repository.rpartition('/')[2]}-{key}"
    if not directory.exists():
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
            sources = Path(temporary) / "sources"
            commands.run("git", "init", "--quiet", sources)
            for command in (
                ("remote", "add", "origin", repository),
                ("sparse-checkout", "set", "--no-cone", *folders),
                ("fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", tag),
                ("checkout", "--quiet", "FETCH_HEAD"),
            ):
                commands.run("git", "-C", sources, *command)
            sources.rename(directory)
    return directory


def without_paths(text: str) -> str:
    """The text without what is particular to this machine."""
    for path in (CACHE, REPOSITORY, Path(sys.base_prefix), Path(sys.prefix)):
        text = text.replace(f"{path}/", "")
    return text
