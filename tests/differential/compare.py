"""One program, FastAPI and FastDepsAPI: what must be the same, and what must follow."""

from collections.abc import Iterator
from dataclasses import replace

from .build import STOCK, Functions
from .drive import Answer, Driver, Observation, difference
from .frameworks import fastdeps
from .marks import executions, sync_callables
from .program import STREAMS, Marks, Program
from .recorder import Event
from .source import source

_REPEATS = 20
_VALIDATION = ("validate", "default")


def check_agreement(running: Driver, program: Program, marks: Marks) -> Observation:
    """Raise `AssertionError` where the frameworks differ; return FastDepsAPI's observation.

    Where something is inline, the context variables that it sees and sets are another
    matter (`check_contexts`), and so is the thread it runs in (`check_threads`).
    """
    functions = Functions(program, Marks())
    expected = running.observe(functions, STOCK)
    if marks.anything:
        functions = Functions(program, marks)
    observed = actual = running.observe(functions, fastdeps(marks))
    if marks.moves_anything:
        expected, actual = expected.keeping(_placeless), actual.keeping(_placeless)
    found = difference(expected, actual)
    if found and not _is_a_race(running, program):
        raise AssertionError(f"FastDepsAPI differs\n{report(program, marks)}\n{found}")
    return observed


def _is_a_race(running: Driver, program: Program) -> bool:
    """Whether FastAPI differs from itself, as where leaving a dependency fails while events are
    being made in threads: how many come before that is known is up to the threads."""
    first, *others = (running.observe(Functions(program, Marks()), STOCK) for _ in range(_REPEATS))
    return any(difference(first, each) for each in others)


def _placeless(answer: Answer) -> Iterator[Event]:
    for event in answer.events:
        yield replace(event, visible=(), on_loop=True)


def check_threads(program: Program, marks: Marks, observed: Observation) -> None:
    """Every sync callable ran where its marks say."""
    expected = executions(program, marks)
    if marks.classifier == "everything":
        expected = dict.fromkeys(sync_callables(program), "inline")
    for answer, call in zip(observed.answers, program.calls, strict=False):
        if call.overridden and marks.classifier != "everything":
            continue
        for event in answer.events:
            if event.kind in ("enter", "leave", "item") and event.name in expected:
                assert event.on_loop == (expected[event.name] == "inline"), (
                    f"{event} is to be {expected[event.name]}\n{report(program, marks)}"
                )


def check_contexts(program: Program, marks: Marks, observed: Observation) -> None:
    """A context variable set on the event loop, or in a thread that shares its context, is seen by
    all that runs after it."""
    for answer, call in zip(observed.answers, program.calls, strict=False):
        if not program.endpoints[call.endpoint].reply.startswith("events"):
            _check_context(program, marks, answer)


def _check_context(program: Program, marks: Marks, answer: Answer) -> None:
    # The body of a stream is iterated in a task of its own.
    streams = {f"e{i}" for i, endpoint in enumerate(program.endpoints) if endpoint.reply in STREAMS}
    # What FastAPI's lane has FastAPI call in a thread, and FastAPI's handler in a route of a class
    # that wraps it.
    endpoints = {f"e{index}" for index in range(len(program.endpoints))}
    is_wrapped = any(layer.own_routes for layer in program.layers)
    by_fastapi = endpoints if marks.lane == "fastapi" or is_wrapped else set()
    visible: list[str] = []
    for event in answer.events:
        missing = [name for name in visible if name not in event.visible]
        assert not missing, f"{event} does not see {missing}\n{report(program, marks)}"
        is_shared = event.on_loop or (marks.shares_context and event.name not in by_fastapi)
        if event.kind == "enter" and is_shared and event.name not in streams:
            visible.append(event.name)


def report(program: Program, marks: Marks) -> str:
    """Everything that it takes to run the program again."""
    return f"{program!r}\n{marks!r}\n\n{source(program)}"
