"""How a profile is shown."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fastapi_fastdeps._cli.checking.reports import relative
from fastapi_fastdeps._cli.profiling.advice import Advice, Limits, duration
from fastapi_fastdeps._cli.profiling.measured import Callable, Measured, Profile, Times

Advised = Sequence[tuple[Callable, Advice]]

_COLOURS = {"inline": "green", "threaded": "yellow", "async": "blue", "undecided": "dim"}


def show_profile(console: Console, profile: Profile, advised: Advised) -> None:
    """What was seen, the times of each part, and what is recommended."""
    seen = [
        _count(profile.processes, "process", "processes"),
        _count(profile.requests, "request", "requests"),
        _count(len(advised), "sync callable", "sync callables"),
    ]
    if profile.others:
        seen.append(_count(profile.others, "other visit to a thread", "other visits to threads"))
    console.print(Text(f"Profile  {', '.join(seen)}"))
    if not advised:
        console.print(Text("Nothing sync was called, so nothing went to a thread."))
        return
    console.print()
    console.print(_times(advised))
    console.print()
    console.print(_advice(advised))


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _times(advised: Advised) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("callable", overflow="fold")
    table.add_column("runs", no_wrap=True)
    for title in ("calls", "p50", "p99", "CPU", "queue p99", "way p50"):
        table.add_column(title, justify="right", no_wrap=True)
    for callable_, _ in advised:
        name, parts = Text(callable_.source.qualname), list(callable_.parts.values())
        if len(parts) > 1:
            table.add_row(name)
            for measured in parts:
                table.add_row(Text(f"  {measured.part}", style="dim"), *_cells(measured))
        else:
            table.add_row(name, *_cells(parts[0]))
    return table


def _cells(measured: Measured) -> list[str]:
    cells = [measured.where, f"{measured.calls:,}"]
    cells += [
        duration(measured.wall.p50),
        duration(measured.wall.p99),
        f"{100 * measured.busy:.0f} %",
    ]
    if measured.where == "inline":
        return [*cells, "-", "-"]
    return [*cells, duration(measured.queued.p99), duration(measured.way.p50)]


def _advice(advised: Advised) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("advice", no_wrap=True)
    table.add_column("callable", overflow="fold")
    table.add_column("saves", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold")
    for callable_, advice in advised:
        source = callable_.source
        where = f"  {source.module}"
        if source.is_own and source.file is not None:
            where = f"  {relative(source.file)}:{source.line}"
        table.add_row(
            Text(words_of(callable_, advice), style=_COLOURS[advice.verdict]),
            Text.assemble(source.qualname, (f"  {callable_.role}{where}", "dim")),
            Text(duration(advice.saves) if advice.saves else "-"),
            Text(advice.because),
        )
    return table


def words_of(callable_: Callable, advice: Advice) -> str:
    """The recommendation as it is read."""
    match advice.verdict:
        case "inline":
            return "inline" if advice.changes(callable_) else "stay inline"
        case "threaded":
            return "thread" if advice.changes(callable_) else "keep threaded"
        case "async":
            return "make async"
        case _:
            return "undecided"


def explained(limits: Limits) -> str:
    """What the columns and the advice mean, in two lines."""
    return (
        "CPU: the share of its time in which a call ran; the rest it waited. queue: until a "
        "thread was there and had begun. way: there and back. saves: of each request that it is "
        "called in; of make async, for how long a thread is free. Inline is recommended from "
        f"{limits.calls} calls on, where 99 of 100 take less than {duration(limits.inline_below)} "
        "and never wait, and nothing in the source plainly blocks."
    )


def as_json(profile: Profile, advised: Advised, limits: Limits) -> dict[str, Any]:
    """The documented form: see docs/command-line.md."""
    return {
        "schema": 1,
        "processes": profile.processes,
        "requests": profile.requests,
        "other_visits": profile.others,
        "limits": {"calls": limits.calls, "inline_below": limits.inline_below},
        "callables": [_callable(callable_, advice) for callable_, advice in advised],
    }


def _callable(callable_: Callable, advice: Advice) -> dict[str, Any]:
    source = callable_.source
    return {
        "name": source.name,
        "qualname": source.qualname,
        "module": source.module,
        "location": source.location,
        "role": callable_.role,
        "own": source.is_own,
        "mark": source.mark,
        "blocks": [
            {"calls": name, "location": f"{file}:{line}"} for name, file, line in source.blocks
        ],
        "parts": [
            {
                "part": measured.part,
                "runs": measured.where,
                "calls": measured.calls,
                "requests": measured.requests,
                "wall": _quantiles(measured.wall),
                "cpu": _quantiles(measured.cpu),
                "waited": _quantiles(measured.waited),
                "idle": _quantiles(measured.idle),
                "queue": _quantiles(measured.queued) if measured.queued.count else None,
                "way": _quantiles(measured.way) if measured.way.count else None,
            }
            for measured in callable_.parts.values()
        ],
        "advice": {
            "verdict": advice.verdict,
            "changes": advice.changes(callable_),
            "because": advice.because,
            "saves": advice.saves,
        },
    }


def _quantiles(times: Times) -> dict[str, float]:
    return {"p50": times.p50, "p99": times.p99, "total": times.total}
