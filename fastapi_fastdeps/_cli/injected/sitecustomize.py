"""Puts this package's classes in FastAPI's place in one process, as soon as `fastapi` is imported,
or has what is measured.

It is run when an interpreter starts that `fastdeps try` or `fastdeps profile` has started, or one
below that. It is imported by nothing, and imports neither FastAPI nor this package before the
program does.
"""

import importlib
import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

Hooks = Mapping[str, Callable[[ModuleType], None]]


class _Finder:
    """Finds modules, and tells when one has been imported."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._looking = False

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name not in self._hooks or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute, hook = loader.exec_module, self._hooks[name]

        def execute_and_tell(module: ModuleType) -> None:
            execute(module)
            hook(module)

        loader.exec_module = execute_and_tell
        return spec


def _replace_when_both_are_there(module: ModuleType) -> None:
    if module.__name__ == "fastapi_fastdeps" or "fastapi_fastdeps" not in sys.modules:
        _replace(sys.modules["fastapi"])


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
    packages = ("fastapi", "fastapi_fastdeps")
    sys.meta_path.insert(0, _Finder(dict.fromkeys(packages, _replace_when_both_are_there)))
if "FASTDEPS_PROFILE" in os.environ:
    sys.meta_path.insert(0, _Finder(importlib.import_module("fastdeps_profiling").HOOKS))
_run_the_next()
