"""`fastdeps check`: what it finds, how that is silenced and shown, and its exit codes."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from fastapi_fastdeps._cli.checking.blocking import blocking_calls
from fastapi_fastdeps._cli.checking.findings import RULES
from fastapi_fastdeps._cli.checking.table import names_that_block
from fastapi_fastdeps._cli.commands import command
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


def test_each_rule_finds_what_it_is_for(run: Run) -> None:
    result = run(APP, "--format", "sarif")
    assert result.exit_code == 1, result.output
    [told] = json.loads(result.stdout)["runs"]
    assert {each["ruleId"] for each in told["results"]} == {rule.code for rule in RULES}


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


@pytest.mark.parametrize("text", ["def", "import nothing_of_that_name", "x = 1"])
def test_bad_input_is_one_line_and_exit_code_2(run: Run, text: str) -> None:
    result = run(text)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_every_rule_has_its_page() -> None:
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    assert pages == {rule.code for rule in RULES}
