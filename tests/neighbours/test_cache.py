"""fastapi-cache2: a cached answer is given without calling the endpoint."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fakeredis import FakeAsyncRedis
from fastapi import Depends
from fastapi.testclient import TestClient
from fastapi_cache import FastAPICache
from fastapi_cache.backends.inmemory import InMemoryBackend
from fastapi_cache.backends.redis import RedisBackend
from fastapi_cache.decorator import cache

from fastapi_fastdeps import Inline
from tests.neighbours.shop import AppClass, RecordLanes, on_loop, place


@pytest.fixture(params=["memory", "redis"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    backend = InMemoryBackend() if request.param == "memory" else RedisBackend(FakeAsyncRedis())
    FastAPICache.init(backend, prefix="shop")
    yield
    FastAPICache.reset()
    InMemoryBackend._store.clear()


def test_a_cached_answer_is_given_without_calling_the_endpoint(
    app_class: AppClass, record_lanes: RecordLanes
) -> None:
    app = app_class()
    places: list[str] = []

    def price() -> int:
        places.append(f"price on the {place()}")
        return 3

    @app.get("/sync")
    @cache(expire=60)
    def sync_endpoint(
        price: Annotated[int, Depends(price), Inline], skip: int = 0
    ) -> dict[str, int]:
        places.append(f"endpoint on the {place()}")
        return {"price": price, "skip": skip}

    @app.get("/async")
    @cache(expire=60)
    async def async_endpoint(
        price: Annotated[int, Depends(price), Inline], skip: int = 0
    ) -> dict[str, int]:
        places.append(f"endpoint on the {place()}")
        return {"price": price, "skip": skip}

    # fastapi-cache makes an async endpoint of a sync one, which it calls in a thread.
    marked = on_loop(app_class)
    with TestClient(app) as client:
        for path, endpoint in (("/sync", "thread"), ("/async", "loop")):
            places.clear()
            first, second = client.get(path), client.get(path)
            assert first.json() == second.json() == {"price": 3, "skip": 0}
            assert first.headers["x-fastapi-cache"] == "MISS"
            assert second.headers["x-fastapi-cache"] == "HIT"
            priced = f"price on the {marked}"
            assert places == [priced, f"endpoint on the {endpoint}", priced]
            not_modified = client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert not_modified.status_code == 304
    record_lanes(app)
