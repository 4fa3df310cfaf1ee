"""Every name of FastAPI, and of what it is built on, that no documentation promises, in one
place."""

# pyright: reportPrivateUsage=false

from contextlib import nullcontext
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

import fastapi
from anyio.lowlevel import RunVar
from fastapi import routing
from fastapi.dependencies import utils
from pydantic import BaseModel

from fastapi_fastdeps._fastapi.capabilities import (
    Absent,
    Capability,
    either,
    has,
    instance_of,
    is_shaped,
    makes,
    mentions,
    takes,
    tell_of,
    tells,
)
from fastapi_fastdeps._fastapi.fingerprints import why_unproven
from fastapi_fastdeps._fastapi.ground import (
    BUILDING,
    FIELDS,
    ROUTES,
    SERVING,
    SHELL,
)
from fastapi_fastdeps._fastapi.replacements import original_of
from fastapi_fastdeps._fastapi.shapes import (
    has_code,
    is_field_what_it_was,
    request_is_what_it_was,
    response_is_what_it_was,
    validates,
)
from fastapi_fastdeps._fastapi.threadless import is_threadless
from fastapi_fastdeps._fastapi.versions import (
    LANE_VARIABLE,
    PLANS_SINCE,
    asked_lane,
    check_supported,
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
streams = Capability(
    "the place of what a StreamingResponse iterates",
    "sync iterators are iterated in threads",
    on=classification,
)
uploads = Capability("the place of uploaded files", "they are read in threads", on=classification)
matching = Capability(
    "the index of routes", "routes are asked one after the other", since="0.165.0", on=inclusions
)
fast_lane = Capability(
    "the fast lane",
    "requests take FastAPI's own handler",
    since=PLANS_SINCE,
    on=classification,
    tells_age=True,
)
shared_fields = Capability(
    "fields that are like others",
    "Pydantic is asked about each parameter of each route",
    since="0.165.0",
    on=inclusions,
)
shell = Capability(
    "the shell", "requests go through each of FastAPI's layers", since="0.165.0", on=fast_lane
)


here = Capability(
    "the event loop in the place of AnyIO's threads",
    "what FastAPI itself sends to one fails where none can start",
    on=classification,
)

PROVIDERS = {
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
    from fastapi.utils import create_model_field as make_model_field
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
    ParamDetails = utils.ParamDetails
    Dependant = models.Dependant
    get_cache_key = models._get_cache_key
    get_oauth_scopes = models._get_oauth_scopes
    is_async_gen_callable = models._is_async_gen_callable
    is_coroutine_callable = models._is_coroutine_callable
    is_gen_callable = models._is_gen_callable
    uses_scopes = models._uses_scopes
    get_param_aliases = utils._get_param_aliases
    get_param_model = utils._get_param_model
    is_json_field = utils._is_json_field
    should_embed_body_fields = utils._should_embed_body_fields
    solve_generator = utils._solve_generator
    get_dependant = utils.get_dependant
    get_parameterless_sub_dependant = utils.get_parameterless_sub_dependant
    get_typed_signature = utils.get_typed_signature
    request_body_to_args = utils.request_body_to_args
    SolvedDependency = utils.SolvedDependency
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
    _TELEMETRY = "fastapi.telemetry._api"
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

    def _nothing(*_):
        pass

    def _unmeasured(**_):
        return nullcontext()

    def _unlimited(app, _):
        return app

    def _no_limits(*_):
        return {}

    def _is_anything(_):
        return True

    _SCOPE = {}

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

    streams.find(
        "starlette.concurrency",
        "iterate_in_threadpool",
        lambda found: dict(found(()).ag_frame.f_locals) == {"iterator": ()},
    )
    uploads.find(
        "starlette.datastructures",
        "UploadFile",
        lambda found: (
            has("read", "write", "seek", "close")(found) and found(BytesIO())._in_memory is False
        ),
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

    def _kept(name):
        return lambda *, dependant, **_: getattr(dependant, name)

    get_cache_key = fast_lane.find(
        _MODELS,
        "_get_cache_key",
        takes("dependant", "uses_scopes_cache"),
        _kept("cache_key"),
        since="0.140.0",
    )
    get_oauth_scopes = fast_lane.find(
        _MODELS, "_get_oauth_scopes", takes("dependant"), _kept("oauth_scopes"), since="0.140.0"
    )
    uses_scopes = fast_lane.find(
        _MODELS, "_uses_scopes", takes("dependant"), _kept("_uses_scopes"), since="0.140.0"
    )
    get_validation_alias = fast_lane.find(_UTILS, "get_validation_alias", takes(positional=1))

    def _only_alias(field):
        alias = get_validation_alias(field)
        return [(alias, alias)]

    def _model_itself(field):
        annotation = field.field_info.annotation
        return annotation if lenient_issubclass(annotation, BaseModel) else None

    get_param_aliases = fast_lane.find(
        _UTILS, "_get_param_aliases", takes(positional=1), _only_alias, since="0.156.3"
    )
    get_param_model = fast_lane.find(
        _UTILS, "_get_param_model", takes(positional=1), _model_itself, since="0.159.0"
    )
    is_json_field = fast_lane.find(_UTILS, "_is_json_field", takes(positional=1))
    should_embed_body_fields = fast_lane.find(
        _UTILS, "_should_embed_body_fields", takes(positional=1)
    )
    solve_generator = fast_lane.find(
        _UTILS,
        "_solve_generator",
        either(
            takes("dependant", "stack", "sub_values", "request"),
            takes("dependant", "stack", "sub_values"),
        ),
    )
    request_body_to_args = fast_lane.find(
        _UTILS,
        "request_body_to_args",
        takes("body_fields", "received_body", "embed_body_fields"),
    )
    SolvedDependency = fast_lane.find(
        _UTILS,
        "SolvedDependency",
        takes("values", "errors", "background_tasks", "response", "dependency_cache"),
    )
    request_params_to_args = fast_lane.find(_UTILS, "request_params_to_args", takes(positional=2))
    extract_endpoint_context = fast_lane.find(
        _ROUTING, "_extract_endpoint_context", takes(positional=1)
    )
    get_request_telemetry = fast_lane.find(
        _TELEMETRY, "_get_request_telemetry", takes(), _nothing, since="0.142.0"
    )
    operation = fast_lane.find(
        _TELEMETRY, "_operation", takes("name", "function"), _unmeasured, since="0.142.0"
    )
    validation_failed = fast_lane.find(
        _TELEMETRY, "_validation_failed", takes(positional=1), _nothing, since="0.142.0"
    )
    EventSourceResponse = fast_lane.find(
        "fastapi.sse", "EventSourceResponse", instance_of(type), Absent, since="0.135.0"
    )
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
    fast_lane.find(
        _ROUTING,
        "get_request_handler",
        lambda found: mentions("fastapi_middleware_astack")(original_of(found)),
    )
    fast_lane.find(
        _ROUTING, "_FASTAPI_SCOPE_KEY", lambda found: found == "fastapi", since="0.165.0"
    )
    fast_lane.find("fastapi._compat", "ModelField", validates)

    wrap_app_handling_exceptions = fast_lane.find(
        "starlette._exception_handler", "wrap_app_handling_exceptions", takes(positional=2)
    )
    fast_lane.find("starlette.concurrency", "run_in_threadpool", takes("value", positional=1))
    fast_lane.find("starlette.requests", "Request", request_is_what_it_was)
    fast_lane.find("starlette.websockets", "WebSocket", request_is_what_it_was)
    fast_lane.find("starlette.responses", "JSONResponse", response_is_what_it_was)
    fast_lane.find("contextlib", "AsyncExitStack", makes("_exit_callbacks"))

    for functions in (BUILDING, SERVING):
        for module, qualified_names in functions.items():
            for qualified_name in qualified_names:
                path = qualified_name.partition(".<locals>.")[0]
                fast_lane.find(module, path, has_code(path, qualified_name))

    ParamDetails = shared_fields.find(
        _UTILS, "ParamDetails", has("type_annotation", "depends", "field"), Absent
    )
    make_model_field = shared_fields.find(
        "fastapi.utils",
        "create_model_field",
        takes("name", "type_", "default", "field_info", "alias", "mode"),
    )
    shared_fields.find(
        _UTILS,
        "analyze_param",
        takes("param_name", "annotation", "value", "path_param_names"),
    )
    shared_fields.find("fastapi._compat", "ModelField", is_field_what_it_was)
    for functions in (FIELDS, ROUTES):
        for module, qualified_names in functions.items():
            for qualified_name in qualified_names:
                shared_fields.find(module, qualified_name, has_code(qualified_name, qualified_name))

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
    for module, names in PROVIDERS.items():
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
            shell.find(module, qualified_name, has_code(qualified_name, qualified_name))

if asked_lane() != "fast":
    for part, capability in (
        ("fast_lane", fast_lane),
        ("shell", shell),
        ("matching", matching),
        ("shared_fields", shared_fields),
    ):
        if capability and (why := why_unproven(part)):
            capability.miss(why)


@cache
def anyios_workers() -> "tuple[RunVar[Any], RunVar[Any]] | None":
    """Where AnyIO keeps the threads of an event loop: those that are idle, and all of them."""
    # Importing it takes long, and AnyIO does so when an event loop is to run.
    backend, shape = "anyio._backends._asyncio", instance_of(RunVar)
    idle = here.find(backend, "_threadpool_idle_workers", shape)
    workers = here.find(backend, "_threadpool_workers", shape)
    return (idle, workers) if here else None


if is_threadless():
    anyios_workers()

tell_of(
    classification,
    route_classes,
    websockets,
    inclusions,
    frontends,
    streams,
    uploads,
    here,
    matching,
    fast_lane,
    shell,
    shared_fields,
)

__all__ = [
    "EFFECTIVE_ROUTE_CONTEXT_KEY",
    "FASTAPI_SCOPE_KEY",
    "INCLUDED_ROUTER_KEY",
    "LANE_VARIABLE",
    "MAX_BODY_SIZE_SCOPE_KEY",
    "PROVIDERS",
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
    "ParamDetails",
    "SolvedDependency",
    "Undefined",
    "anyios_workers",
    "apply_router_form_limits",
    "asked_lane",
    "classification",
    "compile_path",
    "effective_route_context_var",
    "extract_endpoint_context",
    "fast_lane",
    "field_annotation_is_sequence",
    "frontends",
    "get_body_limit_error",
    "get_cache_key",
    "get_context",
    "get_dependant",
    "get_fastapi_scope",
    "get_oauth_scopes",
    "get_param_aliases",
    "get_param_model",
    "get_parameterless_sub_dependant",
    "get_request_telemetry",
    "get_route_path",
    "get_typed_signature",
    "get_websocket_app",
    "here",
    "inclusions",
    "is_async_gen_callable",
    "is_coroutine_callable",
    "is_gen_callable",
    "is_json_field",
    "lenient_issubclass",
    "make_model_field",
    "matching",
    "operation",
    "regenerate_error_with_loc",
    "request_body_to_args",
    "request_params_to_args",
    "request_response",
    "resolve_form_limits",
    "route_classes",
    "route_selected",
    "shared_fields",
    "shell",
    "should_embed_body_fields",
    "solve_generator",
    "streams",
    "update_scope",
    "uploads",
    "uses_scopes",
    "validation_failed",
    "websocket_session",
    "websockets",
    "wrap_app_handling_exceptions",
    "wrap_app_with_body_limit",
]
