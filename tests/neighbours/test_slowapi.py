"""slowapi: limits by decorator and by middleware."""

from typing import Annotated

import pytest
from fastapi import Depends, Request, Response
from fastapi.testclient import TestClient
from slowapi import Limiter, _rate_limit_exceeded_handler
from slowapi.errors import RateLimitExceeded
from slowapi.middleware import SlowAPIASGIMiddleware, SlowAPIMiddleware
from slowapi.util import get_remote_address

from fastapi_fastdeps import inline
from tests.neighbours.shop import (
    PATHS,
    AppClass,
    Page,
    RecordLanes,
    add_routes,
    expected,
    on_loop,
    place,
)


def test_a_decorated_endpoint_is_limited_where_it_runs(
    app_class: AppClass, record_lanes: RecordLanes
) -> None:
    limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
    app = app_class()
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)  # type: ignore[arg-type]

    @app.get("/inline")
    @limiter.limit("2/minute")
    @inline
    def inline_endpoint(
        request: Request, response: Response, page: Annotated[Page, Depends()]
    ) -> list[str]:
        return [place(), page.place]

    @app.get("/inline-outside")
    @inline
    @limiter.limit("2/minute")
    def other_inline_endpoint(
        request: Request, response: Response, page: Annotated[Page, Depends()]
    ) -> list[str]:
        return [place(), page.place]

    @app.get("/threaded")
    @limiter.limit("2/minute")
    def threaded_endpoint(
        request: Request, response: Response, page: Annotated[Page, Depends()]
    ) -> list[str]:
        return [place(), page.place]

    client = TestClient(app)
    marked = on_loop(app_class)
    for path in ("/inline", "/inline-outside", "/threaded"):
        places = ["thread" if path == "/threaded" else marked, marked]
        for remaining in ("1", "0"):
            answer = client.get(path)
            assert answer.json() == places
            assert answer.headers["x-ratelimit-remaining"] == remaining
        assert client.get(path).status_code == 429
    record_lanes(app)


@pytest.mark.parametrize("middleware", [SlowAPIMiddleware, SlowAPIASGIMiddleware])
def test_a_default_limit_of_the_middleware_limits_each_route(
    app_class: AppClass, middleware: type
) -> None:
    app = app_class()
    app.state.limiter = Limiter(key_func=get_remote_address, default_limits=["1/minute"])
    app.add_exception_handler(RateLimitExceeded, _rate_limit_exceeded_handler)  # type: ignore[arg-type]
    app.add_middleware(middleware)
    add_routes(app)
    client = TestClient(app)
    for path in PATHS:
        assert client.get(path).json() == expected(app_class, path)
        assert client.get(path).status_code == 429
