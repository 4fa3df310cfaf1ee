"""The virtual environment and the sources that a FastAPI suite runs with."""

import platform
import shutil
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.versions import Release
from tests.harness import commands
from tests.harness.environments import VirtualEnvironment
from tests.harness.sdists import download_sdist, unpack

CACHE = commands.CACHE / "conformance"


@dataclass(frozen=True, slots=True)
class Environment:
    """A directory with everything that belongs to one release on one Python."""

    release: Release

    @property
    def root(self) -> Path:
        day = f"-as-of-{self.release.as_of}" if self.release.as_of else ""
        python = f"{platform.python_implementation().lower()}-{platform.python_version()}"
        return CACHE / f"fastapi-{self.release.version}{day}-{python}"

    @property
    def installed(self) -> VirtualEnvironment:
        return VirtualEnvironment(self.root / "venv")

    def prepare(self) -> None:
        """Make the virtual environment, unless it is there."""
        self.installed.prepare(self._install)

    def unpack_sources(self, directory: Path) -> None:
        """Give `directory` the content of the release's sdist and nothing else."""
        archive = CACHE / f"fastapi-{self.release.version}.tar.gz"
        if not archive.exists():
            download_sdist(f"fastapi=={self.release.version}", CACHE)
        shutil.rmtree(directory, ignore_errors=True)
        unpack(archive, directory)

    def install_package(self, directory: Path) -> None:
        """Give `directory` this package, built and installed as users get it."""
        shutil.rmtree(directory, ignore_errors=True)
        self.installed.install_package("--target", directory)

    def _install(self, environment: VirtualEnvironment) -> None:
        sources = self.root / "sources"
        self.unpack_sources(sources)
        environment.install(
            *(("--exclude-newer", str(self.release.as_of)) if self.release.as_of else ()),
            *_test_requirements(sources),
            *(f"fastapi[all]=={self.release.version}", "pytest-xdist", "pytest-timeout"),
        )
        # With which the plugin guards: as of today, whatever the release is.
        environment.install("blockbuster")
        shutil.rmtree(sources)


def newest_version() -> str:
    """The newest version of FastAPI that the package index offers."""
    with tempfile.TemporaryDirectory() as directory:
        archive = download_sdist("fastapi", Path(directory))
        return archive.name.removeprefix("fastapi-").removesuffix(".tar.gz")


def _test_requirements(sources: Path) -> tuple[str | Path, ...]:
    """The options that install what the suite needs besides FastAPI itself."""
    project = sources / "pyproject.toml"
    if "dependency-groups" in tomllib.loads(project.read_text()):
        return "--group", f"{project}:tests"
    # Before 0.128 FastAPI kept files of requirements, one of which installs the sources.
    requirements = sources / "requirements-tests.txt"
    lines = requirements.read_text().splitlines()
    requirements.write_text("\n".join(line for line in lines if not line.startswith("-e")))
    return "--requirement", requirements
