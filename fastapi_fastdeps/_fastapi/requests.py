"""What FastAPI reads and keeps for a request, where that has no public name."""

# pyright: reportPrivateUsage=false

import inspect
import operator
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from fastapi import routing
from fastapi.dependencies import utils
from pydantic_core import SchemaValidator
from starlette import background, datastructures
from starlette.middleware.exceptions import ExceptionMiddleware

from fastapi_fastdeps._fastapi.ground import find_code
from fastapi_fastdeps._fastapi.names import (
    PROVIDERS,
    ModelField,
    Undefined,
)
from fastapi_fastdeps._fastapi.versions import is_older_than

streams_generators = not is_older_than("0.134.0")
"""Whether what a generator endpoint yields is streamed; it was serialised as a list."""

has_telemetry: Final = not is_older_than("0.142.0")
"""Whether FastAPI may be measuring what it does for a request."""

NO_BODY: Final[Any] = None if is_older_than("0.151.0") else Undefined
"""What stands for a body that was not sent: it was not told from `null`."""

validates_defaults: Final = is_older_than("0.148.0")
"""Whether defaults are made before any parameter is validated, and validated if not `None`."""


def embeds_body_fields(route: Any) -> bool:
    """Whether the only body parameter of a route stands under its name in the body."""
    embeds: bool = route._embed_body_fields
    return embeds


exit_callbacks = operator.attrgetter("_exit_callbacks")
"""What an `AsyncExitStack` is still to leave."""


telemetry_of = operator.attrgetter("_native_telemetry")
"""What an app asks whether to report a request."""


def meter_provider_of(app: Any) -> Any:
    """What the program has for metrics, `None` for an app that is to have none. One that an app
    was given is for FastAPI's metrics alone, which are of HTTP requests."""
    config: Any = getattr(getattr(app, "_native_telemetry", None), "config", None)
    if config is not None and not config["metrics"]:
        return None
    api = sys.modules.get("opentelemetry.metrics")
    return None if api is None else api.get_meter_provider()


exception_handlers: Callable[[ExceptionMiddleware], tuple[Any, Any]] = operator.attrgetter(
    "_exception_handlers", "_status_handlers"
)
"""What Starlette's layer calls for exceptions and for statuses, as it tells its routes."""


def telemetry_providers() -> list[Any]:
    """What OpenTelemetry was given to report to."""
    return [getattr(import_module(module), name) for module, (name, _) in PROVIDERS.items()]


def telemetry_variables() -> list[Any]:
    """Under which keys of `environment` OpenTelemetry finds what to report to."""
    environ: Any = os.environ
    return [
        environ.encodekey(getattr(import_module(module), name))
        for module, (_, name) in PROVIDERS.items()
    ]


def environment() -> dict[Any, Any]:
    """The environment variables, as `os.environ` keeps them."""
    environ: Any = os.environ
    variables: dict[Any, Any] = environ._data
    return variables


def validate_of(field: ModelField) -> Callable[..., Any] | None:
    """How Pydantic validates what a field is given, `None` where something of somebody else's
    runs, too, or nothing is known of it. With a plugin of Pydantic's installed, Logfire's for
    one, there is an object around the validator, with the validator's own method if no plugin
    has asked for more."""
    validator = getattr(getattr(field, "_type_adapter", None), "validator", None)
    validate = getattr(validator, "validate_python", None)
    is_pydantics = type(getattr(validate, "__self__", None)) is SchemaValidator
    return validate if is_pydantics and inspect.isbuiltin(validate) else None


def routing_names() -> Mapping[str, Any]:
    """The names in FastAPI's module of routing, as they are at each moment."""
    return vars(routing)


def solver_names() -> Mapping[str, Any]:
    """The names in the module of FastAPI's solver, likewise."""
    return vars(utils)


def background_names() -> Mapping[str, Any]:
    """The names in Starlette's module of background tasks, likewise."""
    return vars(background)


def upload_names() -> Mapping[str, Any]:
    """The names in Starlette's module of uploaded files, likewise."""
    return vars(datastructures)


def is_on_disk(upload: datastructures.UploadFile, more: int = 0) -> bool:
    """Whether the file is on a disk, or will be with some `more` bytes in it."""
    will_roll: Callable[[int], bool] | None = getattr(upload, "_will_roll", None)
    if more and will_roll is not None:
        return will_roll(more)
    return not upload._in_memory


def response_not_awaited() -> str:
    """What FastAPI says where a dependency with `yield` has swallowed an exception."""
    code = find_code(routing.request_response, "request_response.<locals>.app.<locals>.app")
    texts = (each for each in code.co_consts if isinstance(each, str))
    return next((each for each in texts if each.startswith("Response not awaited")), "")
