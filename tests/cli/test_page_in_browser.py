"""The page of `fastdeps explain --format html` in headless Chromium, with five hundred routes.

Set `FASTDEPS_CHROMIUM` to say which Chromium, as the checks of this repository do; one that is
not there is then a failure.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fastapi_fastdeps import CallRecord, RouteRecord
from fastapi_fastdeps._cli.overview import Overview
from fastapi_fastdeps._cli.page import as_html
from tests.harness.browser import CHROMIUM, FLAGS

LOOK = """
<script>
const seen = {}, all = [...document.querySelectorAll("#routes button")];
const visible = () => all.filter(button => button.offsetParent !== null).map(b => b.textContent);
const nodes = () => [...document.querySelectorAll("#graph g")].map(group =>
  [group.getAttribute("class"), ...[...group.querySelectorAll("text")].map(t => t.textContent)]);
seen.routes = visible().length;
seen.first = nodes();
const box = document.getElementById("search");
box.value = "/things/77 get_user";
box.dispatchEvent(new Event("input"));
seen.found = visible();
all[77].click();
seen.chosen = nodes();
seen.about = [...document.querySelectorAll("#graph h1, #graph p")].map(each => each.textContent);
const room = document.getElementById("graph").getBoundingClientRect();
seen.inside = [...document.querySelectorAll("#graph rect")].every(
  rect => rect.getBoundingClientRect().right <= room.right);
seen.page = document.documentElement.scrollWidth <= innerWidth;
seen.colours = ["inline", "threaded", "async"].map(
  name => getComputedStyle(document.querySelector(`#graph .${name} rect`)).stroke);
const told = document.createElement("pre");
told.id = "told";
told.textContent = JSON.stringify(seen);
document.body.append(told);
</script>
"""


def call(name: str, depth: int, execution: Any, why: str) -> CallRecord:
    role: Any = "dependency" if depth else "endpoint"
    return CallRecord(name, "shop.py:1", role, None, depth, execution, why, stock_hops=1)


def route(number: int) -> RouteRecord:
    calls = (
        call(f"read_{number}", 0, "async", ""),
        call("get_user", 1, "inline", "harmless: returns what it is given"),
        call("get_session", 2, "threaded", "no opinion"),
    )
    return RouteRecord(f"/things/{number}", "http", ("GET",), "fast", "", calls, 2)


@pytest.fixture(params=[(390, 844), (1280, 900)], ids=["phone", "desktop"])
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if CHROMIUM is None:
        pytest.skip("There is no Chromium: apt-get install chromium, or set FASTDEPS_CHROMIUM.")
    page = tmp_path / "page.html"
    shown = as_html(Overview(False, tuple(map(route, range(500)))))
    page.write_text(shown.replace("</html>", LOOK + "</html>"), encoding="utf-8")
    width, height = request.param
    command = [CHROMIUM, *FLAGS, "--virtual-time-budget=10000", "--dump-dom"]
    command += [f"--window-size={width},{height}"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    told = re.search(r'<pre id="told">(.*?)</pre>', ended.stdout, re.DOTALL)
    assert told is not None, ended.stderr
    return json.loads(told[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&"))


def test_the_page_shows_finds_and_draws_what_is_in_five_hundred_routes(seen: Any) -> None:
    assert seen["routes"] == 500
    assert seen["first"][0] == ["async", "read_0", "async"]
    assert seen["found"] == ["GET /things/77fast lane, 2 hops left, 1 saved"]
    assert [node[:2] for node in seen["chosen"]] == [
        ["async", "read_77"],
        ["inline", "get_user"],
        ["threaded", "get_session"],
    ]
    assert seen["about"] == ["GET /things/77", "fast lane"]
    assert seen["inside"]
    assert seen["page"]
    assert len(set(seen["colours"])) == 3
