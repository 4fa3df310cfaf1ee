"""Fixtures for pytest: what goes to a thread in a test, and what holds up the event loop."""

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import pytest

from fastapi_fastdeps._observing.blocking import BlockingCall, noting_what_blocks
from fastapi_fastdeps._observing.choice import guarded_everywhere
from fastapi_fastdeps._observing.reports import listeners
from fastapi_fastdeps.guarding import Guard, SlowCall

_SECONDS = "0.1"


@dataclass
class Hops:
    """What went to a worker thread in a test.

    Attributes:
        functions: what was called there, in order: a function of this package or of Starlette's
            where several callables went together.
    """

    functions: list[Callable[..., Any]] = field(default_factory=list[Callable[..., Any]])

    @property
    def count(self) -> int:
        """How often something went to a thread."""
        return len(self.functions)

    def clear(self) -> None:
        """Begin to count anew."""
        self.functions.clear()


@dataclass
class InlineCalls:
    """The inline calls of a test that blocked. What is taken out does not fail the test.

    Attributes:
        slow: those that took too long.
        blocking: what they called that blocks, as blockbuster knows it.
    """

    slow: list[SlowCall] = field(default_factory=list[SlowCall])
    blocking: list[BlockingCall] = field(default_factory=list[BlockingCall])

    def clear(self) -> None:
        """Forget what was found so far."""
        self.slow.clear()
        self.blocking.clear()

    def __str__(self) -> str:
        found = [*self.blocking, *self.slow]
        calls = "an inline call" if len(found) == 1 else f"{len(found)} inline calls"
        return "\n\n".join([f"The event loop was held up by {calls}.", *map(str, found)])


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini(
        "fastdeps_guard",
        "Fail every test in which an inline call of a FastDepsAPI blocks.",
        type="bool",
        default=False,
    )
    parser.addini(
        "fastdeps_slow_call",
        "How many seconds an inline call may take in a guarded test.",
        default=_SECONDS,
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getini("fastdeps_guard"):
        guarding = ExitStack()
        guarding.enter_context(guarded_everywhere(_guard(config)))
        config.add_cleanup(guarding.close)


@pytest.fixture
def fastdeps_hops(monkeypatch: pytest.MonkeyPatch) -> Hops:
    """Counts what goes to a worker thread in a test: `fastdeps_hops.count`.

    FastAPI, Starlette and this package all call `anyio.to_thread.run_sync`, which is replaced
    meanwhile.
    """
    hops = Hops()
    run_sync: Callable[..., Any] = anyio.to_thread.run_sync

    async def counted(function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        hops.functions.append(function)
        return await run_sync(function, *args, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)
    return hops


@pytest.fixture
def fastdeps_guard(request: pytest.FixtureRequest) -> Generator[InlineCalls]:
    """Fails a test in which an inline call of a `FastDepsAPI` blocks: one that takes longer than
    the ini option `fastdeps_slow_call`, or that calls what blockbuster, where that is installed,
    knows to block. What it found so far is in it."""
    found = InlineCalls()
    with guarded_everywhere(_guard(request.config)), _finding(found, request.config):
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    found: object = getattr(item, "funcargs", {}).get("fastdeps_guard")
    if isinstance(found, InlineCalls):
        result = yield
    elif item.config.getini("fastdeps_guard"):
        found = InlineCalls()
        with _finding(found, item.config):
            result = yield
    else:
        return (yield)
    if found.slow or found.blocking:
        pytest.fail(str(found), pytrace=False)
    return result


def _guard(config: pytest.Config) -> Guard:
    return Guard(slow_call=_limit(config), interval=0, callback=_tell_nobody)


def _tell_nobody(_: SlowCall) -> None:
    """Those that listen are told anyway."""


def _limit(config: pytest.Config) -> float:
    given: str = config.getini("fastdeps_slow_call")
    try:
        return float(given)
    except ValueError:
        message = f"fastdeps_slow_call = {given} is no number of seconds"
        raise pytest.UsageError(message) from None


@contextmanager
def _finding(found: InlineCalls, config: pytest.Config) -> Generator[None]:
    limit = _limit(config)

    def listen(call: SlowCall) -> None:
        # Apps with a guard of their own may have another limit.
        if not call.is_running and call.seconds > limit:
            found.slow.append(call)

    listeners.append(listen)
    try:
        with noting_what_blocks(found.blocking.append):
            yield
    finally:
        listeners.remove(listen)
