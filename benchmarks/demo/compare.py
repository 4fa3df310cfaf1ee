"""Whether two servers say the same."""

from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from benchmarks.demo.client import fetch, request
from benchmarks.demo.process import RunningServer
from benchmarks.demo.scenarios import REVIEW

REQUESTS = {
    "a name": request("GET", "/me"),
    "a key that is missing": request("GET", "/me", key=None),
    "a key that is wrong": request("GET", "/products/1", key="nobody"),
    "a listing": request("GET", "/products?category=office&min_price=500&sort=price"),
    "a page far out": request("GET", "/products?offset=100000"),
    "a filter that is empty": request("GET", "/products?min_price=9&max_price=3"),
    "parameters that are wrong": request("GET", "/products?limit=0&offset=x&sort=colour"),
    "suggestions": request("GET", "/products/suggestions?prefix=nordic%20o&limit=3"),
    "suggestions for nothing": request("GET", "/products/suggestions"),
    "a product": request("GET", "/products/7"),
    "a product that is missing": request("GET", "/products/100000"),
    "a price": request("PUT", "/products/7/price", {"price": 1234}),
    "a price by a reader": request("PUT", "/products/7/price", {"price": 1}, key="reader-key"),
    "a price below zero": request("PUT", "/products/7/price", {"price": -1}),
    "a review": request("POST", "/products/7/reviews", REVIEW),
    "a review of nothing": request("POST", "/products/100000/reviews", REVIEW),
    "a review without stars": request("POST", "/products/7/reviews", {"text": ""}),
    "a report": request("GET", "/reports/sales"),
    "a path that is missing": request("GET", "/customers"),
    "a method that is missing": request("DELETE", "/products/7"),
    "the OpenAPI schema": request("GET", "/openapi.json"),
}
"""Requests of every kind, in an order in which they make sense."""


async def differences(servers: list[RunningServer]) -> list[str]:
    """The names of the requests that the servers answer differently."""
    different: list[str] = []
    for name, data in REQUESTS.items():
        first, *others = [await fetch(server.port, data) for server in servers]
        if any(
            (other.status, other.headers, other.body) != (first.status, first.headers, first.body)
            for other in others
        ):
            different.append(name)
    for name, exchange in EXCHANGES.items():
        first_messages, *other_messages = [await exchange(server.port) for server in servers]
        if any(messages != first_messages for messages in other_messages):
            different.append(name)
    return different


async def _watch(port: int) -> list[str | bytes]:
    async with connect(f"ws://127.0.0.1:{port}/products/9/prices?key=reader-key") as watcher:
        messages = [await watcher.recv()]
        for price in (1000, 2000):
            await fetch(port, request("PUT", "/products/9/price", {"price": price}))
            messages.append(await watcher.recv())
    return messages


async def _watch_without_key(port: int) -> list[str | bytes]:
    try:
        async with connect(f"ws://127.0.0.1:{port}/products/9/prices"):
            return ["accepted"]
    except InvalidStatus as error:
        return [str(error.response.status_code)]


EXCHANGES = {
    "a watched price": _watch,
    "a price watched without a key": _watch_without_key,
}
"""WebSocket exchanges: what the client was sent."""

COMPARED = (*REQUESTS, *EXCHANGES)
