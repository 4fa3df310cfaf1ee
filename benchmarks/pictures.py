"""Draws the documentation's pictures and fills in its figures: `python -m benchmarks.pictures`.

They are those of docs/results. Each picture is drawn twice, for a light page and for a dark one.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

from benchmarks.report.pages import Run, filled, newest
from benchmarks.report.plots import figures
from benchmarks.report.style import COLOURS
from benchmarks.results import Results

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "results"
PICTURES = DOCS / "assets" / "pictures"
PAGES = (
    DOCS.parent / "README.md",
    *(
        DOCS / f"{name}.md"
        for name in (
            *("benchmarks", "comparison", "guard", "how-it-works", "metrics", "threads"),
            "checks/index",
        )
    ),
)

WANTED = {
    "four-classes-1",
    "cases-1",
    "sync-dependencies",
    "query-parameters",
    "routes",
    "http-four-classes-latencies",
    "sleeping",
    "instrumented",
    "building",
    "request",
}
LIGHT_INK, DARK_INK = "#1c1c1c", "#e4e4e4"
DARK_GRID = "#3a3f4b"
TURNED = {"#000000": DARK_INK, "#262626": DARK_INK, LIGHT_INK: DARK_INK, "#dddddd": DARK_GRID}
"""What can't be seen on a dark page, and what stands for it there."""


def main() -> int:
    PICTURES.mkdir(parents=True, exist_ok=True)
    # The same results make the same files.
    mpl.rcParams.update({"svg.hashsalt": "fastapi-fastdeps", "svg.fonttype": "path"})
    for name, figure in drawn():
        save(figure, PICTURES / f"{name}-light.svg")
        darken(figure)
        save(figure, PICTURES / f"{name}-dark.svg")
        print(name)
    for page in PAGES:
        page.write_text(with_figures(page), encoding="utf-8")
    return 0


def with_figures(page: Path) -> str:
    """A page with the figures of the results."""
    return filled(page.read_text(encoding="utf-8"), run())


def run() -> Run:
    """What is in docs/results."""
    parts = map(_read, ("run", "python-3.13", "faster-machine", "tools"))
    others = (
        json.loads((RESULTS / f"{name}.json").read_text())
        for name in ("timeline", "applications", "limits", "load", "guarded", "heldout")
    )
    return Run(*parts, *others)


def drawn() -> Iterator[tuple[str, Figure]]:
    found = run()
    yield "timeline", timeline(found.timeline)
    plots = dict(figures(newest(found)))
    yield from ((name, plots[name]) for name in sorted(WANTED))


def _read(name: str) -> Results:
    return Results.of_data(json.loads((RESULTS / f"{name}.json").read_text()))


def timeline(data: Any) -> Figure:
    """One request to each app: what is done on the event loop, and what in a thread."""
    figure = Figure(figsize=(8.5, 3.6), layout="constrained")
    axes = figure.subplots()
    rows = {("stock", "loop"): 3.2, ("stock", "thread"): 2.2, ("fast", "loop"): 0.6}
    longest = max(spans[0][2] for spans in data["spans"].values())
    for key, spans in data["spans"].items():
        (_, began, ended), *parts = spans
        loop = rows[key, "loop"]
        axes.barh(
            loop, ended - began, left=began, height=0.16, color=COLOURS[key], alpha=0.35, lw=0
        )
        for what, start, end in parts:
            if what == "hop":
                thread = rows[key, "thread"]
                axes.fill_between([start, end], thread - 0.2, thread + 0.2, color="#E69F00", lw=0)
                for at in (start, end):
                    axes.plot([at, at], [thread, loop], color="#E69F00", lw=1)
            else:
                width = max(end - start, longest / 400)
                axes.barh(
                    rows[key, what], width, left=start, height=0.62, color=LIGHT_INK, zorder=5
                )
        axes.annotate(
            f"{ended:,.0f} µs",
            (ended, loop),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
        )
    axes.set_yticks(
        list(rows.values()), ["FastAPI: event loop", "worker thread", "FastDepsAPI: event loop"]
    )
    axes.set_ylim(-0.1, 3.9)
    axes.set_xlim(0, longest * 1.1)
    axes.grid(False)
    axes.set_xlabel("µs since the request came")
    axes.set_title("One request, four class dependencies", loc="left")
    figure.legend(
        handles=[
            Rectangle((0, 0), 1, 1, color=LIGHT_INK, label="your code"),
            Rectangle((0, 0), 1, 1, color="#E69F00", label="on the way to a thread and back"),
        ],
        loc="outside lower center",
        ncols=2,
    )
    return figure


def darken(figure: Figure) -> None:
    """The same figure in the ink of a dark page."""
    for text in figure.findobj(Text):
        text.set_color(DARK_INK)
    for line in figure.findobj(Line2D):
        line.set_color(_turned(line.get_color()))
        line.set_markerfacecolor(_turned(line.get_markerfacecolor()))
        line.set_markeredgecolor(_turned(line.get_markeredgecolor()))
    for patch in figure.findobj(Patch):
        patch.set_edgecolor(_turned(patch.get_edgecolor(), patch.get_edgecolor()[3]))
        patch.set_facecolor(_turned(patch.get_facecolor(), patch.get_facecolor()[3]))


def save(figure: Figure, path: Path) -> None:
    """On no ground of its own."""
    figure.patch.set_alpha(0)
    for axes in figure.axes:
        axes.patch.set_alpha(0)
    figure.savefig(path, bbox_inches="tight", transparent=True, metadata={"Date": None})


def _turned(colour: Any, alpha: float | None = None) -> Any:
    if isinstance(colour, str) and colour == "none":
        return colour
    turned = TURNED.get(to_hex(colour), to_hex(colour))
    return mpl.colors.to_rgba(turned, alpha) if alpha is not None else turned


if __name__ == "__main__":
    sys.exit(main())
