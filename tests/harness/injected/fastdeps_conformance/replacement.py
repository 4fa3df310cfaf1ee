"""Which classes `from fastapi import FastAPI, APIRouter` gives in an interpreter of the suite.

Only the two names of the package `fastapi` are replaced. Those in `fastapi.applications` and
`fastapi.routing` are what FastAPI's own code builds on, and no test imports them from there.
"""

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

MODE_VARIABLE = "FASTDEPS_CONFORMANCE_MODE"

Classes = tuple[type[Any], type[Any]]


def stock() -> Classes:
    """FastAPI's own."""
    from fastapi import APIRouter, FastAPI

    return FastAPI, APIRouter


def bare() -> Classes:
    """Subclasses that add nothing: what any replacement at all changes."""
    from fastapi import APIRouter, FastAPI

    class BareAPI(FastAPI):
        pass

    class BareRouter(APIRouter):
        pass

    return BareAPI, BareRouter


def fastdeps() -> Classes:
    """This package's, with nothing marked: everything sync stays in a thread."""
    from fastapi_fastdeps import FastDepsAPI, FastDepsRouter

    return FastDepsAPI, FastDepsRouter


def inline() -> Classes:
    """This package's, with a classifier that runs everything on the event loop."""
    from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, predicate

    everything = predicate(callable)

    class InlineAPI(FastDepsAPI):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.setdefault("classifier", everything)
            super().__init__(*args, **kwargs)

    class InlineRouter(FastDepsRouter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.setdefault("classifier", everything)
            super().__init__(*args, **kwargs)

    return InlineAPI, InlineRouter


MODES: dict[str, Callable[[], Classes]] = {
    "stock": stock,
    "bare": bare,
    "fastdeps": fastdeps,
    "inline": inline,
}


def replace_on_import() -> None:
    """Replace FastAPI's classes as soon as the package `fastapi` has been imported.

    Importing it here instead would come before what a test may set up for that import.
    """
    mode = _mode()
    if mode != "stock":
        sys.meta_path.insert(0, _Finder(MODES[mode]))


def check() -> None:
    """Raise `RuntimeError` if this interpreter does not have the classes of its mode."""
    import fastapi
    import fastapi.applications
    import fastapi.routing

    originals = (fastapi.applications.FastAPI, fastapi.routing.APIRouter)
    for given, original in zip((fastapi.FastAPI, fastapi.APIRouter), originals, strict=True):
        if (given is original) is not (_mode() == "stock"):
            raise RuntimeError(f"In mode {_mode()!r} the suite would be given {given!r}.")


def replaces() -> bool:
    """Whether the suite is given this package's classes."""
    return _mode() in (fastdeps.__name__, inline.__name__)


def _mode() -> str:
    return os.environ.get(MODE_VARIABLE, "stock")


class _Finder:
    def __init__(self, classes: Callable[[], Classes]) -> None:
        self.classes = classes

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != "fastapi":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def execute_and_replace(module: ModuleType) -> None:
            execute(module)
            module.FastAPI, module.APIRouter = self.classes()  # type: ignore[attr-defined]

        spec.loader.exec_module = execute_and_replace  # type: ignore[method-assign]
        return spec
