"""The catalogue on FastAPI and on FastDepsAPI: real servers, driven over HTTP, side by side."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.demo.client import UnexpectedResponseError
from benchmarks.demo.compare import COMPARED, differences
from benchmarks.demo.deadlock import Crowd, crowd, told
from benchmarks.demo.measure import measure
from benchmarks.demo.process import ServerError, serving
from benchmarks.demo.scenarios import SCENARIOS
from benchmarks.demo.table import LEGEND, conclusions, machine, results_table

STOCK, OURS = "FastAPI", "FastDepsAPI"
APPS = {STOCK: "benchmarks.demo.stock:app", OURS: "catalogue.app:app"}
CROWDED = {STOCK: "benchmarks.demo.deadlock:stock", OURS: "benchmarks.demo.deadlock:ours"}


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_demo(options, console))
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except (ServerError, UnexpectedResponseError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


async def _demo(options: argparse.Namespace, console: Console) -> int:
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="catalogue-")))
        servers = [
            await stack.enter_async_context(serving(name, app, directory / f"{name}.sqlite3"))
            for name, app in APPS.items()
        ]
        console.print(f"[dim]{machine()}[/]")
        console.print(
            f"[dim]{options.connections} connections, {options.rounds} rounds of"
            f" {options.seconds:g} s for each endpoint and app[/]\n"
        )
        different = await differences(servers)
        with Progress(
            TextColumn("measuring"),
            BarColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        ) as progress:
            task = progress.add_task("", total=options.rounds * len(SCENARIOS) * len(APPS))
            results = await measure(
                servers,
                rounds=options.rounds,
                seconds=options.seconds,
                connections=options.connections,
                progress=lambda: progress.advance(task),
            )
        crowds: list[Crowd] = []
        for name, app in CROWDED.items():
            async with serving(name, app, directory / "none.sqlite3") as server:
                crowds.append(await crowd(server))
    console.print(results_table(results, STOCK, OURS))
    console.print(f"\n[dim]{LEGEND}[/]\n")
    for line in (*conclusions(results, STOCK, OURS), "", *told(crowds), ""):
        console.print(line)
    if different:
        console.print(f"[bold red]Answered differently: {', '.join(different)}.[/]")
        return 1
    console.print(
        f"{len(COMPARED)} exchanges compared, errors and WebSockets among them: the same status,"
        "\nheaders and body from both."
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument("--rounds", type=_positive(int), default=5, help="default: %(default)s")
    parser.add_argument(
        "--seconds",
        type=_positive(float),
        default=0.35,
        help="for each endpoint and app in a round; default: %(default)s",
    )
    parser.add_argument(
        "--connections", type=_positive(int), default=32, help="default: %(default)s"
    )
    return parser


def _positive(number: type[int] | type[float]) -> Callable[[str], int | float]:
    def positive(text: str) -> int | float:
        if (value := number(text)) <= 0:
            raise argparse.ArgumentTypeError("must be greater than 0")
        return value

    return positive


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main())
