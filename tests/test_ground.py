"""Whoever replaces a name that FastAPI reads sees his replacement do its work."""

import builtins
import compileall
import functools
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Annotated, Any
from unittest import mock

import fastapi
import fastapi.dependencies.utils
import fastapi.routing
import pytest
from fastapi import APIRouter, Body, Depends, FastAPI, Header, WebSocket
from fastapi.dependencies.utils import get_parameterless_sub_dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel, TypeAdapter
from starlette.requests import Request

from fastapi_fastdeps import FastDepsAPI, explain
from fastapi_fastdeps._fastapi.ground import BUILDING, SERVING, Ground
from fastapi_fastdeps._fastapi.names import LANE_VARIABLE, fast_lane
from fastapi_fastdeps._lane.choice import is_served_by_fastapi, why_not_now
from tests.harness.commands import REPOSITORY
from tests.harness.hops import everything

pytestmark = pytest.mark.skipif(not fast_lane, reason="there is no fast lane to leave")


def watched(*tables: Any) -> list[tuple[Any, str]]:
    return [(each.holder, each.name) for table in tables for each in Ground(table)._watched]


FUNCTIONS = [
    (holder, name)
    for holder, name in watched(SERVING)
    if isinstance(holder, ModuleType)
    and holder.__name__.startswith("fastapi.")
    and isinstance(getattr(holder, name), FunctionType)
]


OF_THREADS = {
    "fastapi.dependencies.utils.contextmanager",
    "fastapi.dependencies.utils.contextmanager_in_threadpool",
    "fastapi.dependencies.utils.run_in_threadpool",
    "fastapi.routing._run_sync_endpoint",
    "fastapi.routing.run_in_threadpool",
    "fastapi.telemetry._api._operation",
}
"""What FastAPI calls for what runs in a thread alone."""


class Item(BaseModel):
    name: str


def app_of(make: Callable[[], FastAPI]) -> FastAPI:
    app = make()
    router = APIRouter(prefix="/included")

    def session() -> Iterator[int]:
        yield 1

    async def user(session: Annotated[int, Depends(session)], tag: str = "-") -> str:
        return f"{session}{tag}"

    def page(skip: int = 0, agent: Annotated[list[str] | None, Header()] = None) -> list[Any]:
        return [skip, agent]

    @app.get("/items/{number}")
    @router.get("/items/{number}")
    def items(
        number: int,
        user: Annotated[str, Depends(user)],
        page: Annotated[list[Any], Depends(page)],
    ) -> Any:
        return {"number": number, "user": user, "page": page}

    @app.post("/items", response_model=Item, status_code=201)
    async def create(item: Item, extra: Annotated[int, Body()] = 1) -> Any:
        return item

    @app.put("/items")
    def replace(item: Item) -> str:
        return item.name

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: Annotated[str, Depends(user)]) -> None:
        await websocket.accept()
        await websocket.send_text(user)
        await websocket.close()

    app.include_router(router)
    return app


def answers(client: TestClient) -> list[Any]:
    found: list[Any] = []
    for method, path, body in (
        ("GET", "/items/1?skip=2&tag=a", None),
        ("GET", "/items/x?skip=y", None),
        ("GET", "/included/items/1?tag=%20", None),
        ("POST", "/items", {"item": {"name": "a"}, "extra": 2}),
        ("POST", "/items", {}),
        ("PUT", "/items", {"name": "a"}),
    ):
        response = client.request(method, path, json=body)
        found.append([response.status_code, response.text])
    with client.websocket_connect("/socket?tag=b") as websocket:
        found.append(websocket.receive_text())
    return found


@pytest.fixture(scope="module")
def apps() -> dict[str, FastAPI]:
    return {
        "FastAPI": app_of(FastAPI),
        "unmarked": app_of(FastDepsAPI),
        "inline": app_of(lambda: FastDepsAPI(classifier=everything)),
    }


@pytest.mark.parametrize("name", sorted(f"{each[0].__name__}.{each[1]}" for each in FUNCTIONS))
def test_a_function_that_is_replaced_between_requests_is_called_as_often_as_by_fastapi(
    name: str, apps: dict[str, FastAPI]
) -> None:
    called: Counter[str] = Counter()
    module, _, attribute = name.rpartition(".")
    original = getattr(sys.modules[module], attribute)
    seen: dict[str, Any] = {}
    for kind, app in apps.items():
        client = TestClient(app)
        before = answers(client)

        @functools.wraps(original)
        def counted(*args: Any, kind: str = kind, **options: Any) -> Any:
            called[kind] += 1
            return original(*args, **options)

        with mock.patch(name, counted):
            seen[kind] = answers(client)
            assert why_not_now() == f"{name} is instrumented"
        assert why_not_now() is None
        assert before == seen[kind] == answers(client) == seen["FastAPI"]
    assert called["unmarked"] == called["FastAPI"]
    if name not in OF_THREADS:
        assert called["inline"] > 0 or called["FastAPI"] == 0


@pytest.mark.parametrize(
    "replacement", [mock.ANY, None, mock.Mock()], ids=["equal", "None", "mock"]
)
def test_whatever_stands_under_a_watched_name_is_noticed_and_forgotten(replacement: Any) -> None:
    unnoticed = []
    for holder, name in watched(SERVING):
        original = vars(holder).get(name)
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(holder, name, replacement)
            why, is_served = why_not_now(), is_served_by_fastapi()
        if why is None or f".{name} is" not in why or not is_served:
            unnoticed.append(name)
        assert vars(holder).get(name) is original
    assert unnoticed == []
    assert why_not_now() is None
    assert not is_served_by_fastapi()


def test_a_watched_name_that_is_deleted_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(fastapi.routing, "MAX_BODY_SIZE_SCOPE_KEY")
    assert is_served_by_fastapi()
    assert why_not_now() == "fastapi.routing.MAX_BODY_SIZE_SCOPE_KEY is instrumented"


def test_a_method_that_a_subclass_gets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(make: Callable[[], FastAPI]) -> Any:
        return TestClient(app_of(make)).get("/items/1?skip=2&tag=a").json()

    def query_params(request: Request) -> dict[str, str]:
        return {"skip": "7", "tag": "b"}

    monkeypatch.setattr(Request, "query_params", property(query_params), raising=False)
    assert answer(FastAPI) == answer(FastDepsAPI)
    assert answer(FastDepsAPI)["user"] == "1b"
    assert why_not_now() == "starlette.requests.Request.query_params is instrumented"


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize(
    "name", ["get_request_handler", "request_response", "get_websocket_app", "websocket_session"]
)
def test_a_factory_that_is_replaced_before_a_route_is_built_wraps_each_request(
    name: str, inline: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(fastapi.routing, name)
    called: Counter[type] = Counter()

    def ask(make: Any) -> list[Any]:
        def factory(*args: Any, **options: Any) -> Any:
            app = original(*args, **options)

            async def wrapper(*args: Any) -> Any:
                called[make] += 1
                return await app(*args)

            return wrapper

        with mock.patch.object(fastapi.routing, name, factory):
            client = TestClient(app_of(make))
            return answers(client)

    class App(FastDepsAPI):
        def __init__(self) -> None:
            super().__init__(classifier=everything if inline else None)

    assert ask(FastAPI) == ask(App)
    assert called[App] == called[FastAPI] > 0


def test_a_replaced_get_route_handler_wraps_each_request() -> None:
    original = APIRoute.get_route_handler
    called: Counter[type] = Counter()

    def ask(make: type[FastAPI]) -> list[Any]:
        def get_route_handler(route: APIRoute) -> Any:
            handler = original(route)

            async def handle(request: Request) -> Any:
                called[make] += 1
                return await handler(request)

            return handle

        with mock.patch.object(APIRoute, "get_route_handler", get_route_handler):
            return answers(TestClient(app_of(make)))

    assert ask(FastAPI) == ask(FastDepsAPI)
    assert called[FastDepsAPI] == called[FastAPI] > 0


def test_a_route_that_is_built_while_a_factory_is_replaced_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for holder, name in watched(BUILDING):
        if name.startswith("get_"):
            with mock.patch.object(holder, name, getattr(holder, name).__call__):
                app = FastDepsAPI()
                app.get("/")(lambda: None)
                (route,) = explain(app)
            assert route.why.endswith(f"{name} is instrumented")


BEFORE = """
import functools
from unittest import mock
import fastapi, fastapi.routing, fastapi.dependencies.utils, fastapi.responses
import starlette.requests, starlette.responses
from fastapi.routing import *

def replace(holder, name, replacement):
    with mock.patch.object(holder, name, replacement):
        from fastapi_fastdeps._lane.choice import is_served_by_fastapi, why_not_now
        print(why_not_now(), is_served_by_fastapi())
    print(why_not_now(), is_served_by_fastapi())
    print(why_not_now(), is_served_by_fastapi())

def wrapped(function):
    @functools.wraps(function)
    def wrapper(*args, **options):
        return function(*args, **options)
    return wrapper
"""


@pytest.mark.parametrize(
    ("holder", "name", "replacement"),
    [
        ("fastapi.routing", "jsonable_encoder", "lambda value: value"),
        ("fastapi.routing", "jsonable_encoder", "wrapped(fastapi.routing.jsonable_encoder)"),
        ("fastapi.routing", "jsonable_encoder", "mock.Mock()"),
        ("fastapi.routing", "run_in_threadpool", "functools.partial(print)"),
        ("fastapi.routing", "Request", "type('Request', (starlette.requests.Request,), {})"),
        ("fastapi.routing", "Response", "fastapi.responses.HTMLResponse"),
        ("fastapi.routing", "serialize_response", "fastapi.routing.run_endpoint_function"),
        (
            "fastapi.dependencies.utils",
            "contextmanager_in_threadpool",
            "wrapped(fastapi.dependencies.utils.contextmanager_in_threadpool)",
        ),
        ("starlette.responses.JSONResponse", "render", "lambda self, content: b''"),
        ("starlette.responses.JSONResponse", "__init__", "wrapped(starlette.responses.Response)"),
        ("starlette.requests.HTTPConnection", "headers", "property(lambda self: {})"),
        ("fastapi._compat.v2.ModelField", "validate", "mock.DEFAULT"),
    ],
)
def test_what_was_replaced_before_the_import_is_noticed_and_forgotten(
    holder: str, name: str, replacement: str
) -> None:
    program = f"{BEFORE}\nreplace({holder}, {name!r}, {replacement})"
    during, *after = run(program).splitlines()
    assert during.endswith(f".{name} is instrumented True")
    assert after == ["None False", "None False"]


def test_a_fastapi_without_its_sources_is_not_instrumented(tmp_path: Path) -> None:
    package = Path(fastapi.__file__).parent
    copied = tmp_path / package.name
    shutil.copytree(package, copied, ignore=shutil.ignore_patterns("__pycache__"))
    assert compileall.compile_dir(copied, quiet=1, legacy=True)
    for source in copied.rglob("*.py"):
        source.unlink()
    program = (
        "import fastapi; print(fastapi.__file__)\n"
        "from fastapi_fastdeps import FastDepsAPI, explain\n"
        "app = FastDepsAPI(); app.get('/')(lambda: None); print(next(iter(explain(app))).lane)"
    )
    file, lane = run(program, path=tmp_path).splitlines()
    assert file == str(copied / "__init__.pyc")
    assert lane == "fast"


HIDDEN = [(module, name) for module, names in Ground(SERVING)._builtins for name in sorted(names)]


@pytest.mark.parametrize(("module", "name"), HIDDEN)
def test_a_name_that_hides_a_built_in_function_from_fastapi_is_seen(
    module: ModuleType, name: str
) -> None:
    replacement = getattr(builtins, name)
    with mock.patch.object(module, name, replacement, create=True):
        assert why_not_now() == f"{module.__name__}.{name} is instrumented"
    assert not is_served_by_fastapi()


def test_a_name_that_hides_nothing_is_no_replacement() -> None:
    with mock.patch.object(fastapi.routing, "unheard_of", len, create=True):
        assert not is_served_by_fastapi()
    assert not is_served_by_fastapi()


def test_pydantics_own_method_is_called_by_its_replacement() -> None:
    def validated(app: FastAPI) -> list[Any]:
        @app.get("/")
        def read(number: int = 0) -> Any:
            return number

        client, seen = TestClient(app), list[Any]()
        original = TypeAdapter.validate_python

        def replacement(self: Any, value: Any, **options: Any) -> Any:
            seen.append(value)
            return original(self, value, **options)

        with mock.patch.object(TypeAdapter, "validate_python", replacement):
            client.get("/?number=3")
        return seen

    assert validated(FastDepsAPI()) == validated(FastAPI()) != []


def test_a_ground_without_one_of_its_functions_is_none() -> None:
    with pytest.raises(LookupError):
        Ground({"fastapi.routing": ("request_response.<locals>.missing",)})


def run(program: str, path: Path | None = None, **environment: str) -> str:
    """What a program prints in a process of its own."""
    paths = [*([str(path)] if path else []), str(Path(__file__).parent.parent)]
    variables = {name: each for name, each in os.environ.items() if name != LANE_VARIABLE}
    variables |= {"PYTHONPATH": os.pathsep.join(paths), **environment}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_name_that_a_route_needs_for_what_was_just_inserted_is_asked_for() -> None:
    counts: list[int] = []
    for make in (FastAPI, FastDepsAPI):
        app, called = make(), Counter[str]()

        @app.get("/")
        async def endpoint() -> None: ...

        client = TestClient(app)
        for _ in range(3):
            client.get("/")
        original = fastapi.dependencies.utils.solve_dependencies

        async def counted(
            *args: Any, called: Counter[str] = called, original: Any = original, **options: Any
        ) -> Any:
            called["solve"] += 1
            return await original(*args, **options)

        route: Any = app.router.routes[-1]
        entry = get_parameterless_sub_dependant(depends=Depends(lambda: None), path="/")
        route.dependant.dependencies.append(entry)
        with mock.patch("fastapi.dependencies.utils.solve_dependencies", counted):
            client.get("/")
        counts.append(called["solve"])
    assert counts == [1, 1]


def test_a_fastapi_that_pytest_has_rewritten_for_its_assertions_is_served(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        'import pytest\npytest.register_assert_rewrite("fastapi")'
    )
    (tmp_path / "test_it.py").write_text(REWRITTEN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    variables = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout


REWRITTEN = """
import fastapi.routing
from fastapi.testclient import TestClient
from fastapi_fastdeps import FastDepsAPI

def test_it():
    assert "@pytest_ar" in vars(fastapi.routing)
    app = FastDepsAPI()
    app.get("/")(lambda limit: limit)
    assert TestClient(app).get("/?limit=7").json() == "7"
"""
