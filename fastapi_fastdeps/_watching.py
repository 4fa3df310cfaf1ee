"""Noticing that something which was settled has been changed.

FastAPI reads a route's tree of `Dependant`s, and the routes of a router, when a request
comes; whoever changes them later is heard. What this package settles earlier it settles for
as long as nothing has changed: what FastAPI made for one of our routes notices changes, by
itself, and each of them replaces `token`. So one comparison of identities tells a request
that all is as it was. What the user made is never replaced; it is looked at instead.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from operator import attrgetter, is_
from types import MemberDescriptorType
from typing import Any, Final, TypeVar

from fastapi_fastdeps._fastapi.dependants import keeps, kept_key
from fastapi_fastdeps._fastapi.names import Dependant, classification

Item = TypeVar("Item")

token: object = object()
"""Another object after each change. Compare it by identity, and read it before what it is
to vouch for."""


def changed() -> None:
    """Have everything that was settled looked at again, before it is used."""
    global token
    token = object()


def _noticing(name: str) -> Callable[..., Any]:
    method: Callable[..., Any] = getattr(list, name)

    def change(self: list[Any], /, *args: Any, **options: Any) -> Any:
        try:
            return method(self, *args, **options)
        finally:
            changed()

    change.__name__ = name
    change.__qualname__ = f"WatchedList.{name}"
    change.__doc__ = method.__doc__
    return change


class WatchedList(list[Item]):
    """A list that notices its changes."""

    __slots__ = ()

    for _name in (
        "__delitem__",
        "__iadd__",
        "__imul__",
        "__setitem__",
        "append",
        "clear",
        "extend",
        "insert",
        "pop",
        "remove",
        "reverse",
        "sort",
    ):
        locals()[_name] = _noticing(_name)
    del _name


class WatchedDependant(Dependant):  # pyrefly: ignore[bad-class-definition]
    """A `Dependant` that notices when something else is assigned to one of its fields."""

    __slots__ = ()

    def __setattr__(self, name: str, value: Any) -> None:
        # FastAPI's solver assigns to `call` what is there already, for each request.
        if getattr(self, name, _NOTHING) is not value:
            super().__setattr__(name, value)
            changed()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        changed()

    # A dataclass is equal to those of its own class only, which for others is FastAPI's.
    def __eq__(self, other: object) -> bool:
        if type(other) not in (Dependant, WatchedDependant):
            return NotImplemented
        return _fields(self) == _fields(other)

    # As of the dataclass: `object` has a method here.
    __hash__ = None  # type: ignore[assignment]


_NOTHING: Final = object()


def _noticed(name: str) -> property | None:
    """A field that notices `object.__setattr__`, too, which asks no class of ours."""
    field: Any = vars(Dependant).get(name)
    if not isinstance(field, MemberDescriptorType):
        return None

    def assign(dependant: Any, value: Any) -> None:
        field.__set__(dependant, value)
        changed()

    return property(field.__get__, assign, field.__delete__)


for _name in ("call", "dependencies"):
    if (_property := _noticed(_name)) is not None:
        setattr(WatchedDependant, _name, _property)

_LISTS: Final = (
    "path_params",
    "query_params",
    "header_params",
    "cookie_params",
    "body_params",
    "dependencies",
    "own_oauth_scopes",
    "parent_oauth_scopes",
)
"""The fields of a `Dependant` that are lists, the scopes of some only."""

FIELDS: Final = tuple(getattr(Dependant, "__dataclass_fields__", ("call", "dependencies")))
"""All that FastAPI knows of a callable at its place."""

_fields: Final = attrgetter(*FIELDS)


def _fields_and_key(dependant: Dependant) -> tuple[Any, ...]:
    return (*_fields(dependant), kept_key(dependant))


_state: Final = _fields_and_key if keeps else _fields


def watch(root: Dependant, copy: Dependant | None = None) -> None:
    """Let a tree that FastAPI has just made notice its changes. The `Dependant`s stay the
    same, their lists do not; one that someone else has taken out of the tree is left alone,
    so that the tree can't vouch for itself. What a `copy` of FastAPI's shares with the tree it
    goes on sharing."""
    copies = () if copy is None else (*_nodes(copy),)
    if _has_lent_lists(root, copies):
        return
    lists: dict[int, tuple[list[Any], WatchedList[Any]]] = {}
    for dependant in _nodes(root):
        if type(dependant) is Dependant:
            for name in _LISTS:
                items: list[Any] | None = getattr(dependant, name, None)
                # Scopes are one list for all the dependencies of a callable.
                if items is not None and not isinstance(items, WatchedList):
                    lists.setdefault(id(items), (items, WatchedList(items)))
                    setattr(dependant, name, lists[id(items)][1])
            dependant.__class__ = WatchedDependant
    for dependant in copies:
        for name in _LISTS:
            if (shared := lists.get(id(getattr(dependant, name, None)))) is not None:
                setattr(dependant, name, shared[1])


def _has_lent_lists(root: Dependant, copies: Iterable[Dependant]) -> bool:
    """Whether someone may hold a list of the tree, who could change it unnoticed."""
    holders: Counter[int] = Counter()
    for dependant in chain(_nodes(root), copies):
        holders.update(id(getattr(dependant, name, None)) for name in _LISTS)
    return any(
        type(getattr(dependant, name, None)) is list
        and _references(dependant, name) > _REFERENCES + holders[id(getattr(dependant, name))]
        for dependant in _nodes(root)
        for name in _LISTS
    )


def _references(dependant: Dependant, name: str) -> int:
    return sys.getrefcount(getattr(dependant, name))


_REFERENCES: Final = _references(Dependant(), "dependencies") - 1 if classification else 0
"""How many references to a list there are that no one holds, besides the tree's."""


class TreeSnapshot:
    """A tree as it was, to tell whether it is still so.

    Attributes:
        is_watched: whether every change of it is noticed, so that an unchanged `token`
            vouches for it, where `dependencies` equal `known_dependencies`.
        dependencies: the list of the dependencies of each callable. `list.insert(them, ...)`
            is not noticed, and might bring in a guard: so they are compared for each request.
        known_dependencies: what was in them.
    """

    def __init__(self, root: Dependant) -> None:
        self._nodes: list[Dependant] = []
        self._values: list[tuple[Any, ...]] = []
        self._lists: list[list[Any]] = []
        self._items: list[tuple[Any, ...]] = []
        self.dependencies: list[list[Dependant]] = []
        self.is_watched = True
        for dependant in _nodes(root):
            values = _state(dependant)
            self._nodes.append(dependant)
            self._values.append(values)
            self.dependencies.append(dependant.dependencies)
            if type(dependant) is not WatchedDependant:
                self.is_watched = False
            lists: list[list[Any]] = [value for value in values if isinstance(value, list)]
            self._lists += lists
            self._items += map(tuple, lists)
            if not all(isinstance(items, WatchedList) for items in lists):
                self.is_watched = False
        self.known_dependencies = list(map(list, self.dependencies))

    def holds(self) -> bool:
        """Whether every field and every list is what it was, by identity."""
        return all(
            all(map(is_, _state(dependant), values))
            for dependant, values in zip(self._nodes, self._values, strict=True)
        ) and all(
            len(items) == len(known) and all(map(is_, items, known))
            for items, known in zip(self._lists, self._items, strict=True)
        )


def _nodes(root: Dependant) -> Iterator[Dependant]:
    """Each `Dependant` of a tree once, also where one stands in two places or in itself."""
    seen: set[int] = set()
    pending = [root]
    while pending:
        dependant = pending.pop()
        if id(dependant) not in seen:
            seen.add(id(dependant))
            yield dependant
            pending += dependant.dependencies


def unwatched(dependant: Dependant, **changes: Any) -> Dependant:
    """A copy that differs in these fields, and that nobody else knows: no change of a tree."""
    return Dependant(**{**{name: getattr(dependant, name) for name in FIELDS}, **changes})
