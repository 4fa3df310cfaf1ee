"""The Python that pages show, as files: what ruff and mypy judge."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.documentation.blocks import Block, blocks, pages
from tests.harness.commands import CACHE, REPOSITORY, inherited_variables

FOLDER = CACHE / "documentation"
RULES = (
    "E402",  # A page imports where it comes to something.
    "F811",  # It may show the same thing twice, one way and another.
    "ARG",  # A parameter of a dependency is there for FastAPI.
    "B018",  # An expression may be all that a block is about.
)


def main() -> int:
    """Judges the code of every page. A file's line is the line of its page."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    folders = [folder for page in pages(REPOSITORY) for folder in write(page)]
    for module in sorted((REPOSITORY / "fastapi_fastdeps").glob("*.py")):
        folders += write(module)
    ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--no-cache"]
    ruff += ["--config", str(REPOSITORY / "pyproject.toml"), "--extend-ignore", ",".join(RULES)]
    # For a reader this package is one of many.
    ruff += ["--config", "lint.isort.known-first-party = ['catalogue']"]
    ruff += ["--config", "lint.isort.known-third-party = ['fastapi_fastdeps']"]
    failed = subprocess.run([*ruff, str(FOLDER)], check=False).returncode != 0
    # The first one fills the cache for all.
    failed |= not _types_hold(folders[0])
    with ThreadPoolExecutor(2) as pool:
        failed |= not all(list(pool.map(_types_hold, folders[1:])))
    print(f"{len(folders)} folders of code", flush=True)
    return failed


def write(page: Path) -> Iterator[Path]:
    """The files of a page, as they stand before one of them is written again."""
    name = page.relative_to(REPOSITORY).with_suffix("").as_posix().replace("/", "-")
    shown = "page.py"
    files: dict[str, list[Block]] = {}
    step = 0
    for block in blocks(page):
        is_file = block.kind == "file" and block.title.endswith(".py")
        if not is_file and block.kind != "python":
            continue
        again = is_file and block.title in files
        if again or (block.fresh and shown in files):
            yield _write(FOLDER / f"{name}-{step}", files)
            step += 1
            if block.fresh or not is_file:
                files.pop(shown, None)
        if is_file:
            files[block.title] = [block]
        else:
            files.setdefault(shown, []).append(block)
    if files:
        yield _write(FOLDER / f"{name}-{step}", files)


def _write(folder: Path, files: dict[str, list[Block]]) -> Path:
    for name, its in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines: list[str] = []
        for block in its:
            if name == "page.py":
                lines += [""] * (block.line - len(lines) - 1)
            lines += block.source.splitlines()
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _types_hold(folder: Path) -> bool:
    options = ["--strict", "--no-error-summary", "--cache-dir", str(CACHE / "mypy-documentation")]
    options += ["--config-file", "", "--allow-redefinition"]
    ended = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "."],
        cwd=folder,
        env={**inherited_variables(), "MYPYPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        print(f"{folder.name}\n{ended.stdout}", flush=True)
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
