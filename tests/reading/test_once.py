"""What was read is kept for one question, and never answers the next one."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    Inline,
    explain,
    first_match,
    harmless,
)
from fastapi_fastdeps._cli.overview import dry_run
from fastapi_fastdeps._reading import judging
from fastapi_fastdeps._reading.once import once, one_question
from tests.reading.programs import loaded


class Settings:
    limit = 3

    def title_of_these(self) -> str:
        return "a"


settings = Settings()


def helper() -> int:
    return 1


def blocking() -> int:
    time.sleep(0)
    return 1


def calls_helper() -> int:
    return helper()


def get_settings() -> Settings:
    return settings


def asks_settings(given: Annotated[Settings, Depends(get_settings)]) -> str:
    return given.title_of_these()


def _name(self: Settings) -> str:
    time.sleep(0)
    return "b"


@pytest.mark.parametrize(
    ("call", "on", "name", "new"),
    [
        (calls_helper, globals(), "helper", blocking),
        (asks_settings, Settings, "title_of_these", _name),
    ],
)
def test_what_is_replaced_is_read_anew(
    call: Callable[..., Any], on: Any, name: str, new: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = monkeypatch.setitem if isinstance(on, dict) else monkeypatch.setattr
    assert harmless(Candidate(call)) == Inline()
    put(on, name, new)
    assert harmless(Candidate(call)) is None


def test_a_module_that_is_imported_later_is_looked_at(tmp_path: Path) -> None:
    assert harmless(Candidate(asks_settings)) == Inline()
    loaded(
        "def change(settings):\n    settings.title_of_these = open\n", tmp_path, "imported_later"
    )
    assert harmless(Candidate(asks_settings)) is None


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    sys.modules.pop("imported_later", None)


def test_a_classifier_may_replace_what_has_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def replaces(candidate: Candidate) -> Execution | None:
        if candidate.call is second:
            monkeypatch.setitem(globals(), "helper", blocking)
        return None

    def first(a: Annotated[int, Depends(calls_helper)]) -> int:
        return a

    def second(a: Annotated[int, Depends(calls_helper)]) -> int:
        return a

    router = APIRouter()
    router.get("/first")(first)
    router.get("/second")(second)
    app = FastDepsAPI(openapi_url=None, classifier=first_match(replaces, harmless))
    app.include_router(router)
    ran = [[call.execution for call in route.calls] for route in explain(app)]
    assert ran == [["inline", "inline"], ["inline", "threaded"]]


def test_a_dependency_of_many_routes_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    readers: list[object] = []

    class Counting(judging.Reader):
        def __init__(self, *, on: bool = False) -> None:
            readers.append(self)
            super().__init__(on=on)

    monkeypatch.setattr(judging, "Reader", Counting)
    app = FastAPI(openapi_url=None)

    def route(number: int) -> None:
        def endpoint(name: Annotated[str, Depends(asks_settings)]) -> str:
            return name

        app.get(f"/{number}")(endpoint)

    for number in range(10):
        route(number)
    dry_run(app, harmless)
    # Each endpoint, the two dependencies, and what each of these gives where it stands.
    assert len(readers) == 10 + 2 + 3


def test_what_raises_is_asked_again() -> None:
    asked: list[int] = []

    @once
    def ask(number: int) -> int:
        asked.append(number)
        if len(asked) == 1:
            raise ValueError
        return number

    with one_question():
        with pytest.raises(ValueError):  # noqa: PT011 - it has no message
            ask(1)
        assert [ask(1), ask(1), ask(2)] == [1, 1, 2]
    assert asked == [1, 1, 2]
