"""Timing the inline calls of a plan, where somebody is told how long they take."""

from collections.abc import Callable, Iterable

from fastapi_fastdeps._compiling.lines import Lines
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps._observing.slots import Site, clock
from fastapi_fastdeps._plan.kinds import Kind
from fastapi_fastdeps._plan.steps import Step
from fastapi_fastdeps.classifiers import Candidate


class Timing:
    """Writes inline calls: nothing but the call, if nobody is told of it."""

    def __init__(self, lines: Lines, observer: Observed | None) -> None:
        self._lines = lines
        self._observer = observer

    def begin(self, steps: Iterable[Step], call_endpoint: Callable[[Step], Kind | None]) -> None:
        """Write what all inline calls of these steps need."""
        if self._observer is None:
            return
        if any(
            step.kind is Kind.INLINE
            or (step.kind is Kind.ENDPOINT and call_endpoint(step) is Kind.INLINE)
            for step in steps
        ):
            self._lines.add("slot = slot_of()")
            self._lines.bind("slot_of", self._observer.slot)
            self._lines.bind("clock", clock)
            self._lines.bind("limit", self._observer.limit)
            self._lines.bind("tell_ended", self._observer.tell_ended)

    def add(self, register: int, candidate: Candidate, line: str) -> None:
        """Write the line that calls the callable of a step."""
        add, observer = self._lines.add, self._observer
        if observer is None:
            add(line)
            return
        site = self._lines.bind(f"site{register}", Site(candidate, "call", observer))
        add("begun = clock()")
        add(f"slot.now = ({site}, begun)")
        with self._lines.block("try:"):
            add(line)
        with self._lines.block("finally:"):
            add("slot.now = None")
            add("seconds = clock() - begun")
            with self._lines.block("if seconds > limit:"):
                add(f"tell_ended(slot, {site}, begun, seconds)")
