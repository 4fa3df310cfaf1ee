"""What an endpoint streams: its dependencies by the plan, what it yields sent as FastAPI does."""

import sys
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Annotated, Any

import anyio
import fastapi.routing
import pytest
from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    Form,
    Header,
    HTTPException,
    Request,
    Response,
    Security,
)
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from fastapi.sse import EventSourceResponse
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, Threaded, explain
from tests.harness.hops import everything, here
from tests.harness.raw import described, exchange

pytestmark = pytest.mark.usefixtures("both_lanes")

KINDS = ("lines", "events", "raw")
Build = Callable[[Any, list[Any]], None]

variable: ContextVar[str] = ContextVar("variable", default="unset")


class Item(BaseModel):
    number: int


def route(app: Any, kind: str, endpoint: Callable[..., Any], **options: Any) -> None:
    if kind == "events":
        options["response_class"] = EventSourceResponse
    elif kind == "raw":
        options["response_class"] = StreamingResponse
    app.post("/", **options)(endpoint)


def messages(
    app: FastAPI,
    times: int = 3,
    *,
    fails_at: int | None = None,
    query: bytes = b"q=1",
    **request: Any,
) -> list[Any]:
    """What the app sends for the same request again and again, and what leaves it."""
    outcomes: list[Any] = []

    async def with_query(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "query_string": query}, receive, send)

    async def main() -> None:
        for _ in range(times):
            sent: list[Any] = []
            error: BaseException | None = None
            try:
                await exchange(with_query, sent, method="POST", fails_at=fails_at, **request)
            except BaseException as raised:
                error = raised
            outcomes.append((sent, described(error)))

    anyio.run(main)
    return outcomes


def alike(build: Build, **request: Any) -> list[Any]:
    """Have the same program served by FastAPI and by this package, inline and as it is, and
    compare what is sent and what was noted. Gives what was noted."""
    noted: list[Any] = []
    seen = []
    for app in (FastAPI(), FastDepsAPI(), FastDepsAPI(classifier=everything)):
        noted = []
        build(app, noted)
        seen.append((messages(app, **request), noted))
    router, app = FastDepsRouter(), FastDepsAPI()
    noted = []
    build(router, noted)
    app.include_router(router)
    seen.append((messages(app, **request), noted))
    assert seen[1] == seen[0]
    assert seen[2] == seen[0]
    assert seen[3] == seen[0]
    return noted


def streaming(
    kind: str, noted: list[Any], *, is_async: bool, fails_after: int | None = None
) -> Any:
    """An endpoint that streams three items, and notes what its dependencies gave it."""
    make: Callable[[int], Any] = str if kind == "raw" else lambda number: Item(number=number)

    def numbers() -> Iterator[int]:
        for number in range(3):
            if number == fails_after:
                raise LookupError(f"after {number}")
            yield number

    def sync_endpoint(
        request: Request,
        q: int,
        outer: Annotated[str, Depends(_outer(noted))],
        inner: Annotated[str, Depends(_inner(noted), scope="function")],
        setting: Annotated[None, Depends(_setting)],
    ) -> Iterable[Any]:
        noted.append(("begins", q, outer, inner, request.method, variable.get()))
        try:
            for number in numbers():
                noted.append(number)
                yield make(number)
        finally:
            noted.append("ends")

    async def async_endpoint(
        request: Request,
        q: int,
        outer: Annotated[str, Depends(_outer(noted))],
        inner: Annotated[str, Depends(_inner(noted), scope="function")],
        setting: Annotated[None, Depends(_setting)],
    ) -> AsyncIterable[Any]:
        noted.append(("begins", q, outer, inner, request.method, variable.get()))
        try:
            for number in numbers():
                noted.append(number)
                yield make(number)
        finally:
            noted.append("ends")

    return async_endpoint if is_async else sync_endpoint


def _outer(noted: list[Any]) -> Any:
    def outer(q: int) -> Iterator[str]:
        noted.append(f"outer {q}")
        try:
            yield "outer"
        except BaseException as error:
            noted.append(("outer", type(error).__name__))
            raise
        finally:
            noted.append("outer left")

    return outer


def _inner(noted: list[Any]) -> Any:
    async def inner(outer: Annotated[str, Depends(_outer(noted))]) -> AsyncIterator[str]:
        noted.append(f"inner {outer}")
        try:
            yield "inner"
        finally:
            noted.append("inner left")

    return inner


async def _setting() -> None:
    variable.set("set")


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("kind", KINDS)
class TestAStream:
    def test_is_what_it_is_in_fastapi_and_so_is_what_happens_around_it(
        self, kind: str, is_async: bool
    ) -> None:
        def build(app: Any, noted: list[Any]) -> None:
            route(app, kind, streaming(kind, noted, is_async=is_async))

        noted = alike(build)
        assert ("begins", 1, "outer", "inner", "POST", "set") in noted
        assert "outer left" in noted

    def test_fails_between_items_as_in_fastapi(self, kind: str, is_async: bool) -> None:
        def build(app: Any, noted: list[Any]) -> None:
            route(app, kind, streaming(kind, noted, is_async=is_async, fails_after=1))

        assert "outer left" in alike(build)

    def test_fails_before_its_first_item_as_in_fastapi(self, kind: str, is_async: bool) -> None:
        def build(app: Any, noted: list[Any]) -> None:
            route(app, kind, streaming(kind, noted, is_async=is_async, fails_after=0))

        assert "outer left" in alike(build)

    def test_is_not_begun_where_a_parameter_does_not_validate(
        self, kind: str, is_async: bool
    ) -> None:
        def build(app: Any, noted: list[Any]) -> None:
            route(app, kind, streaming(kind, noted, is_async=is_async))

        assert not any(each[0] == "begins" for each in alike(build, query=b"q=one"))

    @pytest.mark.parametrize("fails_at", [1, 2])
    def test_ends_as_in_fastapi_where_the_client_is_gone(
        self, fails_at: int, kind: str, is_async: bool
    ) -> None:
        def build(app: Any, noted: list[Any]) -> None:
            route(app, kind, streaming(kind, [], is_async=is_async))

        alike(build, fails_at=fails_at)

    def test_is_not_begun_where_a_dependency_fails(self, kind: str, is_async: bool) -> None:
        def build(app: Any, noted: list[Any]) -> None:
            def refuse(outer: Annotated[str, Depends(_outer(noted))]) -> None:
                raise HTTPException(401, "no")

            endpoint = streaming(kind, noted, is_async=is_async)
            route(app, kind, endpoint, dependencies=[Depends(refuse)])

        assert "outer left" in alike(build)

    def test_is_in_the_fast_lane_unless_that_is_off(self, kind: str, is_async: bool) -> None:
        app = FastDepsAPI()
        route(app, kind, streaming(kind, [], is_async=is_async))
        messages(app)
        (record,) = [each for each in explain(app) if each.path == "/"]
        is_fast = "LANE=" not in record.why
        assert (record.lane, record.source is not None) == (
            ("fast", True) if is_fast else ("fastapi", False)
        )


def test_the_response_of_a_stream_has_the_headers_the_status_and_the_tasks_of_dependencies() -> (
    None
):
    def build(app: Any, noted: list[Any]) -> None:
        def add(response: Response, tasks: BackgroundTasks) -> None:
            response.headers["x-added"] = "1"
            response.status_code = 203
            tasks.add_task(noted.append, "task")

        async def items(tasks: BackgroundTasks) -> AsyncIterable[Item]:
            tasks.add_task(noted.append, "another")
            yield Item(number=1)

        route(app, "lines", items, dependencies=[Depends(add)])

    assert "task" in alike(build)


def test_a_form_is_read_and_closed_once() -> None:
    def build(app: Any, noted: list[Any]) -> None:
        def sized(word: Annotated[str, Form()]) -> int:
            return len(word)

        async def items(
            word: Annotated[str, Form()], size: Annotated[int, Depends(sized)]
        ) -> AsyncIterable[Item]:
            noted.append(word)
            yield Item(number=size)

        route(app, "lines", items)

    headers = ((b"content-type", b"application/x-www-form-urlencoded"),)
    assert alike(build, body=b"word=three", headers=headers) == ["three"] * 3
    alike(build, body=b"other=three", headers=headers)


def test_a_body_is_validated_as_in_fastapi() -> None:
    def build(app: Any, noted: list[Any]) -> None:
        def doubled(item: Item) -> int:
            return item.number * 2

        async def items(
            item: Item,
            double: Annotated[int, Depends(doubled)],
            agent: Annotated[str, Header()] = "",
        ) -> AsyncIterable[Item]:
            noted.append((item, double, agent))
            yield item

        route(app, "lines", items)

    headers = ((b"content-type", b"application/json"),)
    assert len(alike(build, body=b'{"number": 1}', headers=headers)) == 3
    for body in (b'{"number": "one"}', b"{", b""):
        assert alike(build, body=body, headers=headers) == []


def test_security_scopes_are_those_of_the_place() -> None:
    def build(app: Any, noted: list[Any]) -> None:
        def scoped(scopes: SecurityScopes) -> list[str]:
            noted.append(scopes.scopes)
            return scopes.scopes

        async def items(
            one: Annotated[list[str], Security(scoped, scopes=["one"])],
            two: Annotated[list[str], Security(scoped, scopes=["two"])],
        ) -> AsyncIterable[list[str]]:
            yield one
            yield two

        route(app, "lines", items, dependencies=[])

    assert alike(build) == [["one"], ["two"]] * 3


def test_an_override_that_is_in_force_now_and_then_is_followed() -> None:
    def real() -> str:
        return "real"

    def items(word: Annotated[str, Depends(real)]) -> Iterable[str]:
        yield word

    app = FastDepsAPI()
    app.get("/")(items)
    client = TestClient(app)
    assert [client.get("/").text for _ in range(3)] == ['"real"\n'] * 3
    app.dependency_overrides[real] = lambda: "override"
    assert [client.get("/").text for _ in range(3)] == ['"override"\n'] * 3
    app.dependency_overrides.clear()
    assert client.get("/").text == '"real"\n'


def test_a_guard_that_is_put_into_the_tree_stops_the_stream() -> None:
    async def items() -> AsyncIterable[str]:
        yield "secret"

    async def refuse() -> None:
        raise HTTPException(403)

    app = FastDepsAPI()
    app.get("/")(items)
    client = TestClient(app)
    assert [client.get("/").status_code for _ in range(3)] == [200] * 3
    (found,) = [each for each in app.routes if getattr(each, "path", "") == "/"]
    assert isinstance(found, APIRoute)
    guard = fastapi.dependencies.utils.get_parameterless_sub_dependant(
        depends=Depends(refuse), path="/"
    )
    found.dependant.dependencies.insert(0, guard)
    assert client.get("/").status_code == 403
    found.dependant.dependencies.clear()
    assert client.get("/").status_code == 200


def test_a_solver_that_something_unknown_has_replaced_is_called_for_a_stream(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solve = fastapi.routing.solve_dependencies  # type: ignore[attr-defined]
    solved: list[list[str]] = []

    async def solve_dependencies(**options: Any) -> Any:
        found = await solve(**options)
        solved.append(sorted(found.values))
        return found

    async def items(q: int) -> AsyncIterable[int]:
        yield q

    app = FastDepsAPI()
    app.get("/")(items)
    client = TestClient(app)
    client.get("/?q=1")
    monkeypatch.setattr(fastapi.routing, "solve_dependencies", solve_dependencies)
    assert client.get("/?q=1").text == "1\n"
    assert solved == [["q"]]


class Wrapping(APIRoute):
    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def wrapped(request: Request) -> Response:
            response: Response = await handler(request)
            response.headers["x-wrapped"] = "1"
            return response

        return wrapped


@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_route_class_of_the_users_wraps_the_handler_that_streams(
    kind: str, is_async: bool
) -> None:
    def build(app: Any, noted: list[Any]) -> None:
        getattr(app, "router", app).route_class = Wrapping
        route(app, kind, streaming(kind, noted, is_async=is_async))

    noted = alike(build)
    assert ("begins", 1, "outer", "inner", "POST", "set") in noted


def test_a_dependency_that_asks_another_stream_gets_its_own_values() -> None:
    def build(app: Any, noted: list[Any]) -> None:
        async def inner(word: str = "inner") -> AsyncIterable[str]:
            yield word

        async def asked(request: Request) -> str:
            sent: list[Any] = []
            await exchange(request.app, sent, path="/inner")
            return b"".join(each.get("body", b"") for each in sent).decode()

        async def items(
            found: Annotated[str, Depends(asked)], word: str = "outer"
        ) -> AsyncIterable[str]:
            noted.append((found, word))
            yield found

        app.get("/inner")(inner)
        route(app, "lines", items)

    assert alike(build) == [('"inner"\n', "outer")] * 3


def test_dependencies_of_a_stream_run_where_they_were_decided() -> None:
    where: list[str] = []

    def inline() -> None:
        where.append(f"inline {here()}")

    def threaded() -> None:
        where.append(f"threaded {here()}")

    async def items(
        one: Annotated[None, Depends(inline)], two: Annotated[None, Depends(threaded), Threaded]
    ) -> AsyncIterable[str]:
        yield here()

    app = FastDepsAPI(classifier=lambda each: None if each.call is threaded else everything(each))
    app.get("/")(items)
    client = TestClient(app)
    for _ in range(3):
        assert client.get("/").text == '"loop"\n'
    assert where == ["inline loop", "threaded thread"] * 3


def test_requests_at_the_same_time_have_streams_of_their_own() -> None:
    async def slow(q: int) -> int:
        await anyio.sleep(0)
        return q

    async def items(q: int, again: Annotated[int, Depends(slow)]) -> AsyncIterable[tuple[int, int]]:
        for _ in range(3):
            await anyio.sleep(0)
            yield q, again

    app = FastDepsAPI()
    app.post("/")(items)
    answers: dict[int, bytes] = {}

    async def ask(number: int) -> None:
        sent: list[Any] = []

        async def with_query(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "query_string": b"q=%d" % number}, receive, send)

        await exchange(with_query, sent, method="POST")
        answers[number] = b"".join(each.get("body", b"") for each in sent)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, number)

    anyio.run(main)
    assert answers == {number: b"[%d,%d]\n" % (number, number) * 3 for number in range(20)}


def test_the_traceback_of_an_endpoint_that_fails_shows_the_users_line() -> None:
    async def items() -> AsyncIterable[str]:
        raise LookupError("here")
        yield ""

    app = FastDepsAPI()
    app.get("/")(items)
    with pytest.raises((LookupError, ExceptionGroup)) as raised:
        TestClient(app).get("/")
    error: BaseException = raised.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    frame, traceback = sys._getframe().f_code, error.__traceback__
    files = []
    while traceback is not None:
        files.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    assert files[-1] == frame.co_filename
