"""FastAPI's own handler sends what is streamed, by names that may be replaced at any time: before
a request, or while it is answered. What replaces them is called as by FastAPI."""

import asyncio
import sys
import types
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Annotated, Any

import anyio
import fastapi.routing
import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.testclient import TestClient
from pydantic import BaseModel

from fastapi_fastdeps import FastDepsAPI, explain
from fastapi_fastdeps._fastapi.ground import find_code
from tests.harness.hops import everything
from tests.harness.marks import needs_plans

pytestmark = needs_plans

KINDS: dict[str, Any] = {
    "lines": {},
    "events": {"response_class": EventSourceResponse},
    "raw": {"response_class": StreamingResponse},
}
Change = Callable[[], object]


def names_read(code: types.CodeType) -> set[str]:
    nested = (each for each in code.co_consts if isinstance(each, types.CodeType))
    return set(code.co_names).union(*map(names_read, nested))


_HANDLER = find_code(fastapi.routing.get_request_handler, "get_request_handler.<locals>.app")
NAMES = sorted(names_read(_HANDLER) & vars(fastapi.routing).keys())


class Item(BaseModel):
    number: int


class Seen:
    """What was called, by the task that did: in which order tasks take turns is nobody's to say,
    where one of them waits for a thread."""

    def __init__(self) -> None:
        self._by_task: defaultdict[object, list[str]] = defaultdict(list)

    def append(self, name: str) -> None:
        try:
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        self._by_task[task].append(name)

    def calls(self) -> list[list[str]]:
        return sorted(self._by_task.values())


class Spying(types.ModuleType):
    """A module, of which it is noted what is read."""

    def __init__(self, module: types.ModuleType, seen: Seen) -> None:
        super().__init__(module.__name__)
        self._module = module
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        self._seen.append(f"{self.__name__}.{name}")
        return getattr(self._module, name)


def spied(name: str, seen: Seen) -> Any:
    value = vars(fastapi.routing)[name]
    if isinstance(value, types.ModuleType):
        return Spying(value, seen)
    if isinstance(value, type):
        return type(value)(value.__name__, (value,), {})
    if not callable(value):
        return value

    def spy(*args: Any, **options: Any) -> Any:
        seen.append(name)
        return value(*args, **options)

    return spy


def double(number: int = 1) -> int:
    return number * 2


def streamed(app: FastAPI, kind: str, changes: Sequence[Change], *, is_async: bool) -> None:
    """A route that makes the changes after its first item."""

    def items(doubled: Annotated[int, Depends(double)]) -> Iterator[Any]:
        yield made(kind, 0)
        for change in changes:
            change()
        for number in range(1, doubled + 2):
            yield made(kind, number)

    async def async_items(doubled: Annotated[int, Depends(double)]) -> AsyncIterator[Any]:
        for item in items(doubled):
            yield item

    endpoint: Callable[..., Any] = async_items if is_async else items
    # Without a field for its items FastAPI reads more names.
    del endpoint.__annotations__["return"]
    app.get("/", **KINDS[kind])(endpoint)


def made(kind: str, number: int) -> Any:
    if kind == "raw":
        return str(number)
    is_event = kind == "events" and number % 2
    return ServerSentEvent(data=Item(number=number), id="1") if is_event else {"number": number}


def answers(app: FastAPI, kind: str, name: str, *, is_async: bool, is_within: bool) -> Any:
    seen = Seen()
    with pytest.MonkeyPatch.context() as patch:
        changes: list[Change] = []
        streamed(app, kind, changes, is_async=is_async)
        client = TestClient(app, raise_server_exceptions=False)
        found = [client.get("/") for _ in range(3)]
        replace = partial(patch.setattr, fastapi.routing, name, spied(name, seen))
        if is_within:
            changes.append(replace)
        else:
            replace()
        found.append(client.get("/"))
    calls = seen.calls()
    if is_within and not is_async:
        # What a thread replaces, the event loop may have read for the item before, or not.
        calls = [sorted(set(each)) for each in calls]
    return [(each.status_code, each.content) for each in found], calls


@pytest.mark.parametrize("is_within", [False, True], ids=["before", "while it is answered"])
@pytest.mark.parametrize("is_async", [True, False], ids=["async", "sync"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_replaces_a_name_is_called_as_by_fastapi(
    kind: str, is_async: bool, is_within: bool
) -> None:
    called: set[str] = set()
    for name in NAMES:
        expected = answers(FastAPI(), kind, name, is_async=is_async, is_within=is_within)
        app = FastDepsAPI(classifier=everything if is_async else None)
        found = answers(app, kind, name, is_async=is_async, is_within=is_within)
        assert found == expected, name
        called.update(*expected[1])
    # What is made is all that is left of a sync generator once it is sent as it is.
    assert called or (kind == "raw" and is_within and not is_async)


async def turns() -> None:
    """Let others have theirs, also on a machine that stands still for some of them."""
    for _ in range(20):
        await anyio.sleep(0.005)


@pytest.mark.parametrize("name", ["_PING_INTERVAL", "KEEPALIVE_COMMENT"])
def test_a_constant_is_read_when_it_is_needed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastapi.routing, "_PING_INTERVAL", 0.01)
    monkeypatch.setattr(fastapi.routing, "KEEPALIVE_COMMENT", b": first\n\n")
    for app in (FastAPI(), FastDepsAPI()):

        @app.get("/", response_class=EventSourceResponse)
        async def items(doubled: Annotated[int, Depends(double)]) -> AsyncIterator[int]:
            await turns()
            yield doubled
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(fastapi.routing, name, {"_PING_INTERVAL": 60}.get(name, b": 2\n\n"))
                await turns()
                yield doubled

        content = TestClient(app).get("/").content
        first, second, _ = content.split(b"data: 2\n\n")
        assert b": first" in first
        assert (b": 2\n\n" in second) is (name == "KEEPALIVE_COMMENT")
        assert b": first" not in second[len(b": first\n\n") :]


def test_a_name_of_the_module_may_hide_a_builtin_one_and_vanish_again() -> None:
    seen: list[str] = []

    def hasattr_(found: Any, name: str) -> bool:
        seen.append(name)
        return hasattr(found, name)

    for app in (FastAPI(), FastDepsAPI()):
        seen.clear()
        with pytest.MonkeyPatch.context() as patch:
            changes: list[Change] = []
            streamed(app, "events", changes, is_async=True)
            client = TestClient(app)
            expected = client.get("/").content
            hide = partial(patch.setattr, fastapi.routing, "hasattr", hasattr_, raising=False)
            changes.append(hide)
            assert client.get("/").content == expected
            assert seen == ["model_dump_json"] * 2
        changes.clear()
        assert client.get("/").content == expected
        assert seen == ["model_dump_json"] * 2


def test_the_handler_looks_like_fastapis_in_a_frame() -> None:
    found: list[Any] = []

    async def looking() -> None:
        frame: Any = sys._getframe()
        while frame.f_code != _HANDLER:
            frame = frame.f_back
        names = frame.f_globals
        found.append((frame.f_code.co_filename, names.get("__name__"), names.get("__file__")))
        found.append(names["json"])

    for app in (FastAPI(), FastDepsAPI(classifier=everything)):

        @app.get("/")
        async def items(looked: Annotated[None, Depends(looking)]) -> AsyncIterator[int]:
            yield 1

        assert TestClient(app).get("/").text == "1\n"
    assert found[:2] == found[2:]


def test_a_stream_is_in_the_fast_lane() -> None:
    app = FastDepsAPI()
    streamed(app, "lines", (), is_async=True)
    assert [(each.lane, each.why) for each in explain(app)] == [("fast", "")]
