"""fastapi-limiter: its dependency refuses a request too many."""

from fastapi import Depends
from fastapi.testclient import TestClient
from fastapi_limiter.depends import RateLimiter
from pyrate_limiter import Duration, Limiter, Rate

from tests.neighbours.shop import (
    PATHS,
    AppClass,
    RecordLanes,
    expected,
    inline_endpoint,
    threaded_endpoint,
)


def test_a_request_too_many_is_refused(app_class: AppClass, record_lanes: RecordLanes) -> None:
    app = app_class()
    for path, endpoint in zip(PATHS, (inline_endpoint, threaded_endpoint), strict=True):
        limiter = Limiter(Rate(2, Duration.MINUTE))
        app.get(path, dependencies=[Depends(RateLimiter(limiter))])(endpoint)
    with TestClient(app) as client:
        for path in PATHS:
            for _ in range(2):
                assert client.get(path).json() == expected(app_class, path)
            assert client.get(path).status_code == 429
    record_lanes(app)
