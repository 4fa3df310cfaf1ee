"""Starlette's and FastAPI's middleware around inline and threaded callables."""

from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Annotated, Any

import pytest
from a2wsgi import WSGIMiddleware
from fastapi import Depends, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.middleware.httpsredirect import HTTPSRedirectMiddleware
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.testclient import TestClient
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.sessions import SessionMiddleware

from fastapi_fastdeps import Inline, inline
from tests.neighbours.shop import AppClass, RecordLanes, check_shop, make_shop, on_loop, place


def test_gzip_compresses(app_class: AppClass, record_lanes: RecordLanes) -> None:
    app = make_shop(app_class)
    app.add_middleware(GZipMiddleware, minimum_size=10)
    client = TestClient(app)
    check_shop(client, app_class)
    assert client.get("/inline").headers["content-encoding"] == "gzip"
    record_lanes(app)


def test_cors_answers_preflight_and_marks_answers(app_class: AppClass) -> None:
    origin = "https://shop.example.com"
    app = make_shop(app_class, middleware=[Middleware(CORSMiddleware, allow_origins=[origin])])
    client = TestClient(app, headers={"Origin": origin})
    check_shop(client, app_class)
    assert client.get("/inline").headers["access-control-allow-origin"] == origin
    asked = {"Access-Control-Request-Method": "GET"}
    assert client.options("/inline", headers=asked).status_code == 200


def test_a_host_that_is_not_trusted_is_refused(app_class: AppClass) -> None:
    app = make_shop(app_class)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example.com"])
    assert TestClient(app).get("/inline").status_code == 400
    check_shop(TestClient(app, base_url="http://shop.example.com"), app_class)


def test_http_is_redirected_to_https(app_class: AppClass) -> None:
    app = make_shop(app_class)
    app.add_middleware(HTTPSRedirectMiddleware)
    client = TestClient(app)
    assert client.get("/inline", follow_redirects=False).status_code == 307
    check_shop(client, app_class)


def test_a_session_is_read_and_written_by_sync_callables(app_class: AppClass) -> None:
    app = app_class()
    app.add_middleware(SessionMiddleware, secret_key="a secret of a test")

    def visits(request: Request) -> int:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return int(request.session["visits"])

    @app.get("/inline")
    @inline
    def inline_endpoint(visits: Annotated[int, Depends(visits), Inline]) -> int:
        return visits

    @app.get("/threaded")
    def threaded_endpoint(visits: Annotated[int, Depends(visits)]) -> int:
        return visits

    client = TestClient(app)
    assert [client.get(path).json() for path in ("/inline", "/threaded", "/inline")] == [1, 2, 3]


visitor: ContextVar[str] = ContextVar("visitor", default="nobody")


def test_a_context_variable_of_the_middleware_is_seen(app_class: AppClass) -> None:
    app = app_class()

    @app.middleware("http")
    async def welcome(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        visitor.set("Ada")
        response = await call_next(request)
        response.headers["x-visitor"] = visitor.get()
        return response

    def who() -> str:
        return f"{visitor.get()} on the {place()}"

    @app.get("/")
    @inline
    def endpoint(
        here: Annotated[str, Depends(who), Inline],
        there: Annotated[str, Depends(who, use_cache=False)],
    ) -> list[str]:
        return [here, there, who()]

    answer = TestClient(app).get("/")
    marked = f"Ada on the {on_loop(app_class)}"
    assert answer.json() == [marked, "Ada on the thread", marked]
    assert answer.headers["x-visitor"] == "Ada"


@pytest.mark.parametrize("marker", [Inline(), None], ids=["inline", "threaded"])
def test_an_exception_passes_through_the_middleware(
    app_class: AppClass, marker: Inline | None
) -> None:
    seen: list[str] = []

    class Watch(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            try:
                response: Response = await call_next(request)
            except LookupError as error:
                seen.append(str(error))
                raise
            return response

    def refuse() -> None:
        raise LookupError("sold out")

    app = app_class()
    app.add_middleware(Watch)

    @app.get("/")
    def endpoint(refused: Annotated[None, Depends(refuse), marker]) -> None:
        raise AssertionError

    with pytest.raises(LookupError, match="sold out"):
        TestClient(app).get("/")
    assert seen == ["sold out"]


def test_a_wsgi_app_is_mounted_beside(app_class: AppClass) -> None:
    def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [place().encode()]

    app = make_shop(app_class)
    app.mount("/wsgi", WSGIMiddleware(wsgi))  # type: ignore[arg-type]
    with TestClient(app) as client:
        assert client.get("/wsgi").text == "thread"
        check_shop(client, app_class)
