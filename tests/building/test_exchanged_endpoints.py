"""An endpoint of any kind that stands in the place of one of any kind, as in FastAPI."""

import functools
import gc
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, HTTPException
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute
from fastapi.sse import EventSourceResponse

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter
from tests.harness.crowd import in_loop
from tests.harness.garbage import only_new_garbage
from tests.harness.hops import everything
from tests.harness.raw import exchange

called: list[str] = []


def sync() -> str:
    called.append("sync")
    return "sync"


async def awaited() -> str:
    called.append("async")
    return "async"


def generator() -> Any:
    called.append("generator")
    yield "generator"


async def async_generator() -> Any:
    called.append("async generator")
    yield "async generator"


async def refuses() -> str:
    called.append("refuses")
    raise HTTPException(403)


class Called:
    def __call__(self) -> str:
        called.append("called")
        return "called"


class Awaited:
    async def __call__(self) -> str:
        called.append("awaited")
        return "awaited"


KINDS: dict[str, Callable[..., Any]] = {
    "sync": sync,
    "async": awaited,
    "generator": generator,
    "async_generator": async_generator,
    "refuses": refuses,
    "partial": functools.partial(sync),
    "partial_generator": functools.partial(generator),
    "called": Called(),
    "awaited": Awaited(),
}
CLASSES = {"json": None, "text": PlainTextResponse, "sse": EventSourceResponse}


def _by_app(app: FastAPI, router: APIRouter, endpoint: Any, options: dict[str, Any]) -> Any:
    app.get("/", **options)(endpoint)
    return app.router.routes[-1]


def _by_hand(app: FastAPI, router: APIRouter, endpoint: Any, options: dict[str, Any]) -> Any:
    app.router.routes.append(APIRoute("/", endpoint, **options))
    return app.router.routes[-1]


def _included(app: FastAPI, router: APIRouter, endpoint: Any, options: dict[str, Any]) -> Any:
    router.get("/", **options)(endpoint)
    app.include_router(router)
    return router.routes[-1]


class Wrapping(APIRoute):
    def get_route_handler(self) -> Callable[..., Any]:
        handle = super().get_route_handler()

        async def wrapping(request: Any) -> Any:
            called.append("wrapped")
            return await handle(request)

        return wrapping


def _wrapped(app: FastAPI, router: APIRouter, endpoint: Any, options: dict[str, Any]) -> Any:
    app.router.route_class = Wrapping
    return _by_app(app, router, endpoint, options)


MADE = {"app": _by_app, "hand": _by_hand, "included": _included, "wrapped": _wrapped}


async def answers(
    app: FastAPI, router: APIRouter, made: str, kinds: list[str], options: Any
) -> list[Any]:
    """What is answered with each endpoint in turn, where it says so."""
    route = MADE[made](app, router, KINDS[kinds[0]], options)
    found: list[Any] = []
    for kind in kinds[1:]:
        called.clear()
        if kind != "request":
            route.dependant.call = KINDS[kind]
            continue
        sent: list[Any] = []
        raised: type[Exception] | None = None
        try:
            await exchange(app, sent)
        except Exception as error:
            raised = type(error)
        found.append((sent, raised, list(called)))
    return found


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("made", MADE)
@pytest.mark.parametrize("response_class", CLASSES)
@pytest.mark.parametrize("first", KINDS)
@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@only_new_garbage()
def test_an_exchanged_endpoint_is_called_as_by_fastapi(
    first: str, response_class: str, made: str
) -> None:
    given = CLASSES[response_class]
    options = {} if given is None else {"response_class": given}

    async def run() -> None:
        for second, before in zip(KINDS, itertools.cycle(([], ["request"])), strict=False):
            kinds = [first, *before, second, "request", first, "request"]
            expected = await answers(FastAPI(), APIRouter(), made, kinds, options)
            unmarked = await answers(FastDepsAPI(), FastDepsRouter(), made, kinds, options)
            app = FastDepsAPI(classifier=everything)
            inline = await answers(app, FastDepsRouter(), made, kinds, options)
            assert unmarked == expected, kinds
            assert inline == expected, kinds

    in_loop(run)
    # Coroutines that nobody has awaited.
    gc.collect()
