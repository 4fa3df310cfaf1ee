"""The fast lane is on where the functions that it stands in for are those that were proven."""

import ast
import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import fastapi
import pytest
import starlette

from fastapi_fastdeps._fastapi import fingerprints
from fastapi_fastdeps._fastapi.fingerprints import PACKAGES, PARTS, PYTHON, code_of, functions_of
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE, fast_lane
from fastapi_fastdeps._fastapi.proven import CODES, SOURCES
from fastapi_fastdeps._fastapi.versions import NEWEST
from tests.conformance.recording import FILE, record, written
from tests.upkeep.changes import changes

pytestmark = [
    pytest.mark.skipif(not fast_lane, reason="there is no fast lane"),
    pytest.mark.skipif(fastapi.__version__ != NEWEST, reason="the copies are of the newest"),
]

PROGRAM = """
import logging
from fastapi_fastdeps import FastDepsAPI, explain
from fastapi_fastdeps._fastapi.names import fast_lane, matching, shell
app = FastDepsAPI()
app.get("/")(lambda: None)
(record,) = [each for each in explain(app).routes if each.path == "/"]
print(record.lane, "index" if matching else "", "shell" if shell else "", record.why, sep="|")
"""
ALL = "fast|index|shell|"


class Copy:
    """A copy of FastAPI or Starlette that may be changed, imported in place of it."""

    def __init__(self, directory: Path, package: Any) -> None:
        self.root = directory
        origin = Path(package.__file__).parent
        self.package = directory / origin.name
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(origin, self.package, ignore=ignored)

    def change(self, file: str, old: str, new: str) -> None:
        path = self.package / file
        source = path.read_text()
        assert source.count(old) == 1, (file, old)
        path.write_text(source.replace(old, new))

    def without_sources(self) -> None:
        assert compileall.compile_dir(self.package, quiet=1, legacy=True)
        for source in self.package.rglob("*.py"):
            source.unlink()

    def served(self, *options: str, lane: str = "") -> tuple[str, str]:
        """What is on and why not, and what was said."""
        variables = {**os.environ, "PYTHONPATH": str(self.root), LANE_VARIABLE: lane}
        done = subprocess.run(
            [sys.executable, *options, "-c", PROGRAM],
            capture_output=True,
            text=True,
            env=variables,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), done.stderr.strip()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path, fastapi)


HEAD = "def _should_embed_body_fields(fields: list[ModelField]) -> bool:\n"
CHANGED = ("dependencies/utils.py", HEAD, f"{HEAD}    fields = [*fields]\n")
"""A function of the ground, and another one that does the same."""


def test_with_another_number_and_the_same_functions_all_is_on(copy: Copy) -> None:
    copy.change("__init__.py", f'__version__ = "{NEWEST}"', '__version__ = "0.999.0"')
    assert copy.served("-W", "error") == (ALL, "")


def test_with_a_function_changed_that_nothing_stands_in_for_all_is_on(copy: Copy) -> None:
    old = "def generate_unique_id("
    copy.change("utils.py", old, f"def something_new() -> None: ...\n\n\n{old}")
    copy.change("openapi/docs.py", "def get_swagger_ui_html(", "def get_swagger_ui_html_of(")
    path = copy.package / "openapi/docs.py"
    path.write_text(f"{path.read_text()}\n\nget_swagger_ui_html = get_swagger_ui_html_of\n")
    assert copy.served("-W", "error") == (ALL, "")


def test_with_comments_docstrings_and_annotations_changed_all_is_on(copy: Copy) -> None:
    copy.change(
        "dependencies/utils.py",
        HEAD,
        'def _should_embed_body_fields(fields: "list[ModelField]") -> "bool":\n'
        '    """Whether they are."""\n    # For a reason.\n\n',
    )
    assert copy.served() == (ALL, "")


def test_with_a_function_of_the_ground_changed_the_fast_lane_is_off_and_says_so(
    copy: Copy,
) -> None:
    copy.change(*CHANGED)
    served, said = copy.served("-W", "error")
    why = "fastapi.dependencies.utils._should_embed_body_fields is not as it was proven"
    assert served == f"fastapi|index||{why}"
    (line,) = said.splitlines()
    assert f"Without the fast lane, requests take FastAPI's own handler: {why}." in line
    assert f"pin fastapi=={NEWEST}" in line
    assert "docs/versions.md" in line


def test_the_environment_may_ask_for_the_fast_lane_nonetheless(copy: Copy) -> None:
    copy.change(*CHANGED)
    assert copy.served(lane="fast") == (ALL, "")


def test_with_a_function_changed_that_the_index_stands_in_for_the_index_alone_is_off(
    copy: Copy,
) -> None:
    path = copy.package / "routing.py"
    source = path.read_text()
    node = next(
        node
        for kind in ast.walk(ast.parse(source))
        if isinstance(kind, ast.ClassDef) and kind.name == "APIRoute"
        for node in kind.body
        if isinstance(node, ast.FunctionDef) and node.name == "matches"
    )
    lines = source.splitlines(keepends=True)
    lines.insert(node.body[0].lineno - 1, "        scope = scope\n")
    path.write_text("".join(lines))
    served, said = copy.served()
    assert served == "fast||shell|"
    assert "routes are asked one after the other: fastapi.routing.APIRoute.matches" in said


def test_with_a_function_of_starlettes_changed_the_fast_lane_is_off(tmp_path: Path) -> None:
    copy = Copy(tmp_path, starlette)
    path = copy.package / "responses.py"
    source = path.read_text()
    old = "    def init_headers("
    assert source.count(old) == 1
    again = "Response.init_headers = Response.init_headers_then"
    path.write_text(f"{source.replace(old, '    def init_headers_then(')}\n\n{again}\n")
    served, _ = copy.served()
    assert served.startswith("fastapi|")
    assert "starlette.responses" in served


def test_without_sources_what_was_compiled_of_proven_ones_is_known(copy: Copy) -> None:
    if PYTHON not in CODES:
        pytest.skip("nothing was written down of this Python")
    copy.without_sources()
    assert copy.served() == (ALL, "")


def test_without_sources_what_is_not_known_is_not_proven(copy: Copy) -> None:
    copy.change(*CHANGED)
    copy.without_sources()
    served, said = copy.served("-W", "error")
    assert served.startswith("fastapi|index||")
    assert "without source" in served
    assert len(said.splitlines()) == 1


def test_every_source_that_is_written_down_for_a_function_will_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = "fastapi.routing.serialize_response"
    monkeypatch.setattr(fingerprints, "CODES", {})
    assert fingerprints.unproven("fast_lane") == []
    monkeypatch.setitem(SOURCES, name, ("another", *SOURCES[name]))
    assert fingerprints.unproven("fast_lane") == []
    monkeypatch.setitem(SOURCES, name, ("another",))
    assert [*map(str, fingerprints.unproven("fast_lane"))] == [name]


def test_every_python_writes_the_same_source_alike() -> None:
    assert {
        str(function): function.fingerprint()
        for part in PARTS
        for package in PACKAGES
        for function in functions_of(part, package)
        if function.fingerprint() not in SOURCES[str(function)]
    } == {}


def test_of_the_newest_fastapi_it_is_known_what_it_is_compiled_into() -> None:
    known = CODES[PYTHON]
    unknown = [
        f"{part} {package}"
        for part in PARTS
        for package in PACKAGES
        if code_of(part, package) not in known[f"{part} {package}"]
    ]
    assert unknown == []


def test_the_module_is_what_the_command_writes() -> None:
    assert FILE.read_text() == written(SOURCES, CODES)


def test_only_a_proof_adds_a_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tests.conformance.recording.FILE", tmp_path / "proven.py")
    for table in ("SOURCES", "CODES"):
        monkeypatch.setattr(f"tests.conformance.recording.{table}", {})
    found = {"sources": {"f.g": "1", "f.none": None}, "python": "3", "codes": {"p": "c"}}
    assert record(found, is_proof=False) == []
    assert (tmp_path / "proven.py").read_text() == written({}, {"3": {}})
    assert record(found, is_proof=True) == ["f.g"]
    assert record({**found, "sources": {"f.g": "2"}}, is_proof=True) == ["f.g"]
    expected = written({"f.g": ("1", "2")}, {"3": {"p": ("c",)}})
    assert (tmp_path / "proven.py").read_text() == expected


def test_what_another_fastapi_has_changed_is_shown(copy: Copy) -> None:
    python = Path(sys.executable)
    assert changes(python, copy.root) == []
    copy.change(*CHANGED)
    copy.change("routing.py", "async def serialize_response(", "async def serialize_it(")
    changed, gone = sorted(changes(python, copy.root), key=lambda each: each.function)
    assert changed.function == "fastapi.dependencies.utils._should_embed_body_fields"
    assert "\n+    fields = [*fields]\n" in changed.diff()
    assert (gone.part, gone.function) == ("fast_lane", "fastapi.routing.serialize_response")
    assert gone.is_gone
