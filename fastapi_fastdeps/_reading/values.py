"""What is known of a value before the code runs."""

import datetime
import decimal
import enum
import types
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading.sizes import (
    DIGITS,
    ITEM,
    ONE,
    REQUEST,
    STEP,
    Bound,
    largest,
    smaller,
    total,
)


class Nothing(enum.Enum):
    """No constant: `None` is one."""

    NOTHING = enum.auto()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything: it can be handed on, and nothing else."""


@dataclass(eq=False, slots=True)
class Loop:
    """A loop that is being read.

    Attributes:
        count: how often it goes round each time that it is come to.
        runs: how often it goes round in the whole call.
        boxes: what it goes through.
        changes: how often a round has changed what was there before the loop.
    """

    count: Bound
    runs: Bound
    boxes: "frozenset[Box]" = frozenset()
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Share:
    """What a loop goes through gives each round a share; all of them are no larger than `total`."""

    loop: Loop
    total: Bound


@dataclass(eq=False, slots=True)
class Box:
    """What is in one container: all names of it see what is put into it.

    Attributes:
        items: what iteration gives; of a dict, its values.
        keys: of a dict, its keys.
        within: the loops within which it was made in this call; `None` for what was there before.
        growth: how much has been put into it, by where.
        over: for an iterator, what it goes through.
        is_inside: whether it has been put into another one.
        is_carried: whether it may be from an earlier round of a loop.
    """

    items: "Value"
    keys: "Value"
    within: tuple[Loop, ...] | None = None
    growth: dict[object, Bound] = field(default_factory=dict[object, Bound])
    over: "frozenset[Box]" = frozenset()
    is_inside: bool = False
    is_carried: bool = False


class Iterator:
    """The kind of what goes through something when it is gone through itself."""


@dataclass(frozen=True, slots=True)
class Data:
    """An instance of exactly this builtin type, whose operations are Python's own.

    Attributes:
        kind: its type; `object` for one of the scalars.
        given: how large it came here, with all that is in it; of an `int`, its digits.
        box: what is in it, if it is a container.
        parts: of a tuple, what stands at each place, if that is known.
        constant: its value where that is written down.
        most: what an `int` is at most, if that is known.
        is_signed: whether it may be any negative number for all that, or is `-most` at least.
        is_grown: whether a number may have been made of itself in an earlier round of a loop.
        share: what all are together that a loop has met.
    """

    kind: type[Any]
    given: Bound = ONE
    box: Box | None = None
    parts: "tuple[Value, ...] | None" = None
    constant: Any = Nothing.NOTHING
    most: Bound | None = None
    is_signed: bool = False
    is_grown: bool = False
    share: Share | None = None

    @property
    def size(self) -> Bound:
        if self.box is None or not self.box.growth:
            return self.given
        return self.given + total(self.box.growth.values())


@dataclass(eq=False, slots=True)
class Instance:
    """An instance of a class; of exactly that one, or of one that derives from it.

    Attributes:
        fields: what is known to have been assigned to its attributes.
        known: the object itself, if it exists.
        within: the loops within which it was made in this call; `None` for what was there before.
        size: how large it is with all that is in it.
        share: what all are together that a loop has met.
    """

    cls: type[Any]
    exact: bool = True
    fields: "dict[str, Value]" = field(default_factory=dict[str, "Value"])
    known: Any = Nothing.NOTHING
    within: tuple[Loop, ...] | None = None
    size: Bound = REQUEST
    share: Share | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A function, class or module."""

    what: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Known) and other.what is self.what

    def __hash__(self) -> int:
        return id(self.what)


@dataclass(frozen=True, slots=True)
class Method:
    """A function and what it is called on."""

    function: Any
    on: "Value"


@dataclass(frozen=True, slots=True)
class DataMethod:
    """A method of a builtin type, or of a vetted one, and what it is called on."""

    name: str
    on: "Data | Instance"


@dataclass(frozen=True, slots=True)
class Super:
    """What `super()` is, in a method of a class."""

    cls: type[Any]
    on: "Value"


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values; of none where nothing comes of it but an exception."""

    options: "tuple[Value, ...]"


Value: TypeAlias = Unknown | Data | Instance | Known | Method | DataMethod | Super | Either

UNKNOWN = Unknown()
NEVER = Either(())
NONE = Data(type(None), constant=None)
SCALAR = Data(object, Bound(DIGITS, 1))
BOOL = Data(bool)
TEXT = Data(str, REQUEST)
INT = Data(int, Bound(DIGITS))
COUNT = Data(int, Bound(20))
FLOAT = Data(float)

SCALARS: frozenset[type] = frozenset(
    {
        bool,
        bytes,
        complex,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        datetime.timezone,
        decimal.Decimal,
        float,
        int,
        object,
        str,
        type(None),
        uuid.UUID,
    }
)
SEQUENCES: frozenset[type] = frozenset({frozenset, list, set, tuple})
CONTAINERS: frozenset[type] = SEQUENCES | {dict}
LONG: frozenset[type] = CONTAINERS | {bytes, str}
_SHARED = LONG | {decimal.Decimal, int}
NUMBERS: frozenset[type] = frozenset({bool, complex, decimal.Decimal, float, int})


def container(
    kind: type[Any], items: Value = NEVER, size: Bound = STEP, keys: Value = NEVER
) -> Data:
    """A container with these items, which was there before the call."""
    return Data(kind, size, Box(items, keys))


def options(value: Value) -> tuple[Value, ...]:
    """The values that a value may be."""
    return value.options if isinstance(value, Either) else (value,)


def either(values: Iterable[Value]) -> Value:
    """One of the values; unknown if one of them is, or if they are too many."""
    found: list[Value] = []
    for value in values:
        for option in options(value):
            if isinstance(option, Unknown):
                return UNKNOWN
            _add(found, option)
    if len(found) > 8:
        return UNKNOWN
    return found[0] if len(found) == 1 else Either(tuple(found))


def _add(found: list[Value], value: Value) -> None:
    if value in found:
        return
    if isinstance(value, Data):
        for index, other in enumerate(found):
            if (
                isinstance(other, Data)
                and other.kind is value.kind
                and other.box is value.box
                and other.parts == value.parts
            ):
                found[index] = _both(other, value)
                return
    found.append(value)


def _both(one: Data, other: Data) -> Data:
    return Data(
        one.kind,
        largest([one.given, other.given]),
        one.box,
        one.parts,
        most=None if one.most is None or other.most is None else largest([one.most, other.most]),
        is_signed=one.is_signed or other.is_signed,
        is_grown=one.is_grown or other.is_grown,
        share=_shared_by_both(one, other),
    )


def _shared_by_both(one: Data, other: Data) -> Share | None:
    """A round has one of two values, whose shares are of one loop, or which are as small as one."""
    if one.share is None or other.share is None:
        given, small = (one.share, other) if other.share is None else (other.share, one)
        if given is None or small.given.per or small.box is not None:
            return None
        return Share(given.loop, given.total + given.loop.runs * small.given)
    if one.share.loop is not other.share.loop:
        return None
    return Share(one.share.loop, one.share.total + other.share.total)


def grown(value: Value) -> Value:
    """A number that a round of a loop may have made of itself."""
    return either(
        Data(each.kind, each.given, is_grown=True)
        if isinstance(each, Data) and each.kind in (int, object)
        else each
        for each in options(value)
    )


def size_of(value: Value) -> Bound:
    """How large a value may be."""
    if isinstance(value, Either):
        return largest(map(size_of, value.options))
    return value.size if isinstance(value, Data | Instance) else ONE


def share_of(value: Value) -> Share | None:
    """The share that a loop has given, whichever of its values a value is."""
    if not isinstance(value, Either):
        if isinstance(value, Data) and value.box is not None and value.box.growth:
            return None
        return value.share if isinstance(value, Data | Instance) else None
    found: Share | None = None
    for option in value.options:
        share = share_of(option)
        if share is None:
            if size_of(option).per or (isinstance(option, Data) and option.box is not None):
                return None
            continue
        if found is not None and found.loop is not share.loop:
            return None
        found = share if found is None else Share(share.loop, found.total + share.total)
    return found


def shared(value: Value, share: Share | None, size: Bound) -> Value:
    """A value that is part of another one of this size, whose share a loop has given."""
    match value:
        case Either():
            return either(shared(option, share, size) for option in value.options)
        case Data() if value.kind in _SHARED or value.parts is not None:
            parts = value.parts and tuple(shared(each, share, size) for each in value.parts)
            given = smaller(value.given, size) if value.box is None or not value.parts else size
            return replace(value, given=given, parts=parts, share=share)
        case Instance(within=None) if not is_enum(value.cls):
            return replace(value, size=smaller(value.size, size), share=share)
        case _:
            return value


def unshared(value: Value, loop: Loop | None = None) -> Value:
    """A value after the round that a loop has given it in."""
    match value:
        case Either():
            return either(unshared(option, loop) for option in value.options)
        case Data(share=Share() as share) | Instance(share=Share() as share):
            if loop is None or share.loop is loop:
                value = replace(value, share=None)
        case _:
            pass
    if isinstance(value, Data) and value.parts is not None:
        return replace(value, parts=tuple(unshared(each, loop) for each in value.parts))
    return value


def boxes_in(value: Value, depth: int = 0) -> Iterable[Box]:
    """The containers that a value is made of."""
    for each in options(value):
        if not isinstance(each, Data) or depth > 6:
            continue
        if each.box is not None:
            yield each.box
        inside = each.parts or ()
        if each.box is not None:
            inside = (*inside, each.box.items, each.box.keys)
        for part in inside:
            yield from boxes_in(part, depth + 1)


def is_plain(value: Value, depth: int = 0) -> bool:
    """Whether a value is data of Python's own types through and through."""
    if isinstance(value, Either):
        return all(is_plain(option, depth) for option in value.options)
    if isinstance(value, Instance):
        return is_enum(value.cls)
    if not isinstance(value, Data) or depth > 6:
        return False
    inside = value.parts or ()
    if value.box is not None:
        inside = (*inside, value.box.items, value.box.keys)
    return all(is_plain(part, depth + 1) for part in inside)


def keys_of(value: Data) -> Value:
    """What a container compares with what is looked for in it."""
    return value.box.keys if value.kind is dict and value.box is not None else value


def is_immutable(value: Value, depth: int = 0) -> bool:
    """Whether a value is plain data into which nothing can be put."""
    return is_plain(value) and all(
        each.kind not in (list, set, dict)
        and (each.box is None or depth < 6)
        and all(
            is_immutable(part, depth + 1)
            for part in (*(each.parts or ()), *((each.box.items,) if each.box else ()))
        )
        for each in options(value)
        if isinstance(each, Data)
    )


def member_of(cls: type[Any]) -> Instance:
    """A member of an enumeration, as large as its text is."""
    members: dict[str, Any] = getattr(cls, "__members__", {})
    most = 0
    for name, member in members.items():
        value = member._value_
        if type(value) not in (str, bytes, int, bool, float, type(None)):
            return Instance(cls)
        most = max(most, len(name) + _length(value))
    return Instance(cls, size=Bound(len(cls.__qualname__) + ITEM + most))


def _length(value: Any) -> int:
    if type(value) in (str, bytes):
        return 4 * len(value)
    return value.bit_length() if type(value) is int else ITEM


def is_enum(cls: type[Any]) -> bool:
    """Whether a class is an enumeration whose members behave as those of Python's own, and are all
    that there are: of flags, more are made of any number."""
    if type(cls) is not enum.EnumMeta or issubclass(cls, enum.Flag):
        return False
    return not any(
        _is_special(name) and hasattr(kind_of(given), "__get__") and not _is_pythons(given)
        for base in cls.__mro__
        if base.__module__ not in ("enum", "builtins")
        for name, given in vars(base).items()
    )


def _is_special(name: str) -> bool:
    """Whether Python, or `enum`, looks for an attribute by itself."""
    if name in ("__init__", "_generate_next_value_"):
        # They are called when the class is made.
        return False
    return name in ("name", "value") or (name.startswith("_") and name.endswith("_"))


def _is_pythons(given: object) -> bool:
    """Whether a descriptor is one that `enum` has put there, or that is written in C."""
    function = getattr(given, "__func__", given)
    if isinstance(function, types.FunctionType):
        return function.__module__ == "enum"
    is_users = isinstance(given, classmethod | property | staticmethod)
    return not is_users and type(given).__module__ in ("builtins", "enum")
