"""Measures all contenders side by side: `python -m benchmarks`."""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.cases.families import FAMILIES
from benchmarks.cases.registry import CASES
from benchmarks.report.text import tables
from benchmarks.results import Results
from benchmarks.run import FULL, PARTS, SHORT, run

ROOT = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.redraw:
        results = Results.of_data(json.loads(options.redraw.read_text()))
    else:
        scale = SHORT if options.short else FULL
        clock = time.process_time if options.processor_time else time.perf_counter
        results = run(scale, options.only, ROOT / ".cache" / "benchmarks", _say, clock)
    _write(results, options.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    names = [*PARTS, *(case.name for case in CASES), *(family.name for family in FAMILIES)]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="be done in a few minutes, noisily")
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="in-process, count processor time, not time: steadier on a busy machine",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=names,
        metavar="NAME",
        default=[],
        help=f"a part or a case, again for more: {', '.join(names)}",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=ROOT / ".cache" / "benchmarks" / "results",
        metavar="DIR",
        help="where results.json, results.txt and the plots go (%(default)s)",
    )
    parser.add_argument(
        "--redraw",
        type=Path,
        metavar="JSON",
        help="measure nothing: tables and plots of an earlier run",
    )
    return parser


def _write(results: Results, output: Path) -> None:
    output.mkdir(parents=True, exist_ok=True)
    (output / "results.json").write_text(json.dumps(results.as_data(), indent=1))
    report = "\n\n".join(f"{title}\n\n{text}" for title, text in tables(results))
    if results.skipped:
        report += "\n\nNot measured\n\n" + "\n".join(results.skipped)
    (output / "results.txt").write_text(report + "\n")
    print(report)
    try:
        from benchmarks.report.plots import write_plots
    except ImportError:
        _say("no plots: they need matplotlib (pip install 'fastapi-fastdeps[benchmarks]')")
        return
    for path in write_plots(results, output):
        _say(str(path))


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
