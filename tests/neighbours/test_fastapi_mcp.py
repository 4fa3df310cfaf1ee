"""fastapi-mcp: the routes of an app as tools of a Model Context Protocol server."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from fastapi_mcp import FastApiMCP
from mcp.types import LATEST_PROTOCOL_VERSION

from tests.neighbours.shop import (
    ASKED,
    PATHS,
    AppClass,
    RecordLanes,
    check_shop,
    expected,
    make_shop,
)

TOOLS = {path: f"{path[1:]}_endpoint_{path[1:]}_get" for path in PATHS}


class Session:
    """A session of JSON-RPC with the server at `/mcp`."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.headers = {"Accept": "application/json, text/event-stream"}
        self.ask(
            "initialize",
            protocolVersion=LATEST_PROTOCOL_VERSION,
            capabilities={},
            clientInfo={"name": "shop", "version": "1"},
        )

    def ask(self, method: str, **parameters: Any) -> Any:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = self.client.post("/mcp", json=asked, headers=self.headers)
        assert answer.status_code == 200, answer.text
        if identity := answer.headers.get("mcp-session-id"):
            self.headers["mcp-session-id"] = identity
        return answer.json()["result"]

    def notify(self, method: str) -> None:
        told = {"jsonrpc": "2.0", "method": method}
        assert self.client.post("/mcp", json=told, headers=self.headers).status_code == 202


@pytest.mark.parametrize("path", PATHS)
def test_a_tool_calls_the_route_and_what_is_inline_stays_inline(
    app_class: AppClass, path: str, record_lanes: RecordLanes
) -> None:
    app = make_shop(app_class)
    FastApiMCP(app).mount_http()
    with TestClient(app) as client:
        session = Session(client)
        session.notify("notifications/initialized")
        tools = session.ask("tools/list")["tools"]
        assert {tool["name"] for tool in tools} == {*TOOLS.values()}
        assert {*tools[0]["inputSchema"]["properties"]} == {"skip", "q"}
        called = session.ask("tools/call", name=TOOLS[path], arguments=ASKED)
        assert not called["isError"]
        assert json.loads(called["content"][0]["text"]) == expected(app_class, path, **ASKED)
        check_shop(client, app_class)
    record_lanes(app)
