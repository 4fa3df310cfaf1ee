"""When the steps of a plan go to a thread, and which of them go there together."""

from collections.abc import Callable
from inspect import isgeneratorfunction

from fastapi_fastdeps._deciding.graph import Graph, Node
from fastapi_fastdeps._fastapi.names import is_coroutine_callable
from fastapi_fastdeps._plan.kinds import Kind, kind_of_endpoint
from fastapi_fastdeps._plan.parameters import Reads
from fastapi_fastdeps._plan.steps import Plan, Step, compile_plan
from fastapi_fastdeps._threads import Threads
from fastapi_fastdeps.marking import Threaded


def hops_of_route(
    graph: Graph, threads: Threads, *, fuses: bool, validates: bool, calls: bool = True
) -> int | None:
    """How often a request that succeeds goes to a thread, `None` where there is no plan. Of an
    endpoint that streams, the items are not counted, however many they are.

    `fuses`: whether several steps may be one visit; `validates`: whether what the endpoint
    returns is validated; `calls`: whether the endpoint may go to a thread.
    """
    try:
        plan = compile_plan(graph.root, threads, embed=False)
    except Exception:
        # What can't be looked at in advance has no plan.
        return None
    if plan is None:
        return None
    call_endpoint = _kind_of_endpoint if calls else _not_called
    return hops_of(plan, call_endpoint, fuses=fuses, validates=validates)


def _not_called(_: Node) -> None:
    """How a plan calls an endpoint that is always awaited elsewhere."""


def _kind_of_endpoint(node: Node) -> Kind | None:
    call = node.candidate.call
    return kind_of_endpoint(call, node.execution, is_async=is_coroutine_callable(call))


def visits_of(plan: Plan, call_endpoint: Callable[[Step], Kind | None]) -> dict[int, int]:
    """Which steps can be one visit to a thread: where each visit begins, and what is after it."""
    ends: dict[int, int] = {}
    start: int | None = None
    hops = 0
    seen: set[int] = set()
    for register, step in enumerate((*plan.steps, None)):
        # What takes a value that is there already goes nowhere.
        is_taken = step is not None and step.use_cache and step.slot in seen
        is_hop = step is not None and not is_taken and _is_hop(step, call_endpoint)
        follows = step is not None and (
            step.kind is Kind.AGAIN
            or (
                step.body is None
                and all(map(is_pure, step.reads))
                and (is_taken or (is_hop and _has_limiter_of(step, plan, start)))
            )
        )
        if start is not None and not follows:
            # The endpoint and the validation of what it returns are two.
            if hops > 1 or step is None:
                ends[start] = register
            start = None
        if start is None and is_hop:
            start, hops = register, 0
        hops += is_hop
        if step is not None and step.kind is not Kind.AGAIN:
            seen.add(step.slot)
    return ends


def _has_limiter_of(step: Step, plan: Plan, start: int | None) -> bool:
    """Whether a step waits where the visit waits that began with another."""
    return start is None or step.limiter == plan.steps[start].limiter


def hops_of(
    plan: Plan, call_endpoint: Callable[[Node], Kind | None], *, fuses: bool, validates: bool
) -> int:
    """How often a request goes to a thread in which all steps of the plan succeed, and leaving
    what they have entered. `validates`: whether what the endpoint returns is validated."""

    def how(step: Step) -> Kind | None:
        return call_endpoint(step.node)

    ends = visits_of(plan, how) if fuses else {}
    hops, register, seen = 0, 0, set[int]()
    while register < len(plan.steps):
        is_visit, end = register in ends, ends.get(register, register + 1)
        steps = [
            step
            for step in plan.steps[register:end]
            if step.kind is not Kind.AGAIN and not (step.use_cache and step.slot in seen)
        ]
        entered = [step for step in steps if _is_entered_in_thread(step)]
        if is_visit:
            hops += 1 + len({step.is_of_function_scope for step in entered})
        else:
            is_hop = any(step.kind is Kind.THREADED or _is_endpoint(step, how) for step in steps)
            is_validated = validates and any(_is_endpoint(step, how) for step in steps)
            hops += is_hop + is_validated + 2 * len(entered)
        seen.update(step.slot for step in steps)
        register = end
    return hops


def _is_endpoint(step: Step, call_endpoint: Callable[[Step], Kind | None]) -> bool:
    return step.kind is Kind.ENDPOINT and call_endpoint(step) is Kind.THREADED


def _is_entered_in_thread(step: Step) -> bool:
    return step.kind is Kind.THREADED_GENERATOR or (
        step.kind is Kind.GENERATOR and isinstance(step.node.execution, Threaded)
    )


def _is_hop(step: Step, call_endpoint: Callable[[Step], Kind | None]) -> bool:
    """Whether a step goes to a thread, as nothing but itself."""
    if step.kind is Kind.ENDPOINT:
        return call_endpoint(step) is Kind.THREADED
    if step.concurrency is not None:
        return False
    # What FastAPI only unwraps to a generator function is called on the event loop.
    return step.kind is Kind.THREADED or (
        step.kind is Kind.THREADED_GENERATOR and isgeneratorfunction(step.node.candidate.call)
    )


def is_pure(reads: Reads) -> bool:
    """Whether no code of the user's runs when the parameters are read."""
    return reads.parameters is not None and all(each.is_pure for each in reads.parameters)
