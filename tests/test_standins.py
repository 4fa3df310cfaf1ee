"""Every kind of callable runs inline as it would run in a thread."""

import functools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from pydantic import BaseModel, PrivateAttr

from fastapi_fastdeps import FastDepsAPI, Inline, all_classes
from tests.hops import ask, everything, here

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
