"""The figures and pictures of the documentation are those of its results."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.pictures import DOCS, PAGES, PICTURES, WANTED, with_figures
from benchmarks.timeline import main as measure_timeline
from tests.harness.commands import REPOSITORY


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_says_is_what_was_measured(page: Path) -> None:
    assert with_figures(page) == page.read_text(encoding="utf-8"), "python -m benchmarks.pictures"


def test_every_page_with_figures_is_filled_in() -> None:
    marked = [
        page
        for page in (*REPOSITORY.glob("*.md"), *DOCS.rglob("*.md"))
        if "<!-- figures: " in page.read_text(encoding="utf-8")
    ]
    assert set(marked) == set(PAGES)


def test_each_picture_is_there_for_a_light_page_and_for_a_dark_one() -> None:
    wanted = {f"{name}-{ink}.svg" for name in (*WANTED, "timeline") for ink in ("light", "dark")}
    assert {picture.name for picture in PICTURES.iterdir()} == wanted
    for page in DOCS.rglob("*.md"):
        shown = re.findall(
            r"pictures/([\w-]+)-(light|dark)\.svg\)\{ \.(\w+)-only \}", page.read_text()
        )
        assert all(ink == only for _, ink, only in shown)
        assert sorted(name for name, ink, _ in shown if ink == "light") == sorted(
            name for name, ink, _ in shown if ink == "dark"
        )


@pytest.mark.parametrize(
    "name",
    [
        *("run", "python-3.13", "faster-machine", "tools", "timeline"),
        *("limits", "load", "guarded"),
    ],
)
def test_results_name_machine_versions_and_command(name: str) -> None:
    environment = json.loads((DOCS / "results" / f"{name}.json").read_text())["environment"]
    assert environment["command"].startswith("python -m benchmarks")
    assert {"fastapi-fastdeps", "fastapi", "starlette", "pydantic"} <= set(environment["packages"])
    assert environment["processor"]
    assert environment["cores"]
    assert environment["at"]


def test_a_timeline_has_the_hops_that_fastapi_makes_and_none_of_ours(tmp_path: Path) -> None:
    written = tmp_path / "timeline.json"
    measure_timeline([str(written), "--requests", "5"])
    spans = json.loads(written.read_text())["spans"]
    kinds = {key: [what for what, *_ in each] for key, each in spans.items()}
    assert sorted(kinds["stock"]) == ["hop"] * 4 + ["loop", "request"] + ["thread"] * 4
    assert sorted(kinds["fast"]) == ["loop"] * 5 + ["request"]
