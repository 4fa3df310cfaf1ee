"""Chance, and what a program has that its parts can speak of."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Place:
    """A route of the program: `name` is its variable, `router` that of what it is added to."""

    name: str
    endpoint: str
    path: str
    router: str
    websocket: bool
    by_hand: bool
    method: str = "GET"


class Pen:
    """Draws one program: the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.nodes = [f"n{index}" for index in range(self.random.choice((1, 2, 2, 3, 3, 4)))]
        self.routers = [f"q{index}" for index in range(self.random.choice((0, 0, 1, 1, 2)))]
        owners = ["app", *self.routers]
        count = self.random.choice((1, 2, 2, 3))
        self.places = [self._place(index, owners) for index in range(count)]
        self.own_prefixes = {name: f"/{name}" if self.chance(0.3) else "" for name in self.routers}
        self.bases: dict[str, list[str]] = {"app": [""], **{name: [] for name in self.routers}}
        self._fresh = 0

    def _place(self, index: int, owners: Sequence[str]) -> Place:
        suffix = "/{x}" if self.chance(0.25) else ""
        return Place(
            name=f"r{index}",
            endpoint=f"e{index}",
            path=f"/r{index}{suffix}",
            router=self.one_of(owners),
            websocket=self.chance(0.13),
            by_hand=self.chance(0.3),
            method="POST" if self.chance(0.1) else "GET",
        )

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.random.randrange(len(values))]

    def number(self, below: int) -> int:
        return self.random.randrange(below)

    def node(self) -> str:
        return self.one_of(self.nodes)

    def url(self, place: Place) -> str:
        """Where a route is found as long as nothing is changed."""
        own = "" if place.by_hand else self.own_prefixes.get(place.router, "")
        bases = self.bases[place.router]
        base = self.one_of(bases) if bases else ""
        return f"{base}{own}{place.path}".replace("{x}", self.one_of(("1", "red")))

    def route(self) -> str:
        """An expression for a route, for one that is included where there are such."""
        if self.routers and self.chance(0.35):
            return f"effective(app, {self.number(4)})"
        return self.one_of(self.places).name

    def http_route(self) -> str:
        places = [place for place in self.places if not place.websocket]
        return self.one_of(places or self.places).name

    def fresh(self, prefix: str) -> str:
        self._fresh += 1
        return f"{prefix}{self._fresh}"
