"""The request handler of a planned route."""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import cached_property, partial
from typing import Any, Protocol

from fastapi import BackgroundTasks, params, routing
from fastapi.datastructures import DefaultPlaceholder
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import (
    EndpointContext,
    RequestValidationError,
)
from fastapi.utils import is_body_allowed_for_status_code
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from fastapi_fastdeps._compiling.functions import NOT_CALLED
from fastapi_fastdeps._deciding.graph import Node
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.ground import Ground
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    SolvedDependency,
    extract_endpoint_context,
    get_request_telemetry,
    is_async_gen_callable,
    is_gen_callable,
    operation,
    validation_failed,
)
from fastapi_fastdeps._fastapi.replacements import original_of
from fastapi_fastdeps._fastapi.requests import (
    NO_BODY,
    embeds_body_fields,
    has_telemetry,
    routing_names,
)
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._lane.choice import is_plain_json, ways_to_answer
from fastapi_fastdeps._lane.placing import Placing
from fastapi_fastdeps._lane.tree import ClassifiedDependant, classified_dependant
from fastapi_fastdeps._plan.kinds import Kind, kind_of_endpoint
from fastapi_fastdeps._serving import answering, instrumented
from fastapi_fastdeps._serving.body import body_error, read_form, read_json
from fastapi_fastdeps._serving.responses import json_response
from fastapi_fastdeps._serving.solution import Solution
from fastapi_fastdeps._serving.solver import Solver
from fastapi_fastdeps._threads import Visits, current_visits, fuses_visits, limiter_of
from fastapi_fastdeps.marking import Inline

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_Solve = Callable[..., Coroutine[Any, Any, SolvedDependency]]
_Begun = tuple[Callable[..., Any], str | None, str, str]
"""A request as it was before anything of the user's ran: the endpoint, the route's path, the
method, and where the app is mounted."""


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
    dependency_overrides_provider: Any


class PlannedHandler:
    """Handles the requests of one route by its plan.

    While a function of FastAPI that the plan replaces is instrumented by something unknown,
    requests go to `fallback`, which handles them in FastAPI's lane.

    Attributes:
        serve: handles a request in the fast lane, which nothing that was replaced speaks
            against: within what a known tool does around FastAPI's handler, if there is one.
    """

    def __init__(
        self,
        state: RouteState,
        live: LiveGraph,
        provider: Any | None,
        fallback: Handler,
        form_limits: Any,
        placing: Placing,
        ways_to_plan: Way,
    ) -> None:
        self._live = live
        self._root = live.root
        self._dependant = classified_dependant(live)
        self._fallback = fallback
        self.serve: Handler = self._answer
        # FastAPI settles this once, and calls what stands there when a request comes.
        self._is_async = live.was_async
        self._settle()
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
        self._ways = ways_to_plan | ways_to_answer(state.body_field, self._field, response_class)
        self._is_plain_json = is_plain_json(self._field, response_class)
        self._serialization = {
            "include": state.response_model_include,
            "exclude": state.response_model_exclude,
            "by_alias": state.response_model_by_alias,
            "exclude_unset": state.response_model_exclude_unset,
            "exclude_defaults": state.response_model_exclude_defaults,
            "exclude_none": state.response_model_exclude_none,
        }
        self._provider = provider
        self._state = state
        self._placing = placing

    @cached_property
    def _solver(self) -> Solver:
        """Made by the first request."""
        state, live = self._state, self._live
        methods = " ".join(sorted(getattr(state, "methods", None) or ()))
        return Solver(
            live,
            self._provider,
            f"{methods} {live.path}",
            self._ways,
            embed=embeds_body_fields(state),
            call_endpoint=self._kind_of_call,
            endpoint_of=self._dependant.called_as,
            fuses=fuses_visits(self._provider),
            validate=self._validate,
        )

    @property
    def source(self) -> str | None:
        """What solves the dependencies of a request, once it has been compiled."""
        solver: Solver | None = vars(self).get("_solver")
        return solver.plan.source if solver is not None else None

    def _settle(self) -> None:
        """Take note of which endpoint stands in the tree, and where it runs."""
        graph = self._live.current()
        self._settled = graph
        self._call: Any = self._root.call
        self._endpoint: Any = self._dependant.called_as(self._call)
        self._is_inline = isinstance(graph.root.execution, Inline)
        self._limiter = limiter_of(graph.root.execution)
        self._is_stream = is_gen_callable(self._call) or is_async_gen_callable(self._call)

    @property
    def ground(self) -> Ground:
        """What it takes for granted."""
        return self._solver.plan.ground

    def is_touched(self) -> bool:
        """Whether something that it takes for granted is replaced."""
        return self._solver.plan.is_touched()

    async def handle(self, request: Request) -> Response:
        if self.is_touched():
            return await self._fallback(request)
        return await self.serve(request)

    def serve_within(
        self, around: Callable[[Handler], Handler], dependant: ClassifiedDependant
    ) -> None:
        """Handle requests within what a tool does around FastAPI's handler, calling the endpoint
        as the tool has changed it in the tree that it was given."""
        self.serve = around(self._answer)
        self._dependant = dependant
        self._settle()

    async def solve(
        self,
        request: Request,
        response: Response,
        background_tasks: BackgroundTasks,
        visits: Visits,
    ) -> dict[str, Any]:
        """The arguments of the endpoint, in the middle of FastAPI's own handler, which leaves the
        body to the plan. Raises what FastAPI does where something does not validate."""
        if self._root.call is not self._call:
            self._settle()
        begun = self._begun(request)
        body = NO_BODY if self._body_field is None else await self._read_body(request, begun)
        solution = Solution(request, visits, body)
        solution.response, solution.background_tasks = response, background_tasks
        if self._is_solver_replaced():
            return await self._solve_as_fastapi(solution, begun)
        await self._solver.run(solution, is_traced=True)
        if solution.errors:
            raise _invalid(solution, begun)
        return solution.values

    async def solve_dependencies(
        self, *, request: Request, dependant: Dependant, body: Any, **given: Any
    ) -> SolvedDependency:
        """FastAPI's solver, by the plan, for a handler of FastAPI's own, which has read the body
        and says what does not validate. Raises what a dependency raises."""
        is_instrumented = instrumented.is_solver_instrumented()
        if (is_instrumented or self._body_field is not None) and self.is_touched():
            # Something has been replaced since the request began.
            solve: _Solve = routing_names()["solve_dependencies"]
            return await solve(request=request, dependant=dependant, body=body, **given)
        assert isinstance(request.scope.get("fastapi_function_astack"), AsyncExitStack), (
            "fastapi_function_astack not found in request scope"
        )
        if isinstance(body, FormData):
            self._placing.form(body)
        solution = Solution(request, current_visits(self._live.threads), body)
        if is_instrumented:
            return await instrumented.solved_within(self._solver, solution, dependant)
        await self._solver.run(solution, is_traced=True)
        return solution.as_fastapis()

    def _is_solver_replaced(self) -> bool:
        """Whether something unknown has replaced FastAPI's solver while the body was read."""
        return (
            self._body_field is not None
            and instrumented.is_solver_instrumented()
            and self.is_touched()
        )

    async def _solve_as_fastapi(self, solution: Solution, begun: _Begun) -> dict[str, Any]:
        request = solution.request
        solve: _Solve = routing_names()["solve_dependencies"]
        with solution.visits.as_current():
            solved = await solve(
                request=request,
                dependant=self._dependant,
                body=solution.body,
                background_tasks=solution.background_tasks,
                response=solution.response,
                dependency_overrides_provider=self._state.dependency_overrides_provider,
                async_exit_stack=request.scope["fastapi_inner_astack"],
                embed_body_fields=self._solver.embed,
            )
        if solved.errors:
            solution.errors = solved.errors
            raise _invalid(solution, begun)
        return solved.values

    def _begun(self, request: Request) -> _Begun:
        scope = request.scope
        return self._endpoint, self._root.path, scope["method"], scope.get("root_path", "")

    async def _answer(self, request: Request) -> Response:
        if self._root.call is not self._call:
            self._settle()
        if self._is_stream:
            return await self._fallback(request)
        telemetry = get_request_telemetry()
        data = telemetry.data if telemetry is not None else None
        if data is not None:
            data.request = request
        scope = request.scope
        assert isinstance(scope.get("fastapi_middleware_astack"), AsyncExitStack), (
            "fastapi_middleware_astack not found in request scope"
        )
        # As in `_begun`, which a call takes longer.
        begun = self._endpoint, self._root.path, scope["method"], scope.get("root_path", "")
        body = NO_BODY if self._body_field is None else await self._read_body(request, begun)
        if data is not None:
            data.body = None if body is NO_BODY else body
        assert isinstance(scope.get("fastapi_inner_astack"), AsyncExitStack), (
            "fastapi_inner_astack not found in request scope"
        )
        assert isinstance(scope.get("fastapi_function_astack"), AsyncExitStack), (
            "fastapi_function_astack not found in request scope"
        )
        if self._is_solver_replaced():
            # What was read of the body, the request keeps.
            return await self._fallback(request)
        solution = Solution(request, Visits(self._live.threads, self._live).begin(), body)
        if telemetry is None:
            if instrumented.is_solver_instrumented():
                returned = await instrumented.run(self._solver, solution, self._dependant)
            else:
                returned = await self._solver.run(solution)
        else:
            with operation(name="dependencies", function=begun[0]):
                returned = await instrumented.run(self._solver, solution, self._dependant)
                if data is not None:
                    data.values = solution.values
                    data.errors = solution.errors
        if returned is NOT_CALLED:
            if solution.errors:
                raise _invalid(solution, begun)
            if self._live.current() is not self._settled or self._root.call is not self._call:
                self._settle()
            if answering.is_generator(self._call, self._is_stream):
                # It has become one meanwhile: FastAPI streams it raw.
                return answering.stream(
                    self._call,
                    solution.values,
                    solution,
                    self._status_code,
                    self._response_class,
                )
            returned = await self._call_endpoint(solution, is_traced=telemetry is not None)
        if not (answering.is_as_it_was() or answering.is_as_ever()):
            response = await self._respond_as_fastapi(begun, returned, solution)
        elif isinstance(returned, Response):
            if returned.background is None:
                returned.background = solution.background_tasks
            assert returned
            response = returned
        else:
            response = (
                self._respond_at_once(returned, solution)
                if self._is_plain_json and telemetry is None
                else await self._respond(begun, returned, solution, is_seen=telemetry is not None)
            )
        if solution.background_tasks is not None or response is returned:
            self._placing.response(response, solution.visits)
        return response

    async def _read_body(self, request: Request, begun: _Begun) -> Any:
        try:
            if self._is_form:
                form = await read_form(request, self._form_limits)
                self._placing.form(form)
                return form
            return await read_json(request, strict=self._strict)
        except Exception as error:
            raised = body_error(request, error, _context(begun))
            if raised is error:
                raise
            if isinstance(raised, RequestValidationError):
                validation_failed(raised)
            raise raised from error

    async def _call_endpoint(self, solution: Solution, *, is_traced: bool) -> Any:
        values = solution.values
        is_awaited = self._is_async or self._is_inline
        if not answering.is_as_ever():
            return await answering.run_endpoint(
                classified_dependant(self._live), values, is_awaited=is_awaited
            )
        if instrumented.is_call_instrumented():
            call = partial(self._call_as_planned, solution.visits, is_traced=is_traced)
            return await instrumented.call_endpoint(
                call, self._dependant, values, is_awaited=is_awaited
            )
        return await self._call_as_planned(solution.visits, values, is_traced=is_traced)

    async def _call_as_planned(
        self, visits: Visits, values: dict[str, Any], *, is_traced: bool
    ) -> Any:
        if not is_traced and self._is_async:
            return await self._endpoint(**values)
        if self._is_inline and not self._is_async:
            call, observer = self._endpoint, self._live.threads.observer
            if observer is not None:
                call = observer.calling(self._settled.root.candidate, call)
            with operation(name="endpoint", function=self._endpoint):
                return call(**values)
        if self._is_async:
            run: Any = original_of(routing.run_endpoint_function)
            return await run(dependant=_Called(self._endpoint), values=values, is_coroutine=True)
        if not has_telemetry:
            return await visits.run(self._limiter, self._endpoint, **values)
        return await visits.run(
            self._limiter,
            routing_names()["_run_sync_endpoint"],
            function=self._endpoint,
            arguments=values,
        )

    def _kind_of_call(self, root: Node) -> Kind | None:
        """How a plan calls the endpoint, `None` where that takes more than a call."""
        self._settle()
        return kind_of_endpoint(root.candidate.call, root.execution, is_async=self._is_async)

    async def _respond_as_fastapi(
        self, begun: _Begun, returned: Any, solution: Solution
    ) -> Response:
        return await answering.respond(
            returned,
            solution,
            status_code=self._status_code,
            response_class=self._response_class,
            endpoint=self._endpoint,
            field=self._field,
            is_coroutine=self._is_async or self._is_inline,
            endpoint_ctx=_context(begun),
            dump_json=self._dump_json,
            **self._serialization,
        )

    def _respond_at_once(self, returned: Any, solution: Solution) -> Response:
        """The response with what becomes JSON without a model."""
        if solution.response is None and not self._status_code:
            # FastAPI leaves the status to Starlette, and any is allowed that has a body.
            return json_response(returned, 200, solution.background_tasks)
        status_code = self._status_code_of(solution)
        response = json_response(returned, status_code, solution.background_tasks)
        return self._completed(response, solution)

    async def _respond(
        self, begun: _Begun, returned: Any, solution: Solution, *, is_seen: bool
    ) -> Response:
        arguments: dict[str, Any] = {"background": solution.background_tasks}
        status_code = self._status_code_of(solution)
        if status_code is not None:
            arguments["status_code"] = status_code
        if is_seen:
            with operation(name="serialization", function=self._endpoint):
                content = await self._serialize(begun, returned, solution)
        else:
            content = await self._serialize(begun, returned, solution)
        if self._dump_json:
            response = Response(content, media_type="application/json", **arguments)
            return self._completed(response, solution)
        return self._complete(self._response_class(content, **arguments), solution)

    def _status_code_of(self, solution: Solution) -> int | None:
        if solution.response is None:
            return self._status_code or None
        injected = solution.response.status_code
        return injected or self._status_code or injected

    def _completed(self, response: Response, solution: Solution) -> Response:
        """A response of Starlette's own."""
        if response.status_code != 200 and not is_body_allowed_for_status_code(
            response.status_code
        ):
            response.body = b""
        if solution.response is not None and (headers := solution.headers):
            response.headers.raw.extend(headers)
        return response

    def _complete(self, response: Response, solution: Solution) -> Response:
        """The response of a class that may not be Starlette's, touched where FastAPI does."""
        if not is_body_allowed_for_status_code(response.status_code):
            response.body = b""
        response.headers.raw.extend(solution.headers)
        assert response
        return response

    def _validate(self, solution: Solution, returned: Any) -> None:
        """Validate in the visit of a sync endpoint what that has returned."""
        if (
            self._field is not None
            and not isinstance(returned, Response)
            and answering.is_as_ever()
        ):
            solution.validated = self._field.validate(returned, {}, loc=("response",))

    async def _serialize(self, begun: _Begun, returned: Any, solution: Solution) -> Any:
        field = self._field
        if field is None:
            return jsonable_encoder(returned)
        if solution.validated is not None:
            value, errors = solution.validated
        elif self._is_async or self._is_inline:
            value, errors = field.validate(returned, {}, loc=("response",))
        else:
            value, errors = await solution.visits.run(
                self._limiter, field.validate, returned, {}, loc=("response",)
            )
        if errors:
            raise routing_names()["ResponseValidationError"](
                errors=errors, body=returned, endpoint_ctx=_context(begun)
            )
        serialize = field.serialize_json if self._dump_json else field.serialize
        return serialize(value, **self._serialization)


class _Called:
    """What FastAPI reads of a route to call its endpoint."""

    __slots__ = ("call",)

    def __init__(self, call: Any) -> None:
        self.call = call


def _invalid(solution: Solution, begun: _Begun) -> Exception:
    """What FastAPI raises for what does not validate."""
    names: Any = routing_names()
    invalid: Exception = names["RequestValidationError"](
        solution.errors,
        body=None if solution.body is NO_BODY else solution.body,
        endpoint_ctx=_context(begun),
    )
    names.get("_validation_failed", validation_failed)(invalid)
    return invalid


def _context(begun: _Begun) -> EndpointContext:
    """Where FastAPI says that an error of this request is."""
    call, path, method, mount_path = begun
    context = extract_endpoint_context(call)
    if path:
        context["path"] = f"{method} {mount_path.rstrip('/')}{path}"
    return context
