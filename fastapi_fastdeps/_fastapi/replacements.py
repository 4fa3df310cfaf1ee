"""Functions that are known to stand in the place of FastAPI's: those of Sentry and Logfire.

Each does its work around what it has replaced, which it keeps in its closure. So it can do the
same work around a plan: its code is run as it is, with its own globals, and calls a function
of this package where it would call FastAPI's. Nothing is assigned to; the tool's own function
stays where it stands.
"""

import sys
from collections.abc import Callable
from functools import cached_property
from types import CellType, FunctionType
from typing import Any, Final

_SENTRY: Final = "sentry_sdk.integrations.fastapi"
_LOGFIRE: Final = "logfire._internal.integrations.fastapi"
_HANDLER: Final = "patch_get_request_handler.<locals>._sentry_get_request_handler"

_REPLACED: Final = {
    (_SENTRY, _HANDLER): "old_get_request_handler",
    (_SENTRY, f"{_HANDLER}.<locals>._sentry_app"): "old_app",
    (
        _LOGFIRE,
        "patch_fastapi.<locals>.patched_solve_dependencies",
    ): "original_solve_dependencies",
    (
        _LOGFIRE,
        "patch_fastapi.<locals>.patched_run_endpoint_function",
    ): "original_run_endpoint_function",
}
"""What they keep what they have replaced in, by module and qualified name."""


def original_of(found: Any) -> Any:
    """What stood there before known tools replaced it, `found` itself if none has."""
    while (index := _index_of_original(found)) is not None:
        found = found.__closure__[index].cell_contents
    return found


def getter_of(found: Any) -> Any:
    """The function of a property, `found` itself where it is none."""
    if isinstance(found, cached_property):
        return found.func
    return getattr(found, "fget", found)


def is_known(found: Any) -> bool:
    """Whether it stands in the place of another one, and is known to do its work around it."""
    return _index_of_original(found) is not None


def around(found: Any, inner: Callable[..., Any]) -> Callable[..., Any]:
    """What known tools do around `inner`, as they do it around what they have replaced."""
    index = _index_of_original(found)
    if index is None:
        return inner
    closure = list(found.__closure__)
    closure[index] = CellType(around(closure[index].cell_contents, inner))
    return made_anew(found, closure=tuple(closure))


def made_anew(
    function: Any,
    *,
    namespace: dict[str, Any] | None = None,
    closure: tuple[CellType, ...] | None = None,
) -> FunctionType:
    """The same function with other globals, or another closure."""
    made = FunctionType(
        function.__code__,
        function.__globals__ if namespace is None else namespace,
        function.__name__,
        function.__defaults__,
        function.__closure__ if closure is None else closure,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _index_of_original(found: Any) -> int | None:
    """Where in its closure a known replacement keeps what it has replaced."""
    if type(found) is not FunctionType:
        return None
    code, module = found.__code__, found.__globals__.get("__name__", "")
    # A wrapper may say that it is what it wraps. Its code and its globals are its own.
    name = _REPLACED.get((module, code.co_qualname))
    if name not in code.co_freevars or found.__globals__ is not getattr(
        sys.modules.get(module), "__dict__", None
    ):
        return None
    return code.co_freevars.index(name)
