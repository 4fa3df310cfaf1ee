"""What happens around the route that an index has found."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter

from .test_changes import endpoint, same, served


def test_telemetry_names_the_route_as_fastapi_does() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        inner = router_class()
        inner.get("/inner/{x}/")(endpoint)
        inner.routes.append(Mount("/mounted", app=PlainTextResponse("mounted")))
        outer = APIRouter(prefix="/outer")
        outer.include_router(inner)
        outer.post("/posted")(endpoint)
        app = app_class(telemetry={"tracer_provider": provider, "metrics": False, "logs": False})
        app.include_router(outer)
        app.get("/own")(endpoint)
        app.mount("/m", PlainTextResponse("mounted"))
        paths = (
            *("/outer/inner/1/", "/outer/inner/1", "/outer/mounted/x", "/outer/posted"),
            *("/own", "/own/", "/m/x", "/nowhere", "/docs"),
        )
        served(app, *paths)
        return [
            (span.name, (span.attributes or {}).get("http.route"))
            for span in exporter.get_finished_spans()
            if span.name.partition(" ")[0] == "GET"
        ]

    names = same(scenario)
    assert ("GET /outer/inner/{x}/", "/outer/inner/{x}/") in names


def test_limits_of_each_router_on_the_way_hold() -> None:
    def scenario(app_class: type[FastAPI], router_class: type[APIRouter]) -> Any:
        inner = router_class()
        inner.routes.append(Mount("/mounted", app=PlainTextResponse("mounted")))
        inner.post("/a")(endpoint)
        outer = APIRouter(max_body_size=20)
        outer.include_router(inner, max_body_size=5)
        app = app_class(max_body_size=100)
        app.include_router(outer)
        client = TestClient(app)
        answers: list[Any] = []
        for size in (3, 8, 30, 200):
            for path in ("/a", "/mounted/x"):
                headers = {"content-length": str(size)}
                for _ in range(3):
                    answer = client.post(path, content=b"x" * size, headers=headers)
                    answers.append((path, size, answer.status_code))
        return answers

    same(scenario)


def test_routes_that_threads_add_while_others_ask_are_served_from_then_on() -> None:
    app = FastDepsAPI()
    router = FastDepsRouter(prefix="/included")
    plain = APIRouter(prefix="/plain")
    app.include_router(router)
    app.include_router(plain)
    lock = threading.Lock()
    failures: list[str] = []

    def add_and_ask(number: int) -> None:
        client = TestClient(app)
        for place, prefix in ((app, ""), (router, "/included"), (plain, "/plain")):
            path = f"/{number}"
            assert client.get(prefix + path).status_code == 404
            # FastAPI's own counting of changes is not for several threads at once.
            with lock:
                place.get(path)(endpoint)
            for _ in range(5):
                if client.get(prefix + path).status_code != 200:
                    failures.append(prefix + path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add_and_ask, range(12)))
    assert not failures
