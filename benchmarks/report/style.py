"""How every plot looks: colours that colour-blind readers tell apart, and markers."""

from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from benchmarks.report.shares import DEPENDENCIES, LAYERS, ROUTE, WORK

mpl.use("Agg")

COLOURS = {
    "stock": "#000000",
    "wrappers": "#E69F00",
    "inlined": "#CC79A7",
    "lane": "#56B4E9",
    "fast": "#0072B2",
    "litestar": "#009E73",
    "starlette": "#D55E00",
    "legacy": "#999999",
    "cache-di": "#999999",
    "by-hand": "#CC79A7",
    "layered": "#882255",
    "bare": "#999999",
    "empty": "#999999",
}
"""The palette of Okabe and Ito, and one more."""

PART_COLOURS = {
    WORK: "#999999",
    LAYERS: "#56B4E9",
    ROUTE: "#009E73",
    DEPENDENCIES: "#E69F00",
}

MARKERS = {
    "stock": "s",
    "wrappers": "^",
    "inlined": "v",
    "lane": "D",
    "fast": "o",
    "litestar": "P",
    "starlette": "X",
    "legacy": "*",
    "cache-di": "*",
    "by-hand": "v",
    "layered": "p",
    "bare": "h",
    "empty": "h",
}

mpl.rcParams.update(
    {
        "figure.dpi": 120,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": "#dddddd",
        "grid.linewidth": 0.6,
        "legend.frameon": False,
    }
)


def line_style(key: str) -> dict[str, Any]:
    """How the line of a contender looks."""
    width = 2.4 if key == "fast" else 1.4
    return {"color": COLOURS[key], "marker": MARKERS[key], "linewidth": width, "markersize": 6}


def plain_ticks(axis: Any) -> None:
    """Numbers as one writes them, on a logarithmic axis too."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axis.set_minor_formatter(lambda *_: "")


def save(figure: Figure, path: Any) -> None:
    figure.savefig(path, bbox_inches="tight", facecolor="white")
