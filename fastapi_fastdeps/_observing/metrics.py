"""What is measured, through the API of OpenTelemetry, once something is there to measure for."""

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from fastapi_fastdeps._observing.slots import Site, clock
from fastapi_fastdeps.errors import name_of

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation

_API: Final = "opentelemetry.metrics"
_NAME: Final = "fastapi_fastdeps"
_DEFAULT: Final = "default"
"""How a limiter is called that has no name."""

_SECONDS: Final = (1e-6, 1e-5, 1e-4, 5e-4, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)

Returned = TypeVar("Returned")


class Waiting(Protocol):
    """The threads of a limiter in one event loop."""

    @property
    def busy(self) -> int: ...
    @property
    def waiting(self) -> int: ...
    @property
    def size(self) -> float: ...


Pools = Callable[[], Iterable[tuple[str | None, Waiting]]]
"""What knows the threads of all limiters in all event loops, by the names of limiters."""


def provider_of(own: Any = None) -> "MeterProvider | None":
    """What is to be measured for: the provider of an app, else the one of the program. `None`
    if there is none, or one that measures nothing."""
    api: Any = sys.modules.get(_API)
    if api is None:
        return None
    provider: Any = own if own is not None else api.get_meter_provider()
    # What the API itself defines does nothing until another one is set.
    return None if type(provider).__module__.startswith(_API) else provider


class Instruments:
    """What measures for one provider."""

    def __init__(self, provider: "MeterProvider", pools: Pools) -> None:
        meter: Meter = provider.get_meter(_NAME)
        self._pools = pools
        self._duration = meter.create_histogram(
            "fastdeps.inline_call.duration",
            unit="s",
            description="How long a call on the event loop took.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._blocking = meter.create_counter(
            "fastdeps.inline_call.blocking",
            unit="{call}",
            description="Calls on the event loop that took longer than the guard allows.",
        )
        self._wait = meter.create_histogram(
            "fastdeps.limiter.wait_time",
            unit="s",
            description="How long what goes to a thread waited until it began there.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        for name, unit, read, description in (
            ("busy", "{thread}", _busy, "Visits that a limiter has let into its threads."),
            ("waiting", "{task}", _waiting, "Tasks that wait until a limiter lets them in."),
            ("max", "{thread}", _size, "How many requests a limiter lets in at once."),
        ):
            meter.create_observable_up_down_counter(
                f"fastdeps.limiter.{name}",
                callbacks=[self._observing(read)],
                unit=unit,
                description=description,
            )

    def note(self, site: Site, seconds: float, limit: float) -> None:
        """Note how long a call on the event loop took, and how long it might have taken."""
        candidate = site.candidate
        attributes = {
            "code.function.name": _full_name(candidate.call),
            "fastdeps.role": candidate.role,
            "fastdeps.part": site.part,
        }
        if candidate.path:
            attributes["http.route"] = candidate.path
        self._duration.record(seconds, attributes)
        if seconds > limit:
            self._blocking.add(1, attributes)

    def noting_wait(
        self, limiter: str | None, function: Callable[..., Returned]
    ) -> Callable[..., Returned]:
        """A function that is called in a thread, which notes how long that took from now on."""
        begun = clock()

        def noted(*args: Any, **values: Any) -> Returned:
            self._wait.record(clock() - begun, {"fastdeps.limiter.name": limiter or _DEFAULT})
            return function(*args, **values)

        return noted

    def _observing(
        self, read: Callable[[Waiting], float]
    ) -> "Callable[[CallbackOptions], Iterator[Observation]]":
        def observe(_: "CallbackOptions") -> "Iterator[Observation]":
            from opentelemetry.metrics import Observation

            found: dict[str, float] = {}
            for name, pool in self._pools():
                found[name or _DEFAULT] = found.get(name or _DEFAULT, 0) + read(pool)
            for name, value in found.items():
                yield Observation(value, {"fastdeps.limiter.name": name})

        return observe


@cache
def instruments_of(provider: "MeterProvider", pools: Pools) -> Instruments:
    """The one for this provider: a gauge is there once, however many apps there are."""
    return Instruments(provider, pools)


def _busy(pool: Waiting) -> float:
    return pool.busy


def _waiting(pool: Waiting) -> float:
    return pool.waiting


def _size(pool: Waiting) -> float:
    return pool.size


def _full_name(call: Any) -> str:
    module: object = getattr(call, "__module__", None)
    return f"{module}.{name_of(call)}" if isinstance(module, str) else name_of(call)
