"""What derives from FastAPI's and Starlette's classes is read for what it puts in their place."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fastapi_fastdeps import Candidate, harmless
from tests.harness.garbage import only_new_garbage
from tests.reading.derived import HEADER, outcomes
from tests.reading.programs import loaded

SETTER = "property(noting, noting)"
RAISES = "raise Derived(404)"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """What derives from FastAPI's classes is looked at, wherever one of those is used."""
    with only_new_garbage():
        yield
        for name in [name for name in sys.modules if name.startswith("derived_here")]:
            del sys.modules[name]
        gc.collect()


def _is_harmless(tmp_path: Path, source: str) -> bool:
    name = f"derived_here_{len(list(tmp_path.iterdir()))}"
    module = loaded(HEADER + source, tmp_path, name)
    return harmless(Candidate(module.judged)) is not None


@pytest.mark.parametrize("base", ["HTTPException", "StarletteException"])
@pytest.mark.parametrize("inside", ["detail", "status_code", "headers"])
@pytest.mark.parametrize("code", [SETTER, "Noting()"])
def test_the_constructor_of_an_exception_assigns(
    base: str, inside: str, code: str, tmp_path: Path
) -> None:
    body = f"class Derived({base}):\n    {{}}\n\n\ndef judged():\n    {RAISES}\n"
    assert _is_harmless(tmp_path, body.format("pass"))
    assert not _is_harmless(tmp_path, body.format(f"{inside} = {code}"))
    assert not _is_harmless(tmp_path, body.format("__setattr__ = noting"))


@pytest.mark.parametrize("inside", ["code", "reason"])
def test_so_does_that_of_a_websocket(inside: str, tmp_path: Path) -> None:
    body = (
        "class Derived(WebSocketException):\n    {}\n\n\ndef judged():\n    raise Derived(1000)\n"
    )
    assert _is_harmless(tmp_path, body.format("pass"))
    assert not _is_harmless(tmp_path, body.format(f"{inside} = {SETTER}"))


@pytest.mark.parametrize("call", ["super().__init__(404)", "HTTPException.__init__(self, 404)"])
def test_a_constructor_that_is_called_by_another_one_assigns(call: str, tmp_path: Path) -> None:
    body = (
        f"class Derived(HTTPException):\n    {{}}\n\n    def __init__(self):\n        {call}\n"
        "\n\ndef judged():\n    raise Derived\n"
    )
    assert _is_harmless(tmp_path, body.format("pass"))
    assert not _is_harmless(tmp_path, body.format(f"detail = {SETTER}"))


def test_a_constructor_changes_what_was_there(tmp_path: Path) -> None:
    body = (
        "class Derived(HTTPException):\n    pass\n\n\nthere = Derived(404)\n\n\n"
        "def judged():\n    HTTPException.__init__(there, 404)\n"
    )
    assert not _is_harmless(tmp_path, body)


@pytest.mark.parametrize(
    "assigned", ["status_code", "background"], ids=["status_code", "background"]
)
def test_what_is_assigned_to_a_response(assigned: str, tmp_path: Path) -> None:
    body = (
        "class Derived(Response):\n    {}\n\n\n"
        f"def judged(response: Derived):\n    response.{assigned} = None\n"
    )
    assert _is_harmless(tmp_path, body.format("pass"))
    assert not _is_harmless(tmp_path, body.format(f"{assigned} = {SETTER}"))


@pytest.mark.parametrize(
    ("base", "use", "inside"),
    [
        ("Response", "o.set_cookie('a', s)", "raw_headers"),
        ("Response", "o.headers", "_headers"),
        ("Request", "return o.url.path", "scope"),
        ("Request", "return o.headers", "scope"),
        ("Request", "return o.cookies", "headers"),
        ("BackgroundTasks", "o.add_task(noting)", "tasks"),
    ],
)
def test_what_the_code_behind_an_attribute_reads(
    base: str, use: str, inside: str, tmp_path: Path
) -> None:
    body = f"class Derived({base}):\n    {{}}\n\n\ndef judged(o: Derived, s: str):\n    {use}\n"
    assert _is_harmless(tmp_path, body.format("pass"))
    assert _is_harmless(tmp_path, body.format("limit = 3"))
    assert not _is_harmless(tmp_path, body.format(f"{inside} = {SETTER}"))


def test_nothing_of_a_random_class_runs_in_what_is_called_harmless() -> None:
    found = [(source, ran) for source, ran in outcomes(80, 7) if ran is not None]
    assert len(found) > 10
    assert [source for source, ran in found if ran] == []
