"""The function of a plan.

It holds what happens when a request succeeds and nothing changes meanwhile. Everything else
it leaves to what it is given to leave to, with all that it knows: its local variables.
Those are named after the steps of the plan: `r3` is the value of step 3, `p3_0` its first
parameter, `g3_0` what FastAPI's own function read for it of its first source.
"""

import keyword
from collections import Counter
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import Headers, QueryParams

from fastapi_fastdeps import _watching
from fastapi_fastdeps._compiling.hops import is_pure, visits_of
from fastapi_fastdeps._compiling.lines import Lines
from fastapi_fastdeps._compiling.timing import Timing
from fastapi_fastdeps._compiling.visits import Entered, is_cancelled
from fastapi_fastdeps._deciding.graph import Node
from fastapi_fastdeps._fastapi.dependants import keeps
from fastapi_fastdeps._fastapi.known import place_of
from fastapi_fastdeps._fastapi.names import request_params_to_args
from fastapi_fastdeps._fastapi.replacements import original_of
from fastapi_fastdeps._fastapi.requests import has_telemetry, routing_names
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps._plan.kinds import ENTERED, Kind
from fastapi_fastdeps._plan.parameters import PLAIN, Parameter, Reads
from fastapi_fastdeps._plan.steps import Plan, Step

_names: Final = routing_names()
_VARIABLES: Final = {
    "path_params": "path",
    "query_params": "query",
    "headers": "headers",
    "cookies": "cookies",
}


@dataclass(frozen=True, slots=True)
class Tools:
    """What a generated function calls besides what the plan holds.

    Attributes:
        leave: goes on before a step, or within the reading of its parameters.
        received: makes what the request gives, where it may change under the plan.
        query_values: the last value of each name in a query string.
        call_dependency: calls what is not called directly.
        provider: whose overrides are looked into.
        call_endpoint: how the endpoint is called, `None` where that is not the function's.
        endpoint_of: what is called for the endpoint, which a tool may have wrapped.
        fuses: whether several steps that go to a thread may be one visit to it.
        validate: validates what the endpoint returned, within such a visit; `None` where the
            endpoint is not the function's.
        shares_context: whether what one step of a visit sets is seen by the next.
        known_names: the names that FastAPI tells what reads a model, `None` if it tells none.
    """

    leave: Callable[..., Any]
    received: Callable[..., Any]
    query_values: Callable[[Any], dict[str, str]]
    call_dependency: Callable[..., Any]
    provider: Any | None
    call_endpoint: Callable[[Node], Kind | None] | None = None
    endpoint_of: Callable[[Any], Any] | None = None
    fuses: bool = False
    validate: Callable[[Any, Any], None] | None = None
    shares_context: bool = False
    known_names: Callable[[], Any] | None = None


_GENERATORS: Final = (*ENTERED, Kind.INLINE_GENERATOR)
_IN_THREADS: Final = (*ENTERED, Kind.THREADED)


_ASKS: Final = () if keeps else ("_is_async_gen_callable", "_is_gen_callable")
_READ_FOR_ALL: Final = (*_ASKS, "run_endpoint_function")
_MEASURES: Final = ("_operation",) if has_telemetry else ()
_READ_FOR: Final = {
    Kind.ASYNC: (*_READ_FOR_ALL, *_MEASURES),
    Kind.INLINE: (*_READ_FOR_ALL, *_MEASURES),
    Kind.THREADED: (*_READ_FOR_ALL, "run_in_threadpool"),
}
"""What FastAPI reads to call an endpoint; a step before it may have replaced one."""

NOT_CALLED: Final = object()
"""What a function returns that has found the endpoint's arguments, and not called it."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A plan that can be run.

    Attributes:
        run: `await run(solution, token, overrides, is_traced)` gives what the endpoint returns,
            or fills the solution in and gives `NOT_CALLED`.
        source: what `run` consists of.
    """

    plan: Plan
    run: Callable[..., Any]
    source: str


def compile_function(
    plan: Plan, tools: Tools, title: str, observer: Observed | None = None
) -> Compiled | None:
    """The function of a plan, `None` for one that can't be written as source. `observer` is told
    how long what it calls inline takes."""
    if not all(_can_be_written(step) for step in plan.steps):
        return None
    writer = _Writer(plan, tools, observer)
    writer.write()
    return Compiled(plan, writer.lines.function("solve", title), writer.lines.source)


def _can_be_written(step: Step) -> bool:
    names = [name for name, _ in step.arguments]
    names += [field.name for reads in step.reads for field in reads.fields]
    names += [field.name for field in step.body.fields] if step.body is not None else []
    dependant = step.node.dependant
    names += filter(
        None,
        (
            dependant.http_connection_param_name,
            dependant.request_param_name or dependant.websocket_param_name,
            dependant.background_tasks_param_name,
            dependant.response_param_name,
            dependant.security_scopes_param_name,
        ),
    )
    return len(set(names)) == len(names) and all(
        name.isidentifier() and not keyword.iskeyword(name) for name in names
    )


class _Writer:
    def __init__(self, plan: Plan, tools: Tools, observer: Observed | None) -> None:
        self.lines = Lines()
        self._plan = plan
        self._call_endpoint = tools.call_endpoint
        self._endpoint_of = tools.endpoint_of
        self._tells_names = tools.known_names is not None
        self._shares_context = tools.shares_context
        self._timing = Timing(self.lines, plan, observer, self._how_endpoint_is_called)
        self._ends = visits_of(plan, self._how_endpoint_is_called) if tools.fuses else {}
        # What enters generators, while the steps of a visit are written.
        self._entered: str | None = None
        self._visit = 0
        self._is_overridable = tools.provider is not None
        # Whether code of the user's may have run since what is there was looked at.
        self._is_stale = False
        self._are_headers_stale = False
        self._first: dict[int, int] = {}
        self._is_read: set[int | None] = set()
        shared = Counter(
            parameter.shared
            for step in plan.steps
            for reads in step.reads
            for parameter in reads.parameters or ()
            if parameter.shared is not None
        )
        self._shared = {key: number for key, number in plan.shared.items() if shared[key] > 1}
        # What is to be read again, since it may be another then.
        self._rereads = {
            self._shared[parameter.shared]
            for step in plan.steps
            for reads in step.reads
            for parameter in reads.parameters or ()
            if parameter.shared in self._shared and self._may_change(reads)
        }
        for name, value in {
            "Headers": Headers,
            "Entered": Entered,
            "NOT_CALLED": NOT_CALLED,
            "PLAIN": PLAIN,
            "QueryParams": QueryParams,
            "ValidationError": ValidationError,
            "call_dependency": tools.call_dependency,
            "is_cancelled": is_cancelled,
            "known_names": tools.known_names,
            "copy_context": copy_context,
            "leave": tools.leave,
            "names": _names,
            "plan": plan,
            "provider": tools.provider,
            "query_values": tools.query_values,
            "received_of": tools.received,
            "request_params_to_args": request_params_to_args,
            **{
                f"own_{name}": original_of(_names.get(name))
                for each in _READ_FOR.values()
                for name in each
            },
            "validate": tools.validate,
            "watching": _watching,
        }.items():
            self.lines.bind(name, value)

    def write(self) -> None:
        lines = self.lines
        with lines.block("async def solve(solution, token, overrides, is_traced):"):
            lines.add("request = solution.request")
            if len(self._plan.steps) > 1:
                lines.add("query_string = request.scope.get('query_string')")
            steps = self._plan.steps
            if any(step.kind in _GENERATORS or step.concurrency for step in steps):
                lines.add("request_stack, function_stack = solution.stacks()")
            if self._ends or any(step.kind in _IN_THREADS or step.concurrency for step in steps):
                lines.add("visits = solution.visits")
            if self._tells_names:
                lines.add("known = known_names()")
            self._settle()
            if len(self._plan.steps) > 1:
                lines.add("headers_then = request.scope.get('headers')")
            if any(reads.parameters for step in self._plan.steps for reads in step.reads):
                lines.add("wrong = None")
            for number in self._rereads:
                lines.add(f"raw{number} = shared{number} = None")
            with self._timing.around():
                self._write_steps()

    def _write_steps(self) -> None:
        top, register = self.lines.position, 0
        while register < len(self._plan.steps):
            end = self._ends.get(register)
            if end is None:
                self._write_step(register, self._plan.steps[register])
                register += 1
            else:
                self._write_visit(register, end, top)
                register = end

    def _how_endpoint_is_called(self, step: Step) -> Kind | None:
        return self._call_endpoint(step.node) if self._call_endpoint is not None else None

    def _write_visit(self, start: int, end: int, top: int) -> None:
        """Steps that are one visit to a thread. What the first one reads is read before."""
        lines, steps = self.lines, self._plan.steps
        arguments = self._prepare(start, steps[start])
        assert arguments is not None
        if steps[start].kind is Kind.ENDPOINT:
            self._unless_it_is_called(Kind.THREADED, arguments)
        enters = any(step.kind is Kind.THREADED_GENERATOR for step in steps[start:end])
        limiter = lines.bind(f"w{start}", steps[start].limiter)
        if enters:
            stacks = "request_stack, function_stack"
            lines.add(f"entered{start} = Entered({stacks}, {self._shares_context})")
        lines.add(f"is_over{start} = False")
        begin = lines.position
        with lines.block(f"def visit{start}():"):
            self._entered, self._visit = f"entered{start}", start
            self._do(start, steps[start], arguments)
            for register in range(start + 1, end):
                if steps[register].kind is not Kind.AGAIN:
                    self._unless_cancelled(start, f"{register}, None, 0, []")
                self._write_step(register, steps[register])
            self._entered = None
        assigned = lines.assigned(begin)
        lines.insert(begin + 1, f"nonlocal {', '.join(assigned)}")
        for name in assigned:
            lines.insert(top, f"{name}: object")
        with lines.block("try:"):
            lines.add(f"left = await visits.run({limiter}, visit{start})")
        with lines.block("finally:"):
            lines.add(f"is_over{start} = True")
        if end == len(steps):
            with lines.block("if left is NOT_CALLED:"):
                lines.add("return NOT_CALLED")
        with lines.block("if left is not None:"):
            lines.add("return await leave(plan, *left[:3], locals(), left[3])")
        if end == len(steps):
            lines.add("return returned")
        self._is_stale = self._are_headers_stale = True

    def _unless_cancelled(self, start: int, left: str) -> None:
        """Go back where FastAPI would not go to another thread."""
        # By asyncio itself a request is cancelled without waiting for the visit.
        with self.lines.block(f"if is_over{start} or is_cancelled():"):
            self.lines.add(f"return {left}".rstrip())

    def _settle(self) -> None:
        """Read what FastAPI reads when it comes to the first dependency."""
        plan, add = self._plan, self.lines.add
        sources = plan.sources
        if plan.is_open:
            add("received = received_of(request)")
            return
        odd: list[str] = []
        if "query_params" in sources:
            if plan.is_query_plain and not plan.is_given_request:
                with self.lines.block("if hasattr(request, '_query_params'):"):
                    add("query = dict(request.query_params.items())")
                with self.lines.block("else:"):
                    add("query = query_values(request.scope['query_string'])")
            else:
                add("query_params = request.query_params")
                add("query = dict(query_params.items())")
                odd.append("type(query_params) is not QueryParams")
        elif plan.is_given_request:
            add("request.query_params")
        if "headers" in sources:
            add("raw_headers = request.headers.raw")
            add("headers = dict(reversed(raw_headers))")
            odd.append("type(request.headers) is not Headers")
        elif plan.is_given_request:
            add("request.headers")
        if "cookies" in sources:
            add("cookies = request.cookies")
            odd.append("type(cookies) is not dict")
        elif plan.is_given_request:
            add("request.cookies")
        if odd:
            with self.lines.block(f"if {' or '.join(odd)}:"):
                add("return await leave(plan, 0, None, 0, locals(), [])")

    def _write_step(self, register: int, step: Step) -> None:
        arguments = self._prepare(register, step)
        if arguments is not None:
            self._do(register, step, arguments)

    def _prepare(self, register: int, step: Step) -> list[str] | None:
        """Come to the arguments of a step, `None` for one that is not called again."""
        call = step.node.candidate.call
        self.lines.add(f"# {getattr(call, '__qualname__', type(call).__qualname__)!a}")
        self._look_up(register, step)
        if step.kind is Kind.AGAIN:
            self.lines.add(f"r{register} = r{self._first[step.slot]}")
            return None
        arguments = [f"{name}=r{of}" for name, of in step.arguments]
        runs_code = False
        for index, reads in enumerate(step.reads):
            arguments += self._read(register, index, reads)
            runs_code = runs_code or not is_pure(reads)
        if step.body is not None:
            arguments += self._read_body(register, step)
            runs_code = True
        if step.is_special:
            dependant = self.lines.bind(f"d{register}", step.node.dependant)
            self.lines.add(f"s{register} = {{}}")
            self.lines.add(f"solution.add_special({dependant}, s{register})")
            arguments.append(f"**s{register}")
        if runs_code and step.kind is not Kind.ENDPOINT:
            self._is_stale = self._are_headers_stale = True
            with self.lines.block("if watching.token is not token:"):
                self._leave(register, len(step.reads) + 1, 0, "[]")
        return arguments

    def _do(self, register: int, step: Step, arguments: list[str]) -> None:
        if step.kind is Kind.ENDPOINT:
            self._finish(step, arguments)
            return
        if step.use_cache and step.slot in self._first:
            self.lines.add(f"r{register} = r{self._first[step.slot]}")
        else:
            self._call(register, step, arguments)
        self._first.setdefault(step.slot, register)

    def _finish(self, step: Step, arguments: list[str]) -> None:
        add = self.lines.add
        call = self._how_endpoint_is_called(step)
        if call is None or (call is Kind.THREADED and self._entered is None):
            self._give_arguments(arguments)
            return
        self._unless_it_is_called(call, arguments)
        called = step.node.candidate.call
        if self._endpoint_of is not None:
            called = self._endpoint_of(called)
        endpoint = self.lines.bind("endpoint", called)
        if call is Kind.THREADED:
            callee, given = endpoint, arguments
            if has_telemetry:
                callee = "names['_run_sync_endpoint']"
                given = [f"function={endpoint}", f"arguments=dict({', '.join(arguments)})"]
            add(f"returned = {self._called_in_visit(callee, given)}")
            self._unless_cancelled(self._visit, "")
            add(self._called_in_visit("validate", ["solution", "returned"]))
            add("return None")
        else:
            made = f"{endpoint}({', '.join(arguments)})"
            if call is Kind.ASYNC:
                add(f"return await {made}")
            elif self._timing.is_off:
                add(f"return {made}")
            else:
                self._timing.call(len(self._plan.steps) - 1, "returned", made)
                add("return returned")

    def _called_in_visit(self, callee: str, arguments: list[str]) -> str:
        if self._shares_context:
            return f"{callee}({', '.join(arguments)})"
        return f"copy_context().run({', '.join([callee, *arguments])})"

    def _unless_it_is_called(self, call: Kind, arguments: list[str]) -> None:
        """Leave the endpoint to the handler where more is to happen than a call."""
        replaced = [f"names[{name!r}] is not own_{name}" for name in _READ_FOR[call]]
        with self.lines.block(f"if {' or '.join(['is_traced', *replaced])}:"):
            self._give_arguments(arguments)

    def _give_arguments(self, arguments: list[str]) -> None:
        self._timing.leave()
        self.lines.add(f"solution.values = dict({', '.join(arguments)})")
        self.lines.add("return NOT_CALLED")

    def _look_up(self, register: int, step: Step) -> None:
        """Go on only if FastAPI would see what the plan was made of."""
        if not self._is_stale:
            return
        conditions = ["watching.token is not token"]
        if self._is_overridable:
            conditions.append("provider.dependency_overrides is not overrides")
            # Without any, FastAPI does not derive anew what stands in the tree.
            conditions.append("not overrides" if self._plan.is_for_overrides else "overrides")
            for number, (call, found) in enumerate(step.looked_up):
                if self._plan.is_for_overrides:
                    key = self.lines.bind(f"k{register}_{number}", call)
                    value = self.lines.bind(f"o{register}_{number}", found)
                    conditions.append(f"overrides.get({key}, {key}) is not {value}")
        with self.lines.block(f"if {' or '.join(conditions)}:"):
            self._leave(register, None, 0, "[]")
        # Overrides are looked up where a sub-tree begins, which is not at each step.
        self._is_stale = self._plan.is_for_overrides

    def _leave(self, register: int, source: int | None, parameter: int, errors: str) -> None:
        self._timing.leave()
        if self._entered is not None:
            self.lines.add(f"return {register}, {source}, {parameter}, {errors}")
        else:
            self.lines.add(
                f"return await leave(plan, {register}, {source}, {parameter}, locals(), {errors})"
            )

    def _read(self, register: int, index: int, reads: Reads) -> list[str]:
        variable = _VARIABLES[reads.source]
        add, bind = self.lines.add, self.lines.bind
        if self._plan.is_open:
            add(f"{variable} = received.get({reads.source!r})")
            with self.lines.block(f"if {variable} is None:"):
                self._leave(register, index, 0, "[]")
        elif reads.source == "path_params":
            add("path = request.path_params")
            with self.lines.block("if type(path) is not dict:"):
                self._leave(register, index, 0, "[]")
        elif reads.source == "headers" and self._are_headers_stale:
            with self.lines.block("if request.headers.raw != raw_headers:"):
                add("raw_headers = request.headers.raw")
                add("headers = dict(reversed(raw_headers))")
            self._are_headers_stale = False
        if reads.parameters is None:
            fields = bind(f"f{register}_{index}", reads.fields)
            group = f"g{register}_{index}"
            place = place_of(reads.source)
            told = f", known_param_names=known[{place!r}]" if place is not None else ""
            read = f"request_params_to_args({fields}, request.{reads.source}{told})"
            add(f"{group}, errors = {read}")
            with self.lines.block("if errors:"):
                self._leave(register, index + 1, 0, "errors")
            return [f"**{group}"]
        arguments: list[str] = []
        for position, parameter in enumerate(reads.parameters):
            name = f"p{register}_{index}_{position}"
            self._read_one(register, index, position, reads, parameter, name)
            arguments.append(f"{parameter.name}={name}")
        return arguments

    def _read_one(
        self,
        register: int,
        index: int,
        position: int,
        reads: Reads,
        parameter: Parameter,
        name: str,
    ) -> None:
        add, bind = self.lines.add, self.lines.bind
        one = bind(f"q{name}", parameter)
        number = self._shared.get(parameter.shared)
        raw = "raw" if number is None else f"raw{number}"
        if number in self._is_read:
            # It has no effect when it is validated, either.
            with self.lines.block(f"if {raw} is None:"):
                self._write_default(register, index, position, parameter, name, one)
            with self.lines.block("else:"):
                add(f"{name} = shared{number}")
            return
        is_reread = number in self._rereads
        if number is not None and not is_reread:
            self._is_read.add(number)
        value = "raw" if is_reread else raw
        if parameter.is_list:
            alias = bind(f"a{name}", parameter.alias)
            add(f"{value} = request.{reads.source}.getlist({alias}) or None")
        else:
            key = bind(f"n{name}", parameter.key)
            add(f"{value} = {_VARIABLES[reads.source]}.get({key})")
        with self.lines.block(f"if {value} is None:"):
            self._write_default(register, index, position, parameter, name, one)
        if is_reread:
            with self.lines.block(f"elif raw is {raw}:"):
                add(f"{name} = shared{number}")
        with self.lines.block("else:"):
            if parameter.is_text and not parameter.is_list and not self._may_change(reads):
                add(f"{name} = {value}" if number is None else f"{name} = shared{number} = {value}")
                return
            validate = bind(f"v{name}", parameter.validate)
            is_header = reads.source == "headers" and not parameter.is_list
            read = f"{value}.decode('latin-1')" if is_header else value
            with self.lines.block("try:"):
                also = f" = shared{number}" if number is not None else ""
                # Which makes no difference to a plain type.
                how = "" if parameter.shared is not None else ", from_attributes=True"
                add(f"{name}{also} = {validate}({read}{how})")
            with self.lines.block("except ValidationError as error:"):
                add(f"wrong = {one}.errors(error)")
            # Not within `except`: what is called later is not called while an error is handled.
            with self.lines.block("if wrong is not None:"):
                self._leave(register, index, position + 1, "wrong")
            if is_reread:
                add(f"{raw} = raw")

    def _may_change(self, reads: Reads) -> bool:
        """Whether a source may hold something else later than was decoded from what was sent."""
        return self._plan.is_open or reads.source != "query_params"

    def _write_default(
        self,
        register: int,
        index: int,
        position: int,
        parameter: Parameter,
        name: str,
        one: str,
    ) -> None:
        """The value of a parameter that was not sent."""
        add = self.lines.add
        if not parameter.has_plain_default:
            self._ask_for_default(register, index, position, name, one)
            return
        info = self.lines.bind(f"i{name}", parameter.field.field_info)
        add(f"{name} = {info}.default")
        plain = "PLAIN"
        if parameter.plain is not PLAIN:
            plain = self.lines.bind(f"t{name}", parameter.plain)
        with self.lines.block(
            f"if type({name}) not in {plain} or {info}.default_factory is not None "
            f"or {info}.validate_default:"
        ):
            self._ask_for_default(register, index, position, name, one)

    def _ask_for_default(
        self, register: int, index: int, position: int, name: str, one: str
    ) -> None:
        self.lines.add(f"{name}, wrong = {one}.default()")
        with self.lines.block("if wrong:"):
            self.lines.add(f"del {name}")
            self._leave(register, index, position + 1, "wrong")
        self.lines.add("wrong = None")

    def _read_body(self, register: int, step: Step) -> list[str]:
        assert step.body is not None
        add, bind = self.lines.add, self.lines.bind
        body, group = bind(f"b{register}", step.body), f"g{register}_body"
        told = ", known" if self._tells_names else ""
        add("errors = []")
        add(f"{group} = await {body}.read(solution.body, errors{told})")
        with self.lines.block("if errors:"):
            self._leave(register, len(step.reads) + 1, 0, "errors")
        return [f"**{group}"]

    def _call(self, register: int, step: Step, arguments: list[str]) -> None:
        bind = self.lines.bind
        callee = bind(f"c{register}", step.callee)
        values = ", ".join(arguments)
        stack = "function_stack" if step.is_of_function_scope else "request_stack"
        if self._entered is not None and step.kind is Kind.THREADED_GENERATOR:
            is_of_function = step.is_of_function_scope
            made = f"{self._entered}.enter({callee}, dict({values}), {is_of_function})"
        elif self._entered is not None:
            made = self._called_in_visit(callee, arguments)
        elif step.kind is Kind.INLINE_GENERATOR:
            made = f"{stack}.enter_context({callee}({values}))"
        elif step.kind in ENTERED or step.concurrency is not None:
            kind = bind(f"kind{register}", step.kind)
            entered = bind(f"e{register}", step.dependant)
            limit = bind(f"l{register}", step.concurrency)
            limiter = bind(f"w{register}", step.limiter)
            made = (
                f"await call_dependency({kind}, {callee}, {entered}, {limit}, {limiter}, {stack}, "
                f"dict({values}), request, visits)"
            )
        elif step.kind is Kind.INLINE:
            self._timing.call(register, f"r{register}", f"{callee}({values})")
            self._is_stale = self._are_headers_stale = True
            return
        elif step.kind is Kind.ASYNC:
            made = f"await {callee}({values})"
        else:
            limiter = bind(f"w{register}", step.limiter)
            made = f"await visits.run({', '.join([limiter, callee, *arguments])})"
        self.lines.add(f"r{register} = {made}")
        self._is_stale = self._are_headers_stale = True
