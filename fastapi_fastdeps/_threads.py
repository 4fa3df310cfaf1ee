"""Where what is sync waits for a worker thread.

A request waits for its first visit to the threads of a limiter, and for no later one: it may
hold what others are waiting for in theirs, such as a connection. While later visits are many,
no first ones are let in, so there are not many more threads than the limiter has tokens.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, ExitStack, contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from threading import Lock
from types import TracebackType
from typing import Any, ClassVar, Final, Protocol, Self
from weakref import WeakKeyDictionary, ref

import anyio.to_thread
from anyio import CancelScope, CapacityLimiter, Event, WouldBlock
from anyio.lowlevel import RunVar

from fastapi_fastdeps import _watching
from fastapi_fastdeps._fastapi.here import work_here
from fastapi_fastdeps._fastapi.threadless import is_threadless
from fastapi_fastdeps._observing.choice import observer_everywhere
from fastapi_fastdeps._observing.measuring import Measuring
from fastapi_fastdeps._observing.metrics import Instruments, instruments_of
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps._sending import LeavesBehind, Makers, nothing
from fastapi_fastdeps.errors import Described, LimiterError, describe, whereabouts
from fastapi_fastdeps.marking import Execution, Threaded


class Threads(LeavesBehind):
    """The limiters of an app.

    Attributes:
        limiters: how many requests each of them lets in at once, by name.
        tokens: how many AnyIO's default limiter lets in, which what names none waits for, `None`
            for what it is.
        is_app: whether it is known which limiters there are.
        shares_context: whether a context variable that is set in a thread is seen by what runs
            later in the request.
        is_settled_at_once: whether an event loop has to know of it before a request needs it.
        own_observer: who is told of what the app calls inline, `None` for nobody of its own.
        instruments: what measures that, and what waits for threads; `None` for nothing.
    """

    left_behind: ClassVar[Makers] = {
        "instruments": nothing,
        "_meter_provider": nothing,
        "_measuring": nothing,
        "_known_pools": list[Any],
    }

    def __init__(
        self,
        limiters: Mapping[str, int] | None = None,
        tokens: int | None = None,
        *,
        is_app: bool = True,
        shares_context: bool = False,
    ) -> None:
        """Raises `LimiterError` for a number of tokens that is none."""
        self.limiters: dict[str, int] = dict(limiters or {})
        self.tokens: int | None = tokens
        self.is_app: bool = is_app
        self.shares_context: bool = shares_context
        self.is_settled_at_once: bool = tokens is not None or is_threadless()
        self.own_observer: Observed | None = None
        self.instruments: Instruments | None = None
        self._meter_provider: Any = None
        self._measuring: Measuring | None = None
        self._known_pools: list[ref[Pool]] = []
        for name, number in self.limiters.items():
            _check_name(name)
            _check_tokens(f"limiters={{{name!r}: {number!r}}}", number)
        if tokens is not None:
            _check_tokens(f"thread_tokens={tokens!r}", tokens)

    @property
    def observer(self) -> Observed | None:
        """Who is told of what is called inline, `None` for nobody."""
        guarding = self.own_observer or observer_everywhere()
        instruments, measuring = self.instruments, self._measuring
        if instruments is None:
            return guarding
        if measuring is None or not measuring.is_for(instruments, guarding):
            measuring = self._measuring = Measuring(instruments, guarding)
        return measuring

    def measure_for(self, provider: Any) -> None:
        """Measure for this meter provider of OpenTelemetry's from now on, `None` for none."""
        if provider is self._meter_provider:
            return
        instruments = None if provider is None else instruments_of(provider)
        with _changing:
            before, self.instruments = self.instruments, instruments
            self._meter_provider = provider
            if instruments is before:
                return
            if before is not None:
                before.forget(self)
            if instruments is not None:
                instruments.observe(self)
        _watching.changed()

    def be_observed(self) -> None:
        """Have the threads of the event loop that runs be observed, if somebody measures."""
        if self.instruments is not None:
            self._pools()

    def pools(self) -> "list[Pool]":
        """The threads of its limiters, in each event loop."""
        return [pool for known in [*self._known_pools] if (pool := known()) is not None]

    def check(self, candidate: Described, execution: Execution | None) -> None:
        """Raise `LimiterError` for a callable whose limiter the app does not have."""
        name = limiter_of(execution)
        if self.is_app and name is not None and name not in self.limiters:
            raise _unknown(name, self, f"{describe(candidate.call)}{whereabouts(candidate)}")

    def settle(self) -> None:
        """Have AnyIO's default limiter let in as many in the event loop that runs, and have
        AnyIO do without threads where none can start."""
        if self.is_settled_at_once:
            self._pools()

    def pool(self, name: str | None) -> "Pool":
        """The threads of a limiter in the event loop that runs."""
        pools = self._pools()
        try:
            return pools[name]
        except KeyError:
            assert name is not None
            raise _unknown(name, self, "A callable of this request") from None

    def _pools(self) -> "_Pools":
        try:
            apps = _apps.get()
        except LookupError:
            apps = WeakKeyDictionary[Threads, _Pools]()
            _apps.set(apps)
        pools = apps.get(self)
        if pools is None:
            if is_threadless():
                work_here()
            default = anyio.to_thread.current_default_thread_limiter()
            if self.tokens is not None:
                default.total_tokens = self.tokens
            pools = apps[self] = _Pools({None: Pool(None, default)})
            for name, size in self.limiters.items():
                pools[name] = Pool(name, CapacityLimiter(size))
            known = self._known_pools
            known += [ref(pool, known.remove) for pool in pools.values()]
        return pools


_changing: Final = Lock()


class Pool:
    """The threads of one limiter in one event loop.

    Attributes:
        name: the name of the limiter, `None` for the default one.
        limiter: AnyIO's, of which first visits take a token.
        later_visits: how many of the visits have none, counted while somebody measures.
    """

    def __init__(self, name: str | None, limiter: CapacityLimiter) -> None:
        self.name: str | None = name
        self.limiter: CapacityLimiter = limiter
        self.later_visits: int = 0
        self._busy = 0
        self._waiting: deque[Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait until there is room."""
        return len(self._waiting)

    def begin(self) -> None:
        """Come in without waiting."""
        self._busy += 1

    async def wait(self) -> None:
        """Come in when there is room, after those who have come before."""
        if self._has_room() and not self._waiting:
            self._busy += 1
            return
        event = Event()
        self._waiting.append(event)
        try:
            await event.wait()
        except BaseException:
            if event.is_set():
                self.end()
            else:
                self._waiting.remove(event)
            raise

    def end(self) -> None:
        """Go out, and let in who waits."""
        self._busy -= 1
        while self._waiting and self._has_room():
            self._busy += 1
            self._waiting.popleft().set()

    def _has_room(self) -> bool:
        return self._busy < self.limiter.total_tokens


_Pools = dict[str | None, Pool]
_apps: RunVar[WeakKeyDictionary[Threads, _Pools]] = RunVar("fastdeps_threads")


class Route(Protocol):
    """What knows the path of a route."""

    @property
    def path(self) -> str: ...


class Visits:
    """The visits of one request to worker threads."""

    __slots__ = ("_been_in", "_remembers", "_route", "threads")

    def __init__(
        self, threads: Threads, route: "Route | None" = None, *, remembers: bool = True
    ) -> None:
        """`route` is what the request was for, as far as that is known. `remembers`: whether it
        waits but once for each limiter."""
        self.threads: Threads = threads
        self._route = route
        self._remembers = remembers
        # How many visits to the threads of a limiter there are now, where there were any.
        self._been_in: dict[str | None, int] = {}

    @property
    def path(self) -> str:
        """The path of the route, empty where it is not known."""
        return self._route.path if self._route is not None else ""

    async def run(
        self, limiter: str | None, function: Callable[..., Any], /, *args: Any, **values: Any
    ) -> Any:
        """What the function returns, called in a worker thread. Raises what it raises.

        Cancellation is as in AnyIO: whoever waits for the thread is cancelled, what runs there
        is waited for.
        """
        instruments = self.threads.instruments
        if instruments is not None:
            function = instruments.noting_wait(limiter, function)
        pool, been_in = self.threads.pool(limiter), self._been_in
        # What a request does at the same time waits like what others do.
        is_first = not (self._remembers and been_in.get(limiter) == 0)
        is_counted = instruments is not None and not is_first
        if is_first:
            await pool.wait()
        else:
            pool.begin()
        been_in[limiter] = been_in.get(limiter, 0) + 1
        pool.later_visits += is_counted
        try:
            call = partial(function, *args, **values) if values else function
            given = () if values else args
            run = _run_sharing if self.threads.shares_context else _run_now
            if not is_first:
                return await run(call, *given)
            try:
                pool.limiter.acquire_nowait()
            except WouldBlock:
                await pool.limiter.acquire()
            try:
                return await run(call, *given)
            finally:
                pool.limiter.release()
        finally:
            been_in[limiter] -= 1
            pool.later_visits -= is_counted
            pool.end()

    def begin(self) -> Self:
        """Be what `visits_here` finds in this task from now on."""
        _current.set(self)
        return self

    def are_current(self) -> bool:
        """Whether `visits_here` finds them."""
        return _current.get() is self

    @contextmanager
    def as_current(self) -> Generator[None]:
        """Have what stands in for the callables of this request find its visits."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)


_current: ContextVar[Visits | None] = ContextVar("fastdeps_visits", default=None)


def current_visits(threads: Threads) -> Visits:
    """The visits of the request that is handled, as far as that is known."""
    current = _current.get()
    return current if current is not None and current.threads is threads else Visits(threads)


def visits_here() -> Visits:
    """The visits of the request that this code handles, of none outside of one."""
    return _current.get() or Visits(NO_APPS)


class _Open(CapacityLimiter):
    """A limiter that all get past, at once: AnyIO's own have the event loop turn even then."""

    def __new__(cls) -> Self:
        return object.__new__(cls)

    async def __aenter__(self) -> None: ...

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None: ...

    # What Trio calls.
    async def acquire_on_behalf_of(self, borrower: object) -> None: ...

    def release_on_behalf_of(self, borrower: object) -> None: ...


_OPEN: Final = _Open()


async def _run_now(call: Callable[..., Any], *args: Any) -> Any:
    """Call it in a thread, whoever else is in one."""
    return await anyio.to_thread.run_sync(call, *args, limiter=_OPEN)


async def _run_sharing(call: Callable[..., Any], *args: Any) -> Any:
    """Do so, and take over the context variables that it sets."""
    changes: dict[ContextVar[Any], Any] = {}

    def in_thread() -> Any:
        before = copy_context()
        try:
            return call(*args)
        finally:
            for variable, value in copy_context().items():
                if variable not in before or before[variable] is not value:
                    changes[variable] = value

    try:
        return await _run_now(in_thread)
    finally:
        for variable, value in changes.items():
            variable.set(value)


async def enter_in_thread(
    stack: AsyncExitStack, visits: Visits, limiter: str | None, manager: AbstractContextManager[Any]
) -> Any:
    """Enter a context manager in a visit, and have the stack leave it in a thread."""
    value = await visits.run(limiter, manager.__enter__)
    stack.push_async_exit(Leaving(manager))
    return value


class Leaving:
    """What an exit stack calls to leave context managers in one visit to a thread, the last one
    first: as FastAPI does, shielded, and without waiting for a free thread."""

    __slots__ = ("managers",)

    def __init__(self, *managers: AbstractContextManager[Any]) -> None:
        self.managers: list[AbstractContextManager[Any]] = list(managers)

    async def __call__(self, *details: Any) -> bool:
        with CancelScope(shield=True):
            left: bool = await _run_now(_leave_here, self.managers, *details)
            return left
        return False


def _leave_here(managers: list[AbstractContextManager[Any]], *details: Any) -> bool:
    if len(managers) == 1:
        return bool(managers[0].__exit__(*details))
    stack = ExitStack()
    for manager in managers:
        stack.push(_exit_of(manager))
    return bool(stack.__exit__(*details))


def _exit_of(manager: AbstractContextManager[Any]) -> Callable[..., bool | None]:
    return lambda *details: copy_context().run(manager.__exit__, *details)


END: Final = object()
"""What there is after the last item of an iterator."""


async def taken_in_visits(
    items: Iterable[Any], visits: Callable[[], Visits], limiter: str | None
) -> AsyncIterator[Any]:
    """The items, each taken in a thread."""
    iterator = iter(items)
    while (item := await visits().run(limiter, next, iterator, END)) is not END:
        yield item


NO_APPS: Final[Threads] = Threads(is_app=False)
"""Where a router waits that no app has included yet."""


_FASTAPIS: Final[Threads] = Threads()
"""Where a router waits that an app of FastAPI's own has included."""


def threads_of(provider: Any | None) -> Threads:
    """Where what an app serves waits for threads. `provider` is whose overrides hold."""
    if provider is None:
        return NO_APPS
    threads = getattr(provider, "threads", None)
    return threads if isinstance(threads, Threads) else _FASTAPIS


def fuses_visits(provider: Any | None) -> bool:
    """Whether consecutive steps that go to a thread are one visit to it in what an app serves."""
    return getattr(provider, "fuse_visits", False)


def limiter_of(execution: Execution | None) -> str | None:
    """The name of the limiter that a callable is to wait for."""
    return execution.limiter if isinstance(execution, Threaded) else None


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise LimiterError(f"limiters= has the name {name!r}: names are strings.")


def _check_tokens(given: str, number: object) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise LimiterError(
            f"{given} is no number of threads: give a whole number, 1 or more, as in "
            'FastDepsAPI(limiters={"db": 20}, thread_tokens=100).'
        )


def _unknown(name: str, threads: Threads, who: str) -> LimiterError:
    known = ", ".join(map(repr, threads.limiters)) or "none"
    number = {**threads.limiters, name: 20}
    return LimiterError(
        f"{who} is to run in threads of the limiter {name!r}, which its app does not have "
        f"(it has {known}). Declare it: FastDepsAPI(limiters={number!r})."
    )
