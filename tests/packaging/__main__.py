"""`python -m tests.packaging`: build, install and use the package on every Python at hand."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from zipfile import ZipFile

from tests.harness.commands import REPOSITORY, PreparationError, inherited_variables, run, uv

SHOP = Path(__file__).with_name("shop.py")
PYTHONS = ("3.11", "3.12", "3.13")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.packaging", description=__doc__)
    parser.add_argument("--python", action="append", help=f"default: {', '.join(PYTHONS)}")
    options = parser.parse_args(arguments)
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        wheel, sdist = _build(Path(directory) / "dist")
        for version in options.python or PYTHONS:
            python = find_python(version)
            for archive in (wheel, sdist):
                kind = "wheel" if archive is wheel else "sdist"
                try:
                    with tempfile.TemporaryDirectory(dir=directory) as empty:
                        _install_and_use(python, archive, Path(empty))
                except PreparationError as error:
                    failed = True
                    print(f"{kind} on Python {version}: failed\n{error}", flush=True)
                else:
                    print(f"{kind} on Python {version}: works", flush=True)
    return 1 if failed else 0


def find_python(version: str) -> str:
    """An interpreter of this version: on the path, of pyenv, or one that uv finds."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    on_path = shutil.which(f"python{version}")
    of_pyenv = (str(home / "bin" / "python") for home in pyenv.glob(f"{version}.*"))
    for candidate in (*([on_path] if on_path else []), *of_pyenv):
        asked = [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return candidate
    return version


def _build(directory: Path) -> tuple[Path, Path]:
    uv("build", "--out-dir", directory, REPOSITORY)
    (wheel,) = directory.glob("*.whl")
    (sdist,) = directory.glob("*.tar.gz")
    with ZipFile(wheel) as archive:
        in_wheel = set(archive.namelist())
        (metadata,) = (name for name in in_wheel if name.endswith(".dist-info/METADATA"))
        described = archive.read(metadata).decode()
    with tarfile.open(sdist) as archive:
        in_sdist = {name.partition("/")[2] for name in archive.getnames()}
    sources = {
        str(file.relative_to(REPOSITORY))
        for file in (REPOSITORY / "fastapi_fastdeps").rglob("*")
        if file.suffix in (".py", ".typed")
    }
    for kind, names in (("wheel", in_wheel), ("sdist", in_sdist)):
        if missing := sorted(sources - names):
            raise PreparationError(f"The {kind} lacks {', '.join(missing)}")
    if relative := re.findall(r"\]\((?!https?:|#)[^)]*\)", described):
        raise PreparationError(f"What an index shows has links to nowhere: {', '.join(relative)}")
    return wheel, sdist


def _install_and_use(python: str, archive: Path, directory: Path) -> None:
    environment = directory / "environment"
    interpreter = environment / "bin" / "python"
    uv("venv", "--seed", "--python", python, environment)
    variables = inherited_variables("PYTHONPATH")
    run(interpreter, "-m", "pip", "install", archive, variables=variables)
    run(interpreter, "-m", "pip", "check", variables=variables)
    # Isolated, and from another directory, so that nothing but what was installed is found.
    run(interpreter, "-I", "-W", "error", SHOP, cwd=directory, variables=variables)


if __name__ == "__main__":
    sys.exit(main())
