"""sentry-sdk: transactions, spans inside sync callables, and the thread of a profile."""

import re
import threading
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import sentry_sdk
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.fastapi import FastApiIntegration
from sentry_sdk.integrations.starlette import StarletteIntegration
from sentry_sdk.transport import Transport

from fastapi_fastdeps import FastDepsAPI, Inline, explain, inline
from tests.neighbours.shop import (
    PATHS,
    AppClass,
    RecordLanes,
    add_routes,
    add_traced_route,
    check_shop,
    make_shop,
    traced,
)
from tests.neighbours.watched import ask_for_all, difference, make_watched


class Outbox(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__({})
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        for item in envelope.items:
            if item.payload.json is not None:
                self.events.append(item.payload.json)

    @property
    def items(self) -> list[Any]:
        """Each event, and the spans of each trace, which are sent in batches as time goes by."""
        traces: dict[str, list[Any]] = {}
        spans = [each for event in self.events if "version" in event for each in event["items"]]
        for span in sorted(spans, key=lambda each: float(each["start_timestamp"])):
            traces.setdefault(span["trace_id"], []).append(span)
        return [event for event in self.events if "version" not in event] + [*traces.values()]

    @property
    def transactions(self) -> list[dict[str, Any]]:
        return [event for event in self.events if event.get("type") == "transaction"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        return [event for event in self.events if "exception" in event]


@pytest.fixture(params=["url", "endpoint"])
def style(request: pytest.FixtureRequest) -> str:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def outbox(style: str) -> Iterator[Outbox]:
    outbox = Outbox()
    sentry_sdk.init(
        dsn="https://key@sentry.invalid/1",
        transport=outbox,
        traces_sample_rate=1.0,
        integrations=[
            StarletteIntegration(transaction_style=style),
            FastApiIntegration(transaction_style=style),
        ],
    )
    yield outbox
    sentry_sdk.init()


def name(style: str, path: str, function: str) -> str:
    return path if style == "url" else f"tests.neighbours.shop.{function}"


def test_each_request_is_a_transaction_with_its_name(
    app_class: AppClass, outbox: Outbox, style: str, record_lanes: RecordLanes
) -> None:
    app = make_shop(app_class)
    check_shop(TestClient(app), app_class)
    assert [event["transaction"] for event in outbox.transactions] == [
        name(style, "/inline", "inline_endpoint"),
        name(style, "/threaded", "threaded_endpoint"),
    ]
    record_lanes(app)


def test_an_included_route_is_a_transaction_with_its_whole_path(
    app_class: AppClass, outbox: Outbox, style: str
) -> None:
    from fastapi import APIRouter

    router = APIRouter()
    add_routes(router)
    app = app_class()
    app.include_router(router, prefix="/v1")
    check_shop(TestClient(app), app_class, prefix="/v1")
    assert [event["transaction"] for event in outbox.transactions] == [
        name(style, "/v1/inline", "inline_endpoint"),
        name(style, "/v1/threaded", "threaded_endpoint"),
    ]


def record(name: str) -> None:
    with sentry_sdk.start_span(op="shop", name=name):
        pass


def test_a_span_of_a_sync_callable_belongs_to_the_transaction(
    app_class: AppClass, outbox: Outbox
) -> None:
    app = app_class()
    add_traced_route(app, record)
    TestClient(app).get("/").raise_for_status()
    (transaction,) = outbox.transactions
    root = transaction["contexts"]["trace"]["span_id"]
    spans = [span for span in transaction["spans"] if span["op"] == "shop"]
    assert [span["description"] for span in spans] == traced(app_class)
    assert {span["parent_span_id"] for span in spans} == {root}


def test_the_transaction_names_the_thread_of_its_sync_endpoint(
    app_class: AppClass, outbox: Outbox
) -> None:
    app = app_class()

    @app.get("/inline")
    @inline
    def inline_endpoint() -> int:
        return threading.get_ident()

    @app.get("/threaded")
    def threaded_endpoint() -> int:
        return threading.get_ident()

    with TestClient(app) as client:
        threads = [str(client.get(path).json()) for path in PATHS]
    named = [event["contexts"]["trace"]["data"]["thread.id"] for event in outbox.transactions]
    assert named == threads


def refuse() -> None:
    raise LookupError("sold out")


@pytest.mark.parametrize("marker", [Inline(), None], ids=["inline", "threaded"])
@pytest.mark.parametrize("role", ["dependency", "endpoint"])
def test_an_exception_is_an_event_with_its_transaction(
    app_class: AppClass, outbox: Outbox, style: str, marker: Inline | None, role: str
) -> None:
    app = app_class()
    if role == "endpoint":

        def endpoint() -> None:
            refuse()

        app.get("/refused")(inline(endpoint) if marker else endpoint)
    else:

        @app.get("/refused")
        def endpoint(refused: Annotated[None, Depends(refuse), marker]) -> None:
            raise AssertionError

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/refused").status_code == 500
    (error,) = outbox.errors
    assert error["exception"]["values"][-1]["type"] == "LookupError"
    assert error["exception"]["values"][-1]["stacktrace"]["frames"][-1]["function"] == "refuse"
    (transaction,) = outbox.transactions
    assert error["transaction"] == transaction["transaction"]
    assert error["contexts"]["trace"]["trace_id"] == transaction["contexts"]["trace"]["trace_id"]
    if style == "url":
        assert error["transaction"] == "/refused"
    else:
        assert error["transaction"].endswith(".endpoint")


OPTIONS: dict[str, dict[str, Any]] = {
    "errors only": {},
    "tracing": {"traces_sample_rate": 1.0},
    "streamed spans": {"traces_sample_rate": 1.0, "_experiments": {"trace_lifecycle": "stream"}},
}


def record_message(text: str) -> None:
    """What a callable of the user's notes: an event, a breadcrumb, and a span of its own."""
    with sentry_sdk.start_span(op="shop", name=text):
        sentry_sdk.add_breadcrumb(message=text)
        sentry_sdk.set_tag("last", text)
        sentry_sdk.capture_message(text)


@pytest.mark.parametrize("is_marked", [False, True], ids=["unmarked", "inline"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_what_is_sent_is_what_is_sent_beside_fastapi_field_by_field(
    style: str, options: dict[str, Any], is_marked: bool
) -> None:
    sent: list[list[Any]] = []
    answers: list[Any] = []
    for app_class in (FastAPI, FastDepsAPI):
        outbox = Outbox()
        sentry_sdk.init(
            dsn="https://key@sentry.invalid/1",
            transport=outbox,
            send_default_pii=True,
            # They are counted by the minute.
            auto_session_tracking=False,
            integrations=[
                StarletteIntegration(transaction_style=style),
                FastApiIntegration(transaction_style=style),
            ],
            **options,
        )
        try:
            app = make_watched(app_class, record_message, is_marked=is_marked)
            answers.append(ask_for_all(app))
            sentry_sdk.flush()
        finally:
            sentry_sdk.init()
        if isinstance(app, FastDepsAPI):
            assert [each.why for each in explain(app) if each.lane != "fast"] == []
        sent.append([Comparable(is_marked=is_marked).of(each) for each in outbox.items])
    assert answers[0] == answers[1]
    assert len(sent[0]) > 50
    assert difference(*sent) is None


class Comparable:
    """What is sent without what differs from run to run.

    An id is replaced by how many others came before it in the event, so that what belongs
    together still does. Frames of libraries are left out, where another function calls the
    user's. An endpoint that is marked inline runs in another thread, and Sentry, which takes it
    for async, leaves it unwrapped: then the thread, and the file that FastAPI names in an invalid
    response, Sentry's own where it has wrapped the endpoint, are left out.
    """

    def __init__(self, *, is_marked: bool) -> None:
        self._ids: dict[str, str] = {}
        self._is_marked = is_marked
        self._omitted = {*_VOLATILE, "thread.name"} if is_marked else _VOLATILE

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self._frames(each) if key == "frames" else self.of(each)
                for key, each in value.items()
                if key not in self._omitted
            }
        if isinstance(value, list):
            return [self.of(each) for each in value]
        if isinstance(value, str):
            value = _ID.sub(self._number, _ADDRESS.sub("", value))
            return _FILE.sub("", value) if self._is_marked else value
        return value

    def _frames(self, frames: list[dict[str, Any]]) -> list[Any]:
        return [self.of(each) for each in frames if str(each.get("module")).startswith("tests.")]

    def _number(self, found: re.Match[str]) -> str:
        return self._ids.setdefault(found[0], f"id {len(self._ids)}")


_ID = re.compile(r"\b([0-9a-f]{32}|[0-9a-f]{16})\b")
_ADDRESS = re.compile(r"(?<=0x)[0-9a-f]+|(?<=asyncio-portal-)[0-9a-f]+")
_FILE = re.compile(r"(?<=File \")[^\"]+")
_VOLATILE = {
    "_meta",
    "end_timestamp",
    "sample_rand",
    "start_timestamp",
    "thread.id",
    "timestamp",
}
