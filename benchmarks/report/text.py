"""A run as tables for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.claims import claims
from benchmarks.contenders import BY_KEY
from benchmarks.results import Building, Growth, Pools, Results, Serving, Timing
from benchmarks.stats import ratios, slopes, summarize
from benchmarks.targets import TARGETS


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as they have to be; the first is aligned left, the others right."""
    lines = [list(headings), *map(list, rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(headings))]

    def aligned(line: Sequence[str]) -> str:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([aligned(lines[0]), rule, *map(aligned, lines[1:])])


def tables(results: Results) -> Iterator[tuple[str, str]]:
    """The title and the text of every table that a run fills."""
    if results.timings:
        yield "In-process, µs per request", _timings(results.timings)
    if results.growths:
        yield "In-process, what one more costs", _growths(results.growths)
    if results.legacy:
        yield "fastapi-async-safe-dependencies on FastAPI 0.109.2", _legacy(results.legacy)
    if results.cache_di:
        yield "fastapi-cache-di, µs per request", _timings(results.cache_di)
    if results.instrumented:
        yield "Four classes with a tool, µs per request", _timings(results.instrumented)
    if results.servings:
        yield "Over HTTP", _servings(results.servings)
    if results.pools:
        yield "Two pools of threads, one saturated, p99 of the other in ms", _pools(results.pools)
    if results.buildings:
        yield "1,000 routes", _buildings(results.buildings)
    if stated := claims(results):
        yield (
            "Claims",
            table(
                ("claim", "claimed", "FastAPI", "old library", "ours"),
                ((one.what, one.claimed, one.stock, one.old_library, one.ours) for one in stated),
            ),
        )
    yield "Targets", targets_table(results)


def targets_table(results: Results) -> str:
    return table(("target", "promise", "measured", ""), target_rows(results))


def target_rows(results: Results) -> Iterator[tuple[str, str, str, str]]:
    """Each promise, what was measured, and the verdict."""
    for target in TARGETS:
        measured, verdict = target.verdict(results)
        shown = "" if measured is None else f"{measured:.2f}{target.unit}"
        yield target.what, target.promise, shown, verdict


def label(key: str) -> str:
    return BY_KEY[key].label if key in BY_KEY else _LIBRARIES[key]


_LIBRARIES = {"legacy": "fastapi-async-safe-dependencies", "cache-di": "fastapi-cache-di"}


def _timings(timings: Iterable[Timing]) -> str:
    headings = ("case", "at a time", "contender", "median", "quartiles", "min", "FastAPI's / its")
    return table(headings, (row for timing in timings for row in _timing_rows(timing)))


def _timing_rows(timing: Timing) -> Iterator[tuple[str, ...]]:
    for key, seconds in timing.seconds.items():
        spread = summarize([taken * 1e6 for taken in seconds])
        faster = summarize(ratios(timing.seconds["stock"], seconds))
        yield (
            timing.case,
            str(timing.concurrency),
            label(key),
            f"{spread.median:,.1f}",
            f"{spread.lower:,.1f}-{spread.upper:,.1f}",
            f"{spread.minimum:,.1f}",
            f"{faster.median:.2f}x",
        )


def _growths(growths: Iterable[Growth]) -> str:
    rows = []
    for growth in growths:
        for key, by_size in growth.seconds.items():
            first, last = (summarize(by_size[index]).median * 1e6 for index in (0, -1))
            slope = summarize(slopes(list(zip(growth.sizes, by_size, strict=True))))
            rows.append(
                (
                    growth.family,
                    label(key),
                    f"{first:,.1f} at {growth.sizes[0]}",
                    f"{last:,.1f} at {growth.sizes[-1]}",
                    f"{slope.median * 1e6:,.2f}" if growth.linear else "",
                    f"{slope.lower * 1e6:,.2f}-{slope.upper * 1e6:,.2f}" if growth.linear else "",
                )
            )
    return table(
        ("family", "contender", "smallest, µs", "largest, µs", "one more, µs", "quartiles"), rows
    )


def _legacy(timings: Iterable[Timing]) -> str:
    headings = ("case", "at a time", "FastAPI, µs", "with the library, µs", "ratio", "quartiles")
    rows = []
    for timing in timings:
        stock, old = (summarize(timing.seconds[key]).median * 1e6 for key in ("stock", "legacy"))
        faster = summarize(ratios(timing.seconds["stock"], timing.seconds["legacy"]))
        rows.append(
            (
                timing.case,
                str(timing.concurrency),
                f"{stock:,.1f}",
                f"{old:,.1f}",
                f"{faster.median:.2f}x",
                f"{faster.lower:.2f}-{faster.upper:.2f}",
            )
        )
    return table(headings, rows)


def _servings(servings: Iterable[Serving]) -> str:
    rows = []
    for serving in servings:
        for key, loads in serving.loads.items():
            served = summarize(serving.rounds(key, "requests_per_second"))
            latencies = [summarize(serving.rounds(key, name)).median for name in _LATENCIES]
            faster = serving.ratio("requests_per_second", key, "stock")
            rows.append(
                (
                    serving.case,
                    str(serving.concurrency),
                    label(key),
                    f"{served.median:,.0f}",
                    f"{served.minimum:,.0f}-{served.maximum:,.0f}",
                    *(f"{latency * 1e3:,.2f}" for latency in latencies),
                    str(sum(load.errors for load in loads)),
                    "" if faster is None else f"{faster:.2f}x",
                )
            )
    headings = ("case", "connections", "contender", "requests/s", "range", *_LATENCIES)
    return table((*headings, "errors", "to FastAPI's"), rows)


_LATENCIES = ("p50", "p95", "p99")


def _pools(measured: Iterable[Pools]) -> str:
    rows = []
    for pools in measured:
        idle, saturated = (summarize(each).median * 1e3 for each in (pools.idle, pools.saturated))
        rows.append((label(pools.app), f"{idle:.2f}", f"{saturated:.2f}", f"{pools.ratio:.2f}x"))
    return table(("contender", "idle", "saturated", "ratio"), rows)


def _buildings(buildings: Iterable[Building]) -> str:
    rows = []
    for building in buildings:
        memory = building.bytes or building.resident
        stock, fast = (summarize(building.seconds[key]).median for key in ("stock", "fast"))
        held, ours = (summarize(memory[key]).median / 2**20 for key in ("stock", "fast"))
        rows.append(
            (
                f"{building.style}, up to: {building.stage}",
                f"{stock:.2f} s",
                f"{fast:.2f} s",
                f"{building.time_ratio:.2f}x",
                f"{held:.1f} MiB",
                f"{ours:.1f} MiB",
                f"{building.memory_ratio:.2f}x",
            )
        )
    return table(("routes", "FastAPI", "ours", "ratio", "FastAPI", "ours", "ratio"), rows)
