"""Solving a route's dependencies for one request."""

from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from itertools import pairwise
from typing import Any, Final

from starlette.requests import Request
from starlette.websockets import WebSocket

from fastapi_fastdeps import _watching
from fastapi_fastdeps._compiling.functions import NOT_CALLED, Tools
from fastapi_fastdeps._deciding.graph import Node
from fastapi_fastdeps._deciding.live import LiveGraph
from fastapi_fastdeps._fastapi.known import known_names, tells_params
from fastapi_fastdeps._fastapi.names import Dependant
from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._plan.kinds import Kind
from fastapi_fastdeps._plan.steps import Plan, Step
from fastapi_fastdeps._serving.calls import call_dependency
from fastapi_fastdeps._serving.current import CurrentPlan
from fastapi_fastdeps._serving.interpreter import Child, Interpreter, Level
from fastapi_fastdeps._serving.reading import read
from fastapi_fastdeps._serving.received import Received, query_values, reads_as_starlette_does
from fastapi_fastdeps._serving.solution import Solution

_ABSENT: Final = object()


class Solver:
    """Finds the arguments of one route's endpoint, or the validation errors, as FastAPI does.

    Attributes:
        provider: whose overrides are looked into.
        embed: whether the only body parameter stands under its name in the body.
        plan: the plan that holds.
    """

    def __init__(
        self,
        live: LiveGraph,
        provider: Any | None,
        title: str,
        ways: Way,
        *,
        embed: bool,
        call_endpoint: Callable[[Node], Kind | None] | None = None,
        endpoint_of: Callable[[Any], Any] | None = None,
        fuses: bool = False,
        validate: Callable[[Solution, Any], None] | None = None,
    ) -> None:
        """`title` is what tracebacks call the function of the plan, `ways` those on which
        FastAPI handles a request, besides solving it. `call_endpoint` says how a plan calls
        the endpoint, if it may, and `endpoint_of` what it calls; `fuses` whether several steps
        may be one visit to a thread, `validate` validates there what the endpoint returned."""
        self._live = live
        self.provider = provider
        self.embed = embed
        tools = Tools(
            self.go_on,
            Received,
            query_values,
            call_dependency,
            provider,
            call_endpoint,
            endpoint_of,
            fuses,
            validate,
            live.threads.shares_context,
            partial(known_names, live.root, provider) if tells_params else None,
        )
        self.plan = CurrentPlan(live, tools, title, ways, embed=embed)

    def run(self, solution: Solution, *, is_traced: bool = False) -> Coroutine[Any, Any, Any]:
        """What the endpoint returns, if it could be called right away, and `NOT_CALLED` if
        not: then its arguments, or the errors, are in the solution. To be awaited at once.

        `is_traced`: whether something is to happen before the endpoint is called. Raises
        whatever a dependency or the endpoint raises.
        """
        token = _watching.token
        compiled, overrides = self.plan.get()
        request = solution.request
        if compiled is not None and (type(request) is Request or reads_as_starlette_does(request)):
            running: Coroutine[Any, Any, Any] = compiled.run(solution, token, overrides, is_traced)
            return running
        return self._interpret(solution)

    async def _interpret(self, solution: Solution) -> object:
        names = known_names(self._live.root, self.provider)
        await self._interpreter(solution, names=names).solve()
        return NOT_CALLED

    async def go_on(
        self,
        plan: Plan,
        register: int,
        source: int | None,
        parameter: int,
        found: dict[str, Any],
        errors: list[Any],
    ) -> object:
        """Follow FastAPI's algorithm from where the function of a plan has left, which then
        returns what this does, `NOT_CALLED`.

        That is before a step, or within reading the parameters of its callable: at this
        source and parameter, all before them read, with these errors. `found` are the
        function's local variables.
        """
        solution: Solution = found["solution"]
        _settle(solution.request, found)
        registers = [found.get(f"r{each}") for each in range(register)]
        memory = _remembered(plan, register, registers)
        known = plan.taken if _watching.token is found["token"] else None
        interpreter = self._interpreter(solution, known=known, names=found.get("known"), **memory)
        if source is None:
            await interpreter.solve(_levels_before(plan, register, registers))
            return NOT_CALLED
        *levels, solved = _levels_to(plan, register, registers)
        solved.errors = errors
        await _read_on(plan.steps[register], register, source, parameter, found, solved)
        if levels:
            await interpreter.solve(levels, solved)
        else:
            solution.values, solution.errors = solved.values, solved.errors
        return NOT_CALLED

    def _interpreter(self, solution: Solution, **memory: Any) -> Interpreter:
        return Interpreter(self._live, self.provider, solution, embed=self.embed, **memory)


def _settle(request: Request | WebSocket, found: dict[str, Any]) -> None:
    """Read what FastAPI had read before anything was called, as it was then."""
    scope = request.scope
    for name, variable in (("query_string", "query_string"), ("headers", "headers_then")):
        known = found.get(variable, _ABSENT)
        now = scope.get(name)
        if known is not _ABSENT and known is not now:
            scope[name] = known
            _ = request.query_params if name == "query_string" else request.headers
            scope[name] = now


async def _read_on(
    step: Step, register: int, source: int, parameter: int, found: dict[str, Any], level: Level
) -> None:
    """Read the rest of what one callable takes."""
    solution: Solution = found["solution"]
    values, errors = level.values, level.errors
    for index, reads in enumerate(step.reads):
        if index < source:
            values.update(found.get(f"g{register}_{index}", {}))
        known = len(reads.fields) if index < source else parameter if index == source else 0
        for position, each in enumerate(reads.parameters or ()):
            value = found.get(f"p{register}_{index}_{position}", _ABSENT)
            if position < known and value is not _ABSENT:
                values[each.name] = value
        if known < len(reads.fields):
            more, wrong = read(reads, solution.request, known, found.get("known"))
            values.update(more)
            errors += wrong
    if step.body is not None:
        if source > len(step.reads):
            values.update(found[f"g{register}_body"])
        else:
            values.update(await step.body.read(solution.body, errors, found.get("known")))
    solution.add_special(step.node.dependant, values)


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
    # An iterator's own state can't be set to a place that a list does not have at the moment.
    while start < len(dependencies):
        yield dependencies[start]
        start += 1


def _remembered(plan: Plan, register: int, registers: list[Any]) -> dict[str, Any]:
    """What FastAPI would remember of the steps before this one."""
    cache: dict[Any, Any] = {}
    uses_scopes: dict[int, tuple[Dependant, bool]] = {}
    for step, value in zip(plan.steps[:register], registers, strict=True):
        uses_scopes[id(step.node.place)] = step.node.place, step.uses_scopes
        cache.setdefault(step.key, value)
    return {"cache": cache, "uses_scopes": uses_scopes}
