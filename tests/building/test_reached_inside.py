"""Whoever reaches inside a route is heard as in FastAPI."""

import copy
import inspect
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from fastapi.dependencies.utils import get_dependant, get_parameterless_sub_dependant
from fastapi.routing import APIRoute, APIWebSocketRoute
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from fastapi_fastdeps import FastDepsAPI, FastDepsRoute, FastDepsRouter
from tests.harness.hops import everything, here

from .guarded import deny, guard, secret, whisper

pytestmark = pytest.mark.usefixtures("both_lanes")


def guarding(path: str = "/") -> Any:
    return get_parameterless_sub_dependant(depends=Depends(guard), path=path)


def http(app: Any, path: str = "/") -> Any:
    return TestClient(app).get(path).status_code


def socket(app: Any) -> Any:
    try:
        with TestClient(app).websocket_connect("/ws") as connection:
            return connection.receive_text()
    except Exception as error:
        return type(error).__name__


def route_of(app: FastAPI, path: str) -> Any:
    return next(route for route in app.routes if getattr(route, "path", None) == path)


def kept(app: FastAPI) -> FastAPI:
    app.get("/")(secret)
    app.websocket("/ws")(whisper)
    return app


def agree(answers: Callable[[FastAPI], Any]) -> Any:
    """What all three answer: FastAPI, ours with nothing marked, and with everything inline."""
    stock = answers(FastAPI())
    assert answers(FastDepsAPI()) == stock
    assert answers(FastDepsAPI(classifier=everything)) == stock
    return stock


@pytest.mark.parametrize("is_asked_before", [False, True])
def test_a_guard_that_is_inserted_past_the_class_of_the_list_is_called(
    is_asked_before: bool,
) -> None:
    def answers(app: FastAPI) -> Any:
        kept(app)
        if is_asked_before:
            assert (http(app), socket(app)) == (200, "secret")
        for path in ("/", "/ws"):
            list.insert(route_of(app, path).dependant.dependencies, 0, guarding(path))
        return http(app), socket(app)

    assert agree(answers)[0] == 403


@pytest.mark.parametrize("field", ["call", "dependencies"])
def test_what_is_assigned_past_the_class_of_a_dependant_is_noticed(field: str) -> None:
    def answers(app: FastAPI) -> Any:
        app.get("/", dependencies=[Depends(secret)])(secret)
        before = http(app)
        dependant = route_of(app, "/").dependant
        if field == "call":
            object.__setattr__(dependant.dependencies[0], "call", guard)
        else:
            object.__setattr__(dependant, "dependencies", [guarding()])
        return before, http(app)

    assert agree(answers) == (200, 403)


def test_a_dependency_is_found_in_the_tree_by_one_that_equals_it() -> None:
    def answers(app: FastAPI) -> Any:
        app.get("/", dependencies=[Depends(guard)])(secret)
        before = http(app)
        dependant = route_of(app, "/").dependant
        equal = get_dependant(path="/", call=secret, scope="function")
        equal.dependencies.append(guarding())
        assert dependant == equal
        assert equal == dependant
        assert guarding("/other") not in dependant.dependencies
        dependant.dependencies.remove(guarding())
        return before, http(app)

    assert agree(answers) == (403, 200)


def test_a_route_that_has_no_tree_yet_or_any_more_says_so() -> None:
    seen: list[bool] = []

    def unique_id(route: APIRoute) -> str:
        seen.append(hasattr(route, "dependant"))
        return "id"

    def answers(app: FastAPI) -> Any:
        seen.clear()
        app.get("/", generate_unique_id_function=unique_id)(secret)
        route = route_of(app, "/")
        seen.append(hasattr(route, "dependant"))
        del route.dependant
        seen.append(hasattr(route, "dependant"))
        return http(app), list(seen)

    assert agree(answers) == (200, [False, True, False])


def test_an_endpoint_that_was_async_is_awaited_as_ever() -> None:
    async def at_first() -> str:
        return "async"

    def answers(app: FastAPI) -> Any:
        app.get("/")(at_first)
        before = http(app)
        route_of(app, "/").dependant.call = secret
        client = TestClient(app, raise_server_exceptions=False)
        return before, client.get("/").status_code

    assert agree(answers) == (200, 500)


class Denying(APIRoute):
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await deny(scope, receive, send)


def by_another_class(route: Any, _: pytest.MonkeyPatch) -> None:
    route.__class__ = Denying


def by_its_class(route: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(type(route), "handle", Denying.handle)


def by_fastapis_class(_: Any, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(APIRoute, "handle", Denying.handle)


@pytest.mark.parametrize("deny_it", [by_another_class, by_its_class, by_fastapis_class])
def test_whatever_handles_a_route_made_by_hand_is_asked_for_each_request(deny_it: Any) -> None:
    class Own(APIRoute):
        pass

    def answers(app: FastAPI) -> Any:
        route = Own("/", secret)
        app.router.routes.append(route)
        before = http(app)
        with pytest.MonkeyPatch.context() as patch:
            deny_it(route, patch)
            return before, http(app)

    assert agree(answers) == (200, 403)


def test_a_replaced_handle_of_fastapis_is_called_for_routes_that_are_new() -> None:
    def answers(app: FastAPI) -> Any:
        app.router.routes.append(APIRoute("/", secret))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(APIRoute, "handle", Denying.handle)
            return http(app)

    assert agree(answers) == 403


@pytest.mark.parametrize("changes", ["the original", "the copy"])
def test_a_deep_copy_of_a_route_shares_the_handler_of_the_original(changes: str) -> None:
    def answers(app: FastAPI) -> Any:
        source = copy_of_router(app)
        copied = [copy.deepcopy(route) for route in source.routes]
        app.router.routes += copied
        changed: list[BaseRoute] = source.routes if changes == "the original" else copied
        for route in changed:
            assert isinstance(route, APIRoute | APIWebSocketRoute)
            route.dependant.dependencies.append(guarding())
        return http(app), socket(app)

    assert agree(answers)[0] == (403 if changes == "the original" else 200)


def test_a_deep_copy_of_a_router_shares_the_handlers_of_the_original() -> None:
    def answers(app: FastAPI) -> Any:
        source = copy_of_router(app)
        copied = copy.deepcopy(source)
        app.mount("/mounted", copied)
        app.include_router(copied)
        for route in source.routes:
            assert isinstance(route, APIRoute | APIWebSocketRoute)
            route.dependant.dependencies.append(guarding())
        return http(app, "/mounted/"), http(app)

    assert agree(answers) == (403, 200)


def copy_of_router(app: FastAPI) -> APIRouter:
    router = FastDepsRouter() if isinstance(app, FastDepsAPI) else APIRouter()
    router.get("/")(secret)
    router.websocket("/ws")(whisper)
    return router


def test_a_router_may_have_routes_of_its_own_making() -> None:
    def answers(app: FastAPI) -> Any:
        base: Any = FastDepsRouter if isinstance(app, FastDepsAPI) else APIRouter

        class Hiding(base):
            @property
            def routes(self) -> list[BaseRoute]:
                return [route for route in self.everything if route.path != "/hidden"]

            @routes.setter
            def routes(self, routes: list[BaseRoute]) -> None:
                self.everything = routes

        router: Any = Hiding()
        router.everything += [APIRoute("/", secret), APIRoute("/hidden", secret)]
        app.mount("/mounted", router)
        app.include_router(router)
        return [http(app, path) for path in ("/", "/hidden", "/mounted/", "/mounted/hidden")]

    assert agree(answers) == [200, 404, 200, 404]


def test_a_route_that_is_inserted_past_the_class_of_the_list_is_found_first() -> None:
    def answers(app: FastAPI) -> Any:
        app.get("/", openapi_extra={})(secret)
        before = [http(app) for _ in range(3)]
        guarded = APIRoute("/", secret)
        guarded.app = deny
        list.insert(app.router.routes, 0, guarded)
        return before, http(app)

    assert agree(answers) == ([200, 200, 200], 403)


def test_what_replaces_an_async_endpoint_is_awaited_in_fastapis_lane_from_the_first_request_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def at_first() -> str:
        return "async"

    def answers(app: FastAPI) -> Any:
        app.get("/")(at_first)
        route_of(app, "/").dependant.call = secret
        client = TestClient(app, raise_server_exceptions=False)
        return client.get("/").status_code

    monkeypatch.setattr("fastapi.dependencies.utils.SecurityScopes", object)
    assert agree(answers) == 500


def test_a_route_made_by_hand_that_stands_in_two_apps_is_decided_by_its_markers_alone() -> None:
    def here_or_there() -> bool:
        return here() == "loop"

    route = FastDepsRoute("/", here_or_there)
    bold, careful = FastDepsAPI(classifier=everything), FastDepsAPI()
    bold.router.routes.append(route)
    assert TestClient(bold).get("/").json() is True
    careful.router.routes.append(route)
    for app in (careful, bold, careful):
        assert TestClient(app).get("/").json() is False


@pytest.mark.usefixtures("both_lanes")
def test_a_generator_that_replaces_an_async_endpoint_is_streamed_as_it_is() -> None:
    async def at_first() -> str:
        return "async"

    def items() -> Any:
        yield "item"

    def answers(app: FastAPI) -> Any:
        app.get("/", response_class=StreamingResponse)(at_first)
        route_of(app, "/").dependant.call = items
        return TestClient(app).get("/").text

    assert agree(answers) == "item"


def test_a_replaced_handle_of_starlettes_route_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(app: FastAPI) -> Any:
        app.router.routes.append(APIRoute("/", secret))
        before = [http(app) for _ in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr(Route, "handle", Denying.handle)
            return before, http(app)

    assert agree(answers) == ([200, 200], 403)


@pytest.mark.usefixtures("both_lanes")
def test_a_guard_that_replaces_an_async_stream_answers_before_it_begins() -> None:
    async def items() -> Any:
        yield "item"

    def refuse() -> None:
        raise HTTPException(403)

    def answers(app: FastAPI) -> Any:
        app.get("/")(items)
        route_of(app, "/").dependant.call = refuse
        return http(app)

    assert agree(answers) == 403


@pytest.mark.parametrize("is_hand_made", [False, True])
def test_an_async_endpoint_is_awaited_again_after_a_generator_took_its_place(
    is_hand_made: bool,
) -> None:
    async def at_first() -> str:
        return "async"

    def items() -> Any:
        yield "item"

    def answers(app: FastAPI) -> Any:
        if is_hand_made:
            app.router.routes.append(APIRoute("/", at_first, response_class=PlainTextResponse))
        else:
            app.get("/", response_class=PlainTextResponse)(at_first)
        client = TestClient(app, raise_server_exceptions=False)
        route_of(app, "/").dependant.call = items
        statuses = [client.get("/").status_code]
        route_of(app, "/").dependant.call = at_first
        with mock.patch("fastapi.routing.run_in_threadpool", object()):
            statuses.append(client.get("/").status_code)
        return statuses

    assert agree(answers)[1] == 200


def test_an_async_function_that_has_replaced_an_unmarked_endpoint_is_called_in_a_thread() -> None:
    def at_first() -> None: ...

    async def anything() -> None: ...

    def answers(app: FastAPI) -> Any:
        called: list[str] = []

        async def run(call: Any, *args: Any, **options: Any) -> Any:
            called.append("in a thread")
            returned = call(*args, **options)
            if inspect.iscoroutine(returned):
                returned.close()
            return returned

        app.get("/", response_model=str)(at_first)
        client = TestClient(app, raise_server_exceptions=False)
        route_of(app, "/").dependant.call = anything
        with mock.patch("fastapi.routing.run_in_threadpool", run):
            return client.get("/").status_code, called

    assert agree(answers) == (500, ["in a thread"] * 2)


def test_a_dependency_that_comes_to_stand_before_the_place_that_is_solved_is_not_called() -> None:
    def answers(app: FastAPI) -> Any:
        requests = iter(range(3))

        def clears() -> int:
            number = next(requests)
            if number == 2:
                route_of(app, "/").dependant.dependencies.clear()
            return number

        def extends(number: int = Depends(clears)) -> None:
            if number == 2:
                route_of(app, "/").dependant.dependencies.append(guarding())

        app.get("/", dependencies=[Depends(extends)])(secret)
        # The first is interpreted, the second compiles the plan.
        return [http(app) for _ in range(3)]

    assert agree(answers) == [200, 200, 200]


def test_an_async_dependency_that_is_exchanged_for_a_sync_one_is_called_in_a_thread() -> None:
    class Permission:
        def __eq__(self, other: object) -> bool:
            return self is other

        def __hash__(self) -> int:
            return 1

        async def __call__(self, given: Any) -> None: ...

    def answers(app: FastAPI) -> Any:
        permission = Permission()

        def given(b: str = "b") -> None:
            place = route_of(app, "/").dependant.dependencies[0]
            place.query_params.extend(place.dependencies[0].query_params)
            place.call = secret

        vars(permission)["__signature__"] = inspect.Signature(
            [inspect.Parameter("given", inspect.Parameter.KEYWORD_ONLY, default=Depends(given))]
        )
        app.get("/", dependencies=[Depends(permission)])(lambda: None)
        with pytest.raises(TypeError, match="unexpected keyword argument 'b'"):
            http(app)
        return "raised"

    assert agree(answers) == "raised"


def test_a_websocket_route_that_is_given_methods() -> None:
    for make in (FastAPI, FastDepsAPI):
        app = make()
        route: Any = APIWebSocketRoute("/ws", whisper)
        app.router.routes.append(route)
        route.methods = {"POST"}
        route.dependant.dependencies.append(guarding())
        assert socket(app) == "WebSocketDenialResponse"
