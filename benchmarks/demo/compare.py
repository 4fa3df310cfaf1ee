"""Whether two servers say the same."""

import asyncio

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from benchmarks.demo.client import PATIENCE_SECONDS, fetch, request
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
    answers: dict[str, list[object]] = {name: [] for name in COMPARED}
    for server in servers:
        for name, data in REQUESTS.items():
            with server.blamed_for(name):
                response = await fetch(server.port, data)
            answers[name].append((response.status, response.headers, response.body))
        for name, exchange in EXCHANGES.items():
            with server.blamed_for(name):
                answers[name].append(await exchange(server.port))
    return [name for name, said in answers.items() if any(one != said[0] for one in said)]


async def _watch(port: int) -> list[str | bytes]:
    messages: list[str | bytes] = []
    try:
        async with connect(f"ws://127.0.0.1:{port}/products/9/prices?key=reader-key") as watcher:
            messages.append(await watcher.recv())
            for price in (1000, 2000):
                await fetch(port, request("PUT", "/products/9/price", {"price": price}))
                async with asyncio.timeout(PATIENCE_SECONDS):
                    messages.append(await watcher.recv())
    except WebSocketException as error:
        messages.append(str(error))
    return messages


async def _watch_without_key(port: int) -> list[str | bytes]:
    try:
        async with connect(f"ws://127.0.0.1:{port}/products/9/prices"):
            return ["accepted"]
    except WebSocketException as error:
        return [str(error)]


EXCHANGES = {
    "a watched price": _watch,
    "a price watched without a key": _watch_without_key,
}
"""WebSocket exchanges: what the client was sent."""

COMPARED = (*REQUESTS, *EXCHANGES)
