"""What the demo asks of the catalogue."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from benchmarks.demo.client import request


@dataclass(frozen=True)
class Scenario:
    """A kind of endpoint, and requests that go to it in turn."""

    name: str
    about: str
    requests: tuple[bytes, ...]
    status: int = 200

    def endless(self) -> Iterator[bytes]:
        return cycle(self.requests)


REVIEW = {"stars": 4, "text": "Does what it should."}

SCENARIOS = (
    Scenario(
        "GET /products/suggestions",
        "async, from memory",
        tuple(
            request("GET", f"/products/suggestions?prefix={prefix}&limit=5")
            for prefix in ("cl", "co", "fo", "he", "no", "pl", "tr", "vi")
        ),
    ),
    Scenario("GET /me", "inline, from memory", (request("GET", "/me"),)),
    Scenario(
        "GET /products/1",
        "threaded, one query",
        tuple(request("GET", f"/products/{number}") for number in range(1, 101)),
    ),
    Scenario(
        "GET /products",
        "threaded, two queries",
        tuple(
            request("GET", f"/products?category={category}&sort=-price&limit=10&offset={offset}")
            for category in ("garden", "kitchen", "office", "outdoor")
            for offset in (0, 10, 20)
        ),
    ),
    Scenario(
        "POST /products/1/reviews",
        "threaded, write and task",
        tuple(request("POST", f"/products/{number}/reviews", REVIEW) for number in range(101, 401)),
        status=201,
    ),
    Scenario(
        "GET /reports/sales",
        "threaded, slow query",
        (request("GET", "/reports/sales"),),
    ),
)
