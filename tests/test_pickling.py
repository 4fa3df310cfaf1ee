"""An app can be sent to another process, as Ray Serve sends it, wherever FastAPI's can."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Body,
    Depends,
    FastAPI,
    File,
    Form,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
    UploadFile,
    WebSocket,
)
from fastapi import (
    Path as PathParameter,
)
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Inline, explain, inline, predicate

pytest.importorskip("cloudpickle")

from tests.harness.hops import everything, here
from tests.harness.pickling import (
    WEBSOCKET,
    Answers,
    Requests,
    answers,
    answers_elsewhere,
    dumps,
    misfits,
    sent,
)


def get(path: str, **options: Any) -> tuple[str, str, dict[str, Any]]:
    return "GET", path, options


class Item(BaseModel):
    name: str
    size: int = 3


# Each makes an app of the classes that it is given, with local functions and classes, which
# are pickled with all that they reach.


def direct(app_class: Any, router_class: Any) -> FastAPI:
    @inline
    class Page:
        def __init__(self, skip: int = 0, tags: Annotated[list[str], Query()] = []) -> None:  # noqa: B006
            self.skip = skip
            self.tags = tags

    def user(token: Annotated[str, Header()], size: int | None = None) -> tuple[str, int | None]:
        return token, size

    app: FastAPI = app_class()

    @app.get("/x/{number}")
    @inline
    def read(
        number: Annotated[int, PathParameter(gt=0)],
        page: Annotated[Page, Depends()],
        user: Annotated[Any, Depends(user)],
        again: Annotated[Any, Depends(user)],
    ) -> Any:
        return [number, page.skip, page.tags, user, again]

    @app.get("/plain")
    def plain() -> Response:
        return PlainTextResponse("plain")

    return app


def bodies(app_class: Any, router_class: Any) -> FastAPI:
    app: FastAPI = app_class()

    class Local(BaseModel):
        value: int = 1

    def both(item: Item, local: Local) -> Any:
        return [item.name, local.value]

    @app.post("/json", response_model=Item, status_code=201)
    async def json(item: Item, both: Annotated[Any, Depends(both, use_cache=False), Inline]) -> Any:
        return item

    @app.post("/embedded")
    def embedded(item: Annotated[Item, Body(embed=True)]) -> list[Item]:
        return [item]

    @app.post("/form")
    def form(name: Annotated[str, Form()], file: Annotated[UploadFile, File()]) -> Any:
        return [name, file.filename]

    return app


def generators(app_class: Any, router_class: Any) -> FastAPI:
    def session() -> Iterator[str]:
        yield "session"

    async def connection(session: Annotated[str, Depends(session)]) -> AsyncIterator[str]:
        yield f"connection of {session}"

    def refuse(refuse: bool = False) -> Iterator[None]:
        if refuse:
            raise HTTPException(418)
        yield

    app: FastAPI = app_class(dependencies=[Depends(refuse)])

    @app.get("/x")
    def read(
        connection: Annotated[str, Depends(connection)], background: BackgroundTasks
    ) -> dict[str, str]:
        background.add_task(print, end="")
        return {"connection": connection}

    @app.get("/stream")
    def stream() -> StreamingResponse:
        return StreamingResponse(iter(["a", "b"]))

    @app.get("/lines")
    def lines(connection: Annotated[str, Depends(connection)]) -> Iterable[str]:
        yield connection
        yield "end"

    return app


def secured(app_class: Any, router_class: Any) -> FastAPI:
    scheme = OAuth2PasswordBearer("token", auto_error=False)

    def user(scopes: SecurityScopes, token: Annotated[str | None, Depends(scheme)]) -> Any:
        return [scopes.scopes, token]

    app: FastAPI = app_class()

    @app.get("/x")
    async def read(user: Annotated[Any, Security(user, scopes=["a"])], request: Request) -> Any:
        return [user, request.url.path]

    return app


def included(app_class: Any, router_class: Any) -> FastAPI:
    def guard(key: str = "") -> str:
        if not key:
            raise HTTPException(401)
        return key

    def size(size: int = 0) -> int:
        return size

    inner = APIRouter(prefix="/inner")
    outer = router_class(prefix="/outer", dependencies=[Depends(guard)])

    @inner.get("/x", response_model=list[Item])
    def of_inner(size: Annotated[int, Depends(size)]) -> Any:
        return [Item(name="x", size=size)]

    @outer.get("/x")
    @inline
    def of_outer(size: Annotated[int, Depends(size), Inline]) -> int:
        return size

    @inner.websocket("/ws")
    async def connect(websocket: WebSocket, size: Annotated[int, Depends(size)]) -> None:
        await websocket.accept()
        await websocket.send_json(size)
        await websocket.close()

    outer.include_router(inner)
    app: FastAPI = app_class()
    app.include_router(outer)
    app.include_router(inner, prefix="/again", dependencies=[Depends(guard)])
    return app


def websockets(app_class: Any, router_class: Any) -> FastAPI:
    def place(name: str = "nobody") -> str:
        return name

    app: FastAPI = app_class()

    @app.websocket("/ws")
    async def connect(
        websocket: WebSocket, name: Annotated[str, Depends(place), Inline], size: int = 1
    ) -> None:
        await websocket.accept()
        await websocket.send_json([name, size])
        await websocket.close()

    return app


def hand_made(app_class: Any, router_class: Any) -> FastAPI:
    def place(name: str = "nobody") -> str:
        return name

    async def read(name: Annotated[str, Depends(place)]) -> str:
        return name

    async def connect(websocket: WebSocket, name: Annotated[str, Depends(place)]) -> None:
        await websocket.accept()
        await websocket.send_json(name)
        await websocket.close()

    app: FastAPI = app_class(routes=[APIRoute("/given", read)])
    app.router.routes.append(APIRoute("/x", read))
    app.router.routes.append(APIWebSocketRoute("/ws", connect))
    return app


def own_route_class(app_class: Any, router_class: Any) -> FastAPI:
    class Marked(APIRoute):
        def get_route_handler(self) -> Callable[..., Any]:
            handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                response: Response = await handler(request)
                response.headers["x-own"] = "1"
                response.body += b" "
                response.headers["content-length"] = str(len(response.body))
                return response

            return handle

    def size(size: int = 0) -> int:
        return size

    router = router_class(route_class=Marked)

    @router.get("/x")
    def read(size: Annotated[int, Depends(size), Inline]) -> int:
        return size

    app: FastAPI = app_class()
    app.include_router(router)
    app.router.route_class = Marked
    app.get("/y")(read)

    @app.post("/body")
    async def body(item: Item) -> Item:
        return item

    return app


def overridden(app_class: Any, router_class: Any) -> FastAPI:
    def value() -> str:
        return "original"

    def other(name: str = "nobody") -> str:
        return f"override for {name}"

    app: FastAPI = app_class()
    router = router_class()

    @app.get("/x")
    async def read(value: Annotated[str, Depends(value), Inline]) -> str:
        return value

    router.get("/y")(read)
    app.include_router(router)
    app.dependency_overrides[value] = other
    return app


def around(app_class: Any, router_class: Any) -> FastAPI:
    """What stands around and beside routes."""

    def value() -> str:
        return "value"

    inner: FastAPI = app_class()
    inner.get("/x")(value)
    app: FastAPI = app_class(title="around", default_response_class=JSONResponse)
    app.mount("/inner", inner)
    app.state.value = 3

    @app.middleware("http")
    async def marked(request: Request, call_next: Any) -> Any:
        response = await call_next(request)
        response.headers["x-app"] = "1"
        return response

    @app.exception_handler(ValueError)
    async def failed(request: Request, error: ValueError) -> Response:
        return PlainTextResponse(str(error), 400)

    @app.get("/state")
    @inline
    def state(request: Request) -> int:
        size: int = request.app.state.value
        return size

    @app.get("/fails")
    def fails(value: Annotated[str, Depends(value), Inline]) -> None:
        raise ValueError(value)

    return app


SITE = Path(__file__).parents[1] / "docs" / "example"


def frontend(app_class: Any, router_class: Any) -> FastAPI:
    def guard(key: str = "") -> None:
        if not key:
            raise HTTPException(401)

    app: FastAPI = app_class()
    if hasattr(app, "frontend"):
        app.frontend("/app", directory=SITE)
        router = router_class(prefix="/router", dependencies=[Depends(guard)])
        router.frontend("/pages", directory=SITE)
        app.include_router(router)
    return app


FILE = {"file": ("a.txt", b"a")}
KINDS: dict[Callable[[Any, Any], FastAPI], Requests] = {
    direct: [
        get("/x/1?skip=3&tags=a&tags=b", headers={"token": "t"}),
        get("/x/1", headers={"token": "t"}),
        get("/x/0?skip=x&size=x"),
        get("/plain"),
        get("/nowhere"),
        get("/openapi.json"),
    ],
    bodies: [
        ("POST", "/json", {"json": {"item": {"name": "a"}, "local": {"value": 2}}}),
        ("POST", "/json", {"json": {"item": {}}}),
        ("POST", "/json", {"content": "{"}),
        ("POST", "/embedded", {"json": {"item": {"name": "a"}}}),
        ("POST", "/form", {"data": {"name": "a"}, "files": FILE}),
        ("POST", "/form", {}),
    ],
    generators: [get("/x"), get("/x?refuse=1"), get("/stream"), get("/lines")],
    secured: [get("/x"), get("/x", headers={"authorization": "Bearer t"})],
    included: [
        get("/outer/x?key=a&size=4"),
        get("/outer/x"),
        get("/outer/inner/x?key=a&size=5"),
        get("/outer/inner/x?key=a&size=x"),
        get("/again/inner/x?key=a"),
        get("/again/inner/x"),
        (WEBSOCKET, "/outer/inner/ws?key=a&size=4", {}),
        get("/openapi.json"),
    ],
    websockets: [(WEBSOCKET, "/ws?name=a&size=3", {}), (WEBSOCKET, "/ws", {})],
    hand_made: [get("/given?name=a"), get("/x"), (WEBSOCKET, "/ws?name=a", {})],
    own_route_class: [
        get("/x?size=3"),
        get("/y?size=3"),
        get("/x?size=x"),
        ("POST", "/body", {"json": {"name": "a"}}),
        ("POST", "/body", {"json": {}}),
        ("POST", "/body", {"content": "{"}),
    ],
    overridden: [get("/x?name=a"), get("/x"), get("/y?name=b")],
    around: [get("/inner/x"), get("/state"), get("/fails")],
    frontend: [get("/app/README.md"), get("/router/pages/README.md"), get("/app/nothing")],
}

CLASSIFIERS = {
    "unmarked": None,
    "inline": everything,
    "predicate": predicate(lambda call: not isinstance(call, type)),
}


def make(kind: Callable[[Any, Any], FastAPI], classifier: str) -> FastAPI:
    def app_class(**options: Any) -> FastAPI:
        return FastDepsAPI(classifier=CLASSIFIERS[classifier], **options)

    return kind(app_class, FastDepsRouter)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("classifier", ["unmarked", "inline"])
@pytest.mark.parametrize("served", [False, True], ids=["before", "served"])
@pytest.mark.usefixtures("both_lanes")
def test_an_app_that_was_sent_answers_as_fastapis_does(
    kind: Callable[[Any, Any], FastAPI], classifier: str, served: bool
) -> None:
    def answered(app: FastAPI) -> list[Answers]:
        requests = KINDS[kind]
        found = [answers(app, requests)] if served else []
        received = sent(app)
        found.append(answers(received, requests))
        # Once more, which takes along what the first way left behind.
        return [*found, answers(sent(received), requests), answers(app, requests)]

    assert answered(make(kind, classifier)) == answered(kind(FastAPI, APIRouter))


STOCK = "stock"


@pytest.fixture(scope="module")
def elsewhere() -> dict[tuple[str, str, bool], Answers | str]:
    """What apps of all kinds answer in a fresh process."""
    found: dict[tuple[str, str, bool], Answers | str] = {}
    pickled: dict[tuple[str, str, bool], tuple[bytes, Requests]] = {}
    for kind, requests in KINDS.items():
        for classifier in (STOCK, *CLASSIFIERS):
            for served in (False, True):
                stock = classifier == STOCK
                app = kind(FastAPI, APIRouter) if stock else make(kind, classifier)
                if served:
                    answers(app, requests)
                key = kind.__name__, classifier, served
                try:
                    pickled[key] = dumps(app), requests
                except Exception as error:
                    found[key] = repr(error)
    return found | dict(zip(pickled, answers_elsewhere([*pickled.values()]), strict=True))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("classifier", CLASSIFIERS)
@pytest.mark.parametrize("served", [False, True], ids=["before", "served"])
def test_an_app_answers_in_another_process_as_fastapis_does(
    kind: Callable[[Any, Any], FastAPI],
    classifier: str,
    served: bool,
    elsewhere: dict[tuple[str, str, bool], Answers | str],
) -> None:
    ours, stock = (elsewhere[kind.__name__, name, served] for name in (classifier, STOCK))
    assert ours == stock
    assert isinstance(stock, list)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.usefixtures("both_lanes")
def test_nothing_is_sent_that_is_good_in_one_process_only(
    kind: Callable[[Any, Any], FastAPI],
) -> None:
    app = make(kind, "inline")
    assert misfits(app) == []
    answers(app, KINDS[kind])
    app.dependency_overrides[print] = print
    answers(app, KINDS[kind])
    assert misfits(app) == []


def placing(app_class: Any, router_class: Any) -> FastAPI:
    @inline
    class Place:
        def __init__(self) -> None:
            self.name = here()

    def place() -> str:
        return here()

    router = router_class()

    @router.get("/x")
    @inline
    def read(
        place: Annotated[Place, Depends()],
        marked: Annotated[str, Depends(place), Inline],
        threaded: Annotated[str, Depends(place, use_cache=False)],
    ) -> list[str]:
        return [here(), place.name, marked, threaded]

    app: FastAPI = app_class()
    app.get("/y")(read)
    app.include_router(router)
    app.include_router(router, prefix="/again")
    return app


PLACES: Requests = [get("/x"), get("/y"), get("/again/x")]


@pytest.mark.usefixtures("both_lanes")
def test_what_is_inline_stays_inline_and_what_is_threaded_threaded() -> None:
    expected: Answers = [[200, '["loop","loop","loop","thread"]']] * len(PLACES)
    app = placing(FastDepsAPI, FastDepsRouter)
    assert answers(sent(app), PLACES) == expected
    assert answers(app, PLACES) == expected
    assert answers(sent(app), PLACES) == expected
    assert answers_elsewhere([(dumps(app), PLACES)]) == [expected]


def test_what_is_explained_is_the_same_after_the_way() -> None:
    app = placing(FastDepsAPI, FastDepsRouter)
    assert str(explain(sent(app))) == str(explain(app))


def test_overrides_hold_for_the_app_that_was_sent_alone() -> None:
    original = overridden(FastDepsAPI, FastDepsRouter)
    received = sent(original)
    original.dependency_overrides.clear()
    assert answers(original, [get("/x"), get("/y")]) == [[200, '"original"']] * 2
    assert answers(received, [get("/x"), get("/y")]) == [[200, '"override for nobody"']] * 2
    received.dependency_overrides.clear()
    assert answers(received, [get("/x"), get("/y")]) == [[200, '"original"']] * 2


def test_a_route_that_is_added_to_the_app_that_was_sent_is_classified() -> None:
    received = sent(placing(FastDepsAPI, FastDepsRouter))

    @received.get("/later")
    @inline
    def later() -> str:
        return here()

    assert answers(received, [get("/later"), *PLACES])[0] == [200, '"loop"']


def test_a_guard_that_is_put_into_a_route_that_was_sent_is_called() -> None:
    received = sent(placing(FastDepsAPI, FastDepsRouter))
    assert answers(received, [get("/y")])[0][0] == 200

    def refuse() -> None:
        raise HTTPException(403)

    from fastapi.dependencies.utils import get_parameterless_sub_dependant

    (route,) = (each for each in received.routes if getattr(each, "path", "") == "/y")
    assert isinstance(route, APIRoute)
    guard = get_parameterless_sub_dependant(depends=Depends(refuse), path="/y")
    route.dependant.dependencies.insert(0, guard)
    assert answers(received, [get("/y")])[0][0] == 403
