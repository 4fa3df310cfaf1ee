"""Timing the inline calls of a plan, where somebody is told how long they take.

Calls between which nothing is awaited are timed together: reading the clock is most of what it
costs. Each says when it begins, for the watchdog to see; where they took too long and it has not
seen which, each is timed alone for a while. What is read for a call that follows on another one
counts as part of it.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import get_ident

from fastapi_fastdeps._compiling.lines import Lines
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps._observing.slots import Exactness, Site, clock
from fastapi_fastdeps._plan.kinds import Kind
from fastapi_fastdeps._plan.steps import Plan, Step


class Timing:
    """Writes inline calls: nothing but the call, if nobody is told of it."""

    def __init__(
        self,
        lines: Lines,
        plan: Plan,
        observer: Observed | None,
        call_endpoint: Callable[[Step], Kind | None],
    ) -> None:
        self._lines = lines
        self._plan = plan
        self._call_endpoint = call_endpoint
        self._observer = observer
        if not any(map(self._is_timed, plan.steps)):
            self._observer = None
        self._timed: Site | None = None
        self._exactness = Exactness(observer.exact_calls if observer is not None else 0)

    @property
    def is_off(self) -> bool:
        """Whether nobody is told of an inline call of this plan."""
        return self._observer is None

    @contextmanager
    def around(self) -> Generator[None]:
        """What all inline calls need that are written meanwhile."""
        observer, lines = self._observer, self._lines
        if observer is None:
            yield
            return
        for name, value in {
            "clock": clock,
            "exactness": self._exactness,
            "follow": observer.follow,
            "get_ident": get_ident,
            "limit": observer.limit,
            "slot_of": observer.slot,
            "tell": observer.tell_ended,
            "slots": observer.slots,
        }.items():
            lines.bind(name, value)
        lines.add("slot = slots.get(get_ident()) or slot_of()")
        with lines.block("try:"):
            yield
        with lines.block("except BaseException:"):
            with lines.block("if slot.now is not None:"):
                lines.add("site, slot.now = slot.now, None")
                with lines.block("if clock() - begun > limit:"):
                    lines.add("tell(slot, site, clock() - begun)")
            lines.add("raise")

    def call(self, register: int, target: str, call: str) -> None:
        """Write that the target is what the call returns."""
        add = self._lines.add
        if self._observer is None:
            add(f"{target} = {call}")
            return
        is_followed = self._follows(register + 1)
        if self._timed is None:
            if is_followed:
                add("is_exact = exactness.left")
            add("begun = slot.begun = clock()")
            self._begin(register)
        site = f"site{register}"
        add(f"{target} = {call}")
        if is_followed:
            with self._lines.block("if is_exact:"):
                add(f"begun = follow(slot, {site}, begun)")
            self._begin(register + 1)
        else:
            add("slot.now = None")
            add("seconds = clock() - begun")
            with self._lines.block("if seconds > limit:"):
                add(f"tell(slot, {site}, seconds)")
            self._timed = None

    def leave(self) -> None:
        """Write that nothing is called any more where the plan is left, if that happens."""
        if self._timed is not None:
            self._lines.add("slot.now = None")

    def _begin(self, register: int) -> None:
        assert self._observer is not None
        candidate = self._plan.steps[register].node.candidate
        before = () if self._timed is None else (*self._timed.before, self._timed)
        site = Site(candidate, "call", self._observer, before, self._exactness)
        self._lines.add(f"slot.now = {self._lines.bind(f'site{register}', site)}")
        self._timed = site

    def _is_timed(self, step: Step) -> bool:
        """Whether a step calls something inline."""
        if step.kind is Kind.ENDPOINT:
            return self._call_endpoint(step) is Kind.INLINE
        return step.kind is Kind.INLINE and step.concurrency is None

    def _follows(self, register: int) -> bool:
        """Whether there is a step that calls something inline, and awaits nothing before."""
        if register == len(self._plan.steps):
            return False
        step = self._plan.steps[register]
        is_cached = step.use_cache and step.slot in self._slots(register)
        return self._is_timed(step) and step.body is None and not is_cached

    def _slots(self, register: int) -> set[int]:
        """Where the values of the steps before this one are cached."""
        return {step.slot for step in self._plan.steps[:register]}
