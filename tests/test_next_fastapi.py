"""A FastAPI that is unlike those that were tested serves what it would serve without us."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import fastapi
import pytest

from fastapi_fastdeps._fastapi import names
from fastapi_fastdeps._fastapi.capabilities import Capability, tell_of
from fastapi_fastdeps._fastapi.names import (
    classification,
    fast_lane,
    frontends,
    inclusions,
    route_classes,
    websockets,
)
from fastapi_fastdeps._fastapi.versions import PLANS_SINCE

CAPABILITIES = (classification, route_classes, websockets, inclusions, frontends, fast_lane)
DOCUMENTED = {
    "APIRoute",
    "APIRouter",
    "APIWebSocketRoute",
    "EventSourceResponse",
    "JSONResponse",
    "Request",
    "WebSocket",
    "get_route_handler",
    "jsonable_encoder",
    "run_in_threadpool",
}
WORDS = {
    "alias",
    "cookies",
    "default",
    "get",
    "get_default",
    "headers",
    "path_params",
    "query_params",
    "render",
    "validation_alias",
}
"""Names of methods that others than FastAPI and Starlette use, too."""
PARTS = {
    "dependant": classification,
    "dependency_overrides_provider": classification,
    "is_coroutine_callable": None,
    "embed_body_fields": websockets,
    "_embed_body_fields": fast_lane,
    "route_class_override": route_classes,
    "original_router": inclusions,
    "include_context": inclusions,
    "original_route": inclusions,
    "starlette_route": inclusions,
    "effective_candidates": inclusions,
    "_build_effective_context": inclusions,
    "from_api_route": inclusions,
    "path_for": inclusions,
    "combine": inclusions,
    "_frontend_routes": frontends,
    "_low_priority_routes": frontends,
    "effective_low_priority_routes": frontends,
    "get_semaphore": fast_lane,
    "body_field": fast_lane,
    "uses_scopes_cache": fast_lane,
    "sub_values": fast_lane,
    "received_body": fast_lane,
    "getlist": fast_lane,
    "init_headers": fast_lane,
    "serialize": fast_lane,
    "serialize_json": fast_lane,
    "validate": fast_lane,
    "fastapi_inner_astack": fast_lane,
    "fastapi_function_astack": fast_lane,
    "fastapi_middleware_astack": fast_lane,
    "_effective_routes_lock": None,
}
"""Fields, methods, parameters and keys of the scope, and what needs them."""
NAMES = sorted(
    {
        name.rpartition(".")[2]
        for each in CAPABILITIES
        for name in each.names
        if name.startswith(("fastapi.", "starlette.")) and not name.endswith("__")
    }
    - DOCUMENTED
    - WORDS
    - PARTS.keys()
)


class Server:
    """Serves one app in one FastAPI after another, each in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.next_fastapi"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def __call__(
        self, *renamed: str, decoys: bool = False, version: str | None = None
    ) -> dict[str, Any]:
        """What was said in the log and where callables ran, if all is served as in stock."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([renamed, decoys, version]) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert found["error"] == ""
        assert found["differences"] == []
        return found


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    server = Server()
    yield server
    server.process.communicate()


def test_with_a_fastapi_that_was_tested_nothing_is_said(served: Server) -> None:
    found = served()
    assert found["said"] == []
    assert found["threaded"] == []
    assert ["fast", ""] in found["lanes"]


def test_with_a_newer_fastapi_of_the_same_content_nothing_is_said(served: Server) -> None:
    found = served(version="0.999.0")
    assert found["said"] == []
    assert found["threaded"] == []
    assert ["fast", ""] in found["lanes"]


@pytest.mark.parametrize("decoys", [False, True], ids=["missing", "something else"])
@pytest.mark.parametrize("name", NAMES)
def test_without_a_name_everything_is_served_as_by_fastapi(
    served: Server, name: str, decoys: bool
) -> None:
    found = served(name, decoys=decoys)
    (line,) = found["said"]
    assert name.removeprefix("_") in line


@pytest.mark.parametrize("part", PARTS)
def test_without_a_part_of_one_everything_is_served_as_by_fastapi(
    served: Server, part: str
) -> None:
    found = served(part)
    capability = PARTS[part]
    if capability is not None:
        (line,) = found["said"]
        assert f"Without {capability.title}" in line


def test_without_any_of_them_fastapi_is_left_alone(served: Server) -> None:
    found = served(*NAMES, *PARTS)
    assert len(found["said"]) == 1
    assert found["inline"] == []
    assert {lane for lane, _ in found["lanes"]} == {"stock"}


@pytest.mark.parametrize(
    ("name", "inline"),
    [
        ("_IncludedRouter", ["direct", "body"]),
        ("_FrontendRouteGroup", ["direct", "of_plain"]),
        ("get_websocket_app", ["direct", "of_plain"]),
        ("_get_cache_key", ["direct", "of_plain"]),
    ],
)
def test_what_does_not_need_the_name_is_inline_as_ever(
    served: Server, name: str, inline: list[str]
) -> None:
    assert set(inline) <= set(served(name)["inline"])


def test_a_fastapi_that_is_too_old_is_refused_at_import() -> None:
    program = "import fastapi; fastapi.__version__ = '0.114.2'; import fastapi_fastdeps"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "fastapi_fastdeps.errors.UnsupportedFastAPIError: FastAPI 0.114.2 is older than "
        "0.115.0, the oldest that fastapi-fastdeps works with: install a newer one."
    )


def test_it_is_said_that_a_fastapi_is_older_than_the_fast_lane(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fastapi, "__version__", "0.128.8")
    lane = Capability("the fast lane", "it is slower", since=PLANS_SINCE, tells_age=True)
    index = Capability("the index", "it is slower, too", since="0.165.0")
    shell = Capability("the shell", "it is slower still", since="0.165.0", on=lane)
    assert lane.why_off == shell.why_off == f"FastAPI 0.128.8 is older than {PLANS_SINCE}"

    tell_of(lane, index, shell)

    (said,) = caplog.messages
    assert f"Without the fast lane, it is slower: {lane.why_off}. Install a newer FastAPI" in said
    assert "index" not in said
    assert "shell" not in said


def test_every_capability_declares_names() -> None:
    assert all(each.names for each in CAPABILITIES)
    assert all(isinstance(each, names.Capability) for each in CAPABILITIES)
