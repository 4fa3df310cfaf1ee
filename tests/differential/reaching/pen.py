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
        count = self.random.choice((1, 1, 2, 2, 3))
        self.places = [self._drawn(index, owners) for index in range(count)]
        self.theme = self.one_of(("a: ", "x_user", "x_user", "token", "b: ", ""))
        self.focus = self.one_of(self.places)
        self.own_prefixes = {name: f"/{name}" if self.chance(0.3) else "" for name in self.routers}
        self.bases: dict[str, list[str]] = {"app": [""], **{name: [] for name in self.routers}}
        self._fresh = 0

    def _drawn(self, index: int, owners: Sequence[str]) -> Place:
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

    def place(self) -> Place:
        """A route, mostly the one that most requests are for."""
        return self.focus if self.chance(0.6) else self.one_of(self.places)

    def route(self) -> str:
        """An expression for a route; for one that is included, mostly as it is included."""
        place = self.place()
        if place.router != "app" and self.chance(0.65):
            return f"effective(app, {place.name}, {self.number(2)})"
        return place.name

    def http_place(self) -> Place:
        """A route that is no WebSocket's, where there is one."""
        place = self.place()
        if not place.websocket:
            return place
        return self.one_of([each for each in self.places if not each.websocket] or self.places)

    def fresh(self, prefix: str) -> str:
        self._fresh += 1
        return f"{prefix}{self._fresh}"
