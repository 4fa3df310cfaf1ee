"""What `FastDepsAPI(...)` and `FastDepsRouter(...)` take, for type checkers and editors.

A signature can't be extended by an argument in a way that checkers follow, so every argument
is spelt out here. At run time the constructors take what those of the installed FastAPI take.
"""

import functools
import inspect
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, FastAPI

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from enum import Enum

    from fastapi.applications import AppType
    from fastapi.datastructures import Default
    from fastapi.params import Depends
    from fastapi.routing import APIRoute
    from fastapi.telemetry import TelemetryConfig
    from fastapi.utils import generate_unique_id
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp, Lifespan

    from fastapi_fastdeps._building.routes import FastDepsRoute
    from fastapi_fastdeps._fastapi.names import FormLimits
    from fastapi_fastdeps.classifiers import Classifier
    from fastapi_fastdeps.guarding import Guard

    class TypedFastAPI(FastAPI):
        def __init__(
            self: AppType,
            *,
            classifier: Classifier | None = None,
            fuse_visits: bool = True,
            limiters: Mapping[str, int] | None = None,
            thread_tokens: int | None = None,
            thread_context: Literal["own", "shared"] = "own",
            guard: Guard | bool | None = None,
            telemetry: TelemetryConfig | None = None,
            debug: bool = False,
            routes: list[BaseRoute] | None = None,
            title: str = "FastAPI",
            summary: str | None = None,
            description: str = "",
            version: str = "0.1.0",
            openapi_url: str | None = "/openapi.json",
            openapi_tags: list[dict[str, Any]] | None = None,
            servers: list[dict[str, str | Any]] | None = None,
            dependencies: Sequence[Depends] | None = None,
            default_response_class: type[Response] = Default(JSONResponse),
            redirect_slashes: bool = True,
            docs_url: str | None = "/docs",
            redoc_url: str | None = "/redoc",
            swagger_ui_oauth2_redirect_url: str | None = "/docs/oauth2-redirect",
            swagger_ui_init_oauth: dict[str, Any] | None = None,
            middleware: Sequence[Middleware] | None = None,
            exception_handlers: dict[
                int | type[Exception],
                Callable[[Request, Any], Coroutine[Any, Any, Response]],
            ]
            | None = None,
            on_startup: Sequence[Callable[[], Any]] | None = None,
            on_shutdown: Sequence[Callable[[], Any]] | None = None,
            lifespan: Lifespan[AppType] | None = None,
            terms_of_service: str | None = None,
            contact: dict[str, str | Any] | None = None,
            license_info: dict[str, str | Any] | None = None,
            root_path: str = "",
            root_path_in_servers: bool = True,
            responses: dict[int | str, dict[str, Any]] | None = None,
            callbacks: list[BaseRoute] | None = None,
            webhooks: APIRouter | None = None,
            deprecated: bool | None = None,
            include_in_schema: bool = True,
            swagger_ui_parameters: dict[str, Any] | None = None,
            generate_unique_id_function: Callable[[APIRoute], str] = Default(generate_unique_id),
            separate_input_output_schemas: bool = True,
            openapi_external_docs: dict[str, Any] | None = None,
            strict_content_type: bool = True,
            max_body_size: int | None = None,
            form_limits: FormLimits | None = None,
        ) -> None:
            """An application. All but the first six is FastAPI's and means what it means there.

            Args:
                classifier: Decides where sync callables run. `None` is `default_classifier`.
                fuse_visits: Whether consecutive steps of a request that go to a thread are one
                    visit to a worker thread, each still in a copy of the request's context.
                limiters: How many requests `Threaded(limiter=...)` lets in at once, by the name
                    of the limiter.
                thread_tokens: The same for what names no limiter, and how many threads AnyIO's
                    default limiter has. `None` leaves it at AnyIO's 40.
                thread_context: Whether a context variable that is set in a thread is seen by
                    what runs later in the request.
                guard: Tells of inline calls that take too long; `True` is `Guard()`. `None` is
                    what the environment variable `FASTAPI_FASTDEPS_GUARD` says, and without it
                    a guard under `fastapi dev` only.
                telemetry: Settings of the built-in OpenTelemetry support.
                debug: Answer a server error with its traceback.
                routes: Ready-made routes. Prefer the decorators.
                title: Name of the API in OpenAPI.
                summary: One line about the API in OpenAPI.
                description: Text about the API in OpenAPI; Markdown.
                version: Version of your API, not of OpenAPI.
                openapi_url: Path of the schema. `None` switches off schema and docs pages.
                openapi_tags: Descriptions of the tags, in the order of the docs pages.
                servers: Server objects of OpenAPI.
                dependencies: Run for every HTTP and WebSocket route of the application.
                default_response_class: Makes the response where a route names no class.
                redirect_slashes: Redirect a path that only lacks, or has, a final slash.
                docs_url: Path of Swagger UI, `None` for none.
                redoc_url: Path of ReDoc, `None` for none.
                swagger_ui_oauth2_redirect_url: Where an OAuth2 flow returns to Swagger UI.
                swagger_ui_init_oauth: OAuth2 settings of Swagger UI.
                middleware: Wrapped around the application, the first one outermost.
                exception_handlers: What answers an exception class or a status code.
                on_startup: Called at startup. Prefer `lifespan`.
                on_shutdown: Called at shutdown. Prefer `lifespan`.
                lifespan: An async context manager around the life of the application.
                terms_of_service: URL of the terms of service, in OpenAPI.
                contact: Contact object of OpenAPI.
                license_info: License object of OpenAPI.
                root_path: Prefix that a proxy strips off before the request comes here.
                root_path_in_servers: List `root_path` among the servers of OpenAPI.
                responses: More responses for OpenAPI, for every route.
                callbacks: OpenAPI callbacks, for every route.
                webhooks: The router whose routes are documented as webhooks.
                deprecated: Mark every route as deprecated in OpenAPI.
                include_in_schema: `False` leaves every route out of OpenAPI.
                swagger_ui_parameters: Settings of Swagger UI.
                generate_unique_id_function: Makes the operation ID of a route.
                separate_input_output_schemas: Two schemas for a model where what is taken
                    differs from what is returned.
                openapi_external_docs: External documentation object of OpenAPI.
                strict_content_type: Parse a body as JSON only if its `Content-Type` says so.
                max_body_size: The most bytes that a request body may have.
                form_limits: How many fields and files a form may have, and how large.
            """

    class TypedAPIRouter(APIRouter):
        def __init__(
            self,
            *,
            classifier: Classifier | None = None,
            prefix: str = "",
            tags: list[str | Enum] | None = None,
            dependencies: Sequence[Depends] | None = None,
            default_response_class: type[Response] = Default(JSONResponse),
            responses: dict[int | str, dict[str, Any]] | None = None,
            callbacks: list[BaseRoute] | None = None,
            routes: list[BaseRoute] | None = None,
            redirect_slashes: bool = True,
            default: ASGIApp | None = None,
            dependency_overrides_provider: Any | None = None,
            route_class: type[APIRoute] = FastDepsRoute,
            on_startup: Sequence[Callable[[], Any]] | None = None,
            on_shutdown: Sequence[Callable[[], Any]] | None = None,
            lifespan: Lifespan[Any] | None = None,
            deprecated: bool | None = None,
            include_in_schema: bool = True,
            generate_unique_id_function: Callable[[APIRoute], str] = Default(generate_unique_id),
            strict_content_type: bool = Default(True),
            max_body_size: int | None = None,
            form_limits: FormLimits | None = None,
        ) -> None:
            """A router. All but `classifier` is FastAPI's and means what it means there.

            Args:
                classifier: Decides where sync callables run. `None` leaves that to the router
                    or application that includes this one.
                prefix: Put before the path of every route.
                tags: Put on every route in OpenAPI.
                dependencies: Run for every HTTP and WebSocket route of the router.
                default_response_class: Makes the response where a route names no class.
                responses: More responses for OpenAPI, for every route.
                callbacks: OpenAPI callbacks, for every route.
                routes: Ready-made routes. Prefer the decorators.
                redirect_slashes: Redirect a path that only lacks, or has, a final slash.
                default: The ASGI app that answers where no route matches.
                dependency_overrides_provider: The application, which sets this itself.
                route_class: The class of the routes; it need not be a `FastDepsRoute`.
                on_startup: Called at startup. Prefer `lifespan`.
                on_shutdown: Called at shutdown. Prefer `lifespan`.
                lifespan: An async context manager around the life of the application.
                deprecated: Mark every route as deprecated in OpenAPI.
                include_in_schema: `False` leaves every route out of OpenAPI.
                generate_unique_id_function: Makes the operation ID of a route.
                strict_content_type: Parse a body as JSON only if its `Content-Type` says so.
                max_body_size: The most bytes that a request body may have.
                form_limits: How many fields and files a form may have, and how large.
            """

else:
    TypedFastAPI = FastAPI
    TypedAPIRouter = APIRouter


def signature_with(own: Callable[..., None], inherited: Callable[..., None]) -> inspect.Signature:
    """The signature of a constructor that passes on all but its own arguments to `inherited`.

    The annotations are FastAPI's objects, documentation included, for `help()` to show.
    """
    ours = {
        name: parameter
        for name, parameter in inspect.signature(own).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    }
    first, *rest = inspect.signature(inherited).parameters.values()
    theirs = [
        parameter.replace(default=ours.pop(parameter.name).default)
        if parameter.name in ours
        else parameter
        for parameter in rest
    ]
    # A class that takes the place of FastAPI's may take anything: `*args, **kwargs`.
    ordered = sorted([*ours.values(), *theirs], key=lambda parameter: parameter.kind)
    return inspect.Signature([first, *ordered], return_annotation=None)


def standing_in(kind: type, name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that gives a method the signature and documentation of the one that it
    overrides, where FastAPI has that one."""
    method: Callable[..., None] | None = getattr(kind, name, None)
    return functools.wraps(method) if method is not None else lambda override: override


def pass_on(constructor: Callable[..., None], options: dict[str, Any]) -> None:
    """Call FastAPI's constructor for the caller of the constructor that calls this.

    FastAPI attributes its warnings to the line that called it. For them to name the user's
    line, show once for it and obey a filter for the user's module, FastAPI has to be called
    by a frame that has that line and the user's globals.
    """
    here = inspect.currentframe()
    user = here and here.f_back and here.f_back.f_back
    if user is None:
        constructor(**options)
        return
    code = _call.__code__.replace(
        co_filename=user.f_code.co_filename,
        co_firstlineno=user.f_lineno,
        co_name=user.f_code.co_name,
        co_qualname=user.f_code.co_qualname,
    )
    FunctionType(code, user.f_globals)(constructor, options)


# On one line, which becomes the user's.
def _call(make: Callable[..., None], options: dict[str, Any]) -> None: make(**options)  # fmt: skip
