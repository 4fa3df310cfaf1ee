"""Which apps have a guard."""

import sys
from pathlib import Path

import pytest

from fastapi_fastdeps import FastDepsAPI, Guard, GuardError
from fastapi_fastdeps._observing.choice import GUARD_VARIABLE, guard_of, is_developed

OWN = Guard(slow_call=1)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GUARD_VARIABLE, raising=False)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["/usr/bin/fastapi", "dev"], True),
        (["/usr/bin/fastapi", "--verbose", "dev", "main.py"], True),
        (["C:/Scripts/fastapi.exe", "dev"], True),
        (["/lib/fastapi/__main__.py", "dev", "--port", "80"], True),
        (["/lib/fastapi_cli/__main__.py", "dev"], True),
        (["/usr/bin/fastapi", "run", "dev"], False),
        (["/usr/bin/fastapi"], False),
        (["/usr/bin/uvicorn", "dev"], False),
        (["/lib/other/__main__.py", "dev"], False),
        (["main.py", "dev"], False),
        ([], False),
    ],
)
def test_fastapi_dev_is_told_by_its_arguments(
    arguments: list[str], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", arguments)
    assert is_developed() is expected
    assert (guard_of(None) is not None) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("1", Guard()), ("raise", Guard(mode="raise")), ("0", None), ("", None)],
)
def test_the_environment_outranks_the_command(
    asked: str, expected: Guard | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [str(Path("fastapi")), "dev"])
    monkeypatch.setenv(GUARD_VARIABLE, asked)
    assert guard_of(None) == expected
    assert guard_of(OWN) is OWN
    assert guard_of(True) == Guard()
    assert guard_of(False) is None


def test_what_asks_for_no_guard_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(GUARD_VARIABLE, "yes")
    with pytest.raises(
        GuardError, match='FASTAPI_FASTDEPS_GUARD=yes asks for no guard: set it to "1"'
    ):
        FastDepsAPI()
