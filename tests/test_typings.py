"""Four type checkers, and the editors that they serve, see what users should see."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI

from typings.checkers import CHECKERS, incompletely_typed, lay_out, verify_types
from typings.judge import judge, unnamed_differences
from typings.language_server import SERVERS, LanguageServer, language_server
from typings.mutations import MUTATIONS, checkers_that_notice
from typings.programs import DIRECTORY, Program, programs

_PAGE = '''
class {name}:
    """One page of a list."""

    def __init__(self, skip: int = 0, *, limit: int = 100) -> None:
        """Make it.

        Args:
            skip: How many come before.
            limit: How many it may have.
        """
'''
_TEXT = f"""
from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, inline

{_PAGE.format(name="Plain")}

@inline{_PAGE.format(name="Decorated")}

Plain()
Plain(skip=1)
Decorated()
Decorated(skip=1)
FastDepsAPI()
FastDepsAPI(classifier=None)
FastDepsAPI(title="")
FastDepsRouter()
FastDepsRouter(prefix="")
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def test_the_checkers_say_what_the_programs_expect_and_nothing_about_the_package(
    tmp_path: Path, cache: Path
) -> None:
    assert judge(lay_out(tmp_path / "copy"), cache) == []


@pytest.mark.parametrize("program", list(programs()), ids=lambda program: program.name)
def test_the_programs_run_without_the_lines_that_are_wrong(program: Program) -> None:
    if tuple(map(int, program.python.split("."))) > sys.version_info:
        pytest.skip(f"needs the syntax of Python {program.python}")
    path = DIRECTORY / program.name
    lines = path.read_text().splitlines()
    for number, expectation in program.expectations.items():
        if expectation.kind:
            line = lines[number - 1]
            lines[number - 1] = line[: len(line) - len(line.lstrip())] + "pass"
    code = compile("\n".join(lines), str(path), "exec")
    exec(code, {"__name__": path.stem})


def test_every_listed_difference_is_the_name_of_a_line() -> None:
    assert list(unnamed_differences()) == []


def test_every_public_symbol_has_a_known_type() -> None:
    report = verify_types()
    assert list(incompletely_typed(report)) == []
    assert report["typeCompleteness"]["completenessScore"] == 1


def test_whatever_spoils_a_type_is_noticed_by_all_checkers(tmp_path: Path, cache: Path) -> None:
    noticed = {
        mutation.name: checkers_that_notice(mutation, tmp_path / str(number), cache)
        for number, mutation in enumerate(MUTATIONS)
    }
    assert noticed == {mutation.name: set(CHECKERS) for mutation in MUTATIONS}


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LanguageServer]:
    directory = lay_out(tmp_path_factory.mktemp("editor") / "copy")
    with language_server(request.param, directory) as server:
        server.open("text.py", _TEXT)
        yield server


def test_an_editor_shows_a_decorated_class_as_the_plain_one(server: LanguageServer) -> None:
    plain, decorated = "\nPlain(", "\nDecorated("
    assert server.completions(decorated) == server.completions(plain) == ["limit=", "skip="]
    assert server.signature(f"{decorated}skip=") == server.signature(f"{plain}skip=")
    hovers = [server.hover(before[:-1]) for before in (plain, decorated)]
    shown = [re.sub(r"#L\d+,\d+", "", hover) for hover in hovers]
    assert shown[1].replace("Decorated", "Plain") == shown[0]


@pytest.mark.parametrize(
    ("before", "fastapis"), [("\nFastDepsAPI(", FastAPI), ("\nFastDepsRouter(", APIRouter)]
)
def test_an_editor_offers_every_argument_of_fastapi_and_the_classifier(
    server: LanguageServer, before: str, fastapis: type
) -> None:
    names = {f"{name}=" for name in inspect.signature(fastapis).parameters}
    own = (
        {"classifier=", "guard=", "fuse_visits=", "limiters=", "thread_tokens=", "thread_context="}
        if fastapis is FastAPI
        else {"classifier="}
    )
    assert set(server.completions(before)) == names | own


@pytest.mark.parametrize(
    ("before", "documentation"),
    [
        ("\nFastDepsAPI(classifier=", "Decides where sync callables run"),
        ("\nFastDepsAPI(title=", "Name of the API"),
        ("\nFastDepsRouter(prefix=", "Put before the path of every route"),
    ],
)
def test_an_editor_shows_type_and_documentation_of_an_argument(
    server: LanguageServer, before: str, documentation: str
) -> None:
    name = before.partition("(")[2].removesuffix("=")
    shown = server.signature(before)
    (label,) = (label for label in shown if label.startswith(f"{name}:"))
    assert label.partition(" = ")[0] in (f"{name}: str", f"{name}: Classifier | None")
    assert documentation in shown[label]
