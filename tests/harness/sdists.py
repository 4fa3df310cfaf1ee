"""The sources that the package index has of a distribution."""

import tarfile
import tempfile
from pathlib import Path

from tests.harness.commands import run_python


def download_sdist(requirement: str, directory: Path) -> Path:
    """The archive, put into `directory`. Raises `PreparationError` where there is none."""
    name = requirement.partition("==")[0]
    directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory) as temporary:
        run_python(
            *("pip", "download", "--no-deps", "--no-binary", name),
            *("--dest", temporary, requirement),
        )
        (archive,) = Path(temporary).iterdir()
        return archive.rename(directory / archive.name)


def unpack(archive: Path, directory: Path) -> None:
    """Put the content of an sdist where nothing is yet."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=directory.parent) as temporary:
        with tarfile.open(archive) as content:
            content.extractall(temporary, filter="data")
        (root,) = Path(temporary).iterdir()
        root.rename(directory)
