"""Which requests need which of the functions that plans stand in for.

A plan asks for each request whether the names that FastAPI would read are as they were. So it
asks for those alone that FastAPI would read to come to a response by the plan. What is read
on another way, when a request fails, say, the code of this package reads itself, then.
"""

from collections.abc import Mapping
from enum import Flag, auto
from typing import Final


class Way(Flag):
    """What FastAPI does for a request, besides what it does for each."""

    HTTP = auto()
    WEBSOCKET = auto()
    DEPENDENCIES = auto()
    """Solve dependencies."""
    GENERATORS = auto()
    """Enter dependencies with `yield`."""
    INJECTED = auto()
    """Give what is injected by its type: the request, background tasks..."""
    PARAMETERS = auto()
    """Read parameters, each by itself."""
    BODY = auto()
    """Read the body, and fail if that is not well formed."""
    JSON = auto()
    """Answer with what becomes JSON without a model."""
    ELSEWHERE = auto()
    """Stream, fail, trace what it does, look into overrides or models of parameters."""


EVERY: Final = ~Way(0)

_DEPENDENCIES: Final = Way.DEPENDENCIES
_BODY: Final = Way.BODY
_ELSEWHERE: Final = Way.ELSEWHERE
_READING: Final = Way.PARAMETERS | Way.BODY

KEPT: Final = (
    "Dependant._is_security_scheme",
    "Dependant._uses_scopes",
    "Dependant.cache_key",
    "Dependant.computed_scope",
    "Dependant.is_async_gen_callable",
    "Dependant.is_coroutine_callable",
    "Dependant.is_gen_callable",
)
"""What a `Dependant` finds out about itself and keeps, before FastAPI 0.140."""

_FUNCTIONS: Final[Mapping[str, Mapping[Way, tuple[str, ...]]]] = {
    "fastapi.routing": {
        Way.HTTP: (
            "request_response.<locals>.app",
            "request_response.<locals>.app.<locals>.app",
            "get_request_handler.<locals>.app",
            "_build_response_args",
            "run_endpoint_function",
            "serialize_response",
        ),
        Way.WEBSOCKET: (
            "websocket_session.<locals>.app",
            "websocket_session.<locals>.app.<locals>.app",
            "get_websocket_app.<locals>.app",
        ),
    },
    "fastapi.dependencies.utils": {
        Way.GENERATORS: ("_solve_generator",),
        Way.PARAMETERS: (
            "request_params_to_args",
            "_get_multidict_value",
            "_get_param_aliases",
            "_get_param_model",
            "_validate_value_with_model_field",
            "get_validation_alias",
        ),
        Way.BODY: (
            "request_body_to_args",
            "_get_form_model",
            "_get_form_models",
            "_should_embed_body_fields",
        ),
        _READING: ("_get_model_type", "_is_json_field"),
    },
    "fastapi.dependencies.models": {
        _DEPENDENCIES: (
            *KEPT,
            "_get_cache_key",
            "_get_computed_scope",
            "_is_coroutine_callable",
            "_is_security_scheme",
            "_uses_scopes",
        ),
        _DEPENDENCIES | Way.INJECTED: ("_get_oauth_scopes", "Dependant.oauth_scopes"),
    },
    "fastapi._compat.shared": {
        _READING: ("field_annotation_is_sequence", "lenient_issubclass"),
    },
    "fastapi._compat.v2": {
        _READING: (
            "ModelField.alias",
            "ModelField.default",
            "ModelField.get_default",
            "ModelField.validate",
            "ModelField.validation_alias",
        ),
        # They are called.
        _ELSEWHERE: ("ModelField.serialize", "ModelField.serialize_json"),
    },
    "fastapi.encoders": {Way.JSON: ("jsonable_encoder",)},
    # It is called.
    "fastapi.telemetry._api": {_ELSEWHERE: ("_get_request_telemetry", "_validation_failed")},
    "pydantic.type_adapter": {_READING: ("TypeAdapter.validate_python",)},
    "starlette.datastructures": {
        Way.PARAMETERS: (
            "Headers.__contains__",
            "Headers.__getitem__",
            "Headers.get",
            "QueryParams.__contains__",
            "QueryParams.get",
            "QueryParams.getlist",
        ),
    },
    "starlette.requests": {
        Way.HTTP: (
            "Request.cookies",
            "Request.headers",
            "Request.path_params",
            "Request.query_params",
        ),
    },
    "starlette.responses": {
        Way.JSON: ("JSONResponse.__init__", "JSONResponse.init_headers", "JSONResponse.render"),
        # FastAPI makes a response for each request, in case that a dependency wants it.
        Way.HTTP: (
            "Response.__init__",
            "Response.headers",
            "Response.init_headers",
            "Response.render",
        ),
    },
    "starlette.websockets": {
        Way.WEBSOCKET: (
            "WebSocket.cookies",
            "WebSocket.headers",
            "WebSocket.path_params",
            "WebSocket.query_params",
        ),
    },
    "json": {Way.JSON: ("dumps",)},
    "json.encoder": {Way.JSON: ("JSONEncoder.encode", "JSONEncoder.iterencode")},
}
"""On which ways functions are needed, if not on all."""

_NAMES: Final[Mapping[str, Mapping[Way, tuple[str, ...]]]] = {
    "request_response.<locals>.app.<locals>.app": {_ELSEWHERE: ("FastAPIError",)},
    "get_request_handler.<locals>.app": {
        _BODY: (
            "HTTPException",
            "MAX_BODY_SIZE_SCOPE_KEY",
            "_FASTAPI_SCOPE_KEY",
            "_resolve_form_limits",
            "email",
            "errors",
            "get_body_limit_error",
            "json",
            "JSONDecodeError",
            "message",
            "Message",
        ),
        _ELSEWHERE: (
            "EndpointContext",
            "ObjectReceiveStream",
            "RequestValidationError",
            "StreamingResponse",
            "_validation_failed",
            "asynccontextmanager",
            "dumps",
            "iterate_in_threadpool",
        ),
    },
    "serialize_response": {_ELSEWHERE: ("EndpointContext", "ResponseValidationError")},
    "_extract_endpoint_context": {
        # It is called, where what it says is needed.
        _ELSEWHERE: (
            "EndpointContext",
            "_endpoint_context_cache",
            "getsourcefile",
            "getsourcelines",
            "inspect",
        ),
    },
    # FastAPI's own layers are called where there is an exception.
    "AppBodyLimitMiddleware.__call__": {
        _ELSEWHERE: ("HTTPException", "Request", "get_body_limit_error", "http_exception_handler"),
    },
    "ExceptionTelemetryMiddleware.__call__": {_ELSEWHERE: ("_exception",)},
    "ServerErrorMiddleware.__call__": {
        _ELSEWHERE: ("Request", "is_async_callable", "run_in_threadpool"),
    },
    "ExceptionMiddleware.__call__": {_ELSEWHERE: ("WebSocket",)},
    "get_logger_provider": {_ELSEWHERE: ("_load_provider", "_set_logger_provider", "cast")},
    "get_meter_provider": {_ELSEWHERE: ("_load_provider", "_set_meter_provider", "cast")},
    "get_tracer_provider": {_ELSEWHERE: ("_load_provider", "_set_tracer_provider", "cast")},
    "solve_dependencies": {
        _DEPENDENCIES: (
            "_get_cache_key",
            "_is_async_gen_callable",
            "_is_coroutine_callable",
            "_is_gen_callable",
            "cast",
            "run_in_threadpool",
            "solve_dependencies",
        ),
        Way.GENERATORS: ("_solve_generator",),
        Way.INJECTED: ("BackgroundTasks", "Request", "SecurityScopes", "WebSocket"),
        _DEPENDENCIES | Way.INJECTED: ("_get_oauth_scopes",),
        _BODY: ("request_body_to_args",),
        _ELSEWHERE: ("_get_request_param_names", "get_dependant"),
    },
    "request_params_to_args": {_ELSEWHERE: ("_request_param_model_to_args",)},
    "_get_multidict_value": {_ELSEWHERE: ("_is_empty_file_input",)},
    "_validate_value_with_model_field": {_ELSEWHERE: ("get_missing_field_error",)},
    "_operation": {_ELSEWHERE: ("_traced_operation",)},
    # The method is called where anything is to be left.
    "AsyncExitStack.__aexit__": {_ELSEWHERE: ("exc_info", "sys")},
    "jsonable_encoder": {
        _ELSEWHERE: (
            "ENCODERS_BY_TYPE",
            "PydanticV1NotSupportedError",
            "asdict",
            "encoders_by_class_tuples",
            "is_pydantic_v1_model_instance",
        ),
    },
    "dumps": {_ELSEWHERE: ("_default_encoder",)},
    "JSONEncoder.iterencode": {_ELSEWHERE: ("_make_iterencode", "encode_basestring_ascii")},
    "JSONEncoder.encode": {_ELSEWHERE: ("encode_basestring_ascii",)},
}
"""On which ways of those a function reads names, if not on all."""


def _by_name(
    table: Mapping[str, Mapping[Way, tuple[str, ...]]],
) -> dict[tuple[str, str], Way]:
    return {
        (key, name): way
        for key, ways in table.items()
        for way, names in ways.items()
        for name in names
    }


_way_of_function: Final = _by_name(_FUNCTIONS)
_way_of_name: Final = _by_name(_NAMES)


def needs(ways: Way, module: str, function: str) -> bool:
    """Whether a function is needed on one of these ways."""
    return bool(_way_of_function.get((module, function), EVERY) & ways)


def reads(ways: Way, function: str, name: str) -> bool:
    """Whether a function that is needed reads a name on one of these ways."""
    return bool(_way_of_name.get((function, name), EVERY) & ways)
