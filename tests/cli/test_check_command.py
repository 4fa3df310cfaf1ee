"""`fastdeps check`: what it finds, how that is silenced and shown, and its exit codes."""

import importlib
import json
import json.decoder
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

import tests.cli.further_cases
import tests.cli.heldout_cases
import tests.cli.resolved_cases  # noqa: F401
from fastapi_fastdeps import errors
from fastapi_fastdeps._cli.checking.blocking import blocking_calls
from fastapi_fastdeps._cli.checking.calls import calls_of, places_of
from fastapi_fastdeps._cli.checking.findings import RULES, Finding
from fastapi_fastdeps._cli.checking.reports import as_sarif
from fastapi_fastdeps._cli.checking.table import names_that_block
from fastapi_fastdeps._cli.commands import command
from fastapi_fastdeps._reading import source
from fastapi_fastdeps.errors import name_of
from tests.cli.blocking_cases import BLOCKING, FINE

APP = """
import time
from contextvars import ContextVar
from typing import Annotated
from fastapi import Depends
from pydantic import BaseModel
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from starlette.middleware.base import BaseHTTPMiddleware
from fastapi_fastdeps import FastDepsAPI, InlineMixin, Threaded, inline
from fastapi_fastdeps import default_classifier, first_match

user = ContextVar("user")

class Pool:
    _max_overflow = 10
    def size(self): return 5

class Engine:
    pool = Pool()

engine = Engine()

def session():
    yield engine

def set_user(q: str = ""):
    user.set(q)
    open(q)

class Page:
    def __init__(self, skip: int = 0):
        self.skip = skip

class Base(InlineMixin): ...

class More(Base):
    def __init__(self):
        unknown_thing()

@inline
def slow():
    time.sleep(0)

class Nothing(BaseHTTPMiddleware): ...

class Orm(DeclarativeBase): ...

class Author(Orm):
    __tablename__ = "author"
    id: Mapped[int] = mapped_column(primary_key=True)

class Book(Orm):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()

class AuthorOut(BaseModel):
    id: int

class BookOut(BaseModel):
    author: AuthorOut

@inline
def overruled(): ...

def decide(candidate):
    return Threaded() if candidate.call is overruled else None

app = FastDepsAPI(classifier=first_match(decide, default_classifier))
app.add_middleware(Nothing)

@app.get("/book", response_model=BookOut)
@inline
def read_book(overruled: Annotated[None, Depends(overruled)]):
    return Book()

@app.get("/")
async def read(
    slow: Annotated[None, Depends(slow)],
    page: Annotated[Page, Depends()],
    user: Annotated[None, Depends(set_user)],
    session: Annotated[None, Depends(session)],
    more: Annotated[More, Depends()],
): ...
"""
CLEAN = """
from fastapi_fastdeps import FastDepsAPI
app = FastDepsAPI()

@app.get("/")
async def read(): ...
"""
DOCS = Path(__file__).parents[2] / "docs" / "checks"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(text: str, *arguments: str) -> Result:
        (tmp_path / "main.py").write_text(text)
        sys.modules.pop("main", None)
        return CliRunner().invoke(command, ["check", *arguments])

    yield run
    sys.modules.pop("main", None)


@pytest.mark.parametrize("call", BLOCKING, ids=name_of)
def test_what_plainly_blocks_is_found(call: Callable[..., object]) -> None:
    assert list(blocking_calls(call, names_that_block()))


@pytest.mark.parametrize("call", FINE, ids=name_of)
def test_what_does_not_is_left_alone(call: Callable[..., object]) -> None:
    assert list(blocking_calls(call, names_that_block())) == []


SDK = """
def count(conn, query):
    return _run(conn)

def _run(conn):
    with open("of its own"):
        return conn.execute("SELECT 1")

def keep(conn):
    return [conn]

def load():
    with _lock:
        return _read()

def _read():
    return open("x").read()
"""


def test_what_is_handed_to_an_installed_package_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "sdk_of_someone"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"import threading\n_lock = threading.Lock()\n{SDK}")
    monkeypatch.syspath_prepend(package.parent)
    sdk: Any = importlib.import_module("sdk_of_someone")

    def counts(session: Session) -> Any:
        return sdk.count(session, select(1))

    def counts_by_name(session: Session) -> Any:
        return sdk.count(query=None, conn=session)

    def keeps(session: Session) -> Any:
        return sdk.keep(session)

    def hands_something_else(name: str) -> Any:
        return sdk.count(name, name), sdk.load()

    def found(call: Callable[..., Any]) -> list[str]:
        return [name for name, _ in blocking_calls(call, names_that_block())]

    assert found(counts) == found(counts_by_name) == ["sqlalchemy.orm.session.Session.execute"]
    assert found(keeps) == found(hands_something_else) == []


def test_a_callable_of_an_installed_package_is_followed_within_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in {
        "app_of_someone": "from lib_of_someone import waits\nfrom .files import read\n"
        "def reads(): return read()\ndef asks(): return waits()\n",
        "lib_of_someone": "import time\ndef waits(): time.sleep(1)\n",
    }.items():
        package = tmp_path / name
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(text)
    (tmp_path / "app_of_someone" / "files.py").write_text("def read(): return open('x').read()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(source, "_INSTALLED", (str(tmp_path),))
    monkeypatch.setattr(errors, "_PYTHON", (str(tmp_path),))
    source.installed_package.cache_clear()
    try:
        app: Any = importlib.import_module("app_of_someone")
        assert list(blocking_calls(app.reads, names_that_block()))
        assert list(blocking_calls(app.asks, names_that_block())) == []
    finally:
        source.installed_package.cache_clear()


def test_each_rule_finds_what_it_is_for(run: Run) -> None:
    result = run(APP, "--format", "sarif")
    assert result.exit_code == 1, result.output
    [told] = json.loads(result.stdout)["runs"]
    assert {each["ruleId"] for each in told["results"]} == {rule.code for rule in RULES}


def test_sarif_names_no_file_by_its_place_on_this_machine(run: Run) -> None:
    installed = (
        "import json.decoder\nfrom fastapi import Depends\nfrom starlette.config import Config\n"
        "from fastapi_fastdeps import FastDepsAPI, everything\n"
        "app = FastDepsAPI(classifier=everything)\n"
        "def config(file=Depends(Config)): open(file)\n"
        '@app.get("/")\n'
        "async def read(a=Depends(config), b=Depends(Config), c=Depends(json.decoder.JSONDecoder)):"
        " ...\n"
    )
    [told] = json.loads(run(installed, "--format", "sarif").stdout)["runs"]
    places = [
        each["locations"][0]["physicalLocation"]["artifactLocation"] for each in told["results"]
    ]
    assert {"uri": "main.py"} in places
    assert {"uri": "starlette/config.py", "uriBaseId": "INSTALLED"} in places
    assert {each.get("uriBaseId", "INSTALLED") for each in places} <= set(
        told["originalUriBaseIds"]
    )


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        (json.decoder.__file__, {"uri": "json/decoder.py", "uriBaseId": "PYTHON"}),
        (pytest.__file__, {"uri": "pytest/__init__.py", "uriBaseId": "INSTALLED"}),
        ("a b/ü.py", {"uri": "a%20b/%C3%BC.py"}),
        ("../next/x.py", {"uri": "../next/x.py"}),
    ],
)
def test_where_a_file_is_in_sarif(
    file: str, artifact: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finding = Finding(RULES[0], "", ((str(tmp_path / file), 1),))
    [told] = as_sarif([finding], "1")["runs"]
    place = told["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == artifact


class _Unreadable:
    def __call__(self) -> list[int]:
        return []


def test_a_factory_is_where_its_dataclass_is() -> None:
    @dataclass
    class Made:
        rows: list[int] = field(default_factory=_Unreadable())

    [made] = [each for each in calls_of(Made) if isinstance(each.target, _Unreadable)]
    assert made.places == places_of(Made)
    typed_in: dict[str, Any] = {"factory": _Unreadable(), "__name__": "typed_in"}
    exec(
        "from dataclasses import dataclass, field\n@dataclass\nclass Made:\n"
        "    rows: list = field(default_factory=factory)",
        typed_in,
    )
    [made] = [each for each in calls_of(typed_in["Made"]) if isinstance(each.target, _Unreadable)]
    assert made.places == ()


def test_a_long_message_stays_below_its_place(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = run(APP).output.splitlines()
    starts = [line for line in lines if not line.startswith("    ")]
    assert all(line.startswith("main.py:") or line.endswith("findings") for line in starts)


def test_a_middleware_is_told_by_what_it_calls(run: Run) -> None:
    text = (
        CLEAN + '\n@app.middleware("http")\n'
        "async def stamp(request, call_next): return await call_next(request)\n"
    )
    assert "stamp is called by a BaseHTTPMiddleware" in run(text).output
    assert "Nothing is a BaseHTTPMiddleware" in run(APP).output


def test_a_comment_at_the_place_silences(run: Run) -> None:
    text = APP.replace("time.sleep(0)", "time.sleep(0)  # fastdeps: ignore[FD101, FD999]")
    assert "FD101" in run(APP).output
    assert "FD101" not in run(text).output
    assert (
        "FD101"
        in run(APP.replace("time.sleep(0)", "time.sleep(0)  # fastdeps: ignore[FD201]")).output
    )


def test_github_is_given_annotations(run: Run) -> None:
    output = run(APP, "--format", "github").stdout
    line = APP.splitlines().index("    time.sleep(0)") + 1
    assert f"::error file=main.py,line={line},title=FD101::slow runs on the event loop" in output


def test_nothing_found_is_exit_code_0(run: Run) -> None:
    assert run(CLEAN).exit_code == 0


def test_codes_are_left_out(run: Run) -> None:
    codes = [part for rule in RULES for part in ("--ignore", rule.code)]
    assert run(APP, *codes).exit_code == 0
    assert run(APP, "--ignore", "FD999").exit_code == 2


def test_what_runs_elsewhere_than_was_expected_is_told(run: Run) -> None:
    assert run(CLEAN, "--expect", "runs.json").exit_code == 2
    assert run(CLEAN, "--expect", "runs.json", "--update").exit_code == 0
    assert run(CLEAN, "--expect", "runs.json").exit_code == 0
    changed = run(CLEAN.replace("async def", "def"), "--expect", "runs.json")
    assert changed.exit_code == 1
    assert "GET /: read was async, is threaded" in changed.stderr


def test_every_rule_has_its_page() -> None:
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    assert pages == {rule.code for rule in RULES}
