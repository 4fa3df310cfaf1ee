"""What is known of a value before the code runs."""

import datetime
import decimal
import enum
import types
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

Size: TypeAlias = Literal["small", "part", "sized", "grown", "huge"]
"""How large a value may be, which says what it costs to go through it.

small: as the program has it; part: all of its kind together are as large as what a loop
goes through; sized: as large as a request; grown: made larger by a loop; huge: a number that
says nothing about how large anything is.
"""

_ORDER: tuple[Size, ...] = ("small", "part", "sized", "grown", "huge")


class Nothing(enum.Enum):
    """No constant: `None` is one."""

    NOTHING = enum.auto()


@dataclass(frozen=True, slots=True)
class Unknown:
    """Anything: it can be handed on, and nothing else."""


@dataclass(eq=False, slots=True)
class Box:
    """What is in one container: all names of it see what is put into it.

    Attributes:
        items: what iteration gives; of a dict, its values.
        keys: of a dict, its keys.
        size: how large it has been made.
    """

    items: "Value"
    keys: "Value"
    size: Size = "small"


@dataclass(frozen=True, slots=True)
class Data:
    """An instance of exactly this builtin type, whose operations are Python's own.

    Attributes:
        kind: its type; `object` for one of the scalars.
        given: how large it came here.
        box: what is in it, if it is a container.
        parts: of a tuple, what stands at each place, if that is known.
        constant: its value where that is written down.
    """

    kind: type[Any]
    given: Size = "small"
    box: Box | None = None
    parts: "tuple[Value, ...] | None" = None
    constant: Any = Nothing.NOTHING

    @property
    def size(self) -> Size:
        return self.given if self.box is None else largest([self.given, self.box.size])


@dataclass(eq=False, slots=True)
class Instance:
    """An instance of a class; of exactly that one, or of one that derives from it.

    Attributes:
        fields: what is known to have been assigned to its attributes.
        known: the object itself, if it exists.
    """

    cls: type[Any]
    exact: bool = True
    fields: "dict[str, Value]" = field(default_factory=dict[str, "Value"])
    known: Any = Nothing.NOTHING


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
SCALAR = Data(object)
BOOL = Data(bool)
TEXT = Data(str, "sized")

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
NUMBERS: frozenset[type] = frozenset({bool, complex, decimal.Decimal, float, int})


def kind_of(what: object) -> type[Any]:
    """The type of an object, which is not asked for it."""
    return type(what)


def container(
    kind: type[Any], items: Value = NEVER, size: Size = "small", keys: Value = NEVER
) -> Data:
    """A container with these items."""
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
                found[index] = Data(
                    value.kind, largest([other.given, value.given]), value.box, value.parts
                )
                return
    found.append(value)


def largest(sizes: Iterable[Size]) -> Size:
    """The largest of several sizes."""
    found: Size = "small"
    for size in sizes:
        if _ORDER.index(size) > _ORDER.index(found):
            found = size
    return found


def resized(value: Value, size: Size) -> Value:
    """The same value, of another size."""
    if isinstance(value, Either):
        return either(resized(option, size) for option in value.options)
    return replace(value, given=size) if isinstance(value, Data) else value


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


def is_enum(cls: type[Any]) -> bool:
    """Whether a class is an enumeration whose members behave as those of Python's own."""
    if type(cls) is not enum.EnumMeta:
        return False
    return not any(
        isinstance(given := vars(base).get(name), classmethod | property)
        or (isinstance(given, types.FunctionType) and given.__module__ != "enum")
        for base in cls.__mro__
        if base.__module__ not in ("enum", "builtins")
        for name in _SPECIAL
    )


_SPECIAL = (
    "_missing_",
    "_name_",
    "_value_",
    "__bool__",
    "__class__",
    "__eq__",
    "__format__",
    "__getattr__",
    "__getattribute__",
    "__hash__",
    "__len__",
    "__setattr__",
    "__str__",
    "name",
    "value",
)
