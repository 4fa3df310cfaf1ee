"""What is measured, by the API of OpenTelemetry, where that has a meter provider.

No request fails for a metric: what an instrument raises is logged, once for each.
"""

import logging
from collections.abc import Callable, Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar
from weakref import ref

from fastapi_fastdeps._observing.slots import Site, clock
from fastapi_fastdeps.errors import name_of

if TYPE_CHECKING:
    from anyio import CapacityLimiter
    from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation

CALL_DURATION: Final = "fastdeps.inline_call.duration"
BLOCKING_CALLS: Final = "fastdeps.blocking_calls"
WAIT_TIME: Final = "fastdeps.limiter.wait_time"
BUSY_THREADS: Final = "fastdeps.limiter.busy_threads"
WAITING_TASKS: Final = "fastdeps.limiter.waiting_tasks"
MAX_THREADS: Final = "fastdeps.limiter.max_threads"

_log: Final = logging.getLogger("fastapi_fastdeps")
_SCOPE: Final = "fastapi_fastdeps"
_API: Final = "opentelemetry.metrics"
_NO_NAME: Final = "default"
"""How the limiter is called of what names none."""

_BOUNDARIES: Final = (1e-6, 1e-5, 1e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5)
"""Of the histograms, in seconds: what is inline takes microseconds, or should."""

Returned = TypeVar("Returned")


class Pool(Protocol):
    """The threads of a limiter in one event loop.

    Attributes:
        name: how the limiter is called, `None` for the default one.
        limiter: AnyIO's, which other pools and other code may share.
        later_visits: how many there are now in threads that have no token of it.
    """

    name: str | None
    limiter: "CapacityLimiter"
    later_visits: int

    @property
    def waiting(self) -> int:
        """How many wait until they may take a token."""
        ...


class App(Protocol):
    """Whose threads are measured."""

    def pools(self) -> Iterable[Pool]:
        """Its threads, in every event loop."""
        ...


class Instruments:
    """What measures for one meter provider."""

    def __init__(self, meter: "Meter") -> None:
        self._apps: list[ref[App]] = []
        self._failed: set[str] = set()
        self._duration = meter.create_histogram(
            CALL_DURATION,
            unit="s",
            description="Duration of calls on the event loop.",
            explicit_bucket_boundaries_advisory=_BOUNDARIES,
        )
        self._blocking = meter.create_counter(
            BLOCKING_CALLS,
            unit="{call}",
            description="Calls on the event loop that took longer than the guard allows.",
        )
        self._wait = meter.create_histogram(
            WAIT_TIME,
            unit="s",
            description="Time until what goes to a worker thread begins there.",
            explicit_bucket_boundaries_advisory=_BOUNDARIES,
        )
        observed = (
            (BUSY_THREADS, "{thread}", "Worker threads that are in use.", _busy),
            (WAITING_TASKS, "{task}", "Tasks that wait for a worker thread.", _waiting),
            (MAX_THREADS, "{thread}", "How many requests are let in at once.", _size),
        )
        # Logfire keeps neither meters nor instruments, and gives those that are kept another
        # provider when it is configured again.
        self._kept = (
            meter,
            *(
                meter.create_observable_up_down_counter(
                    name, [self._observing(name, read)], unit, description
                )
                for name, unit, description, read in observed
            ),
        )

    def observe(self, app: App) -> None:
        """Have the threads of an app observed, as long as there is one."""
        self._apps.append(ref(app, self._apps.remove))

    def forget(self, app: App) -> None:
        """No longer do so."""
        self._apps.remove(ref(app))

    def note_call(self, site: Site, seconds: float, *, is_blocking: bool) -> None:
        """Note how long a call on the event loop took, and whether that was too long."""
        try:
            if site.attributes is None:
                site.attributes = _attributes(site)
            self._duration.record(seconds, site.attributes)
        except Exception:
            self._tell(CALL_DURATION)
        if is_blocking:
            try:
                self._blocking.add(1, _attributes(site) | _route(site))
            except Exception:
                self._tell(BLOCKING_CALLS)

    def noting_wait(
        self, limiter: str | None, function: Callable[..., Returned]
    ) -> Callable[..., Returned]:
        """What calls a function in a thread, and notes how long that took from now on."""
        begun = clock()

        def noted(*args: Any, **values: Any) -> Returned:
            try:
                self._wait.record(clock() - begun, _limiter(limiter))
            except Exception:
                self._tell(WAIT_TIME)
            return function(*args, **values)

        return noted

    def _observing(
        self, name: str, read: Callable[[Pool, bool], float]
    ) -> "Callable[[CallbackOptions], list[Observation]]":
        from opentelemetry.metrics import Observation

        def observe(_: "CallbackOptions") -> list[Observation]:
            found: dict[str | None, float] = {}
            limiters: set[int] = set()
            try:
                for pool in self._pools():
                    is_first = id(pool.limiter) not in limiters
                    limiters.add(id(pool.limiter))
                    found[pool.name] = found.get(pool.name, 0) + read(pool, is_first)
            except Exception:
                self._tell(name)
                return []
            return [Observation(value, _limiter(limiter)) for limiter, value in found.items()]

        return observe

    def _pools(self) -> Iterable[Pool]:
        for each in [*self._apps]:
            if (app := each()) is not None:
                yield from app.pools()

    def _tell(self, name: str) -> None:
        if name not in self._failed:
            self._failed.add(name)
            _log.exception("The metric %s failed, which is not told of again", name)


# What a limiter itself knows counts for the first of those pools that share it.
def _busy(pool: Pool, is_first: bool) -> float:
    return pool.later_visits + (pool.limiter.borrowed_tokens if is_first else 0)


def _waiting(pool: Pool, is_first: bool) -> float:
    return pool.waiting + (pool.limiter.statistics().tasks_waiting if is_first else 0)


def _size(pool: Pool, is_first: bool) -> float:
    return pool.limiter.total_tokens if is_first else 0


def _attributes(site: Site) -> dict[str, str]:
    call = site.candidate.call
    module: object = getattr(call, "__module__", None)
    name = name_of(call)
    return {
        "code.function.name": f"{module}.{name}" if isinstance(module, str) else name,
        "fastdeps.role": site.candidate.role.replace(" ", "_"),
        "fastdeps.part": site.part,
    }


def _route(site: Site) -> dict[str, str]:
    return {"http.route": site.candidate.path} if site.candidate.path else {}


def _limiter(name: str | None) -> dict[str, str]:
    return {"fastdeps.limiter.name": name or _NO_NAME}


# A program has one provider or two. What is kept here can't hand on its `id`.
_known: Final[dict[int, tuple["MeterProvider", Instruments | None]]] = {}
_lock: Final = Lock()


def instruments_of(provider: "MeterProvider") -> Instruments | None:
    """What measures for a provider, the same for all apps; `None` for one that measures nothing,
    and for one that fails to make it. Providers are told apart by identity: one may be neither
    equal to itself nor hashable."""
    with _lock:
        known = _known.get(id(provider))
        if known is None:
            known = _known[id(provider)] = provider, _made_for(provider)
        return known[1]


def _made_for(provider: "MeterProvider") -> Instruments | None:
    try:
        if _measures_nothing(provider):
            return None
        meter = provider.get_meter(_SCOPE)
        return None if _measures_nothing(meter) else Instruments(meter)
    except Exception:
        _log.exception("Metrics are off: %s failed to give instruments", type(provider).__name__)
        return None


def _measures_nothing(given: object) -> bool:
    """Whether the API itself made it, for programs that set no provider."""
    return type(given).__module__.startswith(_API)
