"""Mangum: AWS Lambda's events are requests, lifespan included."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from mangum import Mangum

from tests.neighbours.shop import PATHS, AppClass, RecordLanes, expected, make_shop


def event(path: str, query: str) -> dict[str, Any]:
    """What API Gateway sends for a GET request, in its payload format 2.0."""
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": "shop.example.com"},
        "requestContext": {
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "1.2.3.4"}
        },
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize("lifespan", ["auto", "off"])
def test_each_event_is_answered(
    app_class: AppClass, lifespan: Any, record_lanes: RecordLanes
) -> None:
    app = make_shop(app_class)
    handler = Mangum(app, lifespan=lifespan)
    for path in PATHS:
        answer = handler(event(path, "skip=3&q=tea"), SimpleNamespace())
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == expected(app_class, path, skip=3, q="tea")
    record_lanes(app)
