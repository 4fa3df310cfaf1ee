"""Figures in pages: what stands between two comments is made from the results."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from statistics import geometric_mean, median
from typing import Any, NamedTuple

from benchmarks.report import limits
from benchmarks.report.markdown import environment_line, microseconds, small, table
from benchmarks.report.text import label, target_rows
from benchmarks.results import Results, Timing
from benchmarks.stats import summarize

BETWEEN = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end of figures -->)", re.S)


class Run(NamedTuple):
    """What pages are made of: a run, one on another Python, a few cases on a faster machine, tools
    and streams measured again later, one request, public applications, what stands in the way of
    less, an app under load, the guard, and applications that were read by hand."""

    full: Results
    newer: Results
    faster: Results
    tools: Results
    timeline: Any
    applications: Any
    limits: Any
    load: Any
    guarded: Any
    heldout: Any


def newest(run: Run) -> Results:
    """The run with what was measured again in the place of what it had."""
    return replace(run.full, instrumented=run.tools.instrumented)


def filled(page: str, run: Run) -> str:
    """The page with the figures of these results."""

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}\n{TABLES[found[2]](run)}\n\n{found[3]}"

    return BETWEEN.sub(made, page)


def _four_classes(run: Run) -> str:
    timing = _timing(run.full, "four-classes")
    known = ("starlette", "fast", "inlined", "litestar", "wrappers", "stock")
    rows = [(_named(key), microseconds(_median(timing, key))) for key in known]
    rows.sort(key=lambda row: float(row[1].replace(",", "")))
    return table(("app", "µs per request"), rows)


def _unmarked(run: Run) -> str:
    cases = (
        ("in-one-visit", "four classes"),
        (
            "session-in-one-visit",
            "a session with `yield`, a user, a sync endpoint with a response model",
        ),
        ("async-yield", "an async session with `yield`"),
    )
    return _versus((title, _timing(run.full, case)) for case, title in cases)


def _cases(run: Run) -> str:
    return _versus(
        (timing.title, timing)
        for timing in run.full.timings
        if timing.concurrency == 1 and {"stock", "fast"} <= timing.seconds.keys()
    )


def _one_more(run: Run) -> str:
    rows = []
    for growth in run.full.growths:
        stock, fast = growth.slope("stock"), growth.slope("fast")
        if growth.linear and stock is not None and fast is not None:
            rows.append((growth.title, small(stock * 1e6), small(fast * 1e6)))
    return table(("µs that one more costs", "FastAPI", "FastDepsAPI"), rows)


def _http(run: Run) -> str:
    rows = []
    for serving in run.full.servings:
        if serving.case != "four-classes":
            continue
        for key in ("stock", "wrappers", "litestar", "fast", "starlette"):
            if key in serving.loads:
                rate = median(serving.rounds(key, "requests_per_second"))
                late = [median(serving.rounds(key, name)) * 1e3 for name in ("p50", "p99")]
                shown = [f"{each:,.1f}" for each in late]
                rows.append((f"{serving.concurrency:,}", label(key), f"{rate:,.0f}", *shown))
    return table(("connections", "app", "requests/s", "median, ms", "p99, ms"), rows)


def _routes(run: Run) -> str:
    rows = []
    for growth in run.full.growths:
        for key in ("stock", "starlette", "litestar", "fast"):
            few, many = growth.at(key, 1), growth.at(key, 1000)
            if few is not None and many is not None:
                shown = [microseconds(summarize(each).median * 1e6) for each in (few, many)]
                rows.append((growth.title, label(key), *shown))
    return table(("µs per request", "app", "1 route", "1,000 routes"), rows)


def _with_tools(run: Run) -> str:
    rows = []
    for timing in run.tools.instrumented:
        medians = [microseconds(_median(timing, key)) for key in _TOOLED]
        rows.append((timing.title, *medians, f"{timing.ratio('stock', 'fast') or 0:.1f}x"))
    headings = ("µs per request", *map(label, _TOOLED), "faster")
    return table(headings, rows)


_TOOLED = ("stock", "wrappers", "inlined", "empty", "fast")


def _applications(run: Run) -> str:
    rows = []
    for one in run.applications["routes"]:
        times = [microseconds(one[key]) for key in ("stock", "unmarked", "inline")]
        gains = [f"{one[key]:.1f}x" for key in _GAINS]
        rows.append((one["route"], *times, " / ".join(map(str, one["hops"])), *gains))
    means = [geometric_mean(each[key] for each in run.applications["routes"]) for key in _GAINS]
    rows.append(("geometric mean", "", "", "", "", *(f"**{each:.2f}x**" for each in means)))
    headings = (
        "µs per request",
        "FastAPI",
        "nothing marked",
        "all inline",
        "hops",
        "faster, nothing marked",
        "faster, all inline",
    )
    return table(headings, rows)


_GAINS = ("gain_unmarked", "gain_inline")


def _guarded(run: Run) -> str:
    measured = run.guarded["time"]
    rows = [
        (
            f"time, medians of {measured['rounds']:,} rounds of 20 requests",
            *(f"{measured[key] * 1e6:.1f} µs" for key in ("plain", "guarded")),
            f"**{_more(measured['ratio'])}**, {' to '.join(map(_more, measured['interval']))}",
        )
    ]
    if counted := run.guarded["instructions"]:
        numbers = [f"{counted[key]:,.0f}" for key in ("plain", "guarded")]
        rows.insert(0, ("instructions", *numbers, f"**{_more(counted['ratio'])}**"))
    looking = f"The thread that looks took {measured['watchdog']:.1%} of a processor besides."
    machine = _machine(run.guarded["environment"])
    return f"{table(('', 'without', 'with', 'more'), rows)}\n\n{looking} {machine}"


def _heldout(run: Run) -> str:
    keys = ("routes", "callables", "harmless", "harmless_wrong", "harmless_missed")
    rows = [
        (each["name"], *(str(each[key]) for key in keys)) for each in run.heldout["applications"]
    ]
    headings = (
        "",
        "routes",
        "sync callables",
        "harmless",
        "of these wrong",
        "harmless by hand, and not found",
    )
    return table(headings, rows)


def _heldout_check(run: Run) -> str:
    rows: list[tuple[str, ...]] = []
    for each in run.heldout["check"]:
        right = each["found"] - len(each["wrong"])
        precision, recall = right / each["found"], right / (right + len(each["missed"]))
        numbers = (each["routes"], each["callables"], each["found"])
        counts = (len(each["wrong"]), len(each["missed"]))
        shares = (f"{precision:.3f}", f"{recall:.3f}")
        name = each["name"] if each["unseen"] else f"{each['name']}, used while writing"
        rows.append((name, *map(str, numbers), *map(str, counts), *shares))
    headings = (
        "",
        "routes",
        "sync callables",
        "told to block",
        "of these wrong",
        "missed",
        "precision",
        "recall",
    )
    return table(headings, rows)


def _more(ratio: float) -> str:
    return f"{(ratio - 1) * 100:.1f} %"


def _machine(environment: Any) -> str:
    packages = environment["packages"]
    return (
        f"{environment['processor']}, {environment['cores']} cores, a load of "
        f"{environment['load']:.0f}; CPython {environment['python']}, "
        f"FastAPI {packages['fastapi']}; {environment['at']}."
    )


def _building(run: Run) -> str:
    rows = []
    for one in run.full.buildings:
        seconds = [f"{summarize(one.seconds[key]).median:.2f} s" for key in ("stock", "fast")]
        ratios = (f"{one.time_ratio:.2f}x", f"{one.memory_ratio:.2f}x")
        rows.append((f"{one.style}, {one.stage}", *seconds, *ratios))
    return table(("1,000 routes", "FastAPI", "FastDepsAPI", "time", "memory"), rows)


def _targets(run: Run) -> str:
    newer = _measured(run.newer)
    rows = (
        (goal, wanted, shown, verdict.lower(), newer[goal])
        for goal, wanted, shown, verdict in target_rows(newest(run))
    )
    return table(("goal", "wanted", "measured", "", "on 3.13"), rows)


def _measured(results: Results) -> dict[str, str]:
    """What was measured, by the goal."""
    return {goal: shown for goal, _, shown, _ in target_rows(results)}


def _floors(run: Run) -> str:
    rows = []
    for timing in run.tools.instrumented:
        ratios = [timing.ratio("stock", key) or 0 for key in ("empty", "fast")]
        rows.append((timing.title, *(f"{each:.1f}x" for each in ratios)))
    return table(("faster than FastAPI", "nothing to solve", "FastDepsAPI"), rows)


def _of(name: str, run: Run) -> str:
    """How one of the results was measured."""
    found = getattr(run, name)
    environment = found.environment if isinstance(found, Results) else found["environment"]
    return environment_line(environment)


def _limited(name: str, run: Run) -> str:
    return limits.TABLES[name](run.limits)


def _lane(run: Run) -> str:
    """What takes at least a tenth more in FastAPI's lane."""
    rows = []
    for timing in run.full.timings:
        ratio = timing.ratio("lane", "stock") if timing.concurrency == 1 else None
        if ratio is not None and ratio > 1.1:
            medians = [microseconds(_median(timing, key)) for key in ("stock", "lane")]
            rows.append((timing.title, *medians, f"{ratio:.2f}x"))
    return table(("µs per request", "FastAPI", "FastDepsAPI in FastAPI's lane", ""), rows)


def _on_a_faster_machine(run: Run) -> str:
    found = [_measured(each) for each in (run.full, run.faster)]
    rows = [(goal, *(each[goal] for each in found)) for goal in _TIMES_OF_OTHERS]
    return table(("", "run.json", "faster-machine.json"), rows)


_TIMES_OF_OTHERS = (
    "four classes: the time of Starlette by hand",
    "four classes: the time of bare ASGI in FastAPI's layers",
    "no parameter: the time of Starlette by hand",
    "scoped graph: the speed of wiring by hand",
)


def _versus(timings: Iterable[tuple[str, Timing]]) -> str:
    rows = []
    for title, timing in timings:
        ratio = timing.ratio("stock", "fast") or 0
        medians = [microseconds(_median(timing, key)) for key in ("stock", "fast")]
        rows.append((title, *medians, f"{ratio:.1f}x"))
    return table(("µs per request", "FastAPI", "FastDepsAPI", "faster"), rows)


def _timing(results: Results, case: str) -> Timing:
    return next(each for each in results.timings if (each.case, each.concurrency) == (case, 1))


def _median(timing: Timing, key: str) -> float:
    return summarize(timing.seconds[key]).median * 1e6


def _named(key: str) -> str:
    names = {
        "starlette": "Starlette, the query parsed by hand",
        "fast": "**FastDepsAPI**",
        "inlined": "FastAPI, the parameters written into the endpoint",
        "litestar": "Litestar, providers with `sync_to_thread=False`",
        "wrappers": "FastAPI, each class behind a hand-written `async def`",
        "stock": "FastAPI",
    }
    return names[key]


_MEASURED_APART = ("newer", "faster", "tools", "limits", "load")
TABLES: dict[str, Callable[[Run], str]] = {
    "four-classes": _four_classes,
    "unmarked": _unmarked,
    "cases": _cases,
    "one-more": _one_more,
    "http": _http,
    "routes": _routes,
    "tools": _with_tools,
    "building": _building,
    "applications": _applications,
    "guarded": _guarded,
    "heldout": _heldout,
    "heldout-check": _heldout_check,
    "targets": _targets,
    "lane": _lane,
    "on-a-faster-machine": _on_a_faster_machine,
    **{f"{name}-run": partial(_of, name) for name in _MEASURED_APART},
    "run": partial(_of, "full"),
    "timeline": partial(_of, "timeline"),
    **{name: partial(_limited, name) for name in limits.TABLES},
    "floors": _floors,
    "load": lambda run: limits.under_load(run.load),
}
