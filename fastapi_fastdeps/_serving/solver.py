"""Running a plan, which covers success, and handing over where it does not."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, cast

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.websockets import WebSocket

from fastapi_fastdeps import _watching
from fastapi_fastdeps._fastapi.names import Dependant, Undefined, request_params_to_args
from fastapi_fastdeps._plan.kinds import Kind
from fastapi_fastdeps._plan.steps import Plan, Step
from fastapi_fastdeps._serving.calls import call_dependency
from fastapi_fastdeps._serving.current import CurrentPlan
from fastapi_fastdeps._serving.interpreter import Child, Interpreter, Level
from fastapi_fastdeps._serving.received import Received, reads_as_starlette_does
from fastapi_fastdeps._serving.solution import Solution

_UNSET: Final = object()


async def solve(
    current: CurrentPlan, request: Request | WebSocket, body: Any = Undefined
) -> Solution:
    """The arguments of a route's endpoint, or the validation errors, as FastAPI finds them.

    Raises whatever a dependency raises.
    """
    solution = Solution(request, body)
    token = _watching.token
    plan = current.get()
    if plan is None or not reads_as_starlette_does(request):
        await _interpreter(current, solution).solve()
    else:
        await _Run(current, plan, token, solution).run()
    return solution


def _interpreter(current: CurrentPlan, solution: Solution, **memory: Any) -> Interpreter:
    return Interpreter(current.live, current.provider, solution, embed=current.embed, **memory)


class _Run:
    """One request on its way through a plan."""

    __slots__ = (
        "_current",
        "_plan",
        "_received",
        "_registers",
        "_shared",
        "_slots",
        "_solution",
        "_token",
    )

    def __init__(self, current: CurrentPlan, plan: Plan, token: object, solution: Solution) -> None:
        self._current = current
        self._plan = plan
        self._token = token
        self._solution = solution
        self._received = Received(solution.request, plan)
        self._registers: list[Any] = [_UNSET] * len(plan.steps)
        self._slots: list[Any] = [_UNSET] * plan.slots
        self._shared: dict[Any, tuple[Any, Any]] = {}

    async def run(self) -> None:
        registers, slots = self._registers, self._slots
        solution = self._solution
        request_stack, function_stack = solution.stacks()
        for register, step in enumerate(self._plan.steps):
            if self._has_changed(step):
                await self._hand_over(register)
                return
            kind = step.kind
            if kind is Kind.AGAIN:
                registers[register] = slots[step.slot]
                continue
            values: dict[str, Any] = {name: registers[of] for name, of in step.arguments}
            errors = await self._read(step, values)
            if kind is Kind.ENDPOINT:
                solution.values = values
                solution.errors = errors
                return
            if errors or _watching.token is not self._token:
                await self._hand_over(register, values, errors)
                return
            cached = slots[step.slot]
            if cached is not _UNSET and step.use_cache:
                registers[register] = cached
                continue
            if step.concurrency is not None:
                stack = function_stack if step.is_of_function_scope else request_stack
                value = await self._call(step, stack, values)
            elif kind is Kind.INLINE:
                value = step.callee(**values)
            elif kind is Kind.ASYNC:
                value = await step.callee(**values)
            elif kind is Kind.THREADED:
                value = await run_in_threadpool(step.callee, **values)
            else:
                stack = function_stack if step.is_of_function_scope else request_stack
                value = await self._call(step, stack, values)
            registers[register] = value
            if cached is _UNSET:
                slots[step.slot] = value

    async def _call(self, step: Step, stack: Any, values: dict[str, Any]) -> Any:
        return await call_dependency(
            step.kind,
            step.callee,
            step.dependant,
            step.concurrency,
            stack,
            values,
            self._solution.request,
        )

    def _has_changed(self, step: Step) -> bool:
        """Whether FastAPI would see something else, now that it comes to a dependency."""
        if _watching.token is not self._token:
            return True
        provider = self._current.provider
        if provider is None:
            return False
        overrides: Any = provider.dependency_overrides
        if not self._plan.is_for_overrides:
            return overrides is not None and not (type(overrides) is dict and overrides == {})
        in_force: Any = overrides
        if type(overrides) is not dict or not overrides:
            return True
        return any(in_force.get(call, call) is not found for call, found in step.looked_up)

    async def _read(self, step: Step, values: dict[str, Any]) -> list[Any]:
        errors: list[Any] = []
        received = self._received
        for reads in step.reads:
            found = received.get(reads.source)
            if reads.parameters is None or found is None:
                everything = received.get_all(reads.source)
                more, wrong = request_params_to_args(reads.fields, everything)
                values.update(more)
                errors += wrong
                continue
            is_header = reads.source == "headers"
            for parameter in reads.parameters:
                if parameter.is_list:
                    raw = received.get_all(reads.source).getlist(parameter.alias) or None
                else:
                    raw = found.get(parameter.key)
                if raw is None:
                    errors += parameter.absent(values)
                    continue
                shared = self._shared.get(parameter.shared) if parameter.shared else None
                if shared is not None and shared[0] is raw:
                    values[parameter.name] = shared[1]
                    continue
                value = raw.decode("latin-1") if is_header and not parameter.is_list else raw
                try:
                    value = parameter.validate(value, from_attributes=True)
                except ValidationError as error:
                    errors += parameter.errors(error)
                    continue
                values[parameter.name] = value
                if parameter.shared is not None:
                    self._shared[parameter.shared] = raw, value
        if step.body is not None:
            values.update(await step.body.read(self._solution.body, errors))
        if step.is_special:
            self._solution.add_special(step.node.dependant, values)
        return errors

    async def _hand_over(
        self, register: int, values: dict[str, Any] | None = None, errors: list[Any] | None = None
    ) -> None:
        """Let FastAPI's algorithm go on: at the beginning of this step, or, with `values`, from
        where its parameters have been read."""
        memory = _remembered(self._plan, register, self._slots)
        interpreter = _interpreter(self._current, self._solution, **memory)
        if values is None:
            await interpreter.solve(_levels_before(self._plan, register, self._registers))
            return
        *levels, solved = _levels_to(self._plan, register, self._registers)
        solved.values = values
        solved.errors = errors or []
        await interpreter.solve(levels, solved)


def _levels_before(plan: Plan, register: int, registers: list[Any]) -> list[Level]:
    """What FastAPI is in the middle of when it comes to a step."""
    if plan.children[register]:
        return _levels_to(plan, register, registers)
    child = plan.steps[register]
    endpoint = len(plan.steps) - 1
    while child.position == 0 and child.parent != endpoint:
        child = plan.steps[child.parent]
    return _levels_to(plan, child.parent, registers, child.position)


def _levels_to(
    plan: Plan, register: int, registers: list[Any], position: int | None = None
) -> list[Level]:
    """The callable of a step, of whose dependencies those before `position` are solved, all of
    them if that is `None`, and all that depend on it, the endpoint first."""
    levels: list[Level] = []
    child: Step | None = None
    while True:
        step = plan.steps[register]
        solved = plan.children[register][:position]
        level = Level(step.node.dependant, is_live=True)
        level.dependencies = _iterate(step.dependencies, len(solved) + (child is not None))
        for each in solved:
            name = plan.steps[each].node.place.name
            if name is not None:
                level.values[name] = registers[each]
        if child is not None:
            node = child.node
            level.child = Child(node.place, node.candidate.call, node.dependant)
        levels.append(level)
        if step.parent == register:
            break
        child, position, register = step, step.position, step.parent
    levels.reverse()
    for above, level in pairwise(levels):
        child_place = above.child.place if above.child is not None else None
        level.is_live = above.is_live and level.dependant is child_place
    return levels


def _iterate(dependencies: list[Dependant], start: int) -> Iterator[Dependant]:
    """Go on iterating over a list as one does who has begun before it was changed."""
    iterator: Any = iter(dependencies)
    iterator.__setstate__(start)
    return cast("Iterator[Dependant]", iterator)


def _remembered(plan: Plan, register: int, slots: list[Any]) -> dict[str, Any]:
    """What FastAPI would remember of the steps before this one."""
    cache: dict[Any, Any] = {}
    uses_scopes: dict[int, tuple[Dependant, bool]] = {}
    for step in plan.steps[:register]:
        uses_scopes[id(step.node.place)] = step.node.place, step.uses_scopes
        cache[step.key] = slots[step.slot]
    return {"cache": cache, "uses_scopes": uses_scopes}
