"""`annotated`: a place where no annotation stands says what `Annotated` says elsewhere."""

import copy
import dataclasses
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket, params
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, SecurityScopes
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    FastDepsError,
    FastDepsRouter,
    Inline,
    Threaded,
    annotated,
    default_classifier,
    explain,
    first_match,
    inline,
    threaded,
)
from tests.harness.hops import everything, here

where: list[str] = []


def verify() -> None:
    where.append(here())


def other() -> None:
    where.append(f"other: {here()}")


class Mine(params.Depends):
    """A user's own `Depends`."""


MARKED = annotated(Depends(verify), Inline)


@pytest.fixture(autouse=True)
def _nowhere() -> None:
    where.clear()


def read() -> None:
    where.append(f"endpoint: {here()}")


def asked(app: FastAPI, path: str = "/") -> list[str]:
    where.clear()
    with TestClient(app) as client:
        assert client.get(path).status_code == 200
    return list(where)


@pytest.mark.usefixtures("both_lanes")
def test_a_marker_holds_at_every_level_of_dependencies(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    app = FastDepsAPI()
    app.get("/route", dependencies=[MARKED])(read)
    for router_class in (APIRouter, FastDepsRouter):
        name = router_class.__name__
        included, marked = router_class(), router_class(dependencies=[MARKED])
        for router in (included, marked):
            router.get("/get")(read)
        app.include_router(marked, prefix=f"/{name}/router")
        app.include_router(included, prefix=f"/{name}/include", dependencies=[MARKED])
        outer = router_class()
        outer.include_router(included, prefix="/nested", dependencies=[MARKED])
        app.include_router(outer, prefix=f"/{name}")
    for path in ("", "/APIRouter", "/FastDepsRouter"):
        for place in ("/router/get", "/include/get", "/nested/get") if path else ("/route",):
            assert asked(app, f"{path}{place}") == ["loop", "endpoint: thread"]
    whole = FastDepsAPI(dependencies=[MARKED])
    whole.get("/")(read)
    assert asked(whole) == ["loop", "endpoint: thread"]


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("router_class", [APIRouter, FastDepsRouter])
def test_a_marker_holds_for_websocket_routes(router_class: Any) -> None:
    router = router_class()

    @router.websocket("/ws", dependencies=[annotated(Depends(verify), Inline), Depends(other)])
    async def connect(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    app = FastDepsAPI()
    app.include_router(router)
    with TestClient(app) as client, client.websocket_connect("/ws"):
        pass
    assert where == ["loop", "other: thread"]


@pytest.mark.parametrize("router_class", [APIRouter, FastDepsRouter])
def test_a_marker_holds_for_frontends(router_class: Any, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("page")
    router = router_class(dependencies=[MARKED])
    router.frontend("/front", directory=tmp_path)
    app = FastDepsAPI()
    app.include_router(router, dependencies=[annotated(Depends(other), Inline)])
    assert asked(app, "/front/") == ["other: loop", "loop"]


def test_a_marker_holds_for_a_route_that_was_constructed_by_hand() -> None:
    app = FastDepsAPI(routes=[APIRoute("/", read, dependencies=[MARKED])])
    assert asked(app) == ["loop", "endpoint: thread"]


def test_where_one_callable_stands_in_several_entries_the_first_says_where_it_is_called() -> None:
    app = FastDepsAPI()
    app.get("/inline", dependencies=[MARKED, Depends(verify)])(read)
    app.get("/threaded", dependencies=[Depends(verify), MARKED])(read)
    assert asked(app, "/inline") == ["loop", "endpoint: thread"]
    assert asked(app, "/threaded") == ["thread", "endpoint: thread"]


def test_each_entry_speaks_for_itself_where_one_callable_stands_in_several() -> None:
    app = FastDepsAPI(openapi_url=None, dependencies=[Depends(verify), MARKED])
    entries = [Depends(verify), annotated(Depends(verify), "tag", Inline()), Depends(other)]
    app.get("/", dependencies=[*entries, annotated(Depends(verify), Threaded)])(read)
    (route,) = explain(app)
    assert [call.decided_by for call in route.calls[1:]] == [
        "no opinion",
        "Inline at the place",
        "no opinion",
        "Inline at the place",
        "no opinion",
        "Threaded at the place",
    ]


def test_the_marker_outranks_the_decorator_and_is_outranked_by_none() -> None:
    app = FastDepsAPI(classifier=first_match(default_classifier, everything))
    marked = [
        annotated(Depends(threaded(lambda: where.append(here()))), Inline),
        annotated(Depends(inline(lambda: where.append(here()))), Threaded),
    ]
    app.get("/", dependencies=marked)(read)
    assert asked(app) == ["loop", "thread", "endpoint: loop"]


@pytest.mark.usefixtures("both_lanes")
def test_an_override_runs_where_the_entry_says() -> None:
    app = FastDepsAPI()
    app.get("/", dependencies=[MARKED])(read)
    app.get("/threaded", dependencies=[Depends(verify)])(read)
    app.dependency_overrides[verify] = other
    assert asked(app) == ["other: loop", "endpoint: thread"]
    assert asked(app, "/threaded") == ["other: thread", "endpoint: thread"]


def test_a_guard_that_is_inserted_or_taken_out_later_moves_no_marker() -> None:
    app = FastDepsAPI(openapi_url=None)
    app.get("/", dependencies=[Depends(other), MARKED])(read)
    route: Any = app.router.routes[0]
    tree = route.dependant.dependencies

    def executions() -> list[str]:
        (record,) = explain(app)
        return [f"{call.name}: {call.execution}" for call in record.calls[1:]]

    tree.insert(0, get_dependant(path="/", call=read))
    assert executions() == ["read: threaded", "other: threaded", "verify: inline"]
    del tree[:2]
    assert executions() == ["verify: inline"]
    tree.clear()
    assert executions() == []


def test_a_marker_holds_for_a_default_value() -> None:
    async def get_where() -> None: ...

    app = FastDepsAPI()

    @app.get("/")
    async def root(
        first: None = annotated(Depends(verify), Inline),
        *,
        second: None = annotated(Depends(other), Inline),
        third: None = Depends(get_where),
        number: int = 1,
    ) -> None: ...

    assert asked(app) == ["loop", "other: loop"]


def test_a_marker_holds_within_annotated_and_equals_no_depends_without() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def root(
        unmarked: Annotated[None, Depends(other)],
        marked: Annotated[None, annotated(Depends(other, use_cache=False), Inline)],
        again: Annotated[None, Depends(other, use_cache=False)],
    ) -> None: ...

    assert asked(app) == ["other: thread", "other: loop", "other: thread"]
    assert annotated(Depends(verify), Inline) != Depends(verify)
    assert len({MARKED, MARKED, annotated(Depends(verify), Inline)}) == 2


def test_what_depends_says_survives() -> None:
    marked = annotated(Security(verify, scopes=["a", "b"], use_cache=False), Inline)
    assert isinstance(marked, params.Security)
    assert marked.dependency is verify
    assert marked.scopes == ["a", "b"]
    assert marked.use_cache is False
    scoped = annotated(Depends(verify, scope="function"), Threaded)
    assert scoped.scope == "function"
    assert not isinstance(scoped, params.Security)


def test_the_original_is_left_as_it_was() -> None:
    depends = Depends(verify)
    annotated(depends, Inline)
    assert depends == Depends(verify)
    assert type(depends) is params.Depends


def test_a_users_own_kind_of_depends_stays_one() -> None:
    marked = annotated(Mine(verify), Inline)
    assert isinstance(marked, Mine)
    app = FastDepsAPI()
    app.get("/", dependencies=[marked])(read)
    assert asked(app)[0] == "loop"


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_a_copy_carries_the_marker(copied: Callable[[Any], Any]) -> None:
    app = FastDepsAPI()
    app.get("/", dependencies=[copied(MARKED)])(read)
    assert asked(app)[0] == "loop"


def test_a_replacement_is_an_ordinary_depends() -> None:
    if not dataclasses.is_dataclass(MARKED):
        pytest.skip("before FastAPI 0.119")
    app = FastDepsAPI()
    app.get("/", dependencies=[dataclasses.replace(MARKED, dependency=other)])(read)
    assert asked(app)[0] == "other: thread"


@pytest.mark.parametrize("app_class", [FastAPI, FastDepsAPI])
def test_security_scopes_and_openapi_are_those_of_fastapi(app_class: Any) -> None:
    scheme = APIKeyHeader(name="key")
    scopes: list[list[str]] = []

    def check(security: SecurityScopes, key: Annotated[str, Depends(scheme)]) -> None:
        scopes.append(security.scopes)

    def built(app_class: Any, wrap: Callable[..., Any]) -> Any:
        app = app_class()
        app.get("/", dependencies=[wrap(Security(check, scopes=["read"]), Inline)])(read)
        with TestClient(app) as client:
            assert client.get("/", headers={"key": "x"}).status_code == 200
            return app.openapi(), client.get("/").json()

    assert built(app_class, annotated) == built(FastAPI, lambda depends, _: depends)
    assert scopes == [["read"], ["read"]]


def test_a_classifier_is_told_of_a_users_own_tags() -> None:
    asked_about: list[tuple[Any, ...]] = []

    def by_tag(candidate: Candidate, /) -> Execution | None:
        asked_about.append(candidate.metadata)
        return Inline() if candidate.tags(str) else None

    app = FastDepsAPI(classifier=by_tag)
    app.get("/", dependencies=[annotated(Depends(verify), "cheap"), Depends(other)])(read)
    assert asked_about == [(), ("cheap",), ()]
    assert asked(app)[:-1] == ["loop", "other: thread"]


def test_explain_says_that_the_place_decided() -> None:
    app = FastDepsAPI(openapi_url=None)
    app.get("/", dependencies=[MARKED])(read)
    (route,) = explain(app)
    assert [call.decided_by for call in route.calls] == ["no opinion", "Inline at the place"]


def test_markers_that_contradict_each_other_are_told() -> None:
    twice = annotated(annotated(Depends(verify), Inline), Threaded)
    with pytest.raises(FastDepsError, match=r"marked both Inline and Threaded at its place \(dep"):
        FastDepsAPI().get("/", dependencies=[twice])(read)


def test_what_is_no_depends_and_what_is_no_marker_is_told() -> None:
    with pytest.raises(FastDepsError, match=r"takes what Depends\(\) or Security\(\) returns, not"):
        annotated(verify, Inline)  # type: ignore[type-var]
    with pytest.raises(FastDepsError, match=r"write annotated\(Depends\(\.\.\.\), Threaded\)"):
        annotated(Depends(verify), threaded)
