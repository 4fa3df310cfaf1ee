"""What a dependency changes is seen by what FastAPI comes to after it."""

import gc
import warnings
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import pytest
from fastapi import (
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    WebSocket,
    WebSocketDisconnect,
)
from fastapi.dependencies.utils import get_dependant, get_parameterless_sub_dependant
from fastapi.exceptions import (
    RequestValidationError,
    ResponseValidationError,
    WebSocketRequestValidationError,
)
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from pydantic import AfterValidator

from fastapi_fastdeps import Candidate, FastDepsAPI, Inline
from fastapi_fastdeps._serving.current import CurrentPlan
from tests.harness.garbage import only_new_garbage

Make = Callable[[], FastAPI]
Answer = Callable[[Make], Any]


def everything(candidate: Candidate) -> Inline:
    return Inline()


@pytest.fixture(params=[1, 2], ids=["at once", "from the second request on"], autouse=True)
def a_plan(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CurrentPlan, "from_request", request.param)


def compare(answer: Answer) -> Any:
    """What FastAPI answers, where ours answers the same, unmarked and inline."""
    expected = answer(FastAPI)
    assert answer(FastDepsAPI) == expected
    assert answer(lambda: FastDepsAPI(classifier=everything)) == expected
    return expected


def dependant_of(app: FastAPI) -> Any:
    (route,) = [each for each in app.routes if isinstance(each, APIRoute | APIWebSocketRoute)]
    return route.dependant


def ask(app: FastAPI, path: str = "/", times: int = 3, **options: Any) -> list[Any]:
    client = TestClient(app, raise_server_exceptions=False)
    responses = [client.get(path, **options) for _ in range(times)]
    return [(each.status_code, each.text) for each in responses]


def deny() -> None:
    raise HTTPException(403)


def one() -> int:
    return 1


def two() -> int:
    return 2


def test_a_guard_that_a_dependency_appends() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def first() -> None:
            guard = get_parameterless_sub_dependant(depends=Depends(deny), path="/")
            dependant_of(app).dependencies.append(guard)

        @app.get("/")
        def endpoint(value: Annotated[None, Depends(first)]) -> str:
            return "in"

        return ask(app)

    assert compare(answer)[0][0] == 403


def test_a_dependency_that_is_inserted_before_the_one_that_is_running() -> None:
    def answer(make: Make) -> Any:
        app = make()
        calls: list[str] = []

        def first() -> None:
            calls.append("first")
            if len(calls) == 2:
                made = get_dependant(path="/", call=lambda: calls.append("new"))
                dependant_of(app).dependencies.insert(0, made)

        def second() -> None:
            calls.append("second")

        @app.get("/")
        def endpoint(
            a: Annotated[None, Depends(first, use_cache=False)],
            b: Annotated[None, Depends(second, use_cache=False)],
        ) -> str:
            return "in"

        return ask(app), calls

    assert compare(answer)


def test_a_callable_that_is_replaced_before_its_turn() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def first() -> None:
            dependant_of(app).dependencies[1].call = two

        @app.get("/")
        def endpoint(a: Annotated[None, Depends(first)], b: Annotated[int, Depends(one)]) -> int:
            return b

        return ask(app)

    assert compare(answer)[0] == (200, "2")


def test_a_parent_that_is_replaced_by_what_it_waits_for() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def child() -> int:
            dependant_of(app).dependencies[0].call = two
            return 1

        def parent(value: Annotated[int, Depends(child)]) -> int:
            return value + 10

        @app.get("/")
        def endpoint(value: Annotated[int, Depends(parent)]) -> int:
            return value

        return ask(app)

    assert compare(answer)[0] == (200, "11")


def test_parameters_that_are_taken_away_while_a_dependency_waits() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def child() -> None:
            dependant_of(app).dependencies[0].query_params = []

        def parent(value: Annotated[None, Depends(child)], q: int = 5) -> int:
            return q

        @app.get("/")
        def endpoint(value: Annotated[int, Depends(parent)]) -> int:
            return value

        return ask(app, "/?q=7")

    assert compare(answer)[0] == (200, "5")


def test_an_endpoint_that_is_replaced_by_a_dependency() -> None:
    def answer(make: Make) -> Any:
        app = make()

        async def other(value: Any) -> str:
            return "other"

        def first() -> None:
            dependant_of(app).call = other

        @app.get("/")
        async def endpoint(value: Annotated[None, Depends(first)]) -> str:
            return "first"

        return ask(app)

    assert compare(answer)[0] == (200, '"other"')


@only_new_garbage()
def test_an_endpoint_that_was_sync_when_the_route_was_made_is_called_in_a_thread() -> None:
    def answer(make: Make) -> Any:
        app = make()

        async def other() -> str:
            return "other"

        @app.get("/")
        def endpoint() -> str:
            return "first"

        dependant_of(app).call = other
        with warnings.catch_warnings():
            # The coroutine that nobody awaits.
            warnings.simplefilter("ignore")
            found = [status for status, _ in ask(app)]
            gc.collect()
        return found

    assert compare(answer) == [500] * 3


def test_a_change_by_a_validator_of_a_parameter() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def guarded(value: int) -> int:
            guard = get_parameterless_sub_dependant(depends=Depends(deny), path="/")
            dependant_of(app).dependencies.append(guard)
            return value

        def first(q: Annotated[int, AfterValidator(guarded), Query()]) -> int:
            return q

        @app.get("/")
        def endpoint(value: Annotated[int, Depends(first)]) -> int:
            return value

        return ask(app, "/?q=1")

    assert compare(answer)[0][0] == 403


@pytest.mark.parametrize(
    "overrides", [{one: two}, None, {}, "by get"], ids=["set", "none", "cleared", "an object"]
)
@pytest.mark.parametrize("before", [{}, {one: lambda: 7}], ids=["from nothing", "from others"])
def test_overrides_that_a_dependency_replaces(overrides: Any, before: Any) -> None:
    class ByGet:
        def get(self, call: Any, default: Any) -> Any:
            return two if call is one else default

    def answer(make: Make) -> Any:
        app = make()
        found: list[Any] = []

        def first() -> None:
            app.dependency_overrides = ByGet() if overrides == "by get" else overrides  # type: ignore[assignment]

        @app.get("/")
        def endpoint(a: Annotated[None, Depends(first)], b: Annotated[int, Depends(one)]) -> int:
            return b

        for _ in range(3):
            app.dependency_overrides = dict(before)
            found += ask(app, times=1)
        return found

    compare(answer)


def test_a_websocket_whose_tree_changes_between_two_dependencies() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def first() -> None:
            dependant_of(app).dependencies[1].call = two

        @app.websocket("/")
        async def endpoint(
            websocket: WebSocket,
            a: Annotated[None, Depends(first)],
            b: Annotated[int, Depends(one)],
        ) -> None:
            await websocket.accept()
            await websocket.send_json(b)

        found: list[Any] = []
        for _ in range(3):
            with TestClient(app).websocket_connect("/") as websocket:
                found.append(websocket.receive_json())
        return found

    assert compare(answer) == [2, 2, 2]


def test_a_header_that_the_first_dependency_adds_and_the_second_needs() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def first(request: Request) -> None:
            request.scope["headers"].append((b"x-user", b"7"))

        def second(x_user: int = Header()) -> int:
            return x_user

        @app.get("/")
        def endpoint(a: Annotated[None, Depends(first)], b: Annotated[int, Depends(second)]) -> int:
            return b

        return ask(app)

    assert compare(answer)[0] == (200, "7")


def test_a_shared_guard_whose_header_was_taken_away_meanwhile() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def token(authorization: str = Header()) -> str:
            return authorization

        def strip(request: Request, token: Annotated[str, Depends(token)]) -> None:
            headers = request.scope["headers"]
            headers[:] = [pair for pair in headers if pair[0] != b"authorization"]

        @app.get("/")
        def endpoint(a: Annotated[None, Depends(strip)], b: Annotated[str, Depends(token)]) -> str:
            return b

        return ask(app, headers={"authorization": "t"})

    assert compare(answer)[0][0] == 422


def test_a_query_that_is_a_plain_dict_with_a_list_parameter() -> None:
    def answer(make: Make) -> Any:
        class OwnRequest(Request):
            @property
            def query_params(self) -> Any:
                return {"tags": ["1", "2"]}

        class OwnRoute(APIRoute):
            def get_route_handler(self) -> Any:
                handle = super().get_route_handler()

                async def own(request: Request) -> Any:
                    return await handle(OwnRequest(request.scope, request.receive))

                return own

        app = make()
        app.router.route_class = OwnRoute

        @app.get("/")
        def endpoint(tags: Annotated[list[int], Query()]) -> list[int]:
            return tags

        return ask(app)

    assert compare(answer)[0] == (200, "[1,2]")


def test_a_query_that_a_dependency_replaces_on_the_request() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def first(request: Request) -> None:
            request._query_params = {"tags": ["3"]}  # type: ignore[attr-defined]

        @app.get("/")
        def endpoint(
            a: Annotated[None, Depends(first)], tags: Annotated[list[int], Query()]
        ) -> list[int]:
            return tags

        return ask(app, "/?tags=1")

    assert compare(answer)[0] == (200, "[3]")


def test_a_default_that_is_changed_after_requests_were_served() -> None:
    def answer(make: Make) -> Any:
        app = make()

        @app.get("/")
        def endpoint(q: int = 1) -> int:
            return q

        found = ask(app)
        dependant_of(app).query_params[0].field_info.default = 2
        return found + ask(app)

    assert compare(answer)[-1] == (200, "2")


def test_a_query_that_a_dependency_changes_in_place() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def before(name: str = "none") -> str:
            return name

        def rename(request: Request, before: Annotated[str, Depends(before)]) -> str:
            vars(request.query_params)["_dict"]["name"] = "changed"
            return before

        def after(name: str = "none") -> str:
            return name

        @app.get("/")
        def read(
            rename: Annotated[str, Depends(rename)], after: Annotated[str, Depends(after)]
        ) -> list[str]:
            return [rename, after]

        return ask(app, "/?name=sent")

    assert compare(answer) == [(200, '["sent","changed"]')] * 3


@pytest.mark.parametrize("path", ["/number", "/response"])
def test_errors_name_the_place_where_the_request_began(path: str) -> None:
    def answer(make: Make) -> Any:
        app = make()

        def move(request: Request) -> None:
            request.scope["root_path"] = "/elsewhere"
            request.scope["method"] = "MOVED"

        @app.get("/number", dependencies=[Depends(move)])
        def number(number: int) -> int:
            return number

        @app.get("/response", dependencies=[Depends(move)], response_model=int)
        def response() -> str:
            return "none"

        @app.exception_handler(RequestValidationError)
        @app.exception_handler(ResponseValidationError)
        async def place(_: Request, error: Any) -> PlainTextResponse:
            return PlainTextResponse(error.endpoint_path)

        return ask(app, path)

    assert compare(answer) == [(200, f"GET {path}")] * 3


def test_a_websockets_errors_name_the_place_where_it_began() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def move(websocket: WebSocket) -> None:
            websocket.scope["root_path"] = "/elsewhere"

        @app.websocket("/", dependencies=[Depends(move)])
        async def connect(websocket: WebSocket, number: int) -> None: ...

        places: list[Any] = []

        @app.exception_handler(WebSocketRequestValidationError)
        async def place(websocket: WebSocket, error: Any) -> None:
            places.append(error.endpoint_path)
            await websocket.close()

        for _ in range(2):
            with pytest.raises(WebSocketDisconnect), TestClient(app).websocket_connect("/"):
                pass
        return places

    assert compare(answer) == ["WS /"] * 2


def test_a_dependency_that_is_not_derived_anew_once_no_override_is_left() -> None:
    def answer(make: Make) -> Any:
        app = make()

        def clear() -> None:
            app.dependency_overrides.clear()

        @app.get("/", dependencies=[Depends(clear), Depends(one)])
        def read() -> int:
            return 1

        @app.get("/guarded", dependencies=[Depends(deny)])
        def guarded() -> int:
            return 1

        open_to_all, closed = (each for each in app.routes if isinstance(each, APIRoute))
        guard = closed.dependant.dependencies[0]
        open_to_all.dependant.dependencies[-1].dependencies.append(guard)
        client = TestClient(app)
        statuses: list[int] = []
        for _ in range(3):
            app.dependency_overrides[two] = one
            statuses.append(client.get("/").status_code)
        return statuses

    assert compare(answer) == [403] * 3


def test_a_provider_without_overrides_is_asked_for_them_by_dependencies_alone() -> None:
    def answer(make: Make) -> Any:
        app = make()

        @app.get("/")
        def read() -> int:
            return 1

        @app.get("/dependent", dependencies=[Depends(one)])
        def dependent() -> int:
            return 1

        del app.dependency_overrides
        return ask(app), ask(app, "/dependent")

    without, dependent = compare(answer)
    assert without == [(200, "1")] * 3
    assert dependent == [(500, "Internal Server Error")] * 3


def async_guard(below: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    async def guard(first: Annotated[None, Depends(below)]) -> None:
        calls.append("awaited")

    return guard


def generator_guard(below: Callable[..., Any], calls: list[str]) -> Callable[..., Any]:
    def guard(first: Annotated[None, Depends(below)]) -> Iterator[None]:
        calls.append("entered")
        yield

    return guard


@pytest.mark.usefixtures("both_lanes")
@pytest.mark.parametrize("guard", [async_guard, generator_guard])
@only_new_garbage()
def test_a_guard_that_becomes_a_function_while_what_is_below_it_is_solved(guard: Any) -> None:
    def answer(make: Make) -> Any:
        app = make()
        calls: list[str] = []

        def function(first: Any = None) -> None: ...

        def first() -> None:
            dependant_of(app).dependencies[0].call = function

        @app.get("/", dependencies=[Depends(guard(first, calls))])
        def endpoint() -> str:
            return "in"

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = ask(app)
            gc.collect()
        return answers, calls

    # FastAPI has found one callable, and judges by the other how to call it: it calls the
    # first, and does not await or enter what that returns.
    assert compare(answer) == ([(200, '"in"')] * 3, [])


@pytest.mark.usefixtures("both_lanes")
def test_a_function_that_becomes_async_while_what_is_below_it_is_solved() -> None:
    def answer(make: Make) -> Any:
        app = make()
        calls: list[str] = []

        async def later(first: Any = None) -> None: ...

        def first() -> None:
            dependant_of(app).dependencies[0].call = later

        def function(first: Annotated[None, Depends(first)]) -> int:
            calls.append("called")
            return 1

        @app.get("/", dependencies=[Depends(function)])
        def endpoint() -> str:
            return "in"

        return ask(app), calls

    # FastAPI calls the function, and awaits what it returns.
    answers, calls = compare(answer)
    assert ([status for status, _ in answers], calls) == ([500, 200, 200], ["called"])


@pytest.mark.usefixtures("both_lanes")
def test_a_value_is_remembered_by_what_stands_there_when_it_is_found() -> None:
    def answer(make: Make) -> Any:
        app = make()
        calls: list[str] = []

        def another(first: Any = None) -> None: ...

        def first() -> None:
            dependant_of(app).dependencies[0].call = another

        def shared(first: Annotated[None, Depends(first)]) -> None:
            calls.append("shared")

        @app.get("/", dependencies=[Depends(shared), Depends(shared)])
        def endpoint() -> str:
            return "in"

        return ask(app), calls

    # FastAPI calls it for the second place, too, where it finds no value.
    assert compare(answer) == ([(200, '"in"')] * 3, ["shared"] * 4)


def test_a_response_class_that_is_replaced_before_a_response_is_injected() -> None:
    def answer(make: Make) -> Any:
        app = make()
        init_headers = Response.init_headers

        def with_header(response: Response, headers: Any = None) -> None:
            init_headers(response, headers)
            response.raw_headers.append((b"x-patched", b"yes"))

        def patch() -> None:
            patching.setattr(Response, "init_headers", with_header)

        def injected(patched: Annotated[None, Depends(patch)], response: Response) -> None:
            response.headers["x-injected"] = "yes"

        @app.get("/", dependencies=[Depends(injected)])
        async def endpoint() -> str:
            return "in"

        client = TestClient(app)
        responses = []
        for _ in range(3):
            with pytest.MonkeyPatch.context() as patching:
                responses.append(client.get("/").headers.multi_items())
        return responses

    assert ("x-injected", "yes") in compare(answer)[0]
