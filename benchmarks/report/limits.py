"""What stands in the way of less, as tables: of what `benchmarks.limits` and `benchmarks.load`
have measured."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.cases.registry import BY_NAME
from benchmarks.report.markdown import hundredths, microseconds, table, tenths

Shown = Callable[[float], str]


def _listed(what: str, measured: Any, said: Mapping[str, str], shown: Shown) -> str:
    """The microseconds of each piece, by what is said of it."""
    return table((what, "µs"), [(text, shown(measured[key])) for key, text in said.items()])


def _shell(limits: Any) -> str:
    said = {
        "stock": "FastAPI",
        "without the shell": "FastDepsAPI, through all of FastAPI's layers",
        "fast": "FastDepsAPI",
        "starlette": "Starlette by hand",
    }
    return _listed("a request without parameters", limits["whole"], said, tenths)


def _taken_off(limits: Any) -> str:
    said = {
        "telemetry": "telemetry: whether there is a provider",
        "layers": "layers: from the app to its router",
        "own": "own route: from the router to its app",
        "included": "included route: likewise",
        "handler": "handler: from the route's app to the endpoint's response",
    }
    return _listed("what FastAPI takes", limits["taken off"], said, tenths)


def _asked(limits: Any) -> str:
    said = {
        "names": "names: whether one that FastAPI would read on the way of this plan is replaced",
        "shell": "shell: whether one of its names is, and a provider of telemetry set",
        "routes": "routes: whether they are as they were, and which of them it is",
        "tree": "tree: whether it and the overrides are as they were",
        "response": "response: whether a name that makes it is replaced",
        "stacks": "stacks: three exit stacks",
        "traced": "traced: whether the request is, in OpenTelemetry's context",
        "visits": "visits: who waits for threads, in a context variable",
    }
    return _listed("asked or made for each request", limits["asked"], said, hundredths)


def _built(limits: Any) -> str:
    shares = limits["building"]
    rows = [
        ("FastAPI's constructor of a route, and what it calls", f"{shares['others']:.0%}"),
        ("this package's own functions", f"{shares['fastapi_fastdeps']:.0%}"),
    ]
    return table(("of the time that 1,000 routes of an app take to build", "share"), rows)


def _large(limits: Any) -> str:
    rows = []
    for case, taken in limits["large"].items():
        alone = taken.get("alone")
        rows.append(
            (
                BY_NAME[case].title,
                microseconds(taken["stock"]),
                microseconds(taken["fast"]),
                "" if alone is None else microseconds(alone),
                f"{taken['stock'] / taken['fast']:.1f}x",
                "" if alone is None else f"{taken['stock'] / alone:.1f}x",
            )
        )
    return table(("µs", "FastAPI", "FastDepsAPI", "alone", "faster", "at most"), rows)


def _visited(limits: Any) -> str:
    said = {
        "leaving": "FastAPI's way out of a `yield` dependency: a limiter and a scope for it",
        "default": "AnyIO's default limiter, as for everything else in FastAPI",
        "infinite": "an infinite limiter: taking a token has the event loop turn once more",
        "beside": "ours: a limiter that all get past, the token taken beside it if it is free",
        "executor": "`run_in_executor`: no context, no cancellation, no `from_thread`",
    }
    return _listed("a visit to a thread, one at a time", limits["visits"], said, microseconds)


def _tails(limits: Any) -> str:
    said = {"stock": "FastAPI", "fast": "FastDepsAPI"}
    tails = limits["tail"]
    rows = [
        (text, microseconds(tails[key]["mean"]), microseconds(tails[key]["p99"]))
        for key, text in said.items()
    ]
    return table(("100 requests at a time", "mean, ms", "p99, ms"), rows)


def _metrics(limits: Any) -> str:
    measured = limits["metrics"]
    said = {
        "off": "no provider",
        "FastAPI's own": "FastAPI's own metrics of requests, which any provider turns on",
        "on": "those, and these",
    }
    rows = [
        (text, microseconds(measured[key]), f"{measured[key] / measured['off']:.1f}x")
        for key, text in said.items()
    ]
    return table(("four class dependencies", "µs", ""), rows)


def under_load(load: Any) -> str:
    stretches = load["stretches"]
    last = stretches[-1]["counts"]
    errors = sum(each["load"]["errors"] for each in stretches)
    rows = [
        ("requests that began, and ended", f"{last['begun']:,.0f}, {last['ended']:,.0f}"),
        ("of wrk's, answered with an error or not at all", f"{errors:,}"),
        ("clients that left", f"{sum(each['left'] for each in stretches):,}"),
        ("generators entered, and left", f"{last['entered']:,.0f}, {last['left']:,.0f}"),
        ("tasks added, and done", f"{last['tasks added']:,.0f}, {last['tasks done']:,.0f}"),
        ("threads in the end", f"{last['threads']:.0f}"),
        (
            "resident memory after each stretch, MB",
            ", ".join(f"{each['counts']['resident']:.1f}" for each in stretches),
        ),
    ]
    return table(("", "counted"), rows)


TABLES: dict[str, Callable[[Any], str]] = {
    "shell": _shell,
    "taken-off": _taken_off,
    "asked": _asked,
    "built": _built,
    "large": _large,
    "visits": _visited,
    "tails": _tails,
    "metrics": _metrics,
}
"""By their names in pages."""
