"""A run as plots."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

from matplotlib.figure import Figure

from benchmarks.cases import route_tables
from benchmarks.report.shares import shares_of_a_request
from benchmarks.report.style import COLOURS, PART_COLOURS, line_style, plain_ticks, save
from benchmarks.report.text import label
from benchmarks.results import PERCENTILES, Growth, Results, Serving, Timing
from benchmarks.stats import median_ratio, ratios, summarize
from benchmarks.targets import BUILDING_MEMORY, BUILDING_TIME


def write_plots(results: Results, folder: Path) -> list[Path]:
    """Every plot that a run fills. Returns where they are."""
    written = []
    for name, figure in figures(results):
        path = folder / f"{name}.png"
        save(figure, path)
        written.append(path)
    return written


def figures(results: Results) -> Iterator[tuple[str, Figure]]:
    """Every plot that a run fills, with its name."""
    for concurrency in sorted({timing.concurrency for timing in results.timings} & {1, 50}):
        found = [timing for timing in results.timings if timing.concurrency == concurrency]
        yield f"cases-{concurrency}", _cases(found, concurrency)
        for timing in found:
            if timing.case == "four-classes":
                yield f"four-classes-{concurrency}", _contenders(timing)
    for growth in results.growths:
        if not growth.log_sizes:
            yield growth.family, _growth(growth)
    tables = [growth for growth in results.growths if growth.log_sizes]
    names = {family.name for family in route_tables.LAST.values()}
    if last := [growth for growth in tables if growth.family in names]:
        yield "routes", _route_tables("The last of how many routes", last)
    names = {family.name for family in route_tables.MISSES}
    if missed := [growth for growth in tables if growth.family in names]:
        yield "routes-missed", _route_tables("What none of the routes serves", missed)
    if shares := shares_of_a_request(results):
        yield "request", _shares(shares)
    for case in dict.fromkeys(serving.case for serving in results.servings):
        servings = [serving for serving in results.servings if serving.case == case]
        if len(servings) > 1:
            yield f"http-{case}", _servings(servings)
            if servings[-1].distribution("fast"):
                yield f"http-{case}-latencies", _distributions(servings)
    if results.instrumented:
        yield "instrumented", _instrumented(results.instrumented)
    if results.buildings:
        yield "building", _buildings(results)
    if results.sleepings:
        yield "sleeping", _sleepings(results)


def _cases(timings: Sequence[Timing], concurrency: int) -> Figure:
    ordered = sorted(timings, key=lambda timing: timing.ratio("stock", "fast") or 0)
    figure = Figure(figsize=(8.5, 0.36 * len(ordered) + 1.6))
    axes = figure.subplots()
    for key in ("lane", "fast"):
        for row, timing in enumerate(ordered):
            spread = summarize(ratios(timing.seconds["stock"], timing.seconds[key]))
            style = line_style(key) | {"linestyle": "none"}
            axes.plot([spread.lower, spread.upper], [row, row], color=COLOURS[key], linewidth=1.6)
            named = label(key) if row == 0 else None
            axes.plot([spread.median], [row], label=named, **style)
            if key == "fast":
                axes.annotate(
                    f"{spread.median:.1f}x",
                    (max(spread.upper, spread.median), row),
                    xytext=(8, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=9,
                )
    axes.axvline(1, color=COLOURS["stock"], linewidth=1.2)
    axes.set_yticks(range(len(ordered)), [timing.title for timing in ordered])
    axes.set_xscale("log")
    axes.margins(x=0.1)
    _ratio_ticks(axes)
    axes.set_xlabel("times faster than FastAPI (median and quartiles of the rounds, log scale)")
    axes.set_title(f"In-process, {_at_a_time(concurrency)}", loc="left")
    axes.legend(loc="lower right")
    return figure


def _instrumented(timings: Sequence[Timing]) -> Figure:
    figure = Figure(figsize=(8.5, 0.75 * len(timings) + 1.9), layout="constrained")
    axes = figure.subplots()
    ordered = list(reversed(timings))
    for key in dict.fromkeys(key for timing in ordered for key in timing.seconds):
        for row, timing in enumerate(ordered):
            spread = summarize([taken * 1e6 for taken in timing.seconds[key]])
            style = line_style(key) | {"linestyle": "none"}
            axes.plot([spread.lower, spread.upper], [row, row], color=COLOURS[key], linewidth=1.6)
            named = label(key) if row == 0 else None
            axes.plot([spread.median], [row], label=named, **style)
            if key == "fast":
                faster = median_ratio(timing.seconds["stock"], timing.seconds[key])
                axes.annotate(
                    f"{_microseconds(spread.median)} µs, {faster:.1f}x faster than FastAPI",
                    (spread.median, row),
                    xytext=(0, 9),
                    textcoords="offset points",
                    fontsize=9,
                )
    axes.set_yticks(range(len(ordered)), [timing.title for timing in ordered])
    axes.set_xscale("log")
    axes.margins(x=0.1, y=0.12)
    plain_ticks(axes.xaxis)
    axes.set_xlabel("µs per request (median and quartiles of the rounds, log scale)")
    axes.set_title("Four class dependencies, each beside a tool, or before a stream", loc="left")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def _ratio_ticks(axes: Any) -> None:
    low, high = axes.get_xlim()
    ticks = [one for one in (0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low < one < high]
    axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.minorticks_off()


def _contenders(timing: Timing) -> Figure:
    spreads = {
        key: summarize([taken * 1e6 for taken in seconds])
        for key, seconds in timing.seconds.items()
    }
    ordered = sorted(spreads, key=lambda key: -spreads[key].median)
    figure = Figure(figsize=(8.5, 0.5 * len(ordered) + 1.5))
    axes = figure.subplots()
    for row, key in enumerate(ordered):
        spread = spreads[key]
        axes.plot([spread.lower, spread.upper], [row, row], color=COLOURS[key], linewidth=2)
        axes.plot([spread.median], [row], **(line_style(key) | {"markersize": 9}))
        faster = median_ratio(timing.seconds["stock"], timing.seconds[key])
        axes.annotate(
            f"{_microseconds(spread.median)} µs"
            + ("" if key == "stock" else f"   {faster:.1f}x faster"),
            (max(spread.upper, spread.median), row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(range(len(ordered)), [label(key) for key in ordered])
    axes.set_xscale("log")
    plain_ticks(axes.xaxis)
    low = min(spread.minimum for spread in spreads.values())
    high = max(spread.upper for spread in spreads.values())
    axes.set_xlim(low / 1.3, high * 4)
    axes.set_xlabel("µs per request (median and quartiles, log scale)")
    title = f"{timing.title.capitalize()}, in-process, {_at_a_time(timing.concurrency)}"
    axes.set_title(title, loc="left")
    return figure


def _growth(growth: Growth) -> Figure:
    figure = Figure(figsize=(7.5, 4.6))
    axes = figure.subplots()
    for key, by_size in growth.seconds.items():
        medians = [summarize(taken).median * 1e6 for taken in by_size]
        slope = growth.slope(key)
        cost = f": {_short(slope * 1e6)} µs each" if growth.linear and slope is not None else ""
        axes.plot(growth.sizes, medians, label=f"{label(key)}{cost}", **line_style(key))
    axes.set_yscale("log")
    plain_ticks(axes.yaxis)
    axes.set_xticks(growth.sizes)
    plural = "dependencies" if growth.unit == "dependency" else f"{growth.unit}s"
    axes.set_xlabel(f"number of {plural}")
    axes.set_ylabel("µs per request (log scale)")
    axes.set_title(f"{growth.title.capitalize()}, in-process, one at a time", loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), ncols=2)
    return figure


def _route_tables(title: str, growths: Sequence[Growth]) -> Figure:
    columns = 2
    rows = -(-len(growths) // columns)
    figure = Figure(figsize=(11, 3.1 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True)
    handles: dict[str, Any] = {}
    for index, (axes, growth) in enumerate(zip(panels.flat, growths, strict=False)):
        for key, by_size in growth.seconds.items():
            medians = [summarize(taken).median * 1e6 for taken in by_size]
            (handles[label(key)],) = axes.plot(growth.sizes, medians, **line_style(key))
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
        axes.set_xticks(growth.sizes, [f"{size:,}" for size in growth.sizes])
        axes.minorticks_off()
        axes.xaxis.set_tick_params(labelbottom=True)
        if index >= len(growths) - columns:
            axes.set_xlabel("number of routes (log scale)")
        axes.set_title(_capital(growth.title), loc="left", fontsize=11)
    for axes in list(panels.flat)[len(growths) :]:
        axes.remove()
    figure.supylabel("µs per request (log scale)", fontsize=10)
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=len(handles))
    figure.suptitle(f"{title}, in-process, one at a time", x=0.02, ha="left")
    return figure


def _shares(shares: Mapping[str, Mapping[str, float]]) -> Figure:
    figure = Figure(figsize=(9.5, 5.2), layout="constrained")
    slow = [key for key in shares if key in ("stock", "lane")]
    scales = [keys for keys in (slow, [key for key in shares if key not in slow]) if keys]
    heights = [len(keys) for keys in scales]
    panels = figure.subplots(len(scales), 1, squeeze=False, height_ratios=heights)
    for axes, keys in zip(panels.flat, scales, strict=True):
        _stacked(axes, {key: shares[key] for key in keys})
    axes.set_xlabel("µs per request (differences of medians; each panel has a scale of its own)")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    figure.suptitle("Where the time of a request goes: four class dependencies", x=0.02, ha="left")
    return figure


def _stacked(axes: Any, shares: Mapping[str, Mapping[str, float]]) -> None:
    most = max(sum(parts.values()) for parts in shares.values()) * 1e6
    for row, parts in enumerate(shares.values()):
        start = 0.0
        for part, seconds in parts.items():
            width = seconds * 1e6
            named = part if row == 0 else None
            bar = axes.barh(row, width, 0.62, start, color=PART_COLOURS[part], label=named)
            if width > most / 25:
                axes.bar_label(bar, [_microseconds(width)], label_type="center", fontsize=9)
            start += width
        axes.annotate(
            f"{_microseconds(start)} µs",
            (start, row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
        )
    axes.set_yticks(range(len(shares)), [label(key) for key in shares])
    axes.invert_yaxis()
    axes.set_xlim(0, most * 1.14)
    axes.grid(visible=False, axis="y")


def _servings(servings: Sequence[Serving]) -> Figure:
    figure = Figure(figsize=(11, 7.6), layout="constrained")
    panels: list[tuple[str, str, Callable[[float], float]]] = [
        ("requests_per_second", "requests per second", lambda value: value),
        ("p50", "median latency, ms", lambda value: value * 1e3),
        ("p95", "p95 latency, ms", lambda value: value * 1e3),
        ("p99", "p99 latency, ms", lambda value: value * 1e3),
    ]
    concurrencies = [serving.concurrency for serving in servings]
    for axes, (name, title, shown) in zip(figure.subplots(2, 2).flat, panels, strict=True):
        for key in servings[0].loads:
            medians = [shown(summarize(each.rounds(key, name)).median) for each in servings]
            axes.plot(concurrencies, medians, label=label(key), **line_style(key))
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
        axes.set_xticks(concurrencies, [f"{one:,}" for one in concurrencies])
        axes.set_xlabel("connections")
        axes.set_title(f"{title} (log scale)", loc="left", fontsize=11)
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle(
        f"Over HTTP, {servings[0].case}: uvicorn on one core, wrk on another", x=0.02, ha="left"
    )
    return figure


def _distributions(servings: Sequence[Serving]) -> Figure:
    many = [serving for serving in servings if serving.concurrency >= 10] or servings
    figure = Figure(figsize=(3.9 * len(many) + 0.6, 4.8), layout="constrained")
    panels = figure.subplots(1, len(many), squeeze=False)
    places = [_place(percentile) for percentile in PERCENTILES]
    named = [(place, f"{one:g}") for place, one in zip(places, PERCENTILES, strict=True)]
    for axes, serving in zip(panels.flat, many, strict=True):
        for key in serving.loads:
            latencies = [seconds * 1e3 for seconds in serving.distribution(key)]
            if latencies:
                axes.plot(places, latencies, label=label(key), **line_style(key))
        axes.set_yscale("log")
        plain_ticks(axes.yaxis)
        axes.set_xticks(*zip(*named, strict=True), fontsize=8)
        axes.set_xlabel("percentile of the requests")
        axes.set_title(f"{serving.concurrency:,} connections", loc="left", fontsize=11)
    panels[0][0].set_ylabel("latency, ms (log scale)")
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    figure.suptitle(
        f"Over HTTP, {servings[0].case}: how latencies are distributed", x=0.02, ha="left"
    )
    return figure


def _place(percentile: float) -> float:
    """Where a percentile stands: stretched at both ends, as a normal distribution is straight."""
    return NormalDist().inv_cdf(percentile / 100)


def _buildings(results: Results) -> Figure:
    height = 0.55 * len(results.buildings) + 1.4
    figure = Figure(figsize=(8.5, height), layout="constrained")
    names = [f"{one.style}\nup to: {one.stage}" for one in results.buildings]
    panels = (
        ("time", BUILDING_TIME, [one.time_ratio for one in results.buildings]),
        ("memory", BUILDING_MEMORY, [one.memory_ratio for one in results.buildings]),
    )
    sides = figure.subplots(1, 2, sharey=True)
    for axes, (name, target, values) in zip(sides, panels, strict=True):
        axes.barh(range(len(values)), values, color=COLOURS["fast"], height=0.6)
        for row, value in enumerate(values):
            axes.annotate(
                f"{value:.2f}x",
                (0, row),
                xytext=(6, 0),
                textcoords="offset points",
                color="white",
                va="center",
            )
        axes.axvline(1, color=COLOURS["stock"], linewidth=1.2)
        axes.axvline(target, color=COLOURS["starlette"], linewidth=1.2, linestyle="--")
        axes.set_yticks(range(len(names)), names)
        axes.set_xlim(0, max(1.5, *values) * 1.15)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel(f"{name} against FastAPI (dashed: the target)")
    sides[0].invert_yaxis()
    figure.suptitle("Building an app of 1,000 routes", x=0.02, ha="left")
    return figure


def _sleepings(results: Results) -> Figure:
    figure = Figure(figsize=(7.5, 4.4))
    axes = figure.subplots()
    for key in ("stock", "fast"):
        for endpoint, line in (("/async", "--"), ("/sync", "-")):
            found = [one for one in results.sleepings if (one.app, one.endpoint) == (key, endpoint)]
            axes.plot(
                [one.requests for one in found],
                [one.seconds for one in found],
                label=f"{label(key)}, {endpoint}",
                **(line_style(key) | {"linestyle": line}),
            )
    axes.set_xticks([one.requests for one in found])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("requests at once")
    axes.set_ylabel("seconds until all are answered")
    sleep = results.sleepings[0].sleep
    axes.set_title(f"Endpoints that sleep for {sleep:g} s, 40 threads in the pool", loc="left")
    axes.legend(loc="upper left")
    return figure


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _microseconds(number: float) -> str:
    return f"{number:,.0f}" if number >= 20 else f"{number:.1f}"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def _at_a_time(concurrency: int) -> str:
    return "one request at a time" if concurrency == 1 else f"{concurrency} requests at a time"
