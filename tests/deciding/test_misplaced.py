"""A marker that stands where it says nothing is told, with the way out."""

import functools
import inspect
import types
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response, Security, WebSocket
from fastapi.security import OAuth2PasswordBearer
from fastapi.testclient import TestClient
from typing_extensions import TypeAliasType

from fastapi_fastdeps import (
    FastDepsAPI,
    FastDepsError,
    FastDepsRouter,
    Inline,
    InlineMixin,
    Threaded,
    ThreadedMixin,
    annotated,
    explain,
    inline,
    threaded,
)
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE
from tests.deciding import postponed_marks


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


def value() -> int:
    return 1


InlinePage = Annotated[Page, Depends(), Inline]
Stray = Annotated[int, Inline]
Recursive = TypeAliasType("Recursive", "list[Recursive] | int")  # type: ignore[misc]
Named = TypeAliasType("Named", Annotated[int, Inline])


def at(call: Any) -> str:
    return f"({__file__}:{inspect.getsourcelines(call)[1]})"


def parameter(endpoint: Any) -> str:
    """The parameter `value`, as an error begins with it."""
    return (
        f"The parameter 'value' of {endpoint.__qualname__!r} {at(endpoint)} at '/items/{{item}}' "
    )


def taking(annotation: Any, default: Any = inspect.Parameter.empty) -> Callable[..., Any]:
    """An endpoint with one parameter, written in Python 3.11 as it would be in a module."""
    if default is inspect.Parameter.empty:

        async def read(value: annotation) -> None: ...

        return read

    async def read_default(value: annotation = default) -> None: ...

    return read_default


def message(endpoint: Callable[..., Any], **options: Any) -> str:
    app = FastDepsAPI()
    before = list(app.router.routes)
    with pytest.raises(FastDepsError) as raised:
        app.post("/items/{item}", **options)(endpoint)
    assert app.router.routes == before
    return str(raised.value)


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (Annotated[int, Query(), Inline], "Inline"),
        (Annotated[int, Inline, Query()], "Inline"),
        (Annotated[str, Header(), Threaded()], "Threaded"),
        (
            Annotated[Page | None, Body(), Inline] if False else Annotated[int, Body(), Inline],
            "Inline",
        ),
        (Annotated[Request, Inline], "Inline"),
        (Annotated[Response, Threaded], "Threaded"),
        (Annotated[int, Inline], "Inline"),
        (Stray, "Inline"),
        (Named, "Inline"),
        (list[Stray], "Inline"),
        (Stray | None, "Inline"),
        (Annotated[int, inline], "inline"),
        (Annotated[int, Query(), InlineMixin], "InlineMixin"),
        (Annotated[int, Depends(value), Query(), Inline], "Inline"),
    ],
)
def test_a_marker_at_a_parameter_that_is_no_dependency_is_told(annotation: Any, name: str) -> None:
    endpoint = taking(annotation)
    assert message(endpoint) == (
        f"{parameter(endpoint)}is no dependency: nothing is called for it, and {name} says nothing "
        f"about it. Remove {name}."
    )


@pytest.mark.parametrize(
    ("written", "marker"),
    [
        (inline, "Inline"),
        (threaded, "Threaded"),
        (InlineMixin, "Inline"),
        (ThreadedMixin, "Threaded"),
    ],
)
@pytest.mark.parametrize("depends", [Depends(value), Security(value)])
def test_what_was_written_for_the_marker_is_told(written: Any, marker: str, depends: Any) -> None:
    endpoint = taking(Annotated[int, depends, written])
    assert message(endpoint) == (
        f"{parameter(endpoint)}has {written.__name__} in place of the marker, which says "
        f"nothing about 'value' {at(value)} there: write Annotated[..., Depends(...), {marker}]."
    )


@pytest.mark.parametrize(
    ("annotation", "default", "problem", "marker"),
    [
        (Annotated[Page, Depends(Inline)], None, "depends on Inline", "Inline"),
        (Annotated[Page, Depends(Threaded)], None, "depends on Threaded", "Threaded"),
        (Annotated[Page, Depends(InlineMixin)], None, "depends on InlineMixin", "Inline"),
        (Annotated[InlineMixin, Depends()], None, "depends on InlineMixin", "Inline"),
        (Page, Depends(Inline), "depends on Inline", "Inline"),
        (Annotated[Inline, Depends()], None, "has Inline for its type", "Inline"),
        (Annotated[Inline, Depends(value)], None, "has Inline for its type", "Inline"),
        (Annotated[Threaded, Page, Depends(value)], None, "has Threaded for its type", "Threaded"),
        (Inline, None, "has Inline for its type", "Inline"),
        (Inline, Depends(Page), "has Inline for its type", "Inline"),
        (int, Inline, "has Inline for its default value", "Inline"),
        (int, Threaded(), "has Threaded for its default value", "Threaded"),
    ],
)
def test_a_marker_in_place_of_something_else_is_told(
    annotation: Any, default: Any, problem: str, marker: str
) -> None:
    endpoint = taking(annotation) if default is None else taking(annotation, default)
    told = message(endpoint)
    assert told.startswith(f"{parameter(endpoint)}{problem}")
    assert told.endswith(f": write Annotated[..., Depends(...), {marker}].")


@pytest.mark.parametrize("written", [Inline, Threaded, InlineMixin, inline])
def test_a_marker_in_place_of_an_entry_of_dependencies_is_told(written: Any) -> None:
    marker = {"InlineMixin": "Inline", "inline": "Inline"}.get(written.__name__, written.__name__)
    assert message(taking(int), dependencies=[Depends(written)]) == (
        f"{written.__name__} is no dependency, but stands in the dependencies=[...] of "
        f"'/items/{{item}}': write annotated(Depends(...), {marker})."
    )


def test_a_marker_on_what_is_returned_is_told() -> None:
    def read() -> Annotated[int, Inline]:
        return 1

    assert message(read) == (
        f"What {read.__qualname__!r} {at(read)} at '/items/{{item}}' returns is marked Inline, "
        "which says nothing: write @inline above it."
    )


class OfClass:
    def __init__(self, value: Stray = 1) -> None: ...


class OfCall:
    def __call__(self, value: Stray = 1) -> None: ...

    def method(self, value: Stray = 1) -> None: ...


def of_function(value: Stray = 1) -> None: ...


def of_generator(value: Stray = 1) -> Any:
    yield


@functools.wraps(of_function)
def of_wrapper(**values: Any) -> None: ...


@pytest.mark.parametrize(
    "call",
    [
        OfClass,
        OfCall(),
        OfCall().method,
        of_function,
        of_generator,
        of_wrapper,
        functools.partial(of_function),
    ],
)
def test_a_misplaced_marker_is_found_in_whatever_a_route_calls(call: Any) -> None:
    async def below(value: Annotated[Any, Depends(call)]) -> None: ...

    for told in (
        message(taking(Annotated[Any, Depends(call)])),
        message(taking(Annotated[Any, Depends(below)])),
        message(taking(int), dependencies=[Depends(call)]),
    ):
        assert told.startswith("The parameter 'value' of ")
        assert "is no dependency" in told


@pytest.mark.parametrize("router", [APIRouter, FastDepsAPI])
def test_a_misplaced_marker_is_found_in_websocket_routes_and_included_routers(router: Any) -> None:
    async def connect(websocket: WebSocket, value: Stray = 1) -> None: ...

    with pytest.raises(FastDepsError, match="is no dependency"):
        FastDepsAPI().websocket("/ws")(connect)
    included = APIRouter()
    included.websocket("/ws")(connect)
    with pytest.raises(FastDepsError, match="is no dependency"):
        FastDepsAPI().include_router(included)


def test_a_decorator_on_the_endpoint_of_a_websocket_route_is_told() -> None:
    app = FastDepsAPI()
    with pytest.raises(
        FastDepsError, match=r"is async: .* @inline says nothing about it \(endpoint"
    ):

        @app.websocket("/ws")
        @inline
        async def connect(websocket: WebSocket) -> None: ...


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (postponed_marks.on_a_query, "is no dependency"),
        (postponed_marks.on_an_alias, "is no dependency"),
        (postponed_marks.of_a_module, "is no dependency"),
        (postponed_marks.decorator, "has inline in place of the marker"),
        (postponed_marks.returned, "returns is marked Inline"),
    ],
)
def test_a_misplaced_marker_is_found_in_annotations_that_are_text(call: Any, problem: str) -> None:
    assert problem in message(call)


@pytest.mark.parametrize(
    "call",
    [
        postponed_marks.right,
        postponed_marks.right_by_an_alias,
        postponed_marks.of_an_unknown_type,
        postponed_marks.right_beside_an_unknown_type,
    ],
)
def test_what_is_right_or_unknown_in_annotations_that_are_text_is_left_alone(
    call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LANE_VARIABLE, "fastapi")
    app = FastDepsAPI()
    app.get("/", include_in_schema=False)(call)
    assert TestClient(app).get("/").status_code == 200


@pytest.mark.parametrize(
    "annotation",
    [
        InlinePage,
        Annotated[Page, Inline, Depends(value)],
        Annotated[Page, annotated(Depends(value), Inline)],
        Annotated[int, Query(), "Inline", object()],
        Annotated[int, Query()],
        Annotated[int, "tag"],
        Recursive,
        list[int],
    ],
)
def test_what_is_right_is_left_alone(annotation: Any) -> None:
    FastDepsAPI().post("/")(taking(annotation))


def test_the_alias_of_a_dependency_is_a_type_where_it_is_returned() -> None:
    def get_page() -> InlinePage:
        return Page()

    async def read(page: Annotated[Page, Depends(get_page)]) -> None: ...

    FastDepsAPI().get("/")(read)


def test_a_parameter_that_a_partial_has_filled_is_left_alone() -> None:
    def read(value: Stray, other: int = 1) -> None: ...

    FastDepsAPI().get("/")(functools.partial(read, 1))


def test_a_dependency_that_was_taken_out_of_the_tree_is_still_one() -> None:
    app = FastDepsAPI()

    @app.get("/")
    async def read(page: InlinePage = None) -> None: ...  # type: ignore[assignment]

    route: Any = next(route for route in app.router.routes if getattr(route, "path", "") == "/")
    route.dependant.dependencies.clear()
    explain(app)


def test_a_marker_is_no_base() -> None:
    for marker in (Inline, Threaded):
        with pytest.raises(FastDepsError) as raised:
            types.new_class("Page", (marker,))
        name = marker.__name__
        assert str(raised.value) == (
            f"'Page' derives from {name}, which is a marker and no base: derive it from "
            f"{name}Mixin."
        )


def test_an_instance_is_named_by_its_class_and_where_it_is_used() -> None:
    scheme = OAuth2PasswordBearer(tokenUrl="token")

    async def read(token: Annotated[str, Depends(scheme), Inline]) -> None: ...

    assert message(read) == (
        "'OAuth2PasswordBearer()' (of fastapi.security.oauth2) is async: it always runs on the "
        "event loop, and Inline says nothing about it (parameter 'token' of '/items/{item}'). "
        "Remove Inline there."
    )


@pytest.mark.parametrize(
    "entry",
    [Inline, Threaded(), inline, Annotated[None, Depends(list), Inline]],
    ids=["class", "object", "decorator", "Annotated"],
)
@pytest.mark.parametrize("level", ["route", "websocket", "router", "include", "app"])
def test_a_marker_by_itself_in_dependencies_is_an_error_with_the_way_out(
    entry: Any, level: str
) -> None:
    def build() -> None:
        app, router = FastDepsAPI(), FastDepsRouter()
        router.get("/")(lambda: None)
        if level == "route":
            app.get("/", dependencies=[entry])(lambda: None)
        elif level == "websocket":
            app.websocket("/", dependencies=[entry])(lambda: None)
        elif level == "router":
            FastDepsRouter(dependencies=[entry])
        elif level == "include":
            app.include_router(router, dependencies=[entry])
        else:
            FastDepsAPI(dependencies=[entry])

    with pytest.raises(FastDepsError, match=r"dependencies=\[\.\.\.\].*write annotated"):
        build()
