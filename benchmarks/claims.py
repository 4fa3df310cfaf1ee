"""What is claimed for dependencies that run inline, and what a run found."""

from dataclasses import dataclass
from statistics import median

from benchmarks.results import Results

CLAIMED_SECONDS = {20: (2.06, 2.08), 40: (2.09, 2.09), 80: (2.13, 4.13), 120: (2.17, 6.14)}
"""By the number of requests: seconds to answer them all, asleep on the loop and in threads."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, what the old library reaches where it was measured, and what ours does."""

    what: str
    claimed: str
    stock: str
    old_library: str
    ours: str


def claims(results: Results) -> list[Claim]:
    """Every claim that this run says something about."""
    return [*_speed(results), *_tail(results), *_graph(results), *_sleep(results)]


def _speed(results: Results) -> list[Claim]:
    found = []
    for case, what, claimed in (
        ("one-class", "requests/s, one class dependency", "+15 to +25 %"),
        ("four-classes", "requests/s, several class dependencies", "+40 to +60 %"),
    ):
        old = {
            one.concurrency: one.ratio("stock", "legacy")
            for one in results.legacy
            if one.case == case
        }
        for concurrency in (1, 50):
            ours = results.ratio(case, concurrency, "stock", "fast")
            if ours is not None:
                where = f"{what}, in-process, {concurrency} at a time"
                found.append(Claim(where, claimed, "", _gain(old.get(concurrency)), _gain(ours)))
        for serving in results.servings:
            if serving.case == case:
                gain = serving.ratio("requests_per_second", "fast", "stock")
                where = f"{what}, HTTP, {serving.concurrency} connections"
                stock = f"{median(serving.rounds('stock', 'requests_per_second')):,.0f}/s"
                found.append(Claim(where, claimed, stock, "", _gain(gain)))
    return found


def _tail(results: Results) -> list[Claim]:
    serving = results.serving("four-classes", 1000)
    ratio = serving.ratio("p95", "fast", "stock") if serving else None
    if serving is None or ratio is None:
        return []
    return [
        Claim(
            "p95 latency, several class dependencies, HTTP, 1000 connections",
            "-30 to -50 %",
            f"{median(serving.rounds('stock', 'p95')) * 1e3:,.0f} ms",
            "",
            _gain(ratio),
        )
    ]


def _graph(results: Results) -> list[Claim]:
    found = []
    for timing in results.timings:
        ours = timing.ratio("stock", "fast")
        if timing.case != "service-graph" or ours is None:
            continue
        old = [
            one.ratio("stock", "legacy")
            for one in results.legacy
            if (one.case, one.concurrency) == (timing.case, timing.concurrency)
        ]
        found.append(
            Claim(
                f"service graph, in-process, {timing.concurrency} at a time",
                "3.65x" if timing.concurrency == 1 else "4.2x to 4.4x",
                f"{median(timing.seconds['stock']) * 1e6:,.0f} µs",
                f"{old[0]:.2f}x" if old and old[0] else "",
                f"{ours:.2f}x",
            )
        )
    return found


def _sleep(results: Results) -> list[Claim]:
    found: list[Claim] = []
    seen = {(one.app, one.endpoint, one.requests): one.seconds for one in results.sleepings}
    sleep = results.sleepings[0].sleep if results.sleepings else 2.0
    for requests, by_endpoint in CLAIMED_SECONDS.items():
        for endpoint, claimed in zip(("/async", "/sync"), by_endpoint, strict=True):
            if ("fast", endpoint, requests) in seen:
                found.append(
                    Claim(
                        f"{requests} requests at once to {endpoint}, asleep for {sleep:g} s",
                        f"{claimed:.2f} s (asleep for 2 s)",
                        f"{seen['stock', endpoint, requests]:.2f} s",
                        "",
                        f"{seen['fast', endpoint, requests]:.2f} s",
                    )
                )
    found.extend(
        Claim(
            f"one class dependency beside {requests} requests to /sync",
            "",
            f"{seen['stock', '/page', requests] * 1e3:,.1f} ms",
            "",
            f"{seconds * 1e3:,.1f} ms",
        )
        for (app, endpoint, requests), seconds in seen.items()
        if (app, endpoint) == ("fast", "/page")
    )
    return found


def _gain(ratio: float | None) -> str:
    return "" if ratio is None else f"{(ratio - 1) * 100:+,.0f} %"
