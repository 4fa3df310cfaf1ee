"""The request handler of a planned route."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, Protocol

from fastapi import params, routing
from fastapi.datastructures import DefaultPlaceholder
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import (
    EndpointContext,
    RequestValidationError,
    ResponseValidationError,
)
from fastapi.utils import is_body_allowed_for_status_code
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.names import (
    Undefined,
    embeds_body_fields,
    extract_endpoint_context,
    get_request_telemetry,
    is_async,
    operation,
    validation_failed,
)
from fastapi_fastdeps._lane.choice import is_served_by_fastapi
from fastapi_fastdeps._serving.body import body_error, read_form, read_json
from fastapi_fastdeps._serving.current import CurrentPlan
from fastapi_fastdeps._serving.responses import json_response
from fastapi_fastdeps._serving.solver import Solution
from fastapi_fastdeps.marking import Inline

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RouteState(Protocol):
    """What FastAPI knows of a route at one inclusion."""

    status_code: int | None
    response_class: Any
    response_field: Any
    response_model_include: Any
    response_model_exclude: Any
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    strict_content_type: Any
    body_field: Any


class PlannedHandler:
    """Handles the requests of one route by its plan.

    While a function of FastAPI that the plan replaces is instrumented, requests go to
    `fallback`, FastAPI's own handler.
    """

    def __init__(
        self,
        state: RouteState,
        live: LiveGraph,
        provider: Any | None,
        fallback: Callable[[], Handler],
        form_limits: Any,
    ) -> None:
        graph = self.graph = live.current()
        self._fallback = fallback
        self._fastapis: Handler | None = None
        self._plan = CurrentPlan(graph, provider, embed=embeds_body_fields(state))
        call = graph.root.candidate.call
        self._call = call
        self._path = graph.root.dependant.path
        self._is_async = is_async(call)
        self._is_inline = isinstance(graph.root.execution, Inline)
        self._dependant = graph.root.dependant
        self._form_limits = form_limits
        self._body_field = state.body_field
        self._is_form = isinstance(getattr(state.body_field, "field_info", None), params.Form)
        strict = state.strict_content_type
        self._strict = strict.value if isinstance(strict, DefaultPlaceholder) else strict
        self._status_code = state.status_code
        response_class = state.response_class
        self._dump_json = state.response_field is not None and isinstance(
            response_class, DefaultPlaceholder
        )
        if isinstance(response_class, DefaultPlaceholder):
            response_class = response_class.value
        self._response_class: type[Response] = response_class
        self._field = state.response_field
        self._is_plain_json = self._field is None and response_class is JSONResponse
        self._serialization = {
            "include": state.response_model_include,
            "exclude": state.response_model_exclude,
            "by_alias": state.response_model_by_alias,
            "exclude_unset": state.response_model_exclude_unset,
            "exclude_defaults": state.response_model_exclude_defaults,
            "exclude_none": state.response_model_exclude_none,
        }

    async def handle(self, request: Request) -> Response:
        if is_served_by_fastapi():
            if self._fastapis is None:
                self._fastapis = self._fallback()
            return await self._fastapis(request)
        telemetry = get_request_telemetry()
        data = telemetry.data if telemetry is not None else None
        if data is not None:
            data.request = request
        scope = request.scope
        assert isinstance(scope.get("fastapi_middleware_astack"), AsyncExitStack), (
            "fastapi_middleware_astack not found in request scope"
        )
        body = Undefined
        if self._body_field is not None:
            try:
                if self._is_form:
                    body = await read_form(request, self._form_limits)
                else:
                    body = await read_json(request, strict=self._strict)
            except Exception as error:
                raised = body_error(request, error, self._context(request))
                if raised is error:
                    raise
                if isinstance(raised, RequestValidationError):
                    validation_failed(raised)
                raise raised from error
        if data is not None:
            data.body = None if body is Undefined else body
        assert isinstance(scope.get("fastapi_inner_astack"), AsyncExitStack), (
            "fastapi_inner_astack not found in request scope"
        )
        assert isinstance(scope.get("fastapi_function_astack"), AsyncExitStack), (
            "fastapi_function_astack not found in request scope"
        )
        solution = Solution(self._plan, request, body)
        if telemetry is None:
            await solution.solve()
        else:
            with operation(name="dependencies", function=self._call):
                await solution.solve()
                if data is not None:
                    data.values = solution.values
                    data.errors = solution.errors
        if solution.errors:
            invalid = RequestValidationError(
                solution.errors,
                body=None if body is Undefined else body,
                endpoint_ctx=self._context(request),
            )
            validation_failed(invalid)
            raise invalid
        if telemetry is None and self._is_async:
            returned = await self._call(**solution.values)
        elif telemetry is None and self._is_inline:
            returned = self._call(**solution.values)
        else:
            returned = await self._run_endpoint(solution.values)
        if isinstance(returned, Response):
            if returned.background is None:
                returned.background = solution.background_tasks
            assert returned
            return returned
        if telemetry is None:
            return await self._respond(request, returned, solution)
        with operation(name="serialization", function=self._call):
            return await self._respond(request, returned, solution)

    async def _run_endpoint(self, values: dict[str, Any]) -> Any:
        if self._is_inline:
            with operation(name="endpoint", function=self._call):
                return self._call(**values)
        return await routing.run_endpoint_function(
            dependant=self._dependant, values=values, is_coroutine=self._is_async
        )

    async def _respond(self, request: Request, returned: Any, solution: Solution) -> Response:
        response: Response
        injected = solution.status_code
        status_code = injected or self._status_code or injected
        if self._is_plain_json:
            response = json_response(returned, status_code, solution.background_tasks)
        else:
            arguments: dict[str, Any] = {"background": solution.background_tasks}
            if status_code is not None:
                arguments["status_code"] = status_code
            content = await self._serialize(request, returned)
            if self._dump_json:
                response = Response(content, media_type="application/json", **arguments)
            else:
                return self._complete(self._response_class(content, **arguments), solution)
        if response.status_code != 200 and not is_body_allowed_for_status_code(
            response.status_code
        ):
            response.body = b""
        if headers := solution.headers:
            response.headers.raw.extend(headers)
        return response

    def _complete(self, response: Response, solution: Solution) -> Response:
        """The response of a class that may not be Starlette's, touched where FastAPI does."""
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        response.headers.raw.extend(solution.headers)
        assert response
        return response

    async def _serialize(self, request: Request, returned: Any) -> Any:
        field = self._field
        if field is None:
            return jsonable_encoder(returned)
        if self._is_async or self._is_inline:
            value, errors = field.validate(returned, {}, loc=("response",))
        else:
            value, errors = await run_in_threadpool(field.validate, returned, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(
                errors=errors, body=returned, endpoint_ctx=self._context(request)
            )
        serialize = field.serialize_json if self._dump_json else field.serialize
        return serialize(value, **self._serialization)

    def _context(self, request: Request) -> EndpointContext:
        context = extract_endpoint_context(self._call)
        if self._path:
            mount_path = request.scope.get("root_path", "").rstrip("/")
            context["path"] = f"{request.method} {mount_path}{self._path}"
        return context
