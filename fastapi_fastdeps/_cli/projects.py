"""The interpreter that a project runs with, and what is put on the path of its processes."""

import os
import shutil
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import fastapi_fastdeps
from fastapi_fastdeps._cli.apps import NotFoundError

_INJECTED = Path(__file__).parent / "injected"
_BINARIES = "Scripts" if os.name == "nt" else "bin"


@dataclass(frozen=True, slots=True)
class Project:
    """How processes of a project are started.

    Attributes:
        python: its interpreter, which need not have this package.
        path: what is put on the path of its processes: this package alone, and what is injected.
    """

    python: str
    path: tuple[str, ...]

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a process, in which its own programs are found first."""
        given = os.environ.get("PYTHONPATH")
        paths = (*self.path, given) if given else self.path
        programs = os.pathsep.join((str(Path(self.python).parent), os.environ.get("PATH", "")))
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "PATH": programs,
            **more,
        }

    def program(self, command: Sequence[str]) -> list[str]:
        """A command as it is started; raises `NotFoundError` where there is none."""
        path = self.environment()["PATH"]
        found = shutil.which(command[0], path=path)
        if found is None:
            raise NotFoundError(f"There is no command {command[0]}.")
        return [found, *command[1:]]


@contextmanager
def project(python: str | None) -> Generator[Project]:
    """The project in the working directory; its interpreter is `python`, that of `VIRTUAL_ENV`,
    of `.venv` here or above, or the one that runs this."""
    interpreter = python or _virtual() or sys.executable
    if shutil.which(interpreter) is None:
        raise NotFoundError(f"There is no interpreter {interpreter}.")
    with TemporaryDirectory(prefix="fastdeps-") as folder:
        package = Path(fastapi_fastdeps.__file__).parent
        shutil.copytree(package, Path(folder, package.name))
        yield Project(interpreter, (str(_INJECTED), folder))


@contextmanager
def starting(program: str) -> Generator[None]:
    """Raise `NotFoundError` where a program can't be started."""
    try:
        yield
    except OSError as error:
        raise NotFoundError(f"{program} can't be run: {error.strerror}.") from error


def injected(name: str) -> str:
    """A file that processes of a project run."""
    return str(_INJECTED / name)


def _virtual() -> str | None:
    here = Path.cwd()
    given = os.environ.get("VIRTUAL_ENV")
    folders = [Path(given)] if given else []
    folders += [folder / ".venv" for folder in (here, *here.parents)]
    for folder in folders:
        for name in ("python", "python.exe"):
            found = folder / _BINARIES / name
            if found.is_file():
                return str(found)
    return None
