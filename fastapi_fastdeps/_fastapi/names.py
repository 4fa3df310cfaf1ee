"""Every name of FastAPI, and of what it is built on, that no documentation promises, in one
place."""

# pyright: reportPrivateUsage=false

import functools
import inspect
import operator
import os
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from copy import copy
from dataclasses import is_dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import fastapi
import starlette.routing
from fastapi import APIRouter, params, routing
from fastapi.dependencies import utils
from pydantic.fields import FieldInfo
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.capabilities import (
    Absent,
    Capability,
    has,
    instance_of,
    is_shaped,
    makes,
    mentions,
    takes,
    tells,
    warn_of,
)
from fastapi_fastdeps._fastapi.ground import (
    BUILDING,
    SERVING,
    SHELL,
    find_code,
    is_own,
    is_replaced,
)
from fastapi_fastdeps._fastapi.versions import (
    FAST_LANE,
    INDEX,
    LANE_VARIABLE,
    asked_lane,
    check_supported,
    is_older_than,
)

check_supported()

classification = Capability("inline calls", "every sync callable runs in a thread")
route_classes = Capability(
    "inline calls of routes with a class of their own",
    "everything sync of a route with a class of the user's own runs in a thread",
    on=classification,
)
websockets = Capability(
    "inline calls of WebSocket routes",
    "their sync dependencies run in threads",
    on=classification,
)
inclusions = Capability(
    "inline calls of included routers",
    "their sync callables run in threads",
    since="0.137.0",
    on=classification,
)
frontends = Capability(
    "inline calls of frontends",
    "their sync dependencies run in threads",
    since="0.138.0",
    on=classification,
)
matching = Capability(
    "the index of routes", "routes are asked one after the other", since="0.165.0", on=inclusions
)
fast_lane = Capability(
    "the fast lane", "requests take FastAPI's own handler", since=FAST_LANE[0], on=classification
)
shell = Capability(
    "the shell", "requests go through each of FastAPI's layers", since="0.165.0", on=fast_lane
)


_PROVIDERS = {
    "opentelemetry.trace": ("_TRACER_PROVIDER", "OTEL_PYTHON_TRACER_PROVIDER"),
    "opentelemetry.metrics._internal": ("_METER_PROVIDER", "OTEL_PYTHON_METER_PROVIDER"),
    "opentelemetry._logs._internal": ("_LOGGER_PROVIDER", "_OTEL_PYTHON_LOGGER_PROVIDER"),
}
"""Where OpenTelemetry keeps its providers, and the variables that name others."""

if TYPE_CHECKING:
    from fastapi import _body_limit, _compat, _form_limits, sse
    from fastapi._compat import v2
    from fastapi.dependencies import models
    from fastapi.telemetry import _api, _asgi
    from starlette import _exception_handler, _utils
    from starlette import routing as starlette_routing
    from starlette.middleware import body_limit

    AppBodyLimitMiddleware = _body_limit.AppBodyLimitMiddleware
    get_body_limit_error = _body_limit.get_body_limit_error
    wrap_app_with_body_limit = _body_limit.wrap_app_with_body_limit
    FormLimits = _form_limits._FormLimits
    MAX_BODY_SIZE_SCOPE_KEY = body_limit.MAX_BODY_SIZE_SCOPE_KEY
    ModelField = _compat.ModelField
    Undefined = _compat.Undefined
    field_annotation_is_sequence = _compat.field_annotation_is_sequence
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
    FASTAPI_SCOPE_KEY = routing._FASTAPI_SCOPE_KEY
    EFFECTIVE_ROUTE_CONTEXT_KEY = routing._FASTAPI_EFFECTIVE_ROUTE_CONTEXT_KEY
    INCLUDED_ROUTER_KEY = routing._FASTAPI_INCLUDED_ROUTER_KEY
    apply_router_form_limits = routing._apply_router_form_limits
    get_fastapi_scope = routing._get_fastapi_scope
    get_context = routing._get_scope_effective_route_context
    get_route_path = _utils.get_route_path
    route_selected = _api._route_selected
    update_scope = routing._update_scope
    get_websocket_app = routing.get_websocket_app
    websocket_session = routing.websocket_session
    request_response = routing.request_response
    get_request_telemetry = _api._get_request_telemetry
    operation = _api._operation
    validation_failed = _api._validation_failed
    ExceptionTelemetryMiddleware = _asgi.ExceptionTelemetryMiddleware
    NativeTelemetry = _asgi.NativeTelemetry
    EventSourceResponse = sse.EventSourceResponse
    compile_path = starlette_routing.compile_path
    wrap_app_handling_exceptions = _exception_handler.wrap_app_handling_exceptions
else:
    _MODELS = "fastapi.dependencies.models"
    _ROUTING = "fastapi.routing"
    _UTILS = "fastapi.dependencies.utils"

    def _sync():
        pass

    async def _coroutine():
        pass

    def _generator():
        yield

    async def _async_generator():
        yield

    def _predicate(name, this):
        """A predicate of callables: a function of FastAPI, or a property of its `Dependant`."""
        shape = tells(this, _sync)
        for found in (
            getattr(import_module(_MODELS), f"_{name}", None),
            getattr(import_module(_UTILS), name, None),
            lambda call: getattr(Dependant(call=call), name),
        ):
            if is_shaped(found, shape):
                return found
        return classification.miss(f"FastAPI {fastapi.__version__} has no {name}")

    def _unlimited(app, _):
        return app

    def _no_limits(*_):
        return {}

    def _is_anything(_):
        return True

    _SCOPE = {}

    def _has_code(path, name):
        """The shape of a function that is what it was. What took its place is not judged."""
        return lambda found: not is_own(found, path) or find_code(found, name) is not None

    def _response_is_what_it_was(found):
        if is_replaced(found.__module__):
            return True
        response = found.__new__(found)
        response.status_code = 201
        response.background = None
        response.body = b'{"a":1}'
        response.init_headers()
        return vars(response) == vars(found({"a": 1}, 201, background=None))

    def _request_is_what_it_was(found):
        if is_replaced("starlette.requests"):
            return True
        scope = {
            "type": "websocket" if found is WebSocket else "http",
            "method": "GET",
            "headers": [(b"a", b"1"), (b"cookie", b"c=2")],
            "query_string": b"q=3&q=4",
            "path_params": {"p": 5},
        }
        request = found(scope, None, None)
        return (
            request.scope is scope
            and request.headers.raw == scope["headers"]
            and request.headers.getlist("A") == ["1"]
            and request.cookies == {"c": "2"}
            and request.query_params.getlist("q") == ["3", "4"]
            and request.path_params == {"p": 5}
        )

    def _validates(found):
        field = found(field_info=FieldInfo(annotation=int), name="n")
        adapter = field._type_adapter
        return (
            adapter.validator.validate_python("1", from_attributes=True) == 1
            and adapter.core_schema["type"] == "int"
        )

    Dependant = classification.find(
        _MODELS, "Dependant", has("call", "dependencies", "name", "path"), Absent
    )
    is_async_gen_callable = _predicate("is_async_gen_callable", _async_generator)
    is_coroutine_callable = _predicate("is_coroutine_callable", _coroutine)
    is_gen_callable = _predicate("is_gen_callable", _generator)
    get_dependant = classification.find(_UTILS, "get_dependant", takes("path", "call"))
    get_typed_signature = classification.find(_UTILS, "get_typed_signature", takes(positional=1))
    request_response = classification.find(_ROUTING, "request_response", takes(positional=1))
    wrap_app_with_body_limit = classification.find(
        "fastapi._body_limit",
        "wrap_app_with_body_limit",
        takes(positional=2),
        _unlimited,
        since="0.164.0",
    )
    classification.find(
        _ROUTING,
        "APIRoute",
        makes("app", "dependant", "dependency_overrides_provider", arguments=("/", _coroutine)),
    )
    classification.find(_ROUTING, "APIRoute.get_route_handler", takes(positional=1))
    classification.find(
        _ROUTING,
        "APIRouter",
        makes("dependency_overrides_provider", "route_class", "routes"),
    )
    classification.find("fastapi.applications", "FastAPI.setup", takes(positional=1))

    route_classes.find(
        _ROUTING,
        "APIRouter.add_api_route",
        takes("route_class_override", positional=3),
    )

    get_websocket_app = websockets.find(
        _ROUTING,
        "get_websocket_app",
        takes("dependant", "dependency_overrides_provider", "embed_body_fields"),
    )
    websocket_session = websockets.find(_ROUTING, "websocket_session", takes(positional=1))
    websockets.find(
        _ROUTING,
        "APIWebSocketRoute",
        makes("app", "dependant", "_embed_body_fields", arguments=("/", _coroutine)),
    )

    IncludedRouter = inclusions.find(
        _ROUTING,
        "_IncludedRouter",
        has(
            "original_router",
            "include_context",
            effective_candidates=takes(positional=1),
            _build_effective_context=takes(positional=2),
        ),
        Absent,
    )
    EffectiveRouteContext = inclusions.find(
        _ROUTING,
        "_EffectiveRouteContext",
        has(
            "original_route",
            "starlette_route",
            "path",
            "methods",
            "dependant",
            "dependency_overrides_provider",
            from_api_route=takes("original_route", "include_context"),
        ),
        Absent,
    )
    effective_route_context_var = inclusions.find(
        _ROUTING,
        "_effective_route_context_var",
        instance_of(ContextVar),
    )
    inclusions.find(
        _ROUTING,
        "_RouterIncludeContext",
        has(
            "dependencies",
            "dependency_overrides_provider",
            path_for=takes(positional=2),
            combine=takes(positional=2),
        ),
    )
    get_parameterless_sub_dependant = inclusions.find(
        _UTILS, "get_parameterless_sub_dependant", takes("depends", "path")
    )
    compile_path = inclusions.find(
        "starlette.routing", "compile_path", lambda found: found("/a/{b:int}")[1] == "/a/{b}"
    )

    FrontendRouteGroup = frontends.find(
        _ROUTING,
        "_FrontendRouteGroup",
        makes("dependant", "dependencies", "dependency_overrides_provider", "routes"),
        Absent,
    )
    frontends.find(
        _ROUTING,
        "APIRouter",
        makes("_frontend_routes", "_low_priority_routes"),
    )
    if inclusions:
        frontends.find(
            _ROUTING,
            "_IncludedRouter.effective_low_priority_routes",
            takes(positional=1),
        )

    FASTAPI_SCOPE_KEY = matching.find(_ROUTING, "_FASTAPI_SCOPE_KEY", instance_of(str), "")
    EFFECTIVE_ROUTE_CONTEXT_KEY = matching.find(
        _ROUTING, "_FASTAPI_EFFECTIVE_ROUTE_CONTEXT_KEY", instance_of(str), ""
    )
    INCLUDED_ROUTER_KEY = matching.find(
        _ROUTING, "_FASTAPI_INCLUDED_ROUTER_KEY", instance_of(str), ""
    )
    apply_router_form_limits = matching.find(
        _ROUTING, "_apply_router_form_limits", takes(positional=2)
    )
    get_fastapi_scope = matching.find(
        _ROUTING,
        "_get_fastapi_scope",
        lambda found: found({FASTAPI_SCOPE_KEY: _SCOPE}) is _SCOPE,
    )
    get_context = matching.find(
        _ROUTING,
        "_get_scope_effective_route_context",
        lambda found: found.__name__ == "_get_scope_effective_route_context" and not found({}),
    )
    get_route_path = matching.find(
        "starlette._utils",
        "get_route_path",
        lambda found: found({"path": "/a/b", "root_path": "/a"}) == "/b",
    )
    route_selected = matching.find(_ROUTING, "_route_selected", takes("scope", "path", "mount"))
    update_scope = matching.find(_ROUTING, "_update_scope", takes(positional=2))
    matching.find(
        _ROUTING,
        "APIRouter",
        makes("_low_priority_routes", "_routes_version", "middleware_stack", "form_limits"),
    )
    matching.find(
        _ROUTING,
        "APIRouter",
        has(
            app=takes(positional=4),
            matches=takes(positional=2),
            handle=takes(positional=4),
            _get_routes_version=takes(positional=1),
            _match_low_priority=takes(positional=2),
            _iter_low_priority_routes=takes(positional=1),
        ),
    )
    matching.find(
        _ROUTING,
        "_IncludedRouter",
        has(
            "_effective_candidates_version",
            _match=takes(positional=2),
            matches=takes(positional=2),
            handle=takes(positional=4),
            _handle_selected=takes(positional=4),
            effective_low_priority_routes=takes(positional=1),
        ),
    )
    matching.find(_ROUTING, "_EffectiveRouteContext.matches", takes(positional=2))

    # Names of one thing are of use together or not at all.
    if not inclusions:
        IncludedRouter = EffectiveRouteContext = Absent
        effective_route_context_var = ContextVar("fastdeps_no_context", default=None)
    if not frontends:
        FrontendRouteGroup = Absent

    get_body_limit_error = fast_lane.find(
        "fastapi._body_limit",
        "get_body_limit_error",
        takes(positional=1),
        since="0.164.0",
    )
    MAX_BODY_SIZE_SCOPE_KEY = fast_lane.find(
        "starlette.middleware.body_limit",
        "MAX_BODY_SIZE_SCOPE_KEY",
        instance_of(str),
        since="0.164.0",
    )
    resolve_form_limits = fast_lane.find(
        _ROUTING,
        "_resolve_form_limits",
        takes(positional=2),
        _no_limits,
        since="0.165.0",
    )
    ModelField = fast_lane.find(
        "fastapi._compat",
        "ModelField",
        has("name", "field_info", validate=takes("loc", positional=3), serialize=callable),
    )
    Undefined = fast_lane.find(
        "fastapi._compat",
        "Undefined",
        lambda found: found is import_module("pydantic_core").PydanticUndefined,
    )
    field_annotation_is_sequence = fast_lane.find(
        "fastapi._compat", "field_annotation_is_sequence", takes(positional=1)
    )
    regenerate_error_with_loc = fast_lane.find(
        "fastapi._compat.v2", "_regenerate_error_with_loc", takes("errors", "loc_prefix")
    )
    lenient_issubclass = fast_lane.find(
        "fastapi._compat", "lenient_issubclass", takes(positional=2)
    )
    get_cache_key = fast_lane.find(
        _MODELS, "_get_cache_key", takes("dependant", "uses_scopes_cache")
    )
    get_oauth_scopes = fast_lane.find(_MODELS, "_get_oauth_scopes", takes("dependant"))
    uses_scopes = fast_lane.find(_MODELS, "_uses_scopes", takes("dependant"))
    get_form_models = fast_lane.find(_UTILS, "_get_form_models", takes(positional=1))
    get_param_aliases = fast_lane.find(_UTILS, "_get_param_aliases", takes(positional=1))
    get_param_model = fast_lane.find(_UTILS, "_get_param_model", takes(positional=1))
    is_json_field = fast_lane.find(_UTILS, "_is_json_field", takes(positional=1))
    should_embed_body_fields = fast_lane.find(
        _UTILS, "_should_embed_body_fields", takes(positional=1)
    )
    fast_lane.find(_UTILS, "_solve_generator", takes("dependant", "stack", "sub_values", "request"))
    request_body_to_args = fast_lane.find(
        _UTILS,
        "request_body_to_args",
        takes("body_fields", "received_body", "embed_body_fields"),
    )
    request_params_to_args = fast_lane.find(_UTILS, "request_params_to_args", takes(positional=2))
    extract_endpoint_context = fast_lane.find(
        _ROUTING, "_extract_endpoint_context", takes(positional=1)
    )
    get_request_telemetry = fast_lane.find(
        "fastapi.telemetry._api", "_get_request_telemetry", takes()
    )
    operation = fast_lane.find("fastapi.telemetry._api", "_operation", takes("name", "function"))
    validation_failed = fast_lane.find(
        "fastapi.telemetry._api", "_validation_failed", takes(positional=1)
    )
    EventSourceResponse = fast_lane.find("fastapi.sse", "EventSourceResponse", instance_of(type))
    fast_lane.find(
        _UTILS,
        "get_dependant",
        takes("path", "call", "name", "parent_oauth_scopes", "scope"),
    )
    fast_lane.find(
        _ROUTING,
        "APIRoute",
        makes(
            "_embed_body_fields",
            "body_field",
            "response_class",
            "response_field",
            "status_code",
            "strict_content_type",
            arguments=("/", _coroutine),
        ),
    )
    fast_lane.find(_MODELS, "Dependant", has("concurrency"), since="0.163.0")
    fast_lane.find(
        "fastapi.concurrency", "_DependencyConcurrency", has("get_semaphore"), since="0.163.0"
    )

    fast_lane.find(
        _ROUTING, "request_response", mentions("fastapi_inner_astack", "fastapi_function_astack")
    )
    fast_lane.find(_ROUTING, "get_request_handler", mentions("fastapi_middleware_astack"))
    fast_lane.find(
        _ROUTING, "_FASTAPI_SCOPE_KEY", lambda found: found == "fastapi", since="0.165.0"
    )
    fast_lane.find("fastapi._compat", "ModelField", _validates)

    wrap_app_handling_exceptions = fast_lane.find(
        "starlette._exception_handler", "wrap_app_handling_exceptions", takes(positional=2)
    )
    fast_lane.find("starlette.concurrency", "run_in_threadpool", takes("value", positional=1))
    fast_lane.find("starlette.requests", "Request", _request_is_what_it_was)
    fast_lane.find("starlette.websockets", "WebSocket", _request_is_what_it_was)
    fast_lane.find("starlette.responses", "JSONResponse", _response_is_what_it_was)
    fast_lane.find("contextlib", "AsyncExitStack", makes("_exit_callbacks"))

    for functions in (BUILDING, SERVING):
        for module, qualified_names in functions.items():
            for qualified_name in qualified_names:
                path = qualified_name.partition(".<locals>.")[0]
                fast_lane.find(module, path, _has_code(path, qualified_name))

    AppBodyLimitMiddleware = shell.find(
        "fastapi._body_limit", "AppBodyLimitMiddleware", instance_of(type), Absent
    )
    ExceptionTelemetryMiddleware = shell.find(
        "fastapi.telemetry._asgi", "ExceptionTelemetryMiddleware", instance_of(type), Absent
    )
    NativeTelemetry = shell.find(
        "fastapi.telemetry._asgi",
        "NativeTelemetry",
        instance_of(type),
        Absent,
    )
    for module, names in _PROVIDERS.items():
        for name in names:
            shell.find(module, name, _is_anything)
    shell.find("os", "environ._data", instance_of(dict))
    shell.find("os", "environ.encodekey", takes(positional=1))
    shell.find(
        "starlette.middleware.exceptions",
        "ExceptionMiddleware",
        makes("_exception_handlers", "_status_handlers", arguments=(None,)),
    )
    for module, qualified_names in SHELL.items():
        for qualified_name in qualified_names:
            shell.find(module, qualified_name, _has_code(qualified_name, qualified_name))

if asked_lane() != "fast" and fastapi.__version__ not in FAST_LANE:
    fast_lane.miss(f"it was proven on FastAPI {', '.join(FAST_LANE)}")

if fastapi.__version__ not in INDEX:
    matching.miss(f"it was proven on FastAPI {', '.join(INDEX)}")

warn_of(
    classification, route_classes, websockets, inclusions, frontends, matching, fast_lane, shell
)

__all__ = [
    "EFFECTIVE_ROUTE_CONTEXT_KEY",
    "FASTAPI_SCOPE_KEY",
    "INCLUDED_ROUTER_KEY",
    "LANE_VARIABLE",
    "MAX_BODY_SIZE_SCOPE_KEY",
    "AppBodyLimitMiddleware",
    "Capability",
    "Dependant",
    "EffectiveRouteContext",
    "EventSourceResponse",
    "ExceptionTelemetryMiddleware",
    "FrontendRouteGroup",
    "IncludedRouter",
    "ModelField",
    "NativeTelemetry",
    "Undefined",
    "apply_router_form_limits",
    "asked_lane",
    "builds_contexts_as_ever",
    "classification",
    "compile_path",
    "concurrency_of",
    "dependant_of",
    "effective_route_context_var",
    "embeds_body_fields",
    "environment",
    "exception_handlers",
    "exit_callbacks",
    "extract_endpoint_context",
    "fast_lane",
    "fastapis",
    "field_annotation_is_sequence",
    "frontends",
    "get_body_limit_error",
    "get_cache_key",
    "get_context",
    "get_dependant",
    "get_fastapi_scope",
    "get_form_models",
    "get_oauth_scopes",
    "get_param_aliases",
    "get_param_model",
    "get_parameterless_sub_dependant",
    "get_request_telemetry",
    "get_route_path",
    "get_typed_signature",
    "get_websocket_app",
    "has_built_candidates",
    "includes_by_copy",
    "inclusions",
    "is_async",
    "is_async_gen_callable",
    "is_coroutine_callable",
    "is_gen_callable",
    "is_json_field",
    "is_passed_as_ever",
    "lenient_issubclass",
    "lock_of",
    "low_priority_routes",
    "match_low_priority",
    "match_within",
    "matching",
    "max_body_size",
    "operation",
    "rederived",
    "regenerate_error_with_loc",
    "request_body_to_args",
    "request_params_to_args",
    "request_response",
    "resolve_form_limits",
    "route_classes",
    "route_selected",
    "routes_version",
    "routing_names",
    "shell",
    "should_embed_body_fields",
    "solver_names",
    "streams_generators",
    "telemetry_of",
    "telemetry_providers",
    "telemetry_variables",
    "type_adapter_of",
    "unremembered",
    "unwrapped",
    "update_scope",
    "uses_scopes",
    "validation_failed",
    "websocket_session",
    "websockets",
    "with_dependency",
    "wrap_app_handling_exceptions",
    "wrap_app_with_body_limit",
]

streams_generators = not is_older_than("0.134.0")
"""Whether what a generator endpoint yields is streamed; it was serialised as a list."""

includes_by_copy = not hasattr(routing, "_IncludedRouter") and is_shaped(
    APIRouter.include_router,
    lambda include: "add_api_route" in inspect.unwrap(include).__code__.co_names,
)
"""Whether including a router adds a copy of each of its routes, as it did before 0.137."""


def embeds_body_fields(route: Any) -> bool:
    """Whether the only body parameter of a route stands under its name in the body."""
    embeds: bool = route._embed_body_fields
    return embeds


exit_callbacks = operator.attrgetter("_exit_callbacks")
"""What an `AsyncExitStack` is still to leave."""


telemetry_of = operator.attrgetter("_native_telemetry")
"""What an app asks whether to report a request."""


def exception_handlers(layer: ExceptionMiddleware) -> tuple[Any, Any]:
    """What Starlette's layer calls for exceptions and for statuses, as it tells its routes."""
    return layer._exception_handlers, layer._status_handlers


def telemetry_providers() -> list[Any]:
    """What OpenTelemetry was given to report to."""
    return [getattr(import_module(module), name) for module, (name, _) in _PROVIDERS.items()]


def telemetry_variables() -> list[Any]:
    """Under which keys of `environment` OpenTelemetry finds what to report to."""
    environ: Any = os.environ
    return [
        environ.encodekey(getattr(import_module(module), name))
        for module, (_, name) in _PROVIDERS.items()
    ]


def environment() -> dict[Any, Any]:
    """The environment variables, as `os.environ` keeps them."""
    environ: Any = os.environ
    variables: dict[Any, Any] = environ._data
    return variables


def type_adapter_of(field: ModelField) -> Any:
    """Pydantic's adapter of a field, `None` where it has none."""
    return getattr(field, "_type_adapter", None)


def low_priority_routes(router: APIRouter) -> list[BaseRoute]:
    """What FastAPI asks after all other routes of a router: its frontends."""
    return getattr(router, "_low_priority_routes", [])


def routes_version(router: APIRouter) -> int:
    """How often a router counted a change of its own routes."""
    version: int = router._routes_version
    return version


def has_built_candidates(inclusion: IncludedRouter) -> bool:
    """Whether FastAPI would go through an inclusion without building anything first."""
    built: int | None = inclusion._effective_candidates_version
    return built == inclusion.original_router._get_routes_version()


_lock = threading.RLock()


def lock_of(inclusion: IncludedRouter) -> Any:
    """What FastAPI holds while it builds the routes of an inclusion."""
    return getattr(inclusion, "_effective_routes_lock", _lock)


def is_passed_as_ever(inclusion: IncludedRouter) -> bool:
    """Whether no one else has a say in how a request gets from an inclusion to its routes."""
    return _are_fastapis(inclusion, _INCLUSION) and _are_fastapis(
        inclusion.original_router, _ROUTER
    )


def _are_fastapis(instance: Any, methods: dict[str, Any]) -> bool:
    return all(
        function is not None and getattr(getattr(instance, name), "__func__", None) is function
        for name, function in methods.items()
    )


def fastapis(kind: type, name: str) -> Any:
    """A method as FastAPI, or Starlette, wrote it. `None` if someone has replaced it."""
    method: Any = getattr(kind, name, None)
    code = getattr(method, "__code__", None)
    for module in (routing, starlette.routing):
        if code is not None and code.co_filename == module.__file__:
            return method
    return None


_INCLUSION = {
    name: fastapis(IncludedRouter, name)
    for name in ("matches", "_match", "handle", "_handle_selected")
}
_ROUTER = {name: fastapis(APIRouter, name) for name in ("matches", "handle", "_get_routes_version")}


def builds_contexts_as_ever() -> bool:
    """Whether no one else has a say in what FastAPI builds of a route where it is included."""
    return (
        fastapis(IncludedRouter, "_build_effective_context") is not None
        and getattr(routing, "_EffectiveRouteContext", None) is EffectiveRouteContext
    )


def match_within(inclusion: IncludedRouter, scope: Any) -> Any:
    """What FastAPI selects in an inclusion: a match, its scope, the route, and its context."""
    return inclusion._match(scope)


def match_low_priority(router: APIRouter, scope: Any) -> Any:
    """What FastAPI selects when no other route matches: as `match_within`."""
    return router._match_low_priority(scope)


def routing_names() -> Mapping[str, Any]:
    """The names in FastAPI's module of routing, as they are at each moment."""
    return vars(routing)


def solver_names() -> Mapping[str, Any]:
    """The names in the module of FastAPI's solver, likewise."""
    return vars(utils)


def max_body_size(route: Any) -> int | None:
    """The most bytes that a request to the route may have, FastAPI 0.164 and newer."""
    size: int | None = getattr(route, "max_body_size", None)
    return size


def concurrency_of(dependant: Dependant) -> Any:
    """What limits how many requests are in a dependency at once, FastAPI 0.163 and newer."""
    return getattr(dependant, "concurrency", None)


def dependant_of(call: Callable[..., Any], path: str) -> Dependant:
    """FastAPI's description of a callable and what is below it, whatever its scope."""
    if _takes_scope:
        return get_dependant(path=path, call=call, scope="function")
    return get_dependant(path=path, call=call)


_takes_scope = is_shaped(get_dependant, takes("path", "call", "scope"))


def rederived(place: Dependant, call: Callable[..., Any]) -> Dependant:
    """FastAPI's description of `call` in the place of another dependency."""
    concurrency = concurrency_of(place)
    path: Any = place.path
    derive: Callable[..., Dependant] = solver_names()["get_dependant"]
    return derive(
        path=path,
        call=call,
        name=place.name,
        parent_oauth_scopes=get_oauth_scopes(dependant=place),
        scope=place.scope,
        **({"concurrency": concurrency} if concurrency is not None else {}),
    )


def with_dependency(depends: params.Depends, call: Callable[..., Any]) -> params.Depends:
    """The same `Depends` with another callable. It became a dataclass with FastAPI 0.119."""
    if is_dataclass(depends):
        return replace(depends, dependency=call)
    copied: Any = copy(depends)
    copied.dependency = call
    return copied


def unremembered(predicate: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """The same predicate of callables, without FastAPI's memory of those it was asked about."""
    module = inspect.getmodule(predicate)
    name = getattr(predicate, "__name__", "")
    examine: Any = getattr(getattr(module, f"{name}_cached", None), "__wrapped__", None)
    identity: Any = getattr(module, "_CallIdentity", None)
    if examine is None or identity is None:
        return predicate

    def examined(call: Any) -> bool:
        found: bool = examine(identity(call))
        return found

    return examined


def is_async(call: Any, *, remember: bool = True) -> bool:
    """Whether FastAPI runs `call` on the event loop of its own accord.

    FastAPI remembers the callables that it was asked about; not so an override.
    """
    predicates = [is_coroutine_callable, is_async_gen_callable]
    return any(each(call) if remember else unremembered(each)(call) for each in predicates)


def unwrapped(call: Any) -> Any:
    """What FastAPI takes `call` to be a wrapper of."""
    while isinstance(call, functools.partial):
        call = call.func
    return inspect.unwrap(call)
