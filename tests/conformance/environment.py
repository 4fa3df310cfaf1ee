"""The virtual environment and the sources that a FastAPI suite runs with, made from nothing."""

import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.versions import Release

REPOSITORY = Path(__file__).resolve().parents[2]
CACHE = REPOSITORY / ".cache" / "conformance"


class PreparationError(Exception):
    """Something that the suite needs could not be had."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A directory with everything that belongs to one release on one Python."""

    release: Release
    cache: Path = CACHE

    @property
    def root(self) -> Path:
        day = f"-as-of-{self.release.as_of}" if self.release.as_of else ""
        python = f"{platform.python_implementation().lower()}-{platform.python_version()}"
        return self.cache / f"fastapi-{self.release.version}{day}-{python}"

    @property
    def virtual_environment(self) -> Path:
        return self.root / "venv"

    @property
    def python(self) -> Path:
        return self.virtual_environment / "bin" / "python"

    @property
    def packages(self) -> Path:
        """The list of what is installed, written last: without it nothing here counts."""
        return self.root / "packages.txt"

    def prepare(self) -> None:
        """Make the virtual environment, unless it is there."""
        if self.packages.exists():
            return
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        sources = self.root / "sources"
        self.unpack_sources(sources)
        day = ("--exclude-newer", str(self.release.as_of)) if self.release.as_of else ()
        uv("venv", "--python", sys.executable, self.virtual_environment)
        uv(
            *("pip", "install", "--python", self.python, *day),
            *_test_requirements(sources),
            *(f"fastapi[all]=={self.release.version}", "pytest-xdist", "pytest-timeout"),
        )
        packages = uv("pip", "freeze", "--python", self.python)
        shutil.rmtree(sources)
        self.packages.write_text(packages)

    def unpack_sources(self, directory: Path) -> None:
        """Give `directory` the content of the release's sdist and nothing else."""
        shutil.rmtree(directory, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.root) as unpacked:
            with tarfile.open(_sdist(self.release.version, self.cache)) as archive:
                archive.extractall(unpacked, filter="data")
            (content,) = Path(unpacked).iterdir()
            content.rename(directory)

    def install_package(self, directory: Path) -> None:
        """Give `directory` this package, built and installed as users get it."""
        shutil.rmtree(directory, ignore_errors=True)
        uv(
            *("pip", "install", "--python", self.python, "--no-deps", "--reinstall"),
            *("--target", directory, REPOSITORY),
        )


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


def newest_version(cache: Path = CACHE) -> str:
    """The newest version of FastAPI that the package index offers."""
    with tempfile.TemporaryDirectory() as directory:
        _download("fastapi", Path(directory))
        (sdist,) = Path(directory).iterdir()
        version = sdist.name.removeprefix("fastapi-").removesuffix(".tar.gz")
        cache.mkdir(parents=True, exist_ok=True)
        shutil.copy(sdist, cache)
    return version


def _sdist(version: str, cache: Path) -> Path:
    sdist = cache / f"fastapi-{version}.tar.gz"
    if not sdist.exists():
        _download(f"fastapi=={version}", cache)
    return sdist


def _download(requirement: str, directory: Path) -> None:
    run_python(
        *("pip", "download", "--no-deps", "--no-binary", "fastapi"),
        *("--dest", directory, requirement),
    )


def uv(*arguments: str | Path) -> str:
    """What uv prints. Raises `PreparationError` if it fails."""
    return run_python("uv", *arguments)


def run_python(module: str, *arguments: str | Path) -> str:
    """What a module of this interpreter prints. Raises `PreparationError` if it fails."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise PreparationError(f"{' '.join(command)}\n{finished.stdout}{finished.stderr}")
    return finished.stdout
