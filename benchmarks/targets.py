"""What the package promises to be, and whether a run found it so."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.results import Results

Measure = Callable[[Results], float | None]


@dataclass(frozen=True, slots=True)
class Target:
    """A promise: a measure of a run, and what it has to be at least, or at most."""

    what: str
    bound: float
    is_floor: bool
    unit: str
    measure: Measure

    def verdict(self, results: Results) -> tuple[float | None, str]:
        """What was measured, and `met`, `MISSED` or `not measured`."""
        measured = self.measure(results)
        if measured is None:
            return None, "not measured"
        met = measured >= self.bound if self.is_floor else measured <= self.bound
        return measured, "met" if met else "MISSED"

    @property
    def promise(self) -> str:
        return f"{'at least' if self.is_floor else 'at most'} {self.bound:g}{self.unit}"


def _times_faster(what: str, bound: float, case: str, than: str) -> Target:
    return Target(what, bound, True, "x", lambda run: run.ratio(case, 1, than, "fast"))


def _slope(what: str, bound: float, family: str) -> Target:
    def measure(results: Results) -> float | None:
        growth = results.growth(family)
        slope = growth.slope("fast") if growth else None
        return None if slope is None else slope * 1e6

    return Target(what, bound, False, " µs", measure)


def _throughput(than: str, label: str, bound: float) -> Target:
    def measure(results: Results) -> float | None:
        return _worst(
            min,
            (
                serving.ratio("requests_per_second", "fast", than)
                for serving in results.servings
                if serving.case == "four-classes" and serving.concurrency >= 10
            ),
        )

    what = f"over HTTP, four classes, 10 to 1000 connections: requests/s against {label}"
    return Target(what, bound, True, "x", measure)


def _latency(name: str, label: str) -> Target:
    def measure(results: Results) -> float | None:
        return _worst(
            max,
            (
                serving.ratio(name, "fast", "stock")
                for serving in results.servings
                if serving.case == "four-classes" and serving.concurrency >= 100
            ),
        )

    what = f"over HTTP, four classes, 100 and 1000 connections: {label} latency against FastAPI"
    return Target(what, 0.2, False, "x", measure)


def _worst(
    choose: Callable[[list[float]], float], measured: Iterable[float | None]
) -> float | None:
    found = [one for one in measured if one is not None]
    return choose(found) if found else None


def _slowest_case(results: Results) -> float | None:
    return _worst(min, (timing.ratio("stock", "fast") for timing in results.timings))


TARGETS = (
    _times_faster("four classes against FastAPI", 14, "four-classes", "stock"),
    _times_faster("four classes against async wrappers", 3.5, "four-classes", "wrappers"),
    _times_faster("four classes against hand-inlined FastAPI", 1.4, "four-classes", "inlined"),
    _times_faster("four classes against Litestar", 2.5, "four-classes", "litestar"),
    Target(
        "four classes: the time of Starlette by hand",
        2.5,
        False,
        "x",
        lambda run: run.ratio("four-classes", 1, "fast", "starlette"),
    ),
    _times_faster("no dependency, no parameter against FastAPI", 1.3, "no-dependency", "stock"),
    Target("the worst of all cases against FastAPI", 1, True, "x", _slowest_case),
    _slope("each further trivial sync dependency", 1, "sync-dependencies"),
    _slope("each further trivial async dependency", 1, "async-dependencies"),
    _slope("each further scalar query parameter", 1.5, "query-parameters"),
    _throughput("stock", "FastAPI", 5),
    _throughput("wrappers", "async wrappers", 2.3),
    _throughput("litestar", "Litestar", 2.3),
    _latency("p50", "median"),
    _latency("p95", "p95"),
    Target(
        "1,000 routes, first request included: time to build against FastAPI",
        1.25,
        False,
        "x",
        lambda run: _worst(max, (building.time_ratio for building in run.buildings)),
    ),
    Target(
        "1,000 routes, first request included: memory against FastAPI",
        1.25,
        False,
        "x",
        lambda run: _worst(max, (building.memory_ratio for building in run.buildings)),
    ),
)
