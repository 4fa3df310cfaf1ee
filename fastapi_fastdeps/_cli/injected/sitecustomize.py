"""Puts this package's classes in FastAPI's place in one process, as soon as `fastapi` is imported.

It is run when an interpreter starts that `fastdeps try` has started, or one below that. It is
imported by nothing, and imports neither FastAPI nor this package before the program does.
"""

import importlib.machinery
import importlib.util
import os
import sys
import types
from pathlib import Path
from types import ModuleType
from typing import Any

_PACKAGES = ("fastapi", "fastapi_fastdeps")


class _Finder:
    """Finds the two packages, and replaces when both are there."""

    def __init__(self) -> None:
        self._looking = False

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name not in _PACKAGES or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def execute_and_replace(module: ModuleType) -> None:
            execute(module)
            if name == "fastapi_fastdeps" or "fastapi_fastdeps" not in sys.modules:
                _replace(module if name == "fastapi" else sys.modules["fastapi"])

        loader.exec_module = execute_and_replace
        return spec


def _replace(fastapi: Any) -> None:
    """What the program takes from the package `fastapi`; what FastAPI builds on stays."""
    import fastapi_fastdeps as ours

    policies: dict[str, Any] = {"harmless": ours.harmless, "inline": ours.everything}
    policy = policies.get(os.environ["FASTDEPS_TRY"])
    kind: Any = ours.FastDepsAPI
    if policy is not None:
        kind = _decided_by(kind, ours.first_match(ours.default_classifier, policy))
    fastapi.FastAPI, fastapi.APIRouter = kind, ours.FastDepsRouter


def _decided_by(kind: Any, classifier: Any) -> Any:
    def __init__(self: Any, *args: Any, **options: Any) -> None:  # noqa: N807
        options.setdefault("classifier", classifier)
        kind.__init__(self, *args, **options)

    return types.new_class(
        "FastAPI", (kind,), exec_body=lambda body: body.update(__init__=__init__)
    )


def _run_the_next() -> None:
    """The `sitecustomize` that would have been run without this one."""
    here = Path(__file__).parent
    paths = [path for path in sys.path if Path(path) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", paths)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if os.environ.get("FASTDEPS_TRY", "stock") != "stock":
    sys.meta_path.insert(0, _Finder())
_run_the_next()
