"""`max_concurrency` limits how many requests are inside a dependency at once."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import anyio
import httpx
import pytest
from fastapi import Depends, FastAPI

from fastapi_fastdeps import FastDepsAPI

from .frameworks import everything

_LIMIT = 2
_REQUESTS = 5


class Inside:
    """Counts who is between `enter` and `leave`, and keeps them there until `released`."""

    def __init__(self) -> None:
        self.now = self.peak = 0
        self.released = anyio.Event()

    def enter(self) -> None:
        self.now += 1
        self.peak = max(self.peak, self.now)

    def leave(self) -> None:
        self.now -= 1


def _generator(inside: Inside) -> Callable[..., Any]:
    def dependency() -> Iterator[None]:
        inside.enter()
        yield
        inside.leave()

    return dependency


def _async_generator(inside: Inside) -> Callable[..., Any]:
    async def dependency() -> AsyncIterator[None]:
        inside.enter()
        yield
        inside.leave()

    return dependency


def _coroutine(inside: Inside) -> Callable[..., Any]:
    async def dependency() -> None:
        inside.enter()
        await inside.released.wait()
        inside.leave()

    return dependency


@pytest.mark.parametrize("make", [_generator, _async_generator, _coroutine])
@pytest.mark.parametrize("limit", [_LIMIT, None])
@pytest.mark.parametrize(
    "app",
    [FastAPI, FastDepsAPI, lambda: FastDepsAPI(classifier=everything)],
    ids=["FastAPI", "FastDepsAPI", "FastDepsAPI, inline"],
)
def test_a_limit_holds_across_requests(
    app: Callable[[], FastAPI], make: Callable[[Inside], Callable[..., Any]], limit: int | None
) -> None:
    assert anyio.run(_peak, app(), make, limit) == (limit or _REQUESTS)


async def _peak(
    app: FastAPI, make: Callable[[Inside], Callable[..., Any]], limit: int | None
) -> int:
    inside = Inside()

    @app.get("/")
    async def endpoint(
        _: Annotated[None, Depends(make(inside), max_concurrency=limit)],
    ) -> None:
        await inside.released.wait()

    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        anyio.create_task_group() as group,
    ):
        for _ in range(_REQUESTS):
            group.start_soon(client.get, "/")
        with anyio.fail_after(10):
            while inside.now < (limit or _REQUESTS):
                await anyio.sleep(0.001)
        await anyio.sleep(0.02)
        inside.released.set()
    assert inside.now == 0
    return inside.peak
