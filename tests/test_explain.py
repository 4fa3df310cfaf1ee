"""`explain(app)`: what runs where, and why."""

import inspect
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import fastapi.routing
import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.middleware import Middleware
from starlette.routing import Mount

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsRouter,
    Inline,
    InlineMixin,
    Threaded,
    all_classes,
    default_classifier,
    explain,
    first_match,
    harmless,
    inline,
    predicate,
    threaded,
)
from fastapi_fastdeps._fastapi.names import fast_lane, inclusions
from fastapi_fastdeps._lane.choice import LANE_VARIABLE
from fastapi_fastdeps.explanation import CallRecord, RouteRecord
from tests.harness.hops import everything, hops
from tests.harness.wrapping import Wrapping


@pytest.fixture(autouse=True)
def lanes_are_chosen_freely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LANE_VARIABLE, raising=False)


class Settings(InlineMixin): ...


class Page:
    def __init__(self, settings: Annotated[Settings, Depends()], skip: int = 0) -> None: ...


@inline
def session() -> Iterable[None]:
    yield


def report(page: Annotated[Page, Depends()]) -> None: ...


async def user(session: Annotated[None, Depends(session)]) -> None: ...


@threaded
def audit() -> None: ...


def items(
    page: Annotated[Page, Depends()], user: Annotated[None, Depends(user), "tag"]
) -> list[str]:
    return []


def lines() -> Iterable[str]:
    yield "line"


async def connect(websocket: WebSocket, report: Annotated[None, Depends(report), Inline]) -> None:
    await websocket.accept()


def bare(**options: Any) -> FastDepsAPI:
    return FastDepsAPI(openapi_url=None, **options)


def shop() -> FastDepsAPI:
    classifier = first_match(default_classifier, all_classes)
    app = bare(classifier=classifier, dependencies=[Depends(audit)])
    app.api_route("/items", methods=["POST", "GET"])(items)
    app.get("/lines")(lines)
    router = FastDepsRouter(prefix="/reports")
    router.get("/{report}")(report)
    router.websocket("/ws")(connect)
    app.include_router(router)
    inner = FastAPI(openapi_url=None)
    inner.get("/")(audit)
    app.mount("/plain", inner)
    return app


TABLE = """\
GET POST /items  [fast lane, 2 hops]
  items                     endpoint    threaded  no opinion
    audit                   dependency  threaded  @threaded
    page: Page              dependency  inline    all_classes
      settings: Settings    dependency  inline    InlineMixin
    user: user              dependency  async
      session: session      dependency  inline    @inline
GET /lines  [fast lane, 1 hop, and one for each item]
  lines                     endpoint    threaded  no opinion
    audit                   dependency  threaded  @threaded
GET /reports/{report}  [fast lane, 2 hops]
  report                    endpoint    threaded  no opinion
    audit                   dependency  threaded  @threaded
    page: Page              dependency  inline    all_classes
      settings: Settings    dependency  inline    InlineMixin
websocket /reports/ws  [fast lane, 1 hop]
  connect                   endpoint    async
    audit                   dependency  threaded  @threaded
    report: report          dependency  inline    Inline at the place
      page: Page            dependency  inline    all_classes
        settings: Settings  dependency  inline    InlineMixin
GET /plain/  [FastAPI's own: not a route of a FastDepsAPI or FastDepsRouter]"""


def test_the_text_is_a_table_of_every_route_and_of_every_callable_in_it() -> None:
    assert str(explain(shop())) == TABLE


def test_the_records_hold_what_the_text_shows() -> None:
    app = bare(classifier=first_match(default_classifier, all_classes))
    app.get("/items")(items)
    (record,) = explain(app)

    def call(
        function: Callable[..., Any],
        parameter: str | None,
        depth: int,
        execution: Any,
        by: str,
        hops: int,
    ) -> CallRecord:
        location = f"{__file__}:{inspect.getsourcelines(function)[1]}"
        role: Any = "dependency" if depth else "endpoint"
        name = function.__qualname__
        return CallRecord(name, location, role, parameter, depth, execution, by, stock_hops=hops)

    assert record == RouteRecord(
        path="/items",
        kind="http",
        methods=("GET",),
        lane="fast",
        why="",
        calls=(
            call(items, None, 0, "threaded", "no opinion", 2),
            call(Page, "page", 1, "inline", "all_classes", 1),
            call(Settings, "settings", 2, "inline", "InlineMixin", 1),
            call(user, "user", 1, "async", "", 0),
            call(session, "session", 2, "inline", "@inline", 2),
        ),
        hops=1,
    )


def decided_by(call: Callable[..., Any], *place: Any, classifier: Any = None) -> str:
    app = bare(classifier=classifier)

    @app.get("/")
    async def read(value: Annotated[Any, Depends(call), *place]) -> None: ...

    (record,) = explain(app)
    return record.calls[1].decided_by


class Below(Settings): ...


def own(candidate: Any) -> Inline:
    return Inline()


class Own:
    def __call__(self, candidate: Any) -> Threaded:
        return Threaded()


@pytest.mark.parametrize(
    ("call", "place", "classifier", "expected"),
    [
        (report, (), None, "no opinion"),
        (report, (Inline,), None, "Inline at the place"),
        (audit, (Inline(),), None, "Inline at the place"),
        (audit, (Threaded,), None, "Threaded at the place"),
        (audit, (), None, "@threaded"),
        (partial(audit), (), None, "@threaded"),
        (Settings, (), None, "InlineMixin"),
        (Below, (), None, "InlineMixin"),
        (Page, (), first_match(default_classifier, all_classes), "all_classes"),
        (audit, (), own, "own"),
        (audit, (), Own(), "Own"),
        (audit, (), first_match(Own(), own), "Own"),
        (Page, (), predicate(inspect.isclass), "predicate(isclass)"),
    ],
)
def test_what_decided_is_named(call: Any, place: Any, classifier: Any, expected: str) -> None:
    assert decided_by(call, *place, classifier=classifier) == expected


def test_a_decorated_base_is_named() -> None:
    @inline
    class Base: ...

    class Derived(Base): ...

    assert decided_by(Derived) == f"@inline on {Base.__qualname__}"


def lanes(app: FastAPI) -> list[tuple[str, str, str]]:
    return [(record.path, record.lane, record.why) for record in explain(app)]


def test_each_route_says_its_lane_and_why_it_is_not_the_fast_one(tmp_path: Path) -> None:
    app = bare(classifier=everything)
    app.get("/get")(report)
    app.get("/lines")(lines)
    app.get("/raw", response_class=StreamingResponse)(lines)
    app.websocket("/ws")(connect)
    app.router.add_api_route("/own", report, route_class_override=Wrapping)
    router, plain = FastDepsRouter(prefix="/router"), APIRouter(prefix="/plain")
    for target in (router, plain):
        target.get("/get")(report)
        target.websocket("/ws")(connect)
        target.add_api_route("/own", report, route_class_override=Wrapping)
        app.include_router(target)
    app.frontend("/site", directory=tmp_path)
    inner = FastAPI(openapi_url=None)
    inner.get("/get")(report)
    app.mount("/stock", inner)
    app.mount("/fast", bare(routes=[APIRoute("/get", report)]))
    stock = "not a route of a FastDepsAPI or FastDepsRouter"
    assert lanes(app) == [
        ("/get", "fast", ""),
        ("/lines", "fast", ""),
        ("/raw", "fast", ""),
        ("/ws", "fast", ""),
        ("/own", "fast", ""),
        ("/router/get", "fast", ""),
        ("/router/ws", "fast", ""),
        ("/router/own", "fast", ""),
        ("/plain/get", "fast", ""),
        ("/plain/ws", "fast", ""),
        ("/plain/own", "fast", ""),
        ("/stock/get", "stock", stock),
        ("/fast/get", "fast", ""),
        ("/site", "fast", ""),
    ]


def test_an_instrumented_function_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    app = bare()
    app.get("/get")(report)
    app.websocket("/ws")(connect)
    solve = fastapi.routing.solve_dependencies  # type: ignore[attr-defined]

    async def solved(**options: Any) -> Any:
        return await solve(**options)

    monkeypatch.setattr(fastapi.routing, "solve_dependencies", solved)
    why = "fastapi.routing.solve_dependencies is instrumented"
    assert lanes(app) == [("/get", "fastapi", why), ("/ws", "fastapi", why)]
    monkeypatch.undo()
    assert lanes(app) == [("/get", "fast", ""), ("/ws", "fast", "")]


def test_the_environment_can_ask_for_fastapis_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LANE_VARIABLE, "fastapi")
    app = bare()
    app.get("/get")(report)
    assert lanes(app) == [("/get", "fastapi", "FASTAPI_FASTDEPS_LANE=fastapi")]


def test_one_router_is_explained_at_each_place() -> None:
    router = APIRouter()
    router.get("/get")(report)
    apps = [bare(classifier=everything), bare()]
    for app in apps:
        app.include_router(router, prefix="/first")
        app.include_router(router, prefix="/second", dependencies=[Depends(audit)])
    shown = [
        [(record.path, [call.execution for call in record.calls]) for record in explain(app)]
        for app in apps
    ]
    assert shown == [
        [("/first/get", ["inline"] * 3), ("/second/get", ["inline"] * 4)],
        [
            ("/first/get", ["threaded", "threaded", "inline"]),
            ("/second/get", ["threaded", "threaded", "threaded", "inline"]),
        ],
    ]


def test_a_plain_app_is_explained_as_not_ours() -> None:
    app = FastAPI(openapi_url=None)
    app.get("/get")(report)
    assert lanes(app) == [("/get", "stock", "not a route of a FastDepsAPI or FastDepsRouter")]


def test_what_has_no_source_has_no_location() -> None:
    app = bare()
    app.get("/")(os.getpid)
    (record,) = explain(app)
    assert (record.calls[0].location, record.calls[0].role) == (None, "endpoint")


def test_an_app_without_routes_is_an_empty_table() -> None:
    assert str(explain(bare())) == ""
    assert list(explain(bare())) == []


def test_explaining_an_app_changes_nothing_of_it() -> None:
    app = bare(classifier=everything)
    app.get("/get")(report)
    before, openapi = str(explain(app)), app.openapi()
    app.openapi_schema = None
    assert (str(explain(app)), app.openapi()) == (before, openapi)


@pytest.mark.skipif(not inclusions, reason="FastAPI includes by copy")
def test_explaining_an_inclusion_of_a_plain_app_builds_nothing() -> None:
    made: list[str] = []

    class Counting(APIRoute):
        def get_route_handler(self) -> Any:
            made.append(self.path)
            return super().get_route_handler()

    deep, router = bare(), APIRouter(route_class=Counting)
    deep.get("/get")(report)
    router.get("/get")(report)
    router.websocket("/ws")(connect)
    router.mount("/deep", deep)
    outer = APIRouter()
    outer.include_router(router, prefix="/inner")
    app = FastAPI(openapi_url=None)
    app.include_router(outer, prefix="/outer")
    stock = "not a route of a FastDepsAPI or FastDepsRouter"
    assert lanes(app) == [
        ("/outer/inner/get", "stock", stock),
        ("/outer/inner/ws", "stock", stock),
        ("/outer/inner/deep/get", "fast", ""),
    ]
    assert made == ["/get"]
    assert [record.kind for record in explain(app)] == ["http", "websocket", "http"]


def test_an_app_is_found_in_middleware_that_a_mount_wraps_around_it() -> None:
    class Passing:
        def __init__(self, app: Any) -> None:
            self.app = app

    inner, app = bare(), bare()
    inner.get("/get")(report)
    app.mount("/wrapped", Passing(Passing(inner)))  # type: ignore[arg-type]
    app.router.routes.append(Mount("/with", app=inner, middleware=[Middleware(Passing)]))
    endless = Passing(None)
    endless.app = endless
    app.mount("/endless", endless)  # type: ignore[arg-type]
    assert lanes(app) == [("/wrapped/get", "fast", ""), ("/with/get", "fast", "")]


@pytest.mark.skipif(not inclusions, reason="FastAPI includes by copy")
def test_a_route_that_decides_about_itself_in_a_plain_app_is_explained() -> None:
    router = FastDepsRouter(classifier=everything)
    router.get("/get")(report)
    app = FastAPI(openapi_url=None)
    app.include_router(router, dependencies=[Depends(audit)])
    (record,) = explain(app)
    assert (record.lane, {call.execution for call in record.calls}) == ("fast", {"inline"})
    assert len(record.calls) == 4


@pytest.mark.skipif(not fast_lane, reason="there is no plan")
@pytest.mark.parametrize("included", [False, True])
def test_the_source_of_a_plan_is_shown_once_it_is_compiled(included: bool) -> None:
    app, router = FastDepsAPI(), APIRouter()

    on = router if included else app

    @on.get("/read")
    async def read(q: str = "") -> str:
        return q

    app.include_router(router)
    client = TestClient(app)
    sources = []
    for _ in range(3):
        (record,) = explain(app)
        sources.append(record.source)
        client.get("/read")
    assert sources[:2] == [None, None]
    assert "await endpoint(q=" in str(sources[2])


def test_hops_are_counted_as_fastapi_makes_them() -> None:
    def session() -> Iterable[int]:
        yield 1

    def user(session: Annotated[int, Depends(session)]) -> int:
        return session

    def fresh(user: Annotated[int, Depends(user)]) -> int:
        return user

    app = bare()

    @app.get("/")
    def read(
        session: Annotated[int, Depends(session)],
        user: Annotated[int, Depends(user), Inline],
        fresh: Annotated[int, Depends(fresh)],
        again: Annotated[int, Depends(user, use_cache=False)],
    ) -> int:
        return 1

    @app.get("/bare", response_model=None)
    def plain() -> Any:
        return 1

    first, second = explain(app)
    counted = {call.parameter: 0 for call in first.calls}
    for call in first.calls:
        counted[call.parameter] += call.stock_hops
    assert counted == {None: 2, "session": 2, "user": 1, "fresh": 1, "again": 1}
    assert (first.stock_hops, first.hops_left, first.hops_saved) == (7, 3, 4)
    assert (second.stock_hops, second.hops_left, second.hops_saved) == (1, 1, 0)


def test_the_reason_that_a_decision_carries_is_shown() -> None:
    def because(candidate: Any) -> Inline:
        return Inline(because="it is short")

    expected = f"{because.__qualname__}: it is short"
    assert decided_by(report, classifier=because) == expected
    assert decided_by(report, Threaded(because="locks")) == "Threaded at the place: locks"
    assert decided_by(Page, classifier=harmless) == "harmless: does nothing"


@pytest.mark.skipif(not fast_lane, reason="there are no plans")
@pytest.mark.parametrize("response_class", [None, StreamingResponse])
def test_what_a_stream_takes_in_threads_is_said_and_not_counted(response_class: Any) -> None:
    def page() -> bool:
        return True

    def session() -> Iterable[int]:
        yield 1

    def rows(session: Annotated[int, Depends(session)], q: Annotated[bool, Depends(page)]) -> Any:
        yield from ("1", "2", "3")

    rows.__annotations__["return"] = Iterable[str] if response_class is None else Any
    given = {} if response_class is None else {"response_class": response_class}
    stock, ours = FastAPI(), FastDepsAPI()
    for app in (stock, ours):
        app.get("/", **given)(rows)
    (route,) = explain(ours)
    items = 4  # The end is looked for, too.
    for app, expected in ((stock, route.stock_hops), (ours, route.hops_left)):
        client = TestClient(app)
        client.get("/")
        with hops() as sent:
            assert client.get("/").status_code == 200
        assert len(sent) == expected + items
    assert route.takes_items_in_threads
    assert str(explain(ours)).splitlines()[0].endswith("2 hops, and one for each item]")
