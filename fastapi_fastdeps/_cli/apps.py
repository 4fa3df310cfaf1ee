"""Finds an app the way `fastapi run` does."""

import importlib
import os
import sys
import tomllib
import traceback
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType

from fastapi import FastAPI

_PLACES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
_NAMES = ("app", "api")


class NotFoundError(Exception):
    """There is no app where one was looked for; the message is one line for the user."""


def find_app(given: str | None) -> FastAPI:
    """The app of `module:app`, of a file, of `file:app`, or the one that `fastapi run` would take.

    The rules are those of fastapi-cli: `entrypoint` in `[tool.fastapi]` of pyproject.toml, then
    the usual files; in a module `app`, `api`, then the first app by name. What the app prints when
    it is imported goes to the standard error. Raises `NotFoundError`.
    """
    if given is None:
        given = _entrypoint() or _default_file()
    before, _, after = given.rpartition(":")
    file, name = (before, after) if before.endswith(".py") else (given, "")
    if not _is_file(file):
        module, _, name = given.partition(":")
        return _app_of(_imported(module, Path.cwd()), name or None)
    path = Path(file)
    if not os.path.exists(file):
        raise NotFoundError(f"There is no file {file}.")
    if path.is_dir():
        raise NotFoundError(f"{file} is a directory: name the file that has the app.")
    module, root = _module_of(path.resolve())
    return _app_of(_imported(module, root), name or None)


def _is_file(given: str) -> bool:
    return given.endswith(".py") or os.sep in given or (":" not in given and os.path.exists(given))


def _entrypoint() -> str | None:
    file = Path("pyproject.toml")
    if not file.is_file():
        return None
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotFoundError(f"pyproject.toml can't be read: {error}.") from error
    try:
        found = settings["tool"]["fastapi"]["entrypoint"]
    except (KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def _default_file() -> str:
    for place in _PLACES:
        if Path(place).is_file():
            return place
    raise NotFoundError(
        f"There is no app here: none of {', '.join(_PLACES)}. Name one, as module:app or a file."
    )


def _module_of(path: Path) -> tuple[str, Path]:
    """The name by which a file is imported, and the directory it is imported from."""
    path = path.parent if path.stem == "__init__" else path
    names, root = [path.stem], path.parent
    while (root / "__init__.py").is_file():
        names.insert(0, root.name)
        root = root.parent
    return ".".join(names), root


def _imported(name: str, root: Path) -> ModuleType:
    sys.path.insert(0, str(root))
    try:
        with redirect_stdout(sys.stderr):
            return importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except SyntaxError as error:
        where = ":".join(str(each) for each in (error.filename, error.lineno) if each)
        place = f" ({where})" if where else ""
        raise NotFoundError(f"{name} can't be imported: {error.msg}{place}.") from error
    except BaseException as error:
        told = f"{_told(error)}{_place(error, root)}"
        raise NotFoundError(f"{name} can't be imported: {told}.") from error


def _told(error: BaseException) -> str:
    """The kind of an error and the first line of what it says, if it says anything."""
    kind, said = type(error).__name__, str(error).strip().splitlines()
    return f"{kind}: {said[0].rstrip('.')}" if said else kind


def _place(error: BaseException, root: Path) -> str:
    """Where in the project it came from."""
    frames = traceback.extract_tb(error.__traceback__)
    for each in reversed(frames):
        file = Path(each.filename)
        if file.is_relative_to(root) and "site-packages" not in file.parts:
            return f" ({each.filename}:{each.lineno})"
    return ""


def _app_of(module: ModuleType, name: str | None) -> FastAPI:
    if name is not None:
        found: object = module
        for part in name.split("."):
            found = _held(found, part)
        if found is None:
            raise NotFoundError(f"There is no {name} in {module.__name__}.")
        if not isinstance(found, FastAPI):
            raise NotFoundError(f"{name} in {module.__name__} is no FastAPI app.")
        return found
    for each in (*_NAMES, *dir(module)):
        found = _held(module, each)
        if isinstance(found, FastAPI):
            return found
    raise NotFoundError(f"There is no FastAPI app in {module.__name__}. Name it, as module:app.")


def _held(owner: object, name: str) -> object:
    """An attribute, `None` where there is none, or where reading it fails."""
    try:
        return getattr(owner, name, None)
    except Exception:
        return None
