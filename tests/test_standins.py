"""Every kind of callable runs inline as it would run in a thread."""

import functools
import linecache
import os
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from pydantic import BaseModel, PrivateAttr

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    Inline,
    Threaded,
    all_classes,
)
from tests.harness.hops import ask, everything, here

pytestmark = pytest.mark.usefixtures("both_lanes")

T = TypeVar("T")


def function(q: str) -> list[str]:
    return [q, here()]


class Plain:
    def __init__(self, q: str) -> None:
        self.q = q
        self.where = here()


@dataclass
class Data:
    q: str

    def __post_init__(self) -> None:
        self.where = here()


class Model(BaseModel):
    q: str
    _where: str = PrivateAttr(default_factory=here)

    @property
    def where(self) -> str:
        return self._where


class Meta(type):
    def __call__(cls, q: str) -> Any:
        instance = super().__call__()
        instance.q, instance.where = q, here()
        return instance


class Made(metaclass=Meta): ...


class Repo(Generic[T]):
    def __init__(self, args: str = "", kwargs: str = "") -> None:
        self.q = args
        self.where = here()


class Service:
    def __call__(self, q: str) -> list[str]:
        return [q, here()]

    def bound(self, q: str) -> list[str]:
        return [q, here()]

    @classmethod
    def of_class(cls, q: str) -> list[str]:
        return [q, here()]

    @staticmethod
    def static(q: str) -> list[str]:
        return [q, here()]


def decorated(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(*args: Any, **values: Any) -> Any:
        return call(*args, **values)

    return wrapper


class Managed:
    """A context manager is a value like any other: FastAPI does not enter it."""

    def __init__(self, q: str) -> None:
        self.q = q
        self.where = here()

    def __enter__(self) -> None:
        raise AssertionError("entered")

    def __exit__(self, *_: object) -> None:
        raise AssertionError("left")


def generator(q: str) -> Iterator[list[str]]:
    yield [q, here()]


class Generators:
    def __call__(self, q: str) -> Iterator[list[str]]:
        yield [q, here()]

    def bound(self, q: str) -> Iterator[list[str]]:
        yield [q, here()]


CALLABLES: dict[str, Callable[..., Any]] = {
    "function": function,
    "lambda": lambda q: [q, here()],
    "class": Plain,
    "dataclass": Data,
    "Pydantic model": Model,
    "class whose metaclass is called": Made,
    "callable instance": Service(),
    "bound method": Service().bound,
    "class method": Service.of_class,
    "static method": Service.static,
    "bound dunder call": Service().__call__,
    "partial": functools.partial(function),
    "partial with values": functools.partial(lambda q, where: [q, where()], where=here),
    "partial of a partial": functools.partial(functools.partial(function)),
    "partial of a class": functools.partial(Plain),
    "partial of a callable instance": functools.partial(Service()),
    "wrapped function": decorated(function),
    "wrapped class": decorated(Plain),
    "wrapped callable instance": decorated(Service()),
    "wrapped twice": decorated(decorated(function)),
    "partial of a wrapped function": functools.partial(decorated(function)),
    "context manager object": Managed,
}
GENERATORS: dict[str, Callable[..., Any]] = {
    "generator function": generator,
    "callable instance with a generator": Generators(),
    "bound generator method": Generators().bound,
    "partial of a generator": functools.partial(generator),
    "wrapped generator": decorated(generator),
}
EVERY = CALLABLES | GENERATORS


def shown(value: Any) -> Any:
    return [value.q, value.where] if hasattr(value, "where") else value


def app_of(app: FastAPI, call: Callable[..., Any], *place: Any) -> FastAPI:
    @app.get("/")
    async def read(value: Annotated[Any, Depends(call), *place]) -> Any:
        return shown(value)

    return app


@pytest.mark.parametrize("kind", EVERY)
def test_a_callable_runs_inline_where_the_place_says_so(kind: str) -> None:
    app = app_of(FastDepsAPI(), EVERY[kind], Inline)
    assert ask(app, "/?q=x") == (["x", "loop"], 0)


@pytest.mark.parametrize("kind", EVERY)
def test_a_callable_runs_inline_where_the_classifier_says_so(kind: str) -> None:
    app = app_of(FastDepsAPI(classifier=everything), EVERY[kind])
    assert ask(app, "/?q=x") == (["x", "loop"], 0)


@pytest.mark.parametrize("kind", EVERY)
def test_a_callable_that_no_one_marked_runs_in_a_thread(kind: str) -> None:
    threads = 2 if kind in GENERATORS else 1
    assert ask(app_of(FastDepsAPI(), EVERY[kind]), "/?q=x") == (["x", "thread"], threads)
    assert ask(app_of(FastAPI(), EVERY[kind]), "/?q=x") == (["x", "thread"], threads)


@pytest.mark.parametrize("kind", EVERY)
def test_a_missing_parameter_of_a_callable_is_the_error_that_fastapi_gives(kind: str) -> None:
    stock = TestClient(app_of(FastAPI(), EVERY[kind])).get("/")
    inline = TestClient(app_of(FastDepsAPI(classifier=everything), EVERY[kind])).get("/")
    assert stock.status_code == 422
    assert (inline.status_code, inline.content) == (stock.status_code, stock.content)


@pytest.mark.parametrize("kind", EVERY)
def test_a_callable_is_an_endpoint_inline(kind: str) -> None:
    def built(app: FastAPI) -> FastAPI:
        app.get("/", response_model=None)(EVERY[kind])
        return app

    stock, threads = ask(built(FastAPI()), "/?q=x")
    inline, none = ask(built(FastDepsAPI(classifier=everything)), "/?q=x")
    assert inline == _moved(stock)
    assert (threads > 0, none) == (True, 0)


def _moved(body: Any) -> Any:
    if isinstance(body, list):
        return [_moved(item) for item in body]
    if isinstance(body, dict):
        return {name: _moved(item) for name, item in body.items()}
    return "loop" if body == "thread" else body


def test_a_builtin_runs_inline_where_the_place_says_so() -> None:
    app = app_of(FastDepsAPI(), os.getpid, Inline)
    assert ask(app) == (os.getpid(), 0)
    assert ask(app_of(FastDepsAPI(), os.getpid)) == (os.getpid(), 1)


def test_a_callable_in_c_runs_inline_where_the_place_says_so() -> None:
    app = app_of(FastDepsAPI(), functools.partial(os.getpid), Inline)
    assert ask(app) == (os.getpid(), 0)
    assert ask(app_of(FastDepsAPI(), "text".upper, Inline)) == ("TEXT", 0)


def test_a_builtin_is_an_endpoint_inline() -> None:
    app = FastDepsAPI(classifier=everything)
    app.get("/")(os.getpid)
    assert ask(app) == (os.getpid(), 0)


def test_a_generic_alias_is_what_fastapi_takes_it_for() -> None:
    stock = app_of(FastAPI(), Repo[int])
    # FastAPI reads the signature of the alias, `(*args, **kwargs)`, not that of the class.
    assert ask(stock, "/?args=x&kwargs=y") == (["x", "thread"], 1)
    for app in (
        app_of(FastDepsAPI(), Repo[int], Inline),
        app_of(FastDepsAPI(classifier=all_classes), Repo[int]),
    ):
        assert ask(app, "/?args=x&kwargs=y") == (["x", "loop"], 0)
        missing, stock_missing = TestClient(app).get("/"), TestClient(stock).get("/")
        assert missing.json() == stock_missing.json()


def test_a_generic_class_without_parameters_of_its_own_runs_inline() -> None:
    app = FastDepsAPI(classifier=all_classes)

    class IntRepo(Repo[int]):
        def __init__(self, q: str) -> None:
            super().__init__(q)

    assert ask(app_of(app, IntRepo), "/?q=x") == (["x", "loop"], 0)


def test_an_object_that_takes_neither_hash_nor_attribute_is_refused_as_by_fastapi() -> None:
    class Bare:
        __slots__ = ()
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            return self is other

        def __call__(self, q: str) -> list[str]:
            return [q, here()]

    for app in (app_of(FastAPI(), Bare()), app_of(FastDepsAPI(), Bare(), Inline)):
        with pytest.raises(TypeError, match="unhashable type: 'Bare'"):
            ask(app, "/?q=x")


def test_an_exception_of_an_inline_callable_ends_in_its_own_frame() -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    app = app_of(FastDepsAPI(classifier=everything), fail)
    app.get("/endpoint")(fail)
    for path in ("/", "/endpoint"):
        with pytest.raises(LookupError, match="no such thing") as raised:
            TestClient(app).get(path)
        assert raised.traceback[-1].frame.code.raw is fail.__code__


def test_a_class_that_returns_something_async_is_not_awaited() -> None:
    async def later() -> str:
        return "later"

    class Lazy:
        def __init__(self) -> None:
            self.coroutine = later()

    app = FastDepsAPI(classifier=everything)

    @app.get("/")
    async def read(lazy: Annotated[Lazy, Depends()]) -> str:
        return await lazy.coroutine

    assert ask(app) == ("later", 0)


NAMES = [
    "self",
    "call",
    "candidate",
    "function",
    "arguments",
    "args",
    "kwds",
    "items",
    "values",
    "error",
    "manager",
    "dependant",
    "stack",
    "iterator",
]
WITH_NAME = {
    "function": "def call({0}: str = 'd'): return {0}",
    "async function": "async def call({0}: str = 'd'): return {0}",
    "generator": "def call({0}: str = 'd'): yield {0}",
    "async generator": "async def call({0}: str = 'd'): yield {0}",
    "class": "class call:\n def __init__(this, {0}: str = 'd'): this.q = {0}",
}


@pytest.mark.parametrize("kind", WITH_NAME)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", [(), ("tag",), (Inline,)], ids=["bare", "tagged", "inline"])
def test_a_parameter_may_have_any_name(kind: str, name: str, place: tuple[Any, ...]) -> None:
    namespace: dict[str, Any] = {}
    exec(WITH_NAME[kind].format(name), namespace)
    call = namespace["call"]
    if place == (Inline,) and "async" in kind:
        place = ()

    def answers(app: FastAPI, *metadata: Any) -> list[Any]:
        @app.get("/")
        def read(value: Annotated[Any, Depends(call), *metadata]):  # type: ignore[no-untyped-def]
            return value

        app.get("/endpoint", response_model=None)(call)
        client = TestClient(app)
        return [client.get(path, params={name: "x"}).text for path in ("/", "/endpoint")]

    stock = answers(FastAPI())
    assert answers(FastDepsAPI(), *place) == stock
    assert answers(FastDepsAPI(classifier=everything), *place) == stock


class NeverEqual:
    calls = 0

    def __eq__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


@pytest.mark.parametrize("place", [(), ("tag",)], ids=["bare", "tagged"])
def test_a_callable_that_does_not_equal_itself_is_called_once(place: tuple[Any, ...]) -> None:
    def answer(app: FastAPI) -> Any:
        call = NeverEqual()

        def other(value: Annotated[int, Depends(call), *place]) -> int:
            return value

        @app.get("/")
        def read(
            first: Annotated[int, Depends(other)], second: Annotated[int, Depends(call), *place]
        ) -> list[int]:
            return [first, second]

        return TestClient(app).get("/").json()

    assert answer(FastAPI()) == answer(FastDepsAPI()) == [1, 1]
    assert answer(FastDepsAPI(classifier=everything)) == [1, 1]


def test_a_wrapper_of_a_generator_function_runs_where_it_does_in_fastapi() -> None:
    def answer(app: FastAPI, *metadata: Any) -> Any:
        def inner() -> Iterator[str]:
            yield ""

        @functools.wraps(inner)
        def wrapper() -> Iterator[str]:
            where = here()
            return (where for _ in range(1))

        @app.get("/")
        def read(where: Annotated[str, Depends(wrapper), *metadata]) -> str:
            return where

        return TestClient(app).get("/").json()

    assert answer(FastAPI()) == answer(FastDepsAPI(), "tag") == "loop"


def passing(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapper(**values: Any) -> Any:
        return call(**values)

    return wrapper


def fails(number: int) -> None:
    raise LookupError(number)


class Fails:
    def __init__(self, number: int) -> None:
        raise LookupError(number)

    @staticmethod
    def static(number: int) -> None:
        raise LookupError(number)


class FailsWhenCalled:
    def __call__(self, number: int) -> None:
        raise LookupError(number)

    @passing
    def method(self, number: int) -> None:
        raise LookupError(number)


def fails_in_a_stream(number: int) -> Iterator[str]:
    yield "first"
    raise LookupError(number)


FAILING: dict[str, Callable[..., Any]] = {
    "function": fails,
    "wrapped": passing(fails),
    "wrapped twice": passing(passing(fails)),
    "class": Fails,
    "wrapped class": passing(Fails),
    "static method": Fails.static,
    "callable instance": FailsWhenCalled(),
    "wrapped callable instance": passing(FailsWhenCalled()),
    "partial": functools.partial(fails),
    "generator": fails_in_a_stream,
    "wrapped generator": passing(fails_in_a_stream),
    "cached": functools.lru_cache(fails),
}


def frames_in_this_file(app: FastAPI, call: Callable[..., Any]) -> list[tuple[str, int]]:
    app.get("/", response_model=None, response_class=StreamingResponse)(call)
    with pytest.raises(LookupError) as raised:
        TestClient(app).get("/?number=1")
    # Of the frames that pytest shows, the first is this function's.
    return [
        (frame.name, frame.lineno or 0)
        for frame in traceback.extract_tb(raised.tb)
        if frame.filename == __file__ and frame.name != frames_in_this_file.__name__
    ]


@pytest.mark.parametrize("call", FAILING.values(), ids=list(FAILING))
def test_an_inline_endpoint_stands_in_a_traceback_as_in_fastapi(call: Callable[..., Any]) -> None:
    stock = frames_in_this_file(FastAPI(), call)
    assert frames_in_this_file(FastDepsAPI(classifier=everything), call) == stock


async def fails_in_the_loop(number: int) -> None:
    raise LookupError(number)


class Wrapping(APIRoute):
    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def wrapping(request: Request) -> Response:
            response: Response = await handler(request)
            return response

        return wrapping


def in_threads_of_its_own(_: Candidate, /) -> Execution | None:
    return Threaded(limiter="own")


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("route_class", [APIRoute, Wrapping])
@pytest.mark.parametrize("classifier", [None, everything, in_threads_of_its_own])
@pytest.mark.parametrize("call", [fails_in_the_loop, *FAILING.values()], ids=["async", *FAILING])
def test_no_other_function_stands_where_an_endpoint_does_in_a_traceback(
    call: Callable[..., Any], classifier: Any, route_class: type[APIRoute]
) -> None:
    stock, app = FastAPI(), FastDepsAPI(classifier=classifier, limiters={"own": 1})
    stock.router.route_class = app.router.route_class = route_class
    assert frames_in_this_file(app, call) == frames_in_this_file(stock, call)


def test_nor_where_one_does_that_has_taken_the_place_of_an_async_one() -> None:
    def frames(make: Callable[[], FastAPI]) -> list[str]:
        app = make()
        app.get("/")(fails_in_the_loop)
        (route,) = (each for each in app.routes if isinstance(each, APIRoute))
        route.dependant.call = fails
        with pytest.raises(LookupError) as raised:
            TestClient(app).get("/?number=1")
        found = traceback.extract_tb(raised.tb)
        return [frame.name for frame in found if frame.filename == __file__]

    assert frames(FastDepsAPI) == frames(FastAPI) == ["frames", "fails"]


@pytest.mark.parametrize("call", FAILING.values(), ids=list(FAILING))
def test_a_validation_error_names_an_inline_endpoint_as_in_fastapi(
    call: Callable[..., Any],
) -> None:
    async def unhandled(_: Any, error: Exception) -> Response:
        raise error

    def said(app: FastAPI) -> list[Any]:
        app.get("/", response_model=None)(call)
        app.add_exception_handler(RequestValidationError, unhandled)
        with pytest.raises(RequestValidationError) as raised:
            TestClient(app).get("/?number=one")
        return [raised.value.endpoint_file, raised.value.endpoint_line, str(raised.value)]

    assert said(FastDepsAPI(classifier=everything)) == said(FastAPI())


NOT_ON_THE_DISK = """
import functools
import linecache

def endpoint(q: int):
    yield q

def decorated(call):
    @functools.wraps(call)
    def calling(**values):
        return call(**values)
    return calling

plain = decorated(lambda q=0: q)
"""


@pytest.mark.parametrize("name", ["endpoint", "plain"])
def test_a_file_that_is_not_on_the_disk_has_no_lines_of_another(name: str) -> None:
    names: dict[str, Any] = {"__name__": "not_on_the_disk"}
    exec(compile(NOT_ON_THE_DISK, "/not/on/the_disk.py", "exec"), names)

    def context(app: FastAPI) -> Any:
        noted: list[Any] = []

        @app.exception_handler(RequestValidationError)
        async def note(_: Any, error: RequestValidationError) -> Response:
            noted.append((error.endpoint_file, error.endpoint_line, error.endpoint_function))
            return Response()

        app.get("/")(names[name])
        TestClient(app).get("/", params={"q": "no number"})
        return noted, linecache.cache.get("/not/on/the_disk.py")

    expected = context(FastAPI())
    assert context(FastDepsAPI(classifier=everything)) == expected
