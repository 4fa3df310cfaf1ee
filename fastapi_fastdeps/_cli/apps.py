"""Finds an app the way `fastapi run` does."""

import importlib
import os
import sys
import tomllib
from pathlib import Path
from types import ModuleType

from fastapi import FastAPI

_PLACES = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
_NAMES = ("app", "api")


class NotFoundError(Exception):
    """There is no app where one was looked for; the message is one line for the user."""


def find_app(given: str | None) -> FastAPI:
    """The app of `module:app`, of a file, or the one that `fastapi run` would take.

    The rules are those of fastapi-cli: `entrypoint` in `[tool.fastapi]` of pyproject.toml, then
    the usual files; in a module `app`, `api`, then the first app by name. Raises `NotFoundError`.
    """
    if given is None:
        given = _entrypoint() or _default_file()
    if not _is_file(given):
        module, _, name = given.partition(":")
        return _app_of(_imported(module, Path.cwd()), name or None)
    path = Path(given)
    if not path.exists():
        raise NotFoundError(f"There is no file {given}.")
    if path.is_dir():
        raise NotFoundError(f"{given} is a directory: name the file that has the app.")
    module, root = _module_of(path.resolve())
    return _app_of(_imported(module, root), None)


def _is_file(given: str) -> bool:
    return given.endswith(".py") or os.sep in given or (":" not in given and Path(given).exists())


def _entrypoint() -> str | None:
    file = Path("pyproject.toml")
    if not file.is_file():
        return None
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotFoundError(f"pyproject.toml can't be read: {error}.") from error
    found = settings.get("tool", {}).get("fastapi", {}).get("entrypoint")
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
        return importlib.import_module(name)
    except SyntaxError as error:
        where = f"{error.filename}:{error.lineno}"
        raise NotFoundError(f"{name} can't be imported: {error.msg} ({where}).") from error
    except (Exception, SystemExit) as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise NotFoundError(f"{name} can't be imported: {what}.") from error


def _app_of(module: ModuleType, name: str | None) -> FastAPI:
    if name is not None:
        found: object = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if not isinstance(found, FastAPI):
            raise NotFoundError(f"{name} in {module.__name__} is no FastAPI app.")
        return found
    for each in (*_NAMES, *dir(module)):
        found = getattr(module, each, None)
        if isinstance(found, FastAPI):
            return found
    raise NotFoundError(f"There is no FastAPI app in {module.__name__}. Name it, as module:app.")
