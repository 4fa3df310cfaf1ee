"""Random tables of routes, and what happens to them: data, made of a seed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

SEGMENTS = (
    *("a", "b", "A", "ab", "a b", "é", "a.b", "a-b", "", "1", "a$", "x|y", "a\n"),
    *("{x}", "{x}", "{x}", "{x:int}", "{x:float}", "{x:uuid}", "{x:path}"),
    *("a{x}b", "{x}.{y}", "a-{x:int}", "{x:path}b", "a{x:path}", "{x}{y:int}"),
    *("{x:code}", "{x:pair}", "{x:either}"),
)
MOST_DIGITS = 640
"""What the conversion of a number is limited to meanwhile: the lowest limit there is."""

TOO_LONG = "9" * (MOST_DIGITS + 1)

FILLINGS = {
    "str": ("a", "b", "1", "ab", "a b", "é", "-"),
    "int": ("1", "1", "2", "007", "a", "-", TOO_LONG),
    "float": ("1.5", "1", "1.", "a"),
    "uuid": ("5b1d6c4e-0f4b-4c8e-9c51-0d0e7a3f2b11", "5b1d"),
    "path": ("", "a", "a/b", "/", "a/", "a\nb"),
    "code": ("ab", "aa", "d"),
    "pair": ("a/b", "b/a", "a"),
    "either": ("a", "b/c", "c"),
}
METHODS = (("GET",), ("GET",), ("POST",), ("GET", "POST"), ("DELETE",), ("PUT", "PATCH"), ("HEAD",))
HOSTS = ("a.org", "{sub}.a.org", "b.org")


@dataclass(frozen=True)
class Item:
    """Something in the list of a router.

    Attributes:
        kind: what it is: see `build`.
        prefix: of the inclusion, where it is a router.
        items: what is in it.
        flag: one of two variants of its kind.
    """

    kind: str
    path: str = ""
    methods: tuple[str, ...] = ("GET",)
    prefix: str = ""
    items: tuple["Item", ...] = ()
    flag: bool = False


@dataclass(frozen=True)
class Request:
    path: str
    method: str = "GET"
    kind: str = "http"
    host: str = "a.org"
    root_path: str = ""


@dataclass(frozen=True)
class Change:
    """What is done to a router, or to one of its routes; they are counted from the first."""

    name: str
    router: int
    route: int
    item: Item


@dataclass(frozen=True)
class Meanwhile:
    """Something that happens while the endpoint of a request waits."""

    request: Request
    steps: tuple["Step", ...]


Step: TypeAlias = Request | Change | Meanwhile


@dataclass(frozen=True)
class Program:
    items: tuple[Item, ...]
    steps: tuple[Step, ...]
    redirect_slashes: bool = True
    docs: bool = False
    limits: bool = False


LEAVES = (
    *("api",) * 8,
    *("route", "route", "by_hand", "own_class", "own_handle", "own_matches"),
    *("websocket", "plain_websocket", "mount", "mount", "mounted_routes"),
    *("mounted_app", "own_mount", "host", "foreign", "frontend"),
)
ROUTERS = ("plain", "plain", "ours", "ours", "own_router")
CHANGES = (
    *("add",) * 4,
    *("append", "insert", "remove", "replace", "reverse", "sort", "swap", "assign"),
    *("regex", "methods", "own_matches", "disable", "delete_matches", "count", "clear", "again"),
    *("include", "adopt", "assign_handle", "path"),
)


def program(seed: int) -> Program:
    """The program of a seed."""
    return _Maker(Random(seed)).program()


class _Maker:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._segments = random.sample(SEGMENTS, 7)
        self._is_plain = random.random() < 0.5
        self._parameters = 0

    def program(self) -> Program:
        chance = self._random
        items = self._items(0)
        paths = list(_paths(items, ""))
        steps = tuple(self._step(paths, 0) for _ in range(chance.randint(4, 14)))
        return Program(
            items,
            steps,
            redirect_slashes=chance.random() < 0.85,
            docs=chance.random() < 0.15,
            limits=chance.random() < 0.1,
        )

    def _items(self, depth: int) -> tuple[Item, ...]:
        return tuple(self._item(depth) for _ in range(self._random.randint(0 if depth else 1, 4)))

    def _item(self, depth: int) -> Item:
        chance = self._random
        if depth < 3 and chance.random() < 0.35:
            return Item(
                chance.choice(ROUTERS if not self._is_plain else ROUTERS[:4]),
                chance.choice(("", "", self._prefix())),
                prefix=chance.choice(("", self._prefix())),
                items=self._items(depth + 1),
                flag=chance.random() < 0.2,
            )
        kind = "api" if self._is_plain and chance.random() < 0.7 else chance.choice(LEAVES)
        if kind == "mounted_app" and depth > 1:
            kind = "mount"
        return Item(
            kind,
            self._path(),
            chance.choice(METHODS),
            items=self._items(3) if kind == "mounted_app" else (),
            flag=chance.random() < 0.5,
        )

    def _path(self) -> str:
        chance = self._random
        segments: list[str] = []
        for _ in range(chance.choice((1, 1, 2, 2, 3))):
            segments.append(chance.choice(self._segments))
        return self._distinct("/" + "/".join(segments))

    def _prefix(self) -> str:
        return self._path().rstrip("/")

    def _distinct(self, path: str) -> str:
        """The path with names for its parameters that no other has."""
        distinct = ""
        while "{" in path:
            before, _, rest = path.partition("{")
            name, _, path = rest.partition("}")
            self._parameters += 1
            distinct += f"{before}{{{name[0]}{self._parameters}{name[1:]}}}"
        return distinct + path

    def _step(self, paths: list[str], depth: int) -> Step:
        chance = self._random
        kind = chance.random()
        if kind < 0.7:
            return self._request(paths)
        if kind < 0.92 or depth:
            item = self._item(2)
            paths += _paths((item,), "")
            return Change(chance.choice(CHANGES), chance.randrange(6), chance.randrange(8), item)
        steps = tuple(self._step(paths, 1) for _ in range(chance.randint(1, 3)))
        return Meanwhile(self._request(paths), steps)

    def _request(self, paths: list[str]) -> Request:
        chance = self._random
        path = self._filled(chance.choice(paths)) if paths and chance.random() < 0.95 else "/a"
        change = chance.random()
        if change < 0.12:
            path = path.rstrip("/") if path.endswith("/") else path + "/"
        elif change < 0.16:
            path += "\n"
        elif change < 0.20:
            path += "/" + chance.choice(("a", "b", "1", ""))
        elif change < 0.23:
            path = path.swapcase()
        elif change < 0.25:
            path = path[1:]
        root_path = chance.choice(("", "", "", "", "/root", "/a"))
        if root_path and chance.random() < 0.8:
            path = root_path + path
        method = chance.choice(("GET", "GET", "GET", "POST", "HEAD", "DELETE", "OPTIONS", "get"))
        kind = "websocket" if chance.random() < 0.12 else "http"
        host = chance.choice(("a.org", "a.org", "x.a.org", "b.org:80", "c.org", "é"))
        return Request(path, method, kind, host, root_path)

    def _filled(self, path: str) -> str:
        filled = ""
        for before, kind in _parts(path):
            filled += before
            if kind is not None:
                filled += self._random.choice(FILLINGS[kind])
        # Regular expressions of several parameters take their time for a long text.
        return filled.replace(TOO_LONG, "9") if path.count("{") > 2 else filled


def _parts(path: str) -> Iterator[tuple[str, str | None]]:
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, path = rest.partition("}")
        yield before, name.partition(":")[2] or "str"
    yield path, None


def _paths(items: tuple[Item, ...], prefix: str) -> Iterator[str]:
    for item in items:
        if item.kind in ROUTERS:
            yield from _paths(item.items, prefix + item.prefix + item.path)
        elif item.kind == "mounted_app":
            yield from _paths(item.items, prefix + item.path)
        elif item.kind in ("mount", "own_mount", "mounted_routes", "frontend"):
            for below in ("", "/", "/a", "/a/b"):
                yield prefix + item.path + below
        else:
            yield prefix + item.path


def shrunk(found: Program, fails: Callable[[Program], bool]) -> Program:
    """A smaller program that fails, too."""
    while True:
        for smaller in _smaller(found):
            if fails(smaller):
                found = smaller
                break
        else:
            return found


def _smaller(program: Program) -> Iterator[Program]:
    for name in ("docs", "limits"):
        if getattr(program, name):
            yield replace(program, **{name: False})
    for index in range(len(program.steps)):
        steps = program.steps
        yield replace(program, steps=steps[:index] + steps[index + 1 :])
        step = steps[index]
        if isinstance(step, Meanwhile):
            yield replace(
                program, steps=(*steps[:index], step.request, *step.steps, *steps[index + 1 :])
            )
    for items in _fewer(program.items):
        yield replace(program, items=items)


def _fewer(items: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    for index, item in enumerate(items):
        yield items[:index] + items[index + 1 :]
        for inner in _fewer(item.items):
            yield (*items[:index], replace(item, items=inner), *items[index + 1 :])
        if item.prefix:
            yield (*items[:index], replace(item, prefix=""), *items[index + 1 :])
