"""Each mistake is told when the app is built, with its callable, file, line and way out."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, WebSocket
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    FastDepsError,
    FastDepsRouter,
    Inline,
    InlineMixin,
    Threaded,
    explain,
    first_match,
    inline,
    predicate,
    threaded,
)
from fastapi_fastdeps.errors import ClassifierError, MarkerError, UnsupportedFastAPIError

PLACE = " (parameter 'value' of '/items/{item}')"
ROUTERS: list[Any] = [APIRouter, FastDepsRouter]


def plain() -> None: ...


async def awaited() -> None: ...


@inline
async def marked_async() -> None: ...


@inline
@threaded
def torn() -> None: ...


def at(call: Any) -> str:
    """Where a callable of this file is defined, as an error names it."""
    return f"{__file__}:{inspect.getsourcelines(call)[1]}"


def place(app: Any, call: Callable[..., Any], *metadata: Any) -> None:
    async def read(value: Annotated[Any, Depends(call), *metadata]) -> None: ...

    app.get("/items/{item}")(read)


def message(call: Callable[..., Any], *metadata: Any, classifier: Any = None) -> str:
    with pytest.raises(FastDepsError) as raised:
        place(FastDepsAPI(classifier=classifier), call, *metadata)
    return str(raised.value)


def test_every_error_of_the_package_is_a_fastdeps_error() -> None:
    for error in (MarkerError, ClassifierError, UnsupportedFastAPIError):
        assert issubclass(error, FastDepsError)


@pytest.mark.parametrize("marker", [Inline, Threaded, Inline(), Threaded()])
def test_a_marker_at_the_place_of_something_async_is_told(marker: Any) -> None:
    name = marker.__name__ if isinstance(marker, type) else type(marker).__name__
    assert message(awaited, marker) == (
        f"'awaited' ({at(awaited)}) is async: it always runs on the event loop, and {name} says "
        f"nothing about it{PLACE}. Remove {name}, or write it as a plain def."
    )


def test_a_decorator_on_something_async_is_told() -> None:
    assert message(marked_async) == (
        f"'marked_async' ({at(marked_async)}) is async: it always runs on the event loop, and "
        f"@inline says nothing about it{PLACE}. Remove @inline, or write it as a plain def."
    )


@inline
async def marked_generator() -> Any:
    yield


class MarkedCall:
    @threaded
    async def __call__(self) -> None: ...

    @inline
    async def method(self) -> None: ...


@pytest.mark.parametrize(
    "call",
    [
        marked_generator,
        MarkedCall(),
        MarkedCall().method,
        functools.partial(marked_async),
        functools.partial(MarkedCall()),
    ],
)
def test_a_decorator_is_found_on_everything_async(call: Any) -> None:
    assert "is async: it always runs on the event loop" in message(call)
    assert f"({__file__}:" in message(call)


def test_a_marked_class_whose_instances_are_awaited_is_no_mistake() -> None:
    class Checker(InlineMixin):
        async def __call__(self) -> None: ...

    place(FastDepsAPI(), Checker())
    place(FastDepsAPI(), Checker)


def test_an_async_wrapper_of_a_marked_function_is_no_mistake() -> None:
    @functools.wraps(inline(lambda: None))
    async def wrapper() -> None: ...

    place(FastDepsAPI(), wrapper)


def test_both_markers_at_one_place_are_told() -> None:
    assert message(plain, Inline, Threaded) == (
        f"'plain' ({at(plain)}) is marked both Inline and Threaded at its place{PLACE}. "
        "Keep the one that is meant."
    )


def test_both_decorators_on_one_callable_are_told() -> None:
    assert message(torn) == (
        f"'torn' ({at(torn)}) is marked both @inline and @threaded{PLACE}. "
        "Keep the one that is meant."
    )


def test_both_decorators_on_a_class_or_on_its_base_are_told() -> None:
    @threaded
    @inline
    class Torn: ...

    class Below(Torn): ...

    for call, where in ((Torn, ""), (Below, f" on its base {Torn.__qualname__!r}")):
        assert message(call) == (
            f"{call.__qualname__!r} ({at(call)}) is marked both @inline and @threaded{where}"
            f"{PLACE}. Keep the one that is meant."
        )


def test_a_marker_at_the_place_settles_a_contradiction_further_away() -> None:
    place(FastDepsAPI(), torn, Inline)


def wrong(candidate: Candidate, /) -> Any:
    return "inline"


def raising(candidate: Candidate, /) -> Execution | None:
    raise ValueError("no idea")


def of_dependency(call: Any) -> str:
    return f"the dependency {call.__qualname__!r} ({at(call)}) of '/items/{{item}}', "


@pytest.mark.parametrize("result", ["inline", True, Inline, object])
def test_a_classifier_that_returns_something_else_is_told(result: Any) -> None:
    def classifier(candidate: Candidate, /) -> Any:
        return result

    assert message(plain, classifier=classifier) == (
        f"The classifier {classifier.__qualname__} returned {result!r} for "
        f"{of_dependency(plain)}parameter 'value'. Return Inline(), Threaded() or None."
    )


def test_a_classifier_that_raises_is_told_with_what_it_was_asked_about() -> None:
    with pytest.raises(ClassifierError) as raised:
        place(FastDepsAPI(classifier=raising), plain)
    assert str(raised.value) == (
        f"The classifier raising raised ValueError('no idea') when asked about "
        f"{of_dependency(plain)}parameter 'value'. Return Inline(), Threaded() or None."
    )
    assert repr(raised.value.__cause__) == "ValueError('no idea')"


def test_the_part_of_a_classifier_that_is_wrong_is_named() -> None:
    assert message(plain, classifier=first_match(predicate(lambda _: False), wrong)).startswith(
        "The classifier wrong returned 'inline' for "
    )
    failing = predicate(lambda call: call.missing)  # type: ignore[attr-defined]
    assert message(plain, classifier=failing).startswith(
        "The classifier predicate(test_the_part_of_a_classifier_that_is_wrong_is_named.<locals>"
        ".<lambda>) raised AttributeError("
    )


def test_an_endpoint_is_named_as_one() -> None:
    with pytest.raises(FastDepsError) as raised:
        FastDepsAPI(classifier=wrong).get("/shop")(plain)
    assert str(raised.value) == (
        f"The classifier wrong returned 'inline' for the endpoint 'plain' ({at(plain)}) of "
        "'/shop'. Return Inline(), Threaded() or None."
    )


def test_what_has_no_source_is_named_without_file_and_line() -> None:
    assert message(len, Inline, Threaded).startswith("'len' is marked both")
    assert message(functools.partial(len), Inline, Threaded).startswith("'len' is marked both")


@pytest.mark.parametrize("decorator", [inline, threaded])
@pytest.mark.parametrize("call", [len, dict, "text".upper])
def test_decorating_what_takes_no_attributes_is_told(decorator: Any, call: Any) -> None:
    name = {"inline": "Inline", "threaded": "Threaded"}[decorator.__name__]
    with pytest.raises(MarkerError) as raised:
        decorator(call)
    assert str(raised.value) == (
        f"{call.__qualname__!r} takes no attributes, so it can't be decorated with "
        f"@{decorator.__name__}. Mark the place where it is used instead: "
        f"Annotated[..., Depends(...), {name}]."
    )


class Slotted:
    __slots__ = ()

    def __call__(self) -> None: ...

    def method(self) -> None: ...


def test_decorating_an_instance_or_a_bound_method_names_its_class_and_line() -> None:
    with pytest.raises(MarkerError) as raised:
        inline(Slotted())
    assert f"({at(Slotted)}) takes no attributes" in str(raised.value)
    with pytest.raises(MarkerError) as raised:
        inline(Slotted().method)
    assert f"'Slotted.method' ({at(Slotted.method)}) takes no" in str(raised.value)


@pytest.mark.parametrize("value", [None, 3, "call"])
def test_decorating_what_is_not_callable_is_told(value: Any) -> None:
    with pytest.raises(MarkerError) as raised:
        inline(value)
    assert str(raised.value) == f"{value!r} is not callable: only callables run somewhere."


MISTAKE = "'torn' .* is marked both @inline and @threaded"


@pytest.mark.parametrize("target", [FastDepsAPI, FastDepsRouter])
def test_a_mistake_is_raised_where_the_route_is_written(target: Any) -> None:
    with pytest.raises(FastDepsError, match=MISTAKE):
        target().get("/")(torn)
    with pytest.raises(FastDepsError, match=MISTAKE):
        target().get("/", dependencies=[Depends(torn)])(plain)
    with pytest.raises(FastDepsError, match=MISTAKE):
        target(dependencies=[Depends(torn)]).get("/")(plain)


@pytest.mark.parametrize("router_class", ROUTERS)
@pytest.mark.parametrize("kind", ["http", "websocket", "include", "nested", "frontend"])
def test_a_mistake_is_raised_where_the_router_is_included(
    router_class: Any, kind: str, tmp_path: Path
) -> None:
    async def connect(websocket: WebSocket, value: Annotated[None, Depends(plain)]) -> None: ...

    router = router_class(dependencies=[Depends(plain)] if kind == "frontend" else [])
    options: dict[str, Any] = {}
    if kind == "websocket":
        router.websocket("/ws")(connect)
    elif kind == "frontend":
        router.frontend("/", directory=tmp_path)
    elif kind == "include":
        router.get("/")(awaited)
        options = {"dependencies": [Depends(plain)]}
    else:
        router.get("/")(plain)
    if kind == "nested":
        outer = router_class()
        outer.include_router(router)
        router = outer
    app = FastDepsAPI(classifier=wrong, docs_url=None, redoc_url=None, openapi_url=None)
    with pytest.raises(FastDepsError, match=r"The classifier wrong returned 'inline' for "):
        app.include_router(router, **options)
    assert app.router.routes == []
    assert TestClient(app).get("/").status_code == 404


def test_a_mistake_in_a_websocket_route_is_raised_where_it_is_written() -> None:
    async def connect(websocket: WebSocket, value: Annotated[None, Depends(torn)]) -> None: ...

    for target in (FastDepsAPI(), FastDepsRouter()):
        with pytest.raises(FastDepsError, match=MISTAKE):
            target.websocket("/ws")(connect)


@pytest.mark.parametrize("target", [FastDepsAPI, FastDepsRouter])
def test_a_mistake_in_a_frontend_is_raised_where_it_is_written(target: Any, tmp_path: Path) -> None:
    with pytest.raises(FastDepsError, match=MISTAKE):
        target(dependencies=[Depends(torn)]).frontend("/", directory=tmp_path)


def test_a_mistake_in_a_route_constructed_by_hand_is_raised_at_the_start() -> None:
    for app in (FastDepsAPI(routes=[APIRoute("/", torn)]), FastDepsAPI()):
        if not any(getattr(route, "path", "") == "/" for route in app.router.routes):
            app.router.routes.append(APIRoute("/", torn))
        with pytest.raises(FastDepsError, match=MISTAKE), TestClient(app):
            raise AssertionError("started")
        with pytest.raises(FastDepsError, match=MISTAKE):
            explain(app)


def test_a_mistake_in_a_route_that_is_refused_leaves_the_app_as_it_was() -> None:
    app = FastDepsAPI()
    before = list(app.router.routes)
    for register in (app.get, app.websocket):
        with pytest.raises(FastDepsError, match=MISTAKE):

            @register("/")
            async def read(value: Annotated[None, Depends(torn)]) -> None: ...

    assert app.router.routes == before


def test_a_router_that_is_included_into_a_plain_app_raises_at_its_own_routes() -> None:
    router = FastDepsRouter()
    with pytest.raises(FastDepsError, match=MISTAKE):
        router.get("/")(torn)
    app = FastAPI()
    app.include_router(router)
    assert TestClient(app).get("/").status_code == 404
