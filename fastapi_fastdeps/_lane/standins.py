"""Callables that stand for a user's callable in FastAPI's dependency tree.

FastAPI decides how to call something by what it is: a coroutine function, a generator
function, and so on. A stand-in is what FastAPI should see, and calls what the user wrote.
"""

import functools
import inspect
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from typing import Any, Final, cast

from anyio.lowlevel import checkpoint
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool

from fastapi_fastdeps._deciding.graph import Node
from fastapi_fastdeps._deciding.places import is_marked_place
from fastapi_fastdeps._fastapi.callables import unwrapped
from fastapi_fastdeps._fastapi.names import (
    get_typed_signature,
    is_async_gen_callable,
    is_coroutine_callable,
    is_gen_callable,
)
from fastapi_fastdeps._fastapi.requests import routing_names, solver_names, streams_generators
from fastapi_fastdeps._threads import (
    NO_APPS,
    Threads,
    current_visits,
    enter_in_thread,
    limiter_of,
    taken_in_visits,
)
from fastapi_fastdeps.classifiers import Candidate
from fastapi_fastdeps.marking import Execution, Inline, Threaded

_names: Final = solver_names()


def called_here(threads: Threads, candidate: Candidate) -> Callable[..., Any]:
    """What calls a callable on the event loop: itself, unless somebody is told of it."""
    observer = threads.observer
    return candidate.call if observer is None else observer.calling(candidate, candidate.call)


class StandIn:
    """Stands for the callable of a candidate: equal to it, so that it finds the same
    override and the same cached value, and seen as a security scheme if it is one."""

    def __init__(
        self,
        candidate: Candidate,
        execution: Execution | None,
        signature: inspect.Signature | None = None,
        threads: Threads = NO_APPS,
    ) -> None:
        self.call: Callable[..., Any] = candidate.call
        self.candidate = candidate
        self.execution = execution
        self.threads: Threads = threads
        self._signature = signature
        # Whatever unwraps to a class is taken for sync by FastAPI, so nothing else does.
        if isinstance(scheme := unwrapped(candidate.call), SecurityBase):
            self.__wrapped__ = scheme

    @property
    def __signature__(self) -> inspect.Signature:
        return self._signature or get_typed_signature(self.call)

    @property
    def __name__(self) -> str:
        return getattr(self.call, "__name__", type(self.call).__name__)

    def __call__(self, /, **values: Any) -> Any:
        raise NotImplementedError

    def exchange(self) -> None:
        """Be called as FastAPI's solver now will, which has found it before something of the other
        kind took its place: it awaits a sync one, and calls an async one in a thread."""

    def __hash__(self) -> int:
        return hash(self.call)

    def __eq__(self, other: object) -> bool:
        call = other.call if isinstance(other, StandIn) else other
        # Like a dictionary, which does not ask whether something equals itself.
        return self.call is call or self.call == call

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self.call!r}>"


class _InlineCall(StandIn):
    """Stands for what is called on the event loop."""

    _is_exchanged = False

    async def __call__(self, /, **values: Any) -> Any:
        returned = called_here(self.threads, self.candidate)(**values)
        return await returned if self._is_exchanged else returned

    def exchange(self) -> None:
        self._is_exchanged = True


class _InlineGenerator(StandIn):
    async def __call__(self, /, **values: Any) -> AsyncIterator[Any]:
        make: Callable[..., AbstractContextManager[Any]] = contextmanager(self.call)
        if (observer := self.threads.observer) is not None:
            make = observer.managing(self.candidate, make)
        with make(**values) as value:
            yield value


class _LimitedCall(_InlineCall):
    """Stands for what is called in a thread of a limiter, or in one whose context is shared, which
    FastAPI awaits."""

    async def __call__(self, /, **values: Any) -> Any:
        if self._is_exchanged:
            return await self.call(**values)
        limiter = limiter_of(self.execution)
        if limiter is None and _names["run_in_threadpool"] is not run_in_threadpool:
            return await _names["run_in_threadpool"](self.call, **values)
        return await current_visits(self.threads).run(limiter, self.call, **values)


class _LimitedGenerator(StandIn):
    async def __call__(self, /, **values: Any) -> AsyncIterator[Any]:
        visits, limiter = current_visits(self.threads), limiter_of(self.execution)
        manager = contextmanager(self.call)(**values)
        async with AsyncExitStack() as stack:
            yield await enter_in_thread(stack, visits, limiter, manager)


class _ThreadedCall(StandIn):
    def __call__(self, /, **values: Any) -> Any:
        return self.call(**values)


class _ThreadedGenerator(StandIn):
    def __call__(self, /, **values: Any) -> Iterator[Any]:
        generator = self.call(**values)
        if not isinstance(generator, Iterator):
            # FastAPI takes what it is given for an iterator, and fails like this.
            next(generator)
        yield from generator


class _WrappedGenerator(StandIn):
    """Stands for a function that FastAPI unwraps to a generator function: it is called on
    the event loop, what it returns is iterated in a thread."""

    def __init__(
        self,
        candidate: Candidate,
        execution: Execution | None,
        signature: inspect.Signature | None = None,
        threads: Threads = NO_APPS,
    ) -> None:
        super().__init__(candidate, execution, signature, threads)
        self.__wrapped__ = unwrapped(candidate.call)

    def __call__(self, /, **values: Any) -> Any:
        return self.call(**values)


class _AsyncCall(StandIn):
    """Stands for what is awaited."""

    async def __call__(self, /, **values: Any) -> Any:
        return await self.call(**values)

    def exchange(self) -> None:
        exchanged: Any = self
        exchanged.__class__ = _ThreadedCall


class _AsyncGenerator(StandIn):
    async def __call__(self, /, **values: Any) -> AsyncIterator[Any]:
        async with asynccontextmanager(self.call)(**values) as value:
            yield value


def is_awaited_by_fastapi(execution: Execution | None) -> bool:
    """Whether FastAPI is to await what it would have called in a thread of AnyIO's default
    limiter."""
    return isinstance(execution, Inline) or limiter_of(execution) is not None


def is_called_by_us(execution: Execution | None, threads: Threads) -> bool:
    """Whether FastAPI is to await a dependency that it would have called in a thread."""
    return is_awaited_by_fastapi(execution) or (
        threads.shares_context and isinstance(execution, Threaded)
    )


def needs_stand_in(node: Node, threads: Threads) -> bool:
    """Whether FastAPI's solver is to see a stand-in for a dependency: to call it where it was
    decided, or to find that it equals something that has one."""
    return (
        is_called_by_us(node.execution, threads)
        or is_marked_place(node.candidate)
        or type(node.candidate.call).__eq__ not in _EQUALITIES
    )


_EQUALITIES: Final[tuple[object, ...]] = (
    object.__eq__,
    types.MethodType.__eq__,
    types.BuiltinMethodType.__eq__,
)
"""How callables compare that leave it to a stand-in whether they equal it."""


def stand_in(
    candidate: Candidate,
    execution: Execution | None,
    signature: inspect.Signature | None = None,
    threads: Threads = NO_APPS,
) -> StandIn:
    """What FastAPI's solver should see for this dependency.

    `execution` is `None` for an async callable. With a `signature`, FastAPI analyses that
    in place of the callable's own. `threads` are where one with a limiter waits.
    """
    call = candidate.call
    kind: type[StandIn]
    if is_async_gen_callable(call):
        kind = _AsyncGenerator
    elif is_gen_callable(call):
        if isinstance(execution, Inline):
            kind = _InlineGenerator
        elif not _is_generator_function(call) and limiter_of(execution) is None:
            kind = _WrappedGenerator
        else:
            kind = _LimitedGenerator if is_called_by_us(execution, threads) else _ThreadedGenerator
    elif is_coroutine_callable(call):
        kind = _AsyncCall
    elif isinstance(execution, Inline):
        kind = _InlineCall
    else:
        kind = _LimitedCall if is_called_by_us(execution, threads) else _ThreadedCall
    return kind(candidate, execution, signature, threads)


def inline_endpoint(candidate: Candidate, threads: Threads) -> Callable[..., Any]:
    """An async function that calls a sync endpoint, or, for a generator function, a
    function that unwraps to an async generator function.

    They are real functions with the endpoint's file and line, because FastAPI names these
    in validation errors, its name in telemetry spans, and instrumentation asks
    `inspect.iscoroutinefunction`.
    """
    call = candidate.call
    make = _generator_endpoint if streams_generators and is_gen_callable(call) else _endpoint
    return _standing_where(make(candidate, threads), call)


def _standing_where(endpoint: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    endpoint.__module__ = getattr(call, "__module__", type(call).__module__)
    endpoint.__qualname__ = getattr(call, "__qualname__", type(call).__qualname__)
    if not isinstance(call, type):
        endpoint.__signature__ = get_typed_signature(call)
    _relocate(endpoint, call)
    return cast("Callable[..., Any]", endpoint)


def streaming_endpoint(
    given: Callable[..., Any], call: Callable[..., Any], values_of: Callable[[Any], Any]
) -> Callable[..., Any]:
    """What FastAPI takes for `given`, and calls with what `values_of` makes the arguments of."""

    def endpoint(**values: Any) -> Any:
        try:
            return given(**values_of(values))
        except BaseException as error:
            _leave_out_this_frame(error)
            raise

    functools.update_wrapper(endpoint, given)
    return _standing_where(endpoint, call)


def awaiting_endpoint(
    call_as: Callable[..., Awaitable[Any]], call: Callable[..., Any]
) -> Callable[..., Any]:
    """An async function that stands where an endpoint does, and awaits what `call_as` returns."""

    async def endpoint(**values: Any) -> Any:
        try:
            return await call_as(**values)
        except BaseException as error:
            _leave_out_this_frame(error)
            raise

    return _standing_where(_looking_like(endpoint, call), call)


def awaited_endpoint(call: Callable[..., Any]) -> Callable[..., Any]:
    """An async function that awaits what a function returns that has replaced an async one."""
    return awaiting_endpoint(call, call)


def called_endpoint(call: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns what an async one returns that has replaced a sync one."""

    def endpoint(**values: Any) -> Any:
        try:
            return call(**values)
        except BaseException as error:
            _leave_out_this_frame(error)
            raise

    return _standing_where(_looking_like(endpoint, call), call)


def threaded_endpoint(call: Callable[..., Any]) -> Callable[..., Any]:
    """An async function that calls what has replaced an inline endpoint in a thread."""

    def run(**values: Any) -> Awaitable[Any]:
        running: Awaitable[Any] = routing_names()["run_in_threadpool"](
            functools.partial(call, **values)
        )
        return running

    return awaiting_endpoint(run, call)


def limited_endpoint(
    call: Callable[..., Any], limiter: str | None, threads: Threads
) -> Callable[..., Any]:
    """An async function that calls a sync endpoint in a thread of a limiter, or one that
    unwraps to an async generator function, whose items are taken there."""
    visits = functools.partial(current_visits, threads)
    if streams_generators and is_gen_callable(call):

        async def take(items: Iterable[Any]) -> AsyncIterator[Any]:
            try:
                async for item in taken_in_visits(items, visits, limiter):
                    yield item
            except BaseException as error:
                _leave_out_this_frame(error)
                raise

        def stream(**values: Any) -> AsyncIterator[Any]:
            try:
                return take(call(**values))
            except BaseException as error:
                _leave_out_this_frame(error)
                raise

        functools.update_wrapper(stream, call)
        vars(stream)["__wrapped__"] = take
        _relocate_innermost(take, call)
        return _standing_where(stream, call)

    def run(**values: Any) -> Awaitable[Any]:
        return visits().run(limiter, call, **values)

    return awaiting_endpoint(run, call)


def _endpoint(candidate: Candidate, threads: Threads) -> Any:
    async def endpoint(**values: Any) -> Any:
        try:
            return called_here(threads, candidate)(**values)
        except BaseException as error:
            _leave_out_this_frame(error)
            raise

    return _looking_like(endpoint, candidate.call)


def _looking_like(endpoint: Any, call: Callable[..., Any]) -> Any:
    functools.update_wrapper(endpoint, call)
    innermost = inspect.unwrap(call)
    if innermost is call and not isinstance(call, type):
        del vars(endpoint)["__wrapped__"]
    elif inspect.isroutine(innermost):
        # Whoever wraps the endpoint unwraps it too, and should find a coroutine function.
        async def innermost_endpoint() -> None: ...

        _relocate_innermost(innermost_endpoint, call)
        vars(endpoint)["__wrapped__"] = innermost_endpoint
    else:
        vars(endpoint)["__wrapped__"] = innermost
    return endpoint


def _generator_endpoint(candidate: Candidate, threads: Threads) -> Any:
    call = candidate.call

    async def iterate(items: Iterable[Any]) -> AsyncIterator[Any]:
        iterator = iter(items)
        try:
            # FastAPI itself does so after each item, and on the way to a thread before the first.
            await checkpoint()
            while True:
                try:
                    if (observer := threads.observer) is None:
                        item = next(iterator)
                    else:
                        item = observer.call(candidate, "next", next, iterator)
                except StopIteration:
                    return
                except BaseException as error:
                    await _others_have_run()
                    _leave_out_this_frame(error)
                    raise
                yield item
        finally:
            if isinstance(items, types.GeneratorType):
                items.close()

    def endpoint(**values: Any) -> AsyncIterator[Any]:
        try:
            return iterate(called_here(threads, candidate)(**values))
        except BaseException as error:
            _leave_out_this_frame(error)
            raise

    functools.update_wrapper(endpoint, call)
    vars(endpoint)["__wrapped__"] = iterate
    _relocate_innermost(iterate, call)
    return endpoint


def _leave_out_this_frame(error: BaseException) -> None:
    """Let the traceback of an error that was just caught begin below the function that
    caught it, which stands where the user's does. A bare `raise` adds nothing to it."""
    if error.__traceback__ is not None:
        error.__traceback__ = error.__traceback__.tb_next


_TURNS = 30
"""How often the event loop turns while a thread takes what a thread takes: more than an
event needs to pass the streams and tasks between an endpoint and the server."""


async def _others_have_run() -> None:
    """Let what was yielded before an error go out, as the way through a thread does. If that
    fails, FastAPI does not come to the error."""
    for _ in range(_TURNS):
        await checkpoint()


def _is_generator_function(call: Any) -> bool:
    """Whether `call` is a generator function itself, or an object that is called like one."""
    return inspect.isgeneratorfunction(call) or inspect.isgeneratorfunction(
        getattr(call, "__call__", None)  # noqa: B004
    )


def _relocate(function: Any, call: Callable[..., Any]) -> None:
    """Let a function stand where `call` does, for error messages and tracebacks."""
    file, line = _location(call) or ("<endpoint>", 1)
    function.__code__ = function.__code__.replace(
        co_filename=file,
        co_firstlineno=line,
        co_name=getattr(call, "__name__", type(call).__name__),
        co_qualname=getattr(call, "__qualname__", type(call).__qualname__),
    )


def _relocate_innermost(function: Any, call: Callable[..., Any]) -> None:
    """Let a function stand where what `call` wraps does: there `inspect` finds the line, which
    looks for a file that is not on the disk in the module."""
    innermost: Any = inspect.unwrap(call) if _location(call) else call
    function.__module__ = getattr(innermost, "__module__", type(innermost).__module__)
    _relocate(function, innermost)


def _location(call: Any) -> tuple[str, int] | None:
    if isinstance(call, types.MethodType):
        call = call.__func__
    if isinstance(call, types.FunctionType):
        return call.__code__.co_filename, call.__code__.co_firstlineno
    if isinstance(call, type):
        try:
            file = inspect.getsourcefile(call)
            return (file, inspect.getsourcelines(call)[1]) if file else None
        except (OSError, TypeError):
            return None
    return None
