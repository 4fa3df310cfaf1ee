"""`fastdeps explain`: finds an app, shows it in each format, and says in one line what is wrong."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fastapi_fastdeps._cli.commands import command
from fastapi_fastdeps._lane.choice import LANE_VARIABLE

APP = """
from collections.abc import Iterator
from typing import Annotated
from fastapi import APIRouter, Depends
from fastapi_fastdeps import FastDepsAPI, InlineMixin, inline

class Settings(InlineMixin):
    def __init__(self, q: str = "") -> None: ...

class Page(InlineMixin):
    def __init__(self, settings: Annotated[Settings, Depends()]) -> None: ...

def session() -> Iterator[int]:
    yield 1

app = FastDepsAPI()

@app.get("/items")
def items(page: Annotated[Page, Depends()], session: Annotated[int, Depends(session)]) -> int:
    return 1

@app.get("/pages")
@inline
def pages(page: Annotated[Page, Depends()]) -> int:
    return 1

@app.get("/ready")
async def ready() -> None: ...
"""
PLAIN = """
import time
from typing import Annotated
from fastapi import Depends, FastAPI

class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip

def slow() -> None:
    time.sleep(1)

application = FastAPI()

@application.get("/items")
async def items(page: Annotated[Page, Depends()], slow: Annotated[None, Depends(slow)]) -> None: ...
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.delenv(LANE_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield lambda *arguments: CliRunner().invoke(command, ["explain", *arguments])
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def written(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("place", "given"),
    [
        ("main.py", ()),
        ("app/main.py", ()),
        ("shop_main.py", ("shop_main.py",)),
        ("shop_main.py", ("shop_main:app",)),
        ("shop/inner/web.py", ("shop.inner.web:app",)),
        ("shop/inner/web.py", ("shop/inner/web.py",)),
        ("shop_main.py", ("shop_main",)),
    ],
)
def test_the_app_is_found(run: Run, place: str, given: tuple[str, ...]) -> None:
    written(place, APP)
    found = shown(run(*given, "--format", "json"))
    assert [route["path"] for route in found["routes"]] == ["/items", "/pages", "/ready"]


def test_the_entrypoint_of_the_project_comes_first(run: Run) -> None:
    written("pyproject.toml", '[tool.fastapi]\nentrypoint = "other_main:app"\n')
    written("main.py", "raise RuntimeError('not this one')")
    written("other_main.py", APP)
    assert len(shown(run("--format", "json"))["routes"]) == 3


def test_the_summary_comes_first_then_each_callable_once(run: Run) -> None:
    written("main.py", APP)
    result = run()
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[:3] == [
        "Routes     3: 3 in fast lane",
        "Callables  1 async, 3 inline, 2 threaded",
        "Hops       2 left, 8 saved, by one request to each route",
    ]
    rows = [line.split() for line in lines[5:]]
    assert [row[:4] for row in rows] == [
        ["inline", "Page", "2", "main.py:10"],
        ["inline", "Settings", "2", "main.py:7"],
        ["threaded", "items", "1", "main.py:18"],
        ["inline", "pages", "1", "main.py:22"],
        ["async", "ready", "1", "main.py:27"],
        ["threaded", "session", "1", "main.py:13"],
    ]


def test_a_tree_that_routes_share_is_shown_once(run: Run) -> None:
    written("main.py", APP)
    text = run("--by-route").stdout
    assert text.count("settings: Settings") == 1
    assert "page: Page  (what is below it: see 1)" in text
    assert "1. GET /items  [fast lane]  2 hops left, 4 saved" in text


def test_a_tree_that_a_route_has_twice_is_shown_above(run: Run) -> None:
    twice = APP.replace("def pages(", "def pages(again: Annotated[Page, Depends()], ")
    written("main.py", twice)
    assert "page: Page  (what is below it: see above)" in run("--route", "pages").stdout


def test_routes_can_be_chosen(run: Run) -> None:
    written("main.py", APP)
    one = shown(run("--format", "json", "--route", "page"))
    assert [route["path"] for route in one["routes"]] == ["/pages"]
    waiting = shown(run("--format", "json", "--threaded"))
    assert [route["path"] for route in waiting["routes"]] == ["/items"]
    assert "GET /pages" in run("--route", "page").stdout


@pytest.mark.parametrize(
    ("asked", "close"),
    [("/item/", " Close to it: /items."), ("PAGE", " Close to it: /pages."), ("#", "")],
)
def test_a_route_that_is_not_there_is_told_with_what_is_close(
    run: Run, asked: str, close: str
) -> None:
    written("main.py", APP)
    for shape in ("table", "json"):
        none = run("--route", asked, "--format", shape)
        assert none.exit_code == 2
        assert none.stdout == ""
        assert none.stderr == f"fastdeps: No route has {asked!r} in its path.{close}\n"


def test_one_hop_is_a_hop(run: Run) -> None:
    written("main.py", PLAIN)
    assert "1 hop left, 1 saved" in run("--by-route").stdout


def test_a_pipe_has_each_callable_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    name = f"session_{'of_a_long_name_' * 12}"
    written("main.py", APP.replace("session", name))
    lines = run().output.splitlines()
    assert [line.split()[:2] for line in lines if name in line] == [["threaded", name]]


def test_names_and_places_stay_in_one_piece(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    name = f"session_{'of_a_long_name_' * 2}"
    why = "because it is so, and for a reason that takes longer to tell than there is room for"
    marked = f'Depends(session), Threaded(because="{why}")]'
    text = APP.replace("Depends(session)]", marked).replace("session", name)
    written("main.py", text.replace("InlineMixin, inline", "InlineMixin, Threaded, inline"))
    lines = run().output.splitlines()
    assert [line.split()[1:4] for line in lines if name in line] == [[name, "1", "main.py:13"]]
    assert all(len(line) <= 100 for line in lines)


def test_what_is_installed_is_told_from_its_package(run: Run) -> None:
    written("lib/site-packages/sdk/pages.py", APP)
    output = run("lib/site-packages/sdk/pages.py").output
    assert " sdk/pages.py:" in output.replace("\\", "/")
    assert "site-packages" not in output


def test_the_json_has_all_that_the_table_has(run: Run) -> None:
    written("main.py", APP)
    found = shown(run("--format", "json"))
    assert found["schema"] == 1
    assert found["dry_run"] is False
    assert found["summary"] == {
        "routes": 3,
        "lanes": {"fast": 3},
        "callables": {"threaded": 2, "inline": 3, "async": 1},
        "hops": {"left": 2, "saved": 8},
    }
    items = found["routes"][0]
    assert items["hops"] == {"left": 2, "saved": 4}
    assert items["calls"][1] == {
        "name": "Page",
        "location": f"{Path.cwd()}/main.py:10",
        "role": "dependency",
        "parameter": "page",
        "depth": 1,
        "execution": "inline",
        "decided_by": "InlineMixin",
        "limiter": None,
        "stock_hops": 1,
    }


def test_the_items_of_a_stream_are_hops_of_their_own(run: Run) -> None:
    written("main.py", f'{APP}\n@app.get("/rows")\ndef rows() -> Iterator[str]:\n    yield "a"\n')
    assert "by one request to each route, and one for each item of 1 stream\n" in run().stdout
    assert "0 hops left, 0 saved, and one for each item" in run("--route", "rows").stdout
    found = shown(run("--format", "json"))
    assert [route["each_item"] for route in found["routes"]] == [False, False, False, True]


def test_what_waits_for_a_limiter_names_it(run: Run) -> None:
    written(
        "main.py",
        """
from typing import Annotated
from fastapi import Depends
from fastapi_fastdeps import FastDepsAPI, Threaded

def load() -> int:
    return 1

app = FastDepsAPI(limiters={"db": 2, "mail": 1})

@app.get("/rows")
async def rows(load: Annotated[int, Depends(load), Threaded(limiter="db")]) -> None: ...

@app.get("/letters")
async def letters(load: Annotated[int, Depends(load), Threaded(limiter="mail")]) -> None: ...
""",
    )
    table = run().stdout
    assert table.index("threaded (db)    load") < table.index("threaded (mail)  load")
    assert "load: load  threaded (mail)  Threaded at the place" in run("--by-route").stdout
    found = shown(run("--format", "json"))
    limiters = [each["limiter"] for each in found["callables"] if each["name"] == "load"]
    assert limiters == ["db", "mail"]


def test_exception_handlers_are_shown_too(run: Run) -> None:
    handler = "\n@app.exception_handler(KeyError)\ndef missing(request, error): ...\n"
    written("main.py", APP + handler)
    found = shown(run("--format", "json"))
    (missing,) = (each for each in found["handlers"] if each["name"] == "missing")
    assert (missing["role"], missing["execution"]) == ("exception handler", "threaded")
    assert {"name": "missing", "routes": 0}.items() <= found["callables"][-1].items()


def test_a_plain_app_is_shown_as_it_would_be(run: Run) -> None:
    written("main.py", PLAIN)
    found = shown(run("--format", "json"))
    assert found["dry_run"] is True
    (route,) = found["routes"]
    assert [(c["name"], c["execution"], c["decided_by"]) for c in route["calls"]] == [
        ("items", "async", ""),
        ("Page", "inline", "harmless: assigns its arguments"),
        ("slow", "threaded", "no opinion"),
    ]
    assert route["hops"] == {"left": 1, "saved": 1}
    text = run().stdout
    assert text.startswith("Dry run: this app is a FastAPI.")


def test_the_mermaid_graph_has_each_callable_and_edge_once(run: Run) -> None:
    written("main.py", APP)
    lines = run("--format", "mermaid").stdout.splitlines()
    assert lines[0] == "flowchart LR"
    assert lines.count('    c1["Page"]:::inline') == 1
    assert lines.count("    c1 --> c2") == 1
    assert '    r0(["GET /items"])' in lines
    assert "    r2 --> c5" in lines


@pytest.mark.parametrize(
    ("routes", "path", "is_drawn"), [(500, "x", True), (501, "x", False), (20, "x" * 3000, False)]
)
def test_a_graph_that_mermaid_does_not_draw_is_said_to_be(
    run: Run, routes: int, path: str, is_drawn: bool
) -> None:
    written(
        "main.py",
        "from fastapi import FastAPI\n\nasync def ready() -> None: ...\n\napp = FastAPI()\n"
        f"for each in range({routes}):\n    app.get(f'/{path}{{each}}')(ready)\n",
    )
    result = run("--format", "mermaid")
    assert result.exit_code == 0
    assert result.stdout.startswith("flowchart LR\n")
    assert result.stdout.count(" --> ") == routes
    assert ("maxEdges" in result.stderr) is not is_drawn


def test_the_page_holds_its_data_and_nothing_ends_its_script(run: Run) -> None:
    written("main.py", APP.replace("/ready", "/</script>"))
    page = run("--format", "html").stdout
    assert page.count("</script>") == 1
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace('"http"', "")
    line = next(line for line in page.splitlines() if line.startswith("const data = "))
    data = json.loads(line.removeprefix("const data = ").removesuffix(";"))
    assert data["routes"][2]["path"] == "/</script>"
    assert data["summary"]["routes"] == 3


def test_the_module_is_the_command_too(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(APP)
    command = [sys.executable, "-m", "fastapi_fastdeps", "explain", "--format", "mermaid"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("flowchart LR\n")
