"""FastAPI's solver, replaced while a request waits for its body: it is read after that."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import anyio
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Form, Response, routing
from fastapi.routing import APIRoute
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI
from tests.harness.hops import everything
from tests.harness.raw import described, exchange
from tests.harness.wrapping import Wrapping

pytestmark = pytest.mark.usefixtures("both_lanes")

JSON = ((b"content-type", b"application/json"),)
FORM = ((b"content-type", b"application/x-www-form-urlencoded"),)


class Item(BaseModel):
    number: int


def dependency(response: Response, tasks: BackgroundTasks) -> Iterator[int]:
    response.headers["x-dependency"] = "1"
    tasks.add_task(int)
    yield 1


Needed = Annotated[int, Depends(dependency)]


def sync(item: Item, needed: Needed) -> int:
    return item.number + needed


async def awaited(item: Item, needed: Needed) -> int:
    return item.number + needed


def of_a_form(number: Annotated[int, Form()], needed: Needed) -> int:
    return number + needed


async def streamed(item: Item, needed: Needed) -> AsyncIterator[int]:
    yield item.number + needed


def streamed_of_a_form(number: Annotated[int, Form()], needed: Needed) -> Iterator[int]:
    yield number + needed


def answers(
    make: Callable[[], FastAPI], endpoint: Any, body: bytes, route_class: type[APIRoute]
) -> Any:
    app = make()
    app.router.route_class = route_class
    app.post("/")(endpoint)
    solve = routing.solve_dependencies  # type: ignore[attr-defined]
    solved: list[Any] = []
    outcomes: list[Any] = []

    async def solve_dependencies(**options: Any) -> Any:
        found = await solve(**options)
        solved.append((sorted(found.values), len(found.errors)))
        return found

    async def ask(patch: pytest.MonkeyPatch, *, is_replaced: bool) -> None:
        async def slow(scope: Any, receive: Any, send: Any) -> None:
            async def received() -> Any:
                if is_replaced:
                    patch.setattr(routing, "solve_dependencies", solve_dependencies)
                return await receive()

            await app(scope, received, send)

        sent: list[Any] = []
        error: BaseException | None = None
        headers = JSON if body.startswith(b"{") else FORM
        try:
            await exchange(slow, sent, method="POST", body=body, headers=headers)
        except BaseException as raised:
            error = raised
        outcomes.append((sent, described(error), list(solved)))

    async def main() -> None:
        for number in range(4):
            with pytest.MonkeyPatch.context() as patch:
                await ask(patch, is_replaced=number == 2)

    anyio.run(main)
    return outcomes


@pytest.mark.parametrize("route_class", [APIRoute, Wrapping])
@pytest.mark.parametrize("is_valid", [True, False], ids=["valid", "invalid"])
@pytest.mark.parametrize("endpoint", [sync, awaited, of_a_form, streamed, streamed_of_a_form])
def test_a_solver_is_called_that_takes_its_place_meanwhile(
    endpoint: Any, is_valid: bool, route_class: type[APIRoute]
) -> None:
    is_form = endpoint in (of_a_form, streamed_of_a_form)
    given = b"number=1" if is_form else b'{"number": 1}'
    body = given if is_valid else given.replace(b"1", b'"x"')
    expected = answers(FastAPI, endpoint, body, route_class)
    assert len(expected[-1][-1]) == 1
    assert answers(FastDepsAPI, endpoint, body, route_class) == expected
    assert answers(lambda: FastDepsAPI(classifier=everything), endpoint, body, route_class) == (
        expected
    )
