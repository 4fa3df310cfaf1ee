"""What tools and people see of our classes is what they see of FastAPI's."""

import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, Body, FastAPI, Query
from fastapi.routing import APIRoute, APIWebSocketRoute

from fastapi_fastdeps import FastDepsAPI, FastDepsRoute, FastDepsRouter, FastDepsWebSocketRoute

PAIRS = {
    FastDepsAPI: FastAPI,
    FastDepsRouter: APIRouter,
    FastDepsRoute: APIRoute,
    FastDepsWebSocketRoute: APIWebSocketRoute,
}
APPS = [FastAPI, FastDepsAPI]
ROUTERS = [APIRouter, FastDepsRouter]


def public_functions(fastapis: type[Any]) -> list[str]:
    return [name for name, _ in inspect.getmembers(fastapis, callable) if not name.startswith("_")]


METHODS = [
    pytest.param(ours, fastapis, name, id=f"{ours.__name__}.{name}")
    for ours, fastapis in PAIRS.items()
    for name in public_functions(fastapis)
    if getattr(ours, name) is not getattr(fastapis, name)
]
"""Those that this package overrides."""


@pytest.mark.parametrize(("ours", "fastapis", "name"), METHODS)
def test_a_method_has_fastapis_name_signature_and_documentation(
    ours: type[Any], fastapis: type[Any], name: str
) -> None:
    mine, theirs = getattr(ours, name), getattr(fastapis, name)
    assert inspect.signature(mine) == inspect.signature(theirs)
    assert inspect.getdoc(mine) == inspect.getdoc(theirs)
    assert mine.__name__ == theirs.__name__
    assert mine.__doc__ == theirs.__doc__
    assert inspect.iscoroutinefunction(mine) == inspect.iscoroutinefunction(theirs)


@pytest.mark.parametrize("name", ["include_router", "add_api_route", "add_api_websocket_route"])
def test_a_method_takes_what_fastapis_takes_by_position_and_by_name(name: str) -> None:
    arguments: dict[str, Any] = {
        "include_router": {"router": APIRouter(), "prefix": "/x"},
        "add_api_route": {"path": "/x", "endpoint": print},
        "add_api_websocket_route": {"path": "/x", "endpoint": print, "name": "x"},
    }[name]
    positional = [
        value
        for argument, value in arguments.items()
        if inspect.signature(getattr(APIRouter, name)).parameters[argument].kind
        is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    by_name = dict(list(arguments.items())[len(positional) :])
    for router_class in ROUTERS:
        router = router_class()
        getattr(router, name)(**arguments)
        getattr(router, name)(*positional, **by_name)
        assert len(router.routes) == 2
        with pytest.raises(TypeError, match="colour"):
            getattr(router, name)(**arguments, colour="red")


@pytest.mark.parametrize(("ours", "fastapis"), PAIRS.items())
def test_a_constructor_shows_fastapis_arguments_and_no_more_than_its_own(
    ours: type[Any], fastapis: type[Any]
) -> None:
    mine = dict(inspect.signature(ours).parameters)
    theirs = inspect.signature(fastapis).parameters
    own = (
        ["classifier", "guard", "fuse_visits", "limiters", "thread_tokens", "thread_context"]
        if ours is FastDepsAPI
        else ["classifier"]
    )
    for name in own:
        mine.pop(name, None)
    assert list(mine) == list(theirs)
    for name, parameter in theirs.items():
        assert mine[name].kind is parameter.kind
        assert mine[name].annotation == parameter.annotation
        if name != "route_class":
            assert mine[name].default == parameter.default


@pytest.mark.parametrize(("ours", "fastapis"), PAIRS.items())
def test_a_subclass_shows_its_own_constructor(ours: type[Any], fastapis: type[Any]) -> None:
    def signature(base: type[Any]) -> inspect.Signature:
        class Own(base):  # type: ignore[misc]  # a base that is known at run time only
            def __init__(self, colour: str) -> None: ...

        return inspect.signature(Own)

    assert signature(ours) == signature(fastapis)


# Each of these gets the app's and the router's class, and does what FastAPI warns of.


def a_root_path(app_class: Any, router_class: Any) -> None:
    app_class(root_path="/x")


def a_root_path_of_a_subclass(app_class: Any, router_class: Any) -> None:
    class Own(app_class):  # type: ignore[misc]  # a base that is known at run time only
        pass

    class OwnConstructor(app_class):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(root_path="/x", **options)

    Own(root_path="/x")
    OwnConstructor(title="own")


def a_root_path_of_a_mounted_app(app_class: Any, router_class: Any) -> None:
    app_class().mount(
        "/x",
        app_class(
            title="inner",
            root_path="/x",
        ),
    )


def events(app_class: Any, router_class: Any) -> None:
    app_class().on_event("startup")(print)
    router_class().on_event("shutdown")(print)
    app_class(on_startup=[print])
    router_class(on_shutdown=[print])


def parameters(app_class: Any, router_class: Any) -> None:
    app, router = app_class(), router_class()

    @app.get("/")
    def read(
        q: str = Query("", regex="a"),  # type: ignore[deprecated,unused-ignore]
        r: str = Query("", example="a"),
    ) -> None: ...

    @router.post("/")
    def write(b: str = Body("", regex="a"), c: str = Body("", example="a")) -> None: ...

    app.include_router(router, prefix="/x")
    app.openapi()


def a_frontend_that_is_missing(app_class: Any, router_class: Any) -> None:
    app, router = app_class(), router_class()
    if hasattr(app, "frontend"):
        app.frontend("/app", directory="missing")
        router.frontend("/router", directory="missing")
        app.router.frontend("/direct", directory="missing")
    app.include_router(router)


def two_operations_of_one_name(app_class: Any, router_class: Any) -> None:
    app = app_class()
    app.get("/x", operation_id="x")(a_root_path)
    app.get("/y", operation_id="x")(events)
    router = router_class()
    router.get("/z", operation_id="x")(parameters)
    app.include_router(router)
    app.openapi()


def several_at_once(app_class: Any, router_class: Any) -> None:
    for app in (app_class(root_path="/x"), app_class(root_path="/y")):
        app.on_event("startup")(print)


WARNED_OF = [
    a_root_path,
    a_root_path_of_a_subclass,
    a_root_path_of_a_mounted_app,
    events,
    parameters,
    a_frontend_that_is_missing,
    two_operations_of_one_name,
    several_at_once,
]


def warned(program: Callable[[Any, Any], None], classes: tuple[Any, Any]) -> list[Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program(*classes)
    return [(each.category, str(each.message), each.filename, each.lineno) for each in caught]


@pytest.mark.parametrize("program", WARNED_OF, ids=lambda program: program.__name__)
def test_a_warning_names_the_line_that_it_names_in_fastapi(
    program: Callable[[Any, Any], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FASTAPI_ENV", "development")
    monkeypatch.chdir(tmp_path)
    stock = warned(program, (FastAPI, APIRouter))
    assert warned(program, (FastDepsAPI, FastDepsRouter)) == stock


def test_a_warning_is_filtered_by_the_users_module() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module=__name__.replace(".", r"\."))
        for app_class in APPS:
            with pytest.raises(UserWarning, match="root_path"):
                app_class(root_path="/x")


def test_a_warning_is_shown_once_for_a_line() -> None:
    for app_class in APPS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            for _ in range(3):
                app_class(root_path="/x")
        assert len(caught) == 1
