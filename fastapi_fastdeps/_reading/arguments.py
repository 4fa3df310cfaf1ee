"""What a call is given, and which parameters take it."""

import inspect
import types
from dataclasses import dataclass, field

from fastapi_fastdeps._reading.shapes import of_object
from fastapi_fastdeps._reading.sizes import STEP, UNBOUNDED, Bound, total
from fastapi_fastdeps._reading.values import TEXT, UNKNOWN, Value, container, either, size_of


@dataclass(slots=True)
class Arguments:
    """What a call is given.

    Attributes:
        is_open: whether it is given more, of which nothing is known.
        is_keyed: whether a `key` has been read that is called with each item.
    """

    positional: list[Value] = field(default_factory=list[Value])
    named: dict[str, Value] = field(default_factory=dict[str, Value])
    is_open: bool = False
    is_keyed: bool = False

    @property
    def all(self) -> list[Value]:
        return [*self.positional, *self.named.values()]

    def behind(self, first: Value) -> "Arguments":
        return Arguments([first, *self.positional], self.named, self.is_open)


def bound(function: types.FunctionType, given: Arguments) -> dict[str, Value] | None:
    """The variables of a function when it begins; `None` where the call raises `TypeError`."""
    code = function.__code__
    names = code.co_varnames
    count, only = code.co_argcount, code.co_kwonlyargcount
    parameters = names[:count]
    variables: dict[str, Value] = dict(zip(parameters, given.positional, strict=False))
    named = {name: value for name, value in given.named.items() if name != "**"}
    by_name = {*names[code.co_posonlyargcount : count], *names[count : count + only]}
    for name in by_name & set(named):
        variables[name] = named[name]
    defaults = function.__defaults__ or ()
    written = {
        **dict(zip(parameters[count - len(defaults) :], defaults, strict=True)),
        **(function.__kwdefaults__ or {}),
    }
    rest = [value for name, value in named.items() if name not in by_name]
    for name in names[: count + only]:
        if name in variables:
            continue
        if given.is_open:
            variables[name] = UNKNOWN
        elif name in written:
            variables[name] = of_object(written[name], stable=False)
        else:
            return None
    index = count + only
    if code.co_flags & inspect.CO_VARARGS:
        extra = given.positional[count:]
        items = UNKNOWN if given.is_open else either(extra)
        variables[names[index]] = container(tuple, items, _size(extra, given))
        index += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        items = UNKNOWN if given.is_open else either(rest)
        variables[names[index]] = container(dict, items, _size(rest, given), TEXT)
    return variables


def _size(values: list[Value], given: Arguments) -> Bound:
    if given.is_open:
        return UNBOUNDED
    return STEP * (1 + 2 * len(values)) + total(map(size_of, values))
