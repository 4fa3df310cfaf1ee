"""What the package promises to be, and whether a run found it so."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.building import STAGES
from benchmarks.cases import route_tables
from benchmarks.cases.case import Family
from benchmarks.instrumented import TOOLS
from benchmarks.results import Building, Results

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


_CASES = {"four-classes": "four classes", "session-in-one-visit": "session, user, endpoint"}


def _throughput(
    than: str, label: str, bound: float, *, case: str = "four-classes", least: int = 10
) -> Target:
    def measure(results: Results) -> float | None:
        return _worst(
            min,
            (
                serving.ratio("requests_per_second", "fast", than)
                for serving in results.servings
                if serving.case == case and serving.concurrency >= least
            ),
        )

    what = f"over HTTP, {_CASES[case]}, {least} to 1000 connections: requests/s against {label}"
    return Target(what, bound, True, "x", measure)


def _latency(name: str, label: str, bound: float = 0.2, *, case: str = "four-classes") -> Target:
    def measure(results: Results) -> float | None:
        return _worst(
            max,
            (
                serving.ratio(name, "fast", "stock")
                for serving in results.servings
                if serving.case == case and serving.concurrency >= 100
            ),
        )

    what = f"over HTTP, {_CASES[case]}, 100 and 1000 connections: {label} latency against FastAPI"
    return Target(what, bound, False, "x", measure)


def _pools(results: Results) -> float | None:
    return next((pools.ratio for pools in results.pools if pools.app == "fast"), None)


def _worst(
    choose: Callable[[list[float]], float], measured: Iterable[float | None]
) -> float | None:
    found = [one for one in measured if one is not None]
    return choose(found) if found else None


def _slowest_case(results: Results) -> float | None:
    return _worst(min, (timing.ratio("stock", "fast") for timing in results.timings))


def _time_of(what: str, bound: float, case: str, of: str) -> Target:
    return Target(what, bound, False, "x", lambda run: run.ratio(case, 1, "fast", of))


def _against_one_route(family: Family, bound: float) -> Target:
    """What 1,000 routes cost a request, against one route."""

    def measure(results: Results) -> float | None:
        growth = results.growth(family.name)
        return growth.ratio(("fast", 1000), ("fast", 1)) if growth else None

    what = f"{family.title}: among 1,000 against one"
    return Target(what, bound, False, "x", measure)


def _last_of_hundred(results: Results) -> float | None:
    growth = results.growth(route_tables.LAST["flat"].name)
    return growth.ratio(("fast", 100), ("starlette", 100)) if growth else None


def _cache_di(results: Results) -> float | None:
    return _worst(min, (timing.ratio("cache-di", "fast") for timing in results.cache_di))


def _building(what: str, bound: float, of: Callable[[Building], float]) -> Target:
    """By the worst style, the first request included."""

    def measure(results: Results) -> float | None:
        complete = (one for one in results.buildings if one.stage == STAGES[-1])
        return _worst(max, map(of, complete))

    said = f"1,000 routes, first request included: {what} against FastAPI"
    return Target(said, bound, False, "x", measure)


def _with_tool(tool: str, than: str, bound: float) -> Target:
    def measure(results: Results) -> float | None:
        found = [each for each in results.instrumented if each.case == tool]
        return found[0].ratio(than, "fast") if found else None

    label = {"stock": "FastAPI", "inlined": "hand-inlined FastAPI"}[than]
    return Target(f"four classes, {TOOLS[tool]}: against {label}", bound, True, "x", measure)


BUILDING_TIME = 0.9
BUILDING_MEMORY = 1.1

TARGETS = (
    _time_of("four classes: the time of Starlette by hand", 1.2, "four-classes", "starlette"),
    _time_of(
        "four classes: the time of bare ASGI in FastAPI's layers", 2, "four-classes", "layered"
    ),
    _time_of("no parameter: the time of Starlette by hand", 1, "no-dependency", "starlette"),
    *(_against_one_route(family, 1.2) for family in route_tables.LAST.values()),
    *(_against_one_route(family, 1.2) for family in route_tables.PLAIN),
    *(_against_one_route(family, 1.3) for family in route_tables.MISSES),
    Target(
        "the last of 100 routes: the time of Starlette by hand", 0.4, False, "x", _last_of_hundred
    ),
    _building("time to build", BUILDING_TIME, lambda one: one.time_ratio),
    _building("memory", BUILDING_MEMORY, lambda one: one.memory_ratio),
    Target("the worst of all cases against FastAPI", 2, True, "x", _slowest_case),
    _slope("each further trivial sync dependency", 0.3, "sync-dependencies"),
    _slope("each further trivial async dependency", 0.3, "async-dependencies"),
    _slope("each further scalar query parameter", 0.4, "query-parameters"),
    _throughput("stock", "FastAPI", 6),
    _throughput("litestar", "Litestar", 3),
    _throughput("starlette", "Starlette by hand", 0.85),
    _latency("p50", "median"),
    _latency("p95", "p95"),
    Target(
        "scoped graph: the speed of wiring by hand",
        0.95,
        True,
        "x",
        lambda run: run.ratio("scoped-graph", 1, "by-hand", "fast"),
    ),
    _with_tool("sentry", "stock", 5),
    _with_tool("sentry", "inlined", 1.25),
    _with_tool("sentry-tracing", "stock", 4.5),
    _with_tool("sentry-tracing", "inlined", 1.25),
    _with_tool("logfire", "stock", 2.4),
    _with_tool("logfire", "inlined", 1.1),
    _with_tool("opentelemetry", "stock", 6),
    _with_tool("opentelemetry", "inlined", 1.5),
    *(
        _with_tool(stream, than, bound)
        for stream in ("json-lines", "sse")
        for than, bound in (("stock", 8), ("inlined", 1.2))
    ),
    Target("four classes against fastapi-cache-di", 3, True, "x", _cache_di),
    _times_faster("four classes against FastAPI", 14, "four-classes", "stock"),
    _times_faster("four classes against async wrappers", 3.5, "four-classes", "wrappers"),
    _times_faster("four classes against hand-inlined FastAPI", 1.4, "four-classes", "inlined"),
    _times_faster("four classes against Litestar", 2.5, "four-classes", "litestar"),
    _throughput("wrappers", "async wrappers", 2.3),
    _times_faster("four classes, nothing marked, against FastAPI", 3.8, "in-one-visit", "stock"),
    _times_faster(
        "session, user, endpoint, nothing marked, against FastAPI",
        2.5,
        "session-in-one-visit",
        "stock",
    ),
    _throughput("stock", "FastAPI", 2, case="session-in-one-visit", least=100),
    _latency("p99", "p99", 0.33, case="session-in-one-visit"),
    Target("two pools, one saturated: p99 of the other against idle", 1.2, False, "x", _pools),
)
