"""Trio through AnyIO, in the process: threads, cancellation and teardown of sync callables."""

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Any

import anyio
import httpx
import pytest
import trio
from fastapi import Depends, FastAPI

from fastapi_fastdeps import Inline, inline
from tests.neighbours.shop import (
    ASKED,
    PATHS,
    AppClass,
    RecordLanes,
    check_answer,
    make_shop,
    on_loop,
    place,
)


async def get(app: FastAPI, path: str, **params: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
        return await client.get(path, params=params)


def test_everything_runs_in_its_place(app_class: AppClass, record_lanes: RecordLanes) -> None:
    app = make_shop(app_class)
    for path in PATHS:
        answer = anyio.run(partial(get, app, path, **ASKED), backend="trio")
        check_answer(answer, app_class, path)
    record_lanes(app)


def test_an_inline_endpoint_runs_in_trios_own_task(app_class: AppClass) -> None:
    app = app_class()

    @app.get("/")
    @inline
    def endpoint() -> bool:
        return trio.lowlevel.in_trio_task()

    answer = anyio.run(get, app, "/", backend="trio")
    assert answer.json() is (on_loop(app_class) == "loop")


def test_a_session_is_closed_where_it_was_opened_when_the_request_is_cancelled(
    app_class: AppClass,
) -> None:
    places: list[str] = []

    def open_session() -> Iterator[None]:
        places.append(place())
        try:
            yield
        finally:
            places.append(place())

    app = app_class()

    @app.get("/")
    async def endpoint(session: Annotated[None, Depends(open_session), Inline]) -> None:
        await anyio.sleep_forever()

    async def give_up() -> None:
        with anyio.fail_after(0.5):
            await get(app, "/")

    with pytest.raises(TimeoutError):
        anyio.run(give_up, backend="trio")
    assert places == [on_loop(app_class)] * 2
