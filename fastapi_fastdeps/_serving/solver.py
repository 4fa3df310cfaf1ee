"""Running a plan."""

from typing import Any, Final

from fastapi.background import BackgroundTasks
from fastapi.security import SecurityScopes
from pydantic import ValidationError
from starlette.background import BackgroundTasks as StarletteBackgroundTasks
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.names import Undefined, solve_generator
from fastapi_fastdeps._plan.parameters import SOURCES, receive
from fastapi_fastdeps._plan.steps import HEADERS, LIST, Kind, Read, Step
from fastapi_fastdeps._serving.current import CurrentPlan

_UNSET: Final = object()
_FAILED: Final = object()

_INLINE: Final = Kind.INLINE
_ASYNC: Final = Kind.ASYNC
_THREADED: Final = Kind.THREADED
_INLINE_GENERATOR: Final = Kind.INLINE_GENERATOR
_AGAIN: Final = Kind.AGAIN
_ENDPOINT: Final = Kind.ENDPOINT


class Solution:
    """What a plan found for one request: FastAPI's `SolvedDependency`, as it grows.

    Attributes:
        values: the arguments of the endpoint.
        errors: the validation errors, in FastAPI's order.
    """

    __slots__ = (
        "_body",
        "_current",
        "_plan",
        "_received",
        "_registers",
        "_request",
        "_response",
        "_shared",
        "_slots",
        "background_tasks",
        "errors",
        "values",
    )

    def __init__(
        self, current: CurrentPlan, request: Request | WebSocket, body: Any = Undefined
    ) -> None:
        plan = current.get()
        self._current = current
        self._plan = plan
        self._request = request
        self._body = body
        self._registers: list[Any] = [_UNSET] * len(plan.steps)
        self._slots: list[Any] = [_UNSET] * plan.slots
        self._received: list[Any] = [None] * len(SOURCES)
        self._shared: list[Any] = [_UNSET] * plan.shared
        self._response: Response | None = None
        self.background_tasks: StarletteBackgroundTasks | None = None
        self.errors: list[Any] = []
        self.values: dict[str, Any] = {}

    @property
    def status_code(self) -> int | None:
        """The status that a dependency or the endpoint set on the injected response."""
        return self._response.status_code if self._response is not None else None

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that were set on the injected response."""
        return self._response.headers.raw if self._response is not None else []

    async def solve(self) -> None:
        await self._walk(0, len(self._plan.steps))

    async def _walk(self, start: int, end: int) -> None:
        registers = self._registers
        slots = self._slots
        errors = self.errors
        plan = self._plan
        steps = plan.steps
        # Nothing is called while a sub-tree that failed is walked again.
        provider = self._current.provider if end == len(steps) else None
        reported = len(errors)
        for index in range(start, end):
            step = steps[index]
            kind = step.kind
            # FastAPI looks each dependency up when it comes to it.
            if (
                provider is not None
                and index
                and (provider.dependency_overrides or plan.is_overridden)
                and self._overrides_changed(step)
            ):
                await self._go_on(index)
                return
            if kind is _AGAIN:
                value = slots[step.slot]
                if value is _UNSET:
                    await self._walk(step.first, step.last + 1)
                    value = registers[step.last]
                    reported = len(errors)
                registers[index] = value
                continue
            values: dict[str, Any] = {}
            for name, register in step.dependencies:
                values[name] = registers[register]
            if step.reads:
                self._read(step.reads, values)
            if step.more:
                await self._add_more(step, values)
            if kind is _ENDPOINT:
                self.values = self._without_failures(values) if errors else values
                return
            if errors:
                is_new = len(errors) != reported
                reported = len(errors)
                if is_new or self._depends_on_failure(step):
                    registers[index] = _FAILED
                    continue
            cached = slots[step.slot]
            if cached is not _UNSET and step.use_cache:
                registers[index] = cached
                continue
            if step.concurrency is not None:
                value = await self._call_limited(step, values)
            elif kind is _INLINE:
                value = step.call(**values)
            elif kind is _ASYNC:
                value = await step.call(**values)
            elif kind is _THREADED:
                value = await run_in_threadpool(step.call, **values)
            elif kind is _INLINE_GENERATOR:
                value = self._stack(step).enter_context(step.call(**values))
            else:
                value = await self._enter(step, values)
            registers[index] = value
            if cached is _UNSET:
                slots[step.slot] = value

    def _read(self, reads: tuple[Read, ...], values: dict[str, Any]) -> None:
        received = self._received
        shared = self._shared
        for name, source, key, validate, default, share, parameter in reads:
            if share >= 0 and (value := shared[share]) is not _UNSET:
                values[name] = value
                continue
            if share == LIST:
                value = getattr(self._request, parameter.source).getlist(parameter.alias) or None
            else:
                known = received[source]
                if known is None:
                    known = received[source] = receive(self._request, parameter.source)
                value = known.get(key)
                if source == HEADERS and value is not None:
                    value = value.decode("latin-1")
            if value is not None:
                try:
                    value = validate(value, from_attributes=True)
                except ValidationError as error:
                    self.errors += parameter.errors(error)
                    continue
            elif default is not None:
                value = default()
            else:
                self.errors += parameter.missing()
                continue
            values[name] = value
            if share >= 0:
                shared[share] = value

    async def _add_more(self, step: Step, values: dict[str, Any]) -> None:
        for group in step.groups:
            values.update(group.read(getattr(self._request, group.source), self.errors))
        if step.body is not None:
            values.update(await step.body.read(self._body, self.errors))
        if step.special:
            self._add_special(step, values)

    def _overrides_changed(self, step: Step) -> bool:
        overrides = self._current.overrides
        return any(overrides.get(call, call) is not found for call, found in step.looked_up)

    async def _go_on(self, index: int) -> None:
        plan = self._plan = self._current.go_on(self._plan, index)
        self._registers[index:] = [_UNSET] * (len(plan.steps) - index)
        self._slots += [_UNSET] * (plan.slots - len(self._slots))
        self._shared += [_UNSET] * (plan.shared - len(self._shared))
        await self._walk(index, len(plan.steps))

    def _depends_on_failure(self, step: Step) -> bool:
        registers = self._registers
        return any(registers[register] is _FAILED for _, register in step.dependencies) or any(
            registers[register] is _FAILED for register in step.unnamed
        )

    def _without_failures(self, values: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if value is not _FAILED}

    def _add_special(self, step: Step, values: dict[str, Any]) -> None:
        dependant = step.dependant
        request = self._request
        if dependant.http_connection_param_name:
            values[dependant.http_connection_param_name] = request
        if dependant.request_param_name and isinstance(request, Request):
            values[dependant.request_param_name] = request
        elif dependant.websocket_param_name and isinstance(request, WebSocket):
            values[dependant.websocket_param_name] = request
        if dependant.background_tasks_param_name:
            if self.background_tasks is None:
                self.background_tasks = BackgroundTasks()
            values[dependant.background_tasks_param_name] = self.background_tasks
        if dependant.response_param_name:
            if self._response is None:
                self._response = _empty_response()
            values[dependant.response_param_name] = self._response
        if dependant.security_scopes_param_name:
            values[dependant.security_scopes_param_name] = SecurityScopes(scopes=[*step.scopes])

    def _stack(self, step: Step) -> Any:
        scope = self._request.scope
        if step.function_scope:
            return scope["fastapi_function_astack"]
        return scope["fastapi_inner_astack"]

    async def _enter(self, step: Step, values: dict[str, Any]) -> Any:
        return await solve_generator(
            dependant=step.dependant,
            stack=self._stack(step),
            sub_values=values,
            request=self._request,
        )

    async def _call_limited(self, step: Step, values: dict[str, Any]) -> Any:
        if step.kind is Kind.GENERATOR:
            return await self._enter(step, values)
        async with step.concurrency.get_semaphore():
            if step.kind is _INLINE:
                return step.call(**values)
            if step.kind is _ASYNC:
                return await step.call(**values)
            return await run_in_threadpool(step.call, **values)


def _empty_response() -> Response:
    response = Response()
    del response.headers["content-length"]
    not_set: Any = None
    response.status_code = not_set
    return response
