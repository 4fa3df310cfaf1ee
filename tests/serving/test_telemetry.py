"""FastAPI's own telemetry sees the program that the user wrote."""

from collections.abc import Iterable
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fastapi_fastdeps import FastDepsAPI, FastDepsRouter
from tests.harness.hops import everything

pytestmark = pytest.mark.usefixtures("both_lanes")


class Page:
    def __init__(self, skip: int = 0) -> None:
        self.skip = skip


class Endpoint:
    def __call__(self, page: Annotated[Page, Depends()]) -> int:
        return page.skip


def read(page: Annotated[Page, Depends()]) -> int:
    return page.skip


def fail(page: Annotated[Page, Depends()]) -> None:
    raise LookupError("failed")


def infinite() -> float:
    return float("inf")


def refuse() -> None:
    raise HTTPException(403)


def stream(page: Annotated[Page, Depends()]) -> Iterable[int]:
    yield page.skip


async def connect(websocket: WebSocket, page: Annotated[Page, Depends()]) -> None:
    await websocket.accept()
    await websocket.close()


def spans(app_class: type[FastAPI], router_class: Any, **options: Any) -> list[Any]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = app_class(
        telemetry={"tracer_provider": provider, "metrics": False, "logs": False}, **options
    )
    router = router_class(prefix="/router")
    for target in (app, router):
        target.get("/read")(read)
        target.get("/object", name="object")(Endpoint())
        target.get("/fail")(fail)
        target.get("/infinite", response_model=None)(infinite)
        target.get("/refuse", dependencies=[Depends(refuse)])(read)
        target.get("/lines")(stream)
        target.get("/raw", response_class=StreamingResponse)(stream)
        target.websocket("/ws")(connect)
    app.include_router(router)
    client = TestClient(app, raise_server_exceptions=False)
    for prefix in ("", "/router"):
        for path in ("/refuse", "/infinite"):
            client.get(prefix + path)
        for path in ("/read", "/read?skip=none", "/object", "/fail", "/lines", "/none"):
            client.get(prefix + path)
        with client.websocket_connect(prefix + "/ws"):
            pass
    finished = exporter.get_finished_spans()
    provider.shutdown()
    return [_shown(span) for span in finished]


def _shown(span: Any) -> tuple[str, str, dict[str, Any], list[str]]:
    events = [event.name for event in span.events]
    return span.name, span.status.status_code.name, dict(span.attributes), events


@pytest.mark.parametrize("options", [{}, {"classifier": everything}])
def test_spans_are_fastapis(options: dict[str, Any]) -> None:
    stock = spans(FastAPI, APIRouter)
    first = next(index for index, span in enumerate(stock) if span[0] == "GET /read")
    assert [span[0] for span in stock[first - 3 : first]] == [
        "fastapi.dependencies",
        "fastapi.endpoint",
        "fastapi.serialization",
    ]
    assert stock[first - 3][2] == {"code.function.name": f"{__name__}.read"}
    assert spans(FastDepsAPI, FastDepsRouter, **options) == stock
