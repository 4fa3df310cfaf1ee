"""The results, for a terminal of 80 columns."""

import os
import platform
from importlib.metadata import version

from rich import box
from rich.table import Table

from benchmarks.demo.measure import Results, geometric_mean

LEGEND = (
    "req/s: median of the rounds, ± half their range. hops: to a worker thread, per\n"
    "request. CPU: the server's, in ms per request. p50, p95: latency in ms."
)


def results_table(results: Results, stock: str, ours: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    table.add_column("endpoint", min_width=26, no_wrap=True)
    table.add_column("app", no_wrap=True)
    for header, width in {"req/s": 11, "": 5, "hops": 5, "CPU": 6, "p50": 4, "p95": 4}.items():
        table.add_column(header, justify="right", min_width=width, no_wrap=True)
    for scenario, by_app in results.items():
        ratio = by_app[ours].rate / by_app[stock].rate
        for app, result in by_app.items():
            table.add_row(
                scenario.name if app == stock else f"[dim]{scenario.about}[/]",
                app if app == stock else f"[bold]{app}[/]",
                f"{result.rate:,.0f} [dim]±{result.spread:3.0%}[/]",
                "" if app == stock else f"[bold {_colour(ratio)}]x{ratio:.1f}[/]",
                f"{result.hops_per_request:.1f}",
                f"{result.cpu_per_request * 1000:.2f}",
                f"{result.latency(50) * 1000:.0f}",
                f"{result.latency(95) * 1000:.0f}",
                end_section=app == ours,
            )
    return table


def conclusions(results: Results, stock: str, ours: str) -> list[str]:
    rows = [(by_app[stock], by_app[ours]) for by_app in results.values()]
    ratios = [our.rate / their.rate for their, our in rows]
    cpu = [their.cpu_per_request / our.cpu_per_request for their, our in rows]
    saved = [their.hops_per_request - our.hops_per_request for their, our in rows]
    loads = [load for pair in rows for result in pair for load in result.loads]
    busy = max(load.client_cpu / load.seconds for load in loads)
    return [
        f"{ours}: x{min(ratios):.1f} to x{max(ratios):.1f} the requests per second"
        f" (geometric mean x{geometric_mean(ratios):.1f}),",
        f"{min(saved):.0f} to {max(saved):.0f} fewer thread hops and 1/{min(cpu):.1f} to"
        f" 1/{max(cpu):.1f} of the server's CPU time for each.",
        f"The client was busy for {busy:.0%} of a round at most.",
    ]


def machine() -> str:
    packages = ("fastapi", "starlette", "pydantic")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    versions = [f"{package} {version(package)}" for package in packages]
    return ", ".join([python, *versions, f"{os.cpu_count()} CPUs"])


def _colour(ratio: float) -> str:
    return "green" if ratio > 1.1 else "red" if ratio < 0.9 else "yellow"
