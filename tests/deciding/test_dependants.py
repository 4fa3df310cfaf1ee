"""What a place says is found, however the place is written."""

import importlib
import sys
import types
from typing import Annotated, Any, NewType, TypeAlias

import pytest
from fastapi import Depends, Security
from fastapi.security import HTTPBasic, SecurityScopes

from fastapi_fastdeps import FastDepsAPI, Inline, Threaded, inline
from tests.harness.hops import ask, here


def where() -> str:
    return here()


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip
        self.where = here()


Where: TypeAlias = Annotated[str, Depends(where), Inline]
Wrapped = Annotated[Where, "more"]


def test_a_marker_in_an_alias_counts_at_each_place_that_uses_it() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(where: Where) -> str:
        return where

    @app.get("/wrapped")
    async def wrapped(where: Wrapped) -> str:
        return where

    assert ask(app) == ("loop", 0)
    assert ask(app, "/wrapped") == ("loop", 0)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[str, Depends(where), Inline],
        Annotated[str, Inline, Depends(where)],
        Annotated[str, "tag", Inline(), Depends(where), "tag"],
        Annotated[str, Security(where), Inline],
        Annotated[str, Depends(where, scope="function"), Inline],
    ],
)
def test_a_marker_stands_anywhere_in_annotated(annotation: Any) -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(value: annotation) -> Any:
        return value

    assert ask(app) == ("loop", 0)


def test_a_marker_counts_with_depends_as_the_default_value() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(value: Annotated[str, Inline] = Depends(where)) -> str:
        return value

    assert ask(app) == ("loop", 0)


def test_a_marker_counts_where_depends_names_the_class_by_the_annotation() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(page: Annotated[Page, Depends(), Inline]) -> list[Any]:
        return [page.skip, page.where]

    assert ask(app, "/?skip=2") == ([2, "loop"], 0)


def test_a_marker_counts_at_any_depth() -> None:
    def middle(value: Annotated[str, Depends(where), Inline]) -> list[str]:
        return [value, here()]

    class Top:
        def __init__(self, values: Annotated[list[str], Depends(middle), Inline]) -> None:
            self.values = [*values, here()]

    app = FastDepsAPI()

    @app.get("/")
    async def read(top: Annotated[Top, Depends()]) -> list[str]:
        return top.values

    assert ask(app) == (["loop", "loop", "thread"], 1)


def test_one_callable_is_inline_at_one_place_and_threaded_at_another() -> None:
    app = FastDepsAPI()

    @app.get("/inline")
    async def first(value: Annotated[str, Depends(where), Inline]) -> str:
        return value

    @app.get("/threaded")
    async def second(value: Annotated[str, Depends(where), Threaded]) -> str:
        return value

    assert ask(app, "/inline") == ("loop", 0)
    assert ask(app, "/threaded") == ("thread", 1)
    assert ask(app, "/inline") == ("loop", 0)


def test_annotations_can_be_strings() -> None:
    from tests.deciding import postponed

    body, sent = ask(postponed.app, "/?token=t&skip=3")
    assert body == ["3", "loop", "t", "loop", "loop", "loop"]
    assert sent == 0


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 695: `type` is syntax of 3.12")
def test_a_pep_695_alias_carries_its_markers(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("aliases")
    monkeypatch.setitem(sys.modules, "aliases", module)
    source = """
from typing import Annotated
from fastapi import Depends
from fastapi_fastdeps import FastDepsAPI, Inline
from tests.deciding.test_dependants import Page, where

type InlinePage = Annotated[Page, Depends(), Inline]
type Where = Annotated[str, Depends(where), Inline]

app = FastDepsAPI()

@app.get("/")
async def read(page: InlinePage, where: Where) -> list[str]:
    return [str(page.skip), page.where, where]
"""
    exec(compile(source, "aliases.py", "exec"), module.__dict__)
    assert ask(module.app, "/?skip=4") == (["4", "loop", "loop"], 0)


def test_a_security_scheme_runs_inline_and_keeps_its_place_in_openapi() -> None:
    class Scheme(HTTPBasic):
        def __call__(self) -> str:  # type: ignore[override]
            return here()

    app = FastDepsAPI()

    @app.get("/")
    async def read(value: Annotated[str, Security(Scheme(), scopes=["read"]), Inline]) -> str:
        return value

    assert ask(app) == ("loop", 0)
    assert app.openapi()["components"]["securitySchemes"] == {
        "Scheme": {"type": "http", "scheme": "basic"}
    }


def test_security_scopes_reach_what_runs_inline() -> None:
    @inline
    def scopes(required: SecurityScopes) -> list[str]:
        return [*required.scopes, here()]

    @inline
    def outer(inner: Annotated[list[str], Security(scopes, scopes=["inner"])]) -> list[str]:
        return inner

    app = FastDepsAPI()

    @app.get("/")
    async def read(
        first: Annotated[list[str], Security(outer, scopes=["first"])],
        second: Annotated[list[str], Security(outer, scopes=["second"])],
    ) -> list[list[str]]:
        return [first, second]

    assert ask(app) == ([["first", "inner", "loop"], ["second", "inner", "loop"]], 0)


def test_parameters_may_share_a_new_type() -> None:
    name = NewType("name", str)
    app = FastDepsAPI()

    @app.get("/")
    async def read(value: Annotated[name, Depends(where), Inline]) -> str:
        return value

    assert ask(app) == ("loop", 0)


def test_the_package_names_what_it_offers() -> None:
    package = importlib.import_module("fastapi_fastdeps")
    assert sorted(package.__all__) == package.__all__
    assert all(hasattr(package, name) for name in package.__all__)
