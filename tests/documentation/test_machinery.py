"""What judges the documentation finds what is wrong with it."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sybil import Document

import fastapi_fastdeps
from tests.documentation import links
from tests.documentation.blocks import Block, BlockError, blocks_of
from tests.documentation.running import Reader, assert_shown, commands_of
from tests.documentation.site import CONFIGURATION
from tests.documentation.synopses import check_synopsis
from tests.harness.commands import REPOSITORY

FENCE = "```"


def block(text: str) -> Block:
    (found,) = blocks_of(Document(text.replace("~~~", FENCE), "page.md"))
    return found


def run(text: str) -> None:
    reader = Reader(REPOSITORY / "docs" / "page.md")
    try:
        for each in blocks_of(Document(text.replace("~~~", FENCE), "page.md")):
            reader.run(each)
    finally:
        reader.leave()


def test_what_is_shown_has_to_be_printed() -> None:
    run("~~~python\nprint(3)\n~~~\n\n~~~text\n3\n~~~\n")
    with pytest.raises(pytest.fail.Exception, match="This was printed"):
        run("~~~python\nprint(3)\n~~~\n\n~~~text\n4\n~~~\n")


def test_code_that_fails_is_a_failure() -> None:
    with pytest.raises(ZeroDivisionError):
        run("~~~python\n1 / 0\n~~~\n")


def test_a_fresh_block_knows_nothing_of_what_came_before() -> None:
    run("~~~python\na = 1\n~~~\n\n~~~python\nprint(a)\n~~~\n")
    with pytest.raises(NameError):
        run("~~~python\na = 1\n~~~\n\n<!-- fresh -->\n\n~~~python\nprint(a)\n~~~\n")


def test_hidden_code_is_run() -> None:
    with pytest.raises(AssertionError):
        run("<!-- hidden: python\nassert False\n-->\n")


def test_commands_are_run_where_files_were_written() -> None:
    run('~~~python title="a.py"\nprint("here")\n~~~\n\n~~~console\n$ python a.py\nhere\n~~~\n')
    with pytest.raises(pytest.fail.Exception):
        run("~~~console\n$ python a.py\nhere\n~~~\n")


def test_output_that_nothing_prints_is_a_failure() -> None:
    with pytest.raises(pytest.fail.Exception):
        run("~~~text\n3\n~~~\n")


def test_a_block_is_left_out_only_with_a_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        run("<!-- not-run: no browser -->\n\n~~~js\nlet x\n~~~\n")
    with pytest.raises(BlockError):
        run("<!-- not-run: -->\n\n~~~js\nlet x\n~~~\n")
    with pytest.raises(BlockError, match="js"):
        block("~~~js\nlet x\n~~~\n")


@pytest.mark.parametrize(
    ("shown", "printed", "holds"),
    [
        ("a\nb", "a\nb\n", True),
        ("a\nb", "a\n", False),
        ("a\n...\nd", "a\nb\nc\nd\n", True),
        ("a\n...\nd", "a\nb\nc\n", False),
        ("took ... ms", "took 3.5 ms\n", True),
        ("took ... ms", "took 3.5 s\n", False),
        ("name     µs\na    ...", "name  µs\na     3\n", True),
        ("name     µs\na    3", "name  µs\na     3\n", False),
    ],
)
def test_three_dots_stand_for_what_varies(shown: str, printed: str, holds: bool) -> None:
    if holds:
        assert_shown(shown, printed)
    else:
        with pytest.raises(pytest.fail.Exception):
            assert_shown(shown, printed)


def test_a_console_has_commands_with_what_each_shows() -> None:
    assert list(commands_of("$ a\n1\n2\n$ b \\\n> c\n3\n")) == [("a", "1\n2"), ("b c", "3")]


@pytest.mark.parametrize(
    "command",
    [
        "fastdeps explain --no-such-option",
        "pip install 'fastapi-fastdeps[nothing]'",
        "pip install fastapi-fastdep",
        "python -m no_such_module",
        "fastapi dev nowhere.py",
        "make all",
    ],
)
def test_a_synopsis_names_what_is_there(command: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check_synopsis(command, tmp_path)


def test_links_to_nowhere_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(links, "REPOSITORY", tmp_path)
    (tmp_path / "there.md").write_text("# A heading, `code` too\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md) [b](there.md#a-heading-code-too) [c](https://x.org) `[d](code.md)`\n"
        "[e](gone.md) [f](there.md#gone) [g](#gone)\n"
    )
    assert [line.split(": ")[1] for line in links.broken_links(page)] == [
        "gone.md",
        "there.md#gone",
        "#gone",
    ]


def test_every_page_is_in_the_navigation() -> None:
    with CONFIGURATION.open("rb") as file:
        navigation = tomllib.load(file)["project"]["nav"]
    docs = CONFIGURATION.parent
    found = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    pages = {page for page in found if not page.startswith((".", "example/"))}
    assert set(listed(navigation)) == pages


def test_every_public_name_is_in_the_reference_and_says_what_it_is() -> None:
    reference = (CONFIGURATION.parent / "reference.md").read_text(encoding="utf-8")
    missing = [
        name
        for name in fastapi_fastdeps.__all__
        if not re.search(rf"^::: fastapi_fastdeps[\w.]*\.{name}$|`{name}` is the", reference, re.M)
    ]
    assert missing == []
    silent = [
        name
        for name in fastapi_fastdeps.__all__
        if not getattr(fastapi_fastdeps, name).__doc__ and name not in _WITHOUT
    ]
    assert silent == []


_WITHOUT = ("Lane", "Part", "Role", "default_classifier")
"""What Python gives no docstring: the reference says what it is."""


def listed(entry: object) -> Iterator[str]:
    match entry:
        case str():
            yield entry
        case dict():
            for each in entry.values():
                yield from listed(each)
        case list():
            for each in entry:
                yield from listed(each)
