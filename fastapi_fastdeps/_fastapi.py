"""Every name of FastAPI that its documentation does not promise, in one place."""

import functools
import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

import fastapi

from fastapi_fastdeps.errors import UnsupportedFastAPIError

OLDEST = "0.137.0"
TESTED = "0.165.0"


def _find(module: str, name: str) -> Any:
    found = getattr(import_module(module), name, None)
    if found is None:
        raise UnsupportedFastAPIError(
            f"FastAPI {fastapi.__version__} has no {module}.{name}. This version of "
            f"fastapi-fastdeps works with FastAPI {OLDEST} and newer and was tested up to "
            f"{TESTED}: install one of these, or a newer fastapi-fastdeps."
        )
    return found


if TYPE_CHECKING:
    from fastapi._body_limit import wrap_app_with_body_limit
    from fastapi.dependencies.models import (
        Dependant,
    )
    from fastapi.dependencies.models import (
        _is_async_gen_callable as is_async_gen_callable,
    )
    from fastapi.dependencies.models import (
        _is_coroutine_callable as is_coroutine_callable,
    )
    from fastapi.dependencies.models import (
        _is_gen_callable as is_gen_callable,
    )
    from fastapi.dependencies.utils import (
        get_dependant,
        get_parameterless_sub_dependant,
        get_typed_signature,
    )
    from fastapi.routing import (
        _effective_route_context_var as effective_route_context_var,
    )
    from fastapi.routing import (
        _EffectiveRouteContext as EffectiveRouteContext,
    )
    from fastapi.routing import (
        _FrontendRouteGroup as FrontendRouteGroup,
    )
    from fastapi.routing import (
        _IncludedRouter as IncludedRouter,
    )
else:
    wrap_app_with_body_limit = _find("fastapi._body_limit", "wrap_app_with_body_limit")
    Dependant = _find("fastapi.dependencies.models", "Dependant")
    is_async_gen_callable = _find("fastapi.dependencies.models", "_is_async_gen_callable")
    is_coroutine_callable = _find("fastapi.dependencies.models", "_is_coroutine_callable")
    is_gen_callable = _find("fastapi.dependencies.models", "_is_gen_callable")
    get_dependant = _find("fastapi.dependencies.utils", "get_dependant")
    get_parameterless_sub_dependant = _find(
        "fastapi.dependencies.utils", "get_parameterless_sub_dependant"
    )
    get_typed_signature = _find("fastapi.dependencies.utils", "get_typed_signature")
    effective_route_context_var = _find("fastapi.routing", "_effective_route_context_var")
    EffectiveRouteContext = _find("fastapi.routing", "_EffectiveRouteContext")
    FrontendRouteGroup = _find("fastapi.routing", "_FrontendRouteGroup")
    IncludedRouter = _find("fastapi.routing", "_IncludedRouter")

__all__ = [
    "Dependant",
    "EffectiveRouteContext",
    "FrontendRouteGroup",
    "IncludedRouter",
    "effective_route_context_var",
    "get_dependant",
    "get_parameterless_sub_dependant",
    "get_typed_signature",
    "is_async",
    "is_async_gen_callable",
    "is_coroutine_callable",
    "is_gen_callable",
    "unwrapped",
    "wrap_app_with_body_limit",
]


def is_async(call: Any) -> bool:
    """Whether FastAPI runs `call` on the event loop of its own accord."""
    return is_coroutine_callable(call) or is_async_gen_callable(call)


def unwrapped(call: Any) -> Any:
    """What FastAPI takes `call` to be a wrapper of."""
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)
