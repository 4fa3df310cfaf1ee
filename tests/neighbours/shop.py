"""The app that neighbours are put beside: sync callables of each kind, some marked inline."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import httpx
from anyio.lowlevel import current_token
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient

from fastapi_fastdeps import FastDepsAPI, Inline, inline

Place = Literal["loop", "thread"]
AppClass = Callable[..., FastAPI]
RecordLanes = Callable[[FastAPI], None]


def place() -> Place:
    """Where the caller runs: on the event loop, whichever library's, or in a worker thread."""
    try:
        current_token()
    except RuntimeError:
        return "thread"
    return "loop"


@inline
class Page:
    """A dependency that is marked inline."""

    def __init__(self, skip: int = 0) -> None:
        self.skip = skip
        self.place = place()


class Filters:
    """A dependency that nobody marked."""

    def __init__(self, q: str | None = None) -> None:
        self.q = q
        self.place = place()


class Session:
    """What the `yield` dependency gives."""

    def __init__(self) -> None:
        self.place = place()


closed: list[Place] = []
"""Where each session was closed."""


def open_session() -> Iterator[Session]:
    """A `yield` dependency that is marked inline where it is used."""
    yield Session()
    closed.append(place())


Report = dict[str, str | int | None]


def report(page: Page, filters: Filters, session: Session) -> Report:
    """What ran where, and what it was given."""
    return {
        "endpoint": place(),
        "page": page.place,
        "filters": filters.place,
        "session": session.place,
        "skip": page.skip,
        "q": filters.q,
    }


@inline
def inline_endpoint(
    page: Annotated[Page, Depends()],
    filters: Annotated[Filters, Depends()],
    session: Annotated[Session, Depends(open_session), Inline],
) -> Report:
    return report(page, filters, session)


def threaded_endpoint(
    page: Annotated[Page, Depends()],
    filters: Annotated[Filters, Depends()],
    session: Annotated[Session, Depends(open_session), Inline],
) -> Report:
    return report(page, filters, session)


PATHS = ("/inline", "/threaded")
ASKED: dict[str, str | int | None] = {"skip": 3, "q": "tea"}


def add_routes(router: FastAPI | APIRouter) -> None:
    router.get("/inline")(inline_endpoint)
    router.get("/threaded")(threaded_endpoint)


def make_shop(app_class: AppClass, **options: Any) -> FastAPI:
    """The app: `/inline` and `/threaded`, with the same three dependencies."""
    app = app_class(**options)
    add_routes(app)
    return app


def add_traced_route(app: FastAPI, record: Callable[[str], object]) -> None:
    """`/`, whose callables record a span with their name and place: see `traced`."""

    def price() -> None:
        record(f"price on the {place()}")

    @app.get("/")
    @inline
    def endpoint(
        priced: Annotated[None, Depends(price), Inline],
        priced_again: Annotated[None, Depends(price, use_cache=False)],
    ) -> None:
        record(f"endpoint on the {place()}")


def traced(app_class: AppClass) -> list[str]:
    """The names of the spans that a request for `/` records."""
    marked = on_loop(app_class)
    return [f"price on the {marked}", "price on the thread", f"endpoint on the {marked}"]


def on_loop(app_class: AppClass) -> Place:
    """Where what is marked inline runs in an app of this class."""
    return "loop" if app_class is FastDepsAPI else "thread"


def expected(app_class: AppClass, path: str, **values: str | int | None) -> Report:
    """What the shop answers to a request for this path."""
    marked = on_loop(app_class)
    return {
        "endpoint": marked if path == "/inline" else "thread",
        "page": marked,
        "filters": "thread",
        "session": marked,
        "skip": 0,
        "q": None,
    } | values


def check_answers(client: httpx.Client, app_class: AppClass, prefix: str = "") -> None:
    """The shop answers, and what it answers with ran where it should."""
    for path in PATHS:
        check_answer(client.get(f"{prefix}{path}", params=ASKED), app_class, path)


def check_answer(answer: httpx.Response, app_class: AppClass, path: str) -> None:
    assert answer.status_code == 200, answer.text
    assert answer.json() == expected(app_class, path, **ASKED)


def check_shop(client: TestClient, app_class: AppClass, prefix: str = "") -> None:
    """The shop answers, and everything in it ran where it should, the closing too."""
    closed.clear()
    check_answers(client, app_class, prefix)
    assert closed == [on_loop(app_class)] * len(PATHS)
