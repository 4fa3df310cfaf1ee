"""Figures in pages: what stands between two comments is made from the results."""

import re
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

from benchmarks.report.text import label
from benchmarks.results import Results, Timing
from benchmarks.stats import summarize

BETWEEN = re.compile(r"(<!-- figures: ([\w-]+) -->\n).*?(<!-- end of figures -->)", re.S)


class Run(NamedTuple):
    """What pages are made of: a run, a short one for what that has not, and one request."""

    full: Results
    short: Results
    timeline: Any


def filled(page: str, run: Run) -> str:
    """The page with the figures of these results."""

    def made(found: re.Match[str]) -> str:
        return f"{found[1]}\n{TABLES[found[2]](run)}\n\n{found[3]}"

    return BETWEEN.sub(made, page)


def _four_classes(run: Run) -> str:
    timing = _timing(run.full, "four-classes")
    known = ("starlette", "fast", "inlined", "litestar", "wrappers", "stock")
    rows = [(_named(key), _microseconds(_median(timing, key))) for key in known]
    rows.sort(key=lambda row: float(row[1].replace(",", "")))
    return _table(("app", "µs per request"), rows)


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
            rows.append((growth.title, _small(stock * 1e6), _small(fast * 1e6)))
    return _table(("µs that one more costs", "FastAPI", "FastDepsAPI"), rows)


def _http(run: Run) -> str:
    rows = []
    for serving in run.short.servings:
        if serving.case != "four-classes":
            continue
        for key in ("stock", "wrappers", "litestar", "fast", "starlette"):
            if key in serving.loads:
                rate = median(serving.rounds(key, "requests_per_second"))
                late = [median(serving.rounds(key, name)) * 1e3 for name in ("p50", "p99")]
                shown = [f"{each:,.1f}" for each in late]
                rows.append((f"{serving.concurrency:,}", label(key), f"{rate:,.0f}", *shown))
    return _table(("connections", "app", "requests/s", "median, ms", "p99, ms"), rows)


def _of_run(run: Run) -> str:
    return _environment(run.full.environment)


def _of_short(run: Run) -> str:
    return _environment(run.short.environment)


def _of_timeline(run: Run) -> str:
    return _environment(run.timeline["environment"])


def _environment(environment: Any) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    machine = f"{environment['cores']} cores of an {environment['processor']}"
    return (
        f"`{environment['command']}` on {environment['at']}, CPython {environment['python']}, "
        f"{machine}, load {environment['load']:.1f} when it began; {packages}."
    )


def _versus(timings: Iterable[tuple[str, Timing]]) -> str:
    rows = []
    for title, timing in timings:
        ratio = timing.ratio("stock", "fast") or 0
        medians = [_microseconds(_median(timing, key)) for key in ("stock", "fast")]
        rows.append((title, *medians, f"{ratio:.1f}x"))
    return _table(("µs per request", "FastAPI", "FastDepsAPI", "faster"), rows)


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


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _microseconds(number: float) -> str:
    return f"{number:,.0f}"


def _small(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


TABLES: dict[str, Callable[[Run], str]] = {
    "four-classes": _four_classes,
    "unmarked": _unmarked,
    "cases": _cases,
    "one-more": _one_more,
    "http": _http,
    "run": _of_run,
    "short": _of_short,
    "timeline": _of_timeline,
}
