"""Where what is sync waits for a worker thread.

A request waits for its first visit to the threads of a limiter, and for no later one: it may
hold what others are waiting for in theirs, such as a connection. While later visits are many,
no first ones are let in, so there are not many more threads than the limiter has tokens.
"""

import math
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
)
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

import anyio.to_thread
from anyio import CancelScope, CapacityLimiter, Event
from anyio.lowlevel import RunVar

from fastapi_fastdeps.errors import Described, LimiterError, describe, whereabouts
from fastapi_fastdeps.marking import Execution, Threaded


class Threads:
    """The limiters of an app.

    Attributes:
        limiters: how many requests each of them lets in at once, by name.
        tokens: the same for what names none, `None` for as many as AnyIO's default limiter.
        is_app: whether it is known which limiters there are.
    """

    def __init__(
        self,
        limiters: Mapping[str, int] | None = None,
        tokens: int | None = None,
        *,
        is_app: bool = True,
    ) -> None:
        """Raises `LimiterError` for a number of tokens that is none."""
        self.limiters: dict[str, int] = dict(limiters or {})
        self.tokens: int | None = tokens
        self.is_app: bool = is_app
        for name, number in self.limiters.items():
            _check_name(name)
            _check_tokens(f"limiters={{{name!r}: {number!r}}}", number)
        if tokens is not None:
            _check_tokens(f"thread_tokens={tokens!r}", tokens)

    def check(self, candidate: Described, execution: Execution | None) -> None:
        """Raise `LimiterError` for a callable whose limiter the app does not have."""
        name = limiter_of(execution)
        if self.is_app and name is not None and name not in self.limiters:
            raise _unknown(name, self, f"{describe(candidate.call)}{whereabouts(candidate)}")

    def settle(self) -> None:
        """Have AnyIO's default limiter let in as many in the event loop that runs: what FastAPI
        and Starlette send to a thread themselves waits there."""
        if self.tokens is not None:
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
            default = anyio.to_thread.current_default_thread_limiter()
            if self.tokens is not None:
                default.total_tokens = self.tokens
            pools = apps[self] = _Pools({None: Pool(self.tokens, default)})
            for name, size in self.limiters.items():
                pools[name] = Pool(size, default)
        return pools


class Pool:
    """The threads of one limiter in one event loop."""

    def __init__(self, size: int | None, default: CapacityLimiter) -> None:
        """`size` is how many requests it lets in at once, `None` for as many as `default`."""
        self._size = size
        self._default = default
        self._busy = 0
        self._waiting: deque[Event] = deque()
        self.unlimited: CapacityLimiter = CapacityLimiter(math.inf)

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
        size = self._default.total_tokens if self._size is None else self._size
        return self._busy < size


_Pools = dict[str | None, Pool]
_apps: RunVar[WeakKeyDictionary[Threads, _Pools]] = RunVar("fastdeps_threads")


class Visits:
    """The visits of one request to worker threads."""

    __slots__ = ("_been_in", "threads")

    def __init__(self, threads: Threads) -> None:
        self.threads: Threads = threads
        self._been_in: set[str | None] = set()

    async def run(
        self, limiter: str | None, function: Callable[..., Any], /, *args: Any, **values: Any
    ) -> Any:
        """What the function returns, called in a worker thread. Raises what it raises.

        Cancellation is as in AnyIO: whoever waits for the thread is cancelled, what runs there
        is waited for.
        """
        pool = self.threads.pool(limiter)
        if limiter in self._been_in:
            pool.begin()
        else:
            await pool.wait()
            self._been_in.add(limiter)
        try:
            call = partial(function, *args, **values) if values else function
            given = () if values else args
            return await anyio.to_thread.run_sync(call, *given, limiter=pool.unlimited)
        finally:
            pool.end()

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


@asynccontextmanager
async def entered_in_thread(
    visits: Visits, limiter: str | None, manager: AbstractContextManager[Any]
) -> AsyncGenerator[Any]:
    """Enter a context manager in a visit, and leave it in a thread."""
    value = await visits.run(limiter, manager.__enter__)
    async with AsyncExitStack() as stack:
        leave_with(stack, (manager,))
        yield value


def leave_with(stack: AsyncExitStack, managers: tuple[AbstractContextManager[Any], ...]) -> None:
    """Have the stack leave context managers in one visit to a thread, the last one first."""
    stack.push_async_exit(partial(_leave, managers))


async def _leave(managers: tuple[AbstractContextManager[Any], ...], *details: Any) -> bool:
    """Leave generators as FastAPI does: shielded, and without waiting for a free thread."""
    limiter = CapacityLimiter(1)
    with CancelScope(shield=True):
        return await anyio.to_thread.run_sync(_leave_here, managers, *details, limiter=limiter)
    return False


def _leave_here(managers: tuple[AbstractContextManager[Any], ...], *details: Any) -> bool:
    stack = ExitStack()
    for manager in managers:
        stack.push(_exit_of(manager))
    return bool(stack.__exit__(*details))


def _exit_of(manager: AbstractContextManager[Any]) -> Callable[..., bool | None]:
    return lambda *details: copy_context().run(manager.__exit__, *details)


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
