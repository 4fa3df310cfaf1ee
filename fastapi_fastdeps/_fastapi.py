"""Every name of FastAPI that its documentation does not promise, in one place."""

# pyright: reportPrivateUsage=false

import functools
import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

import fastapi
from fastapi import APIRouter
from starlette.routing import BaseRoute

from fastapi_fastdeps.errors import UnsupportedFastAPIError

OLDEST = "0.137.0"
TESTED = "0.165.0"


def _find(module: str, name: str) -> Any:
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise UnsupportedFastAPIError(
            f"FastAPI {fastapi.__version__} has no {module}.{name}. This version of "
            f"fastapi-fastdeps works with FastAPI {OLDEST} and newer and was tested up to "
            f"{TESTED}: install one of these, or a newer fastapi-fastdeps."
        )
    return found


if TYPE_CHECKING:
    from fastapi import _body_limit, _compat, _form_limits, routing
    from fastapi._compat import v2
    from fastapi.dependencies import models, utils
    from fastapi.telemetry import _api

    FormLimits = _form_limits._FormLimits
    get_body_limit_error = _body_limit.get_body_limit_error
    wrap_app_with_body_limit = _body_limit.wrap_app_with_body_limit
    ModelField = _compat.ModelField
    Undefined = _compat.Undefined
    field_annotation_is_sequence = _compat.field_annotation_is_sequence
    get_missing_field_error = _compat.get_missing_field_error
    regenerate_error_with_loc = v2._regenerate_error_with_loc
    lenient_issubclass = _compat.lenient_issubclass
    Dependant = models.Dependant
    get_cache_key = models._get_cache_key
    get_oauth_scopes = models._get_oauth_scopes
    is_async_gen_callable = models._is_async_gen_callable
    is_coroutine_callable = models._is_coroutine_callable
    is_gen_callable = models._is_gen_callable
    uses_scopes = models._uses_scopes
    get_form_models = utils._get_form_models
    get_param_aliases = utils._get_param_aliases
    get_param_model = utils._get_param_model
    is_json_field = utils._is_json_field
    should_embed_body_fields = utils._should_embed_body_fields
    solve_generator = utils._solve_generator
    get_dependant = utils.get_dependant
    get_parameterless_sub_dependant = utils.get_parameterless_sub_dependant
    get_typed_signature = utils.get_typed_signature
    request_body_to_args = utils.request_body_to_args
    request_params_to_args = utils.request_params_to_args
    effective_route_context_var = routing._effective_route_context_var
    EffectiveRouteContext = routing._EffectiveRouteContext
    extract_endpoint_context = routing._extract_endpoint_context
    FrontendRouteGroup = routing._FrontendRouteGroup
    IncludedRouter = routing._IncludedRouter
    resolve_form_limits = routing._resolve_form_limits
    get_request_telemetry = _api._get_request_telemetry
    operation = _api._operation
    validation_failed = _api._validation_failed
else:
    get_body_limit_error = _find("fastapi._body_limit", "get_body_limit_error")
    wrap_app_with_body_limit = _find("fastapi._body_limit", "wrap_app_with_body_limit")
    ModelField = _find("fastapi._compat", "ModelField")
    Undefined = _find("fastapi._compat", "Undefined")
    field_annotation_is_sequence = _find("fastapi._compat", "field_annotation_is_sequence")
    get_missing_field_error = _find("fastapi._compat", "get_missing_field_error")
    regenerate_error_with_loc = _find("fastapi._compat.v2", "_regenerate_error_with_loc")
    lenient_issubclass = _find("fastapi._compat", "lenient_issubclass")
    Dependant = _find("fastapi.dependencies.models", "Dependant")
    get_cache_key = _find("fastapi.dependencies.models", "_get_cache_key")
    get_oauth_scopes = _find("fastapi.dependencies.models", "_get_oauth_scopes")
    is_async_gen_callable = _find("fastapi.dependencies.models", "_is_async_gen_callable")
    is_coroutine_callable = _find("fastapi.dependencies.models", "_is_coroutine_callable")
    is_gen_callable = _find("fastapi.dependencies.models", "_is_gen_callable")
    uses_scopes = _find("fastapi.dependencies.models", "_uses_scopes")
    get_form_models = _find("fastapi.dependencies.utils", "_get_form_models")
    get_param_aliases = _find("fastapi.dependencies.utils", "_get_param_aliases")
    get_param_model = _find("fastapi.dependencies.utils", "_get_param_model")
    is_json_field = _find("fastapi.dependencies.utils", "_is_json_field")
    should_embed_body_fields = _find("fastapi.dependencies.utils", "_should_embed_body_fields")
    solve_generator = _find("fastapi.dependencies.utils", "_solve_generator")
    get_dependant = _find("fastapi.dependencies.utils", "get_dependant")
    get_parameterless_sub_dependant = _find(
        "fastapi.dependencies.utils", "get_parameterless_sub_dependant"
    )
    get_typed_signature = _find("fastapi.dependencies.utils", "get_typed_signature")
    request_body_to_args = _find("fastapi.dependencies.utils", "request_body_to_args")
    request_params_to_args = _find("fastapi.dependencies.utils", "request_params_to_args")
    effective_route_context_var = _find("fastapi.routing", "_effective_route_context_var")
    EffectiveRouteContext = _find("fastapi.routing", "_EffectiveRouteContext")
    extract_endpoint_context = _find("fastapi.routing", "_extract_endpoint_context")
    FrontendRouteGroup = _find("fastapi.routing", "_FrontendRouteGroup")
    IncludedRouter = _find("fastapi.routing", "_IncludedRouter")
    resolve_form_limits = _find("fastapi.routing", "_resolve_form_limits")
    get_request_telemetry = _find("fastapi.telemetry._api", "_get_request_telemetry")
    operation = _find("fastapi.telemetry._api", "_operation")
    validation_failed = _find("fastapi.telemetry._api", "_validation_failed")

__all__ = [
    "Dependant",
    "EffectiveRouteContext",
    "FrontendRouteGroup",
    "IncludedRouter",
    "ModelField",
    "Undefined",
    "effective_route_context_var",
    "embeds_body_fields",
    "extract_endpoint_context",
    "field_annotation_is_sequence",
    "get_body_limit_error",
    "get_cache_key",
    "get_dependant",
    "get_form_models",
    "get_missing_field_error",
    "get_oauth_scopes",
    "get_param_aliases",
    "get_param_model",
    "get_parameterless_sub_dependant",
    "get_request_telemetry",
    "get_typed_signature",
    "is_async",
    "is_async_gen_callable",
    "is_coroutine_callable",
    "is_gen_callable",
    "is_json_field",
    "lenient_issubclass",
    "low_priority_routes",
    "operation",
    "regenerate_error_with_loc",
    "request_body_to_args",
    "request_params_to_args",
    "resolve_form_limits",
    "should_embed_body_fields",
    "solve_generator",
    "unwrapped",
    "uses_scopes",
    "validation_failed",
    "wrap_app_with_body_limit",
]


def embeds_body_fields(route: Any) -> bool:
    """Whether the only body parameter of a route stands under its name in the body."""
    embeds: bool = route._embed_body_fields
    return embeds


def low_priority_routes(router: APIRouter) -> list[BaseRoute]:
    """What FastAPI asks after all other routes of a router: its frontends."""
    return router._low_priority_routes


def is_async(call: Any) -> bool:
    """Whether FastAPI runs `call` on the event loop of its own accord."""
    return is_coroutine_callable(call) or is_async_gen_callable(call)


def unwrapped(call: Any) -> Any:
    """What FastAPI takes `call` to be a wrapper of."""
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)
