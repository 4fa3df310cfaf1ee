"""What calls give: of functions, of objects, of methods."""

import ast
import inspect
import types
from ast import AST
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi_fastdeps._fastapi.kinds import kind_of
from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments, bound
from fastapi_fastdeps._reading.constructing import construct, initialize_exception
from fastapi_fastdeps._reading.frames import frame_of
from fastapi_fastdeps._reading.handlers import HANDLERS
from fastapi_fastdeps._reading.looking import is_written, text_of, unstable
from fastapi_fastdeps._reading.methods import call_data, call_vetted
from fastapi_fastdeps._reading.operators import lengthened
from fastapi_fastdeps._reading.sizes import UNBOUNDED
from fastapi_fastdeps._reading.source import Function
from fastapi_fastdeps._reading.values import (
    NEVER,
    NONE,
    UNKNOWN,
    Data,
    DataMethod,
    Instance,
    Known,
    Method,
    Value,
    container,
    either,
    is_plain,
    options,
)

if TYPE_CHECKING:
    from fastapi_fastdeps._reading.reader import Reader

_DEEP = 16


def call(reader: "Reader", what: Value, given: Arguments, node: AST | None) -> Value:
    """What calling one value gives."""
    match what:
        case Known():
            return _call_known(reader, what.what, given, node)
        case Method(function=function):
            return enter(reader, function, given.behind(what.on), node)
        case DataMethod(on=Data() as on):
            return call_data(reader, what.name, on, given, node)
        case DataMethod(on=Instance() as on):
            return call_vetted(reader, what.name, on, given, node)
        case Instance():
            return _call_instance(reader, what, given, node)
        case Data():
            return NEVER
        case _:
            return reader.problem(node, f"calls {text_of(node)}, which it can't see")


def _call_known(reader: "Reader", what: Any, given: Arguments, node: AST | None) -> Value:
    handler = HANDLERS.get(id(what))
    if handler is not None:
        if given.is_open or not all(map(is_plain, _asked(what, given))):
            return reader.problem(node, f"gives {what.__name__} what it can't see")
        return handler(reader, given, node)
    if id(what) in vetted.FUNCTIONS:
        return _call_vetted_function(reader, what, given, node)
    if isinstance(what, types.FunctionType):
        return enter(reader, what, given, node)
    if isinstance(what, types.MethodDescriptorType):
        return _call_unbound(reader, what, given, node)
    if isinstance(what, type):
        return construct(reader, what, given, node)
    if kind_of(what) is shapes.LRU_CACHED:
        if not shapes.is_cached_itself(what):
            return reader.problem(node, f"calls {text_of(node)}, which says to be another one")
        if given.is_open or not all(map(is_plain, given.all)):
            return reader.problem(node, f"{text_of(node)} hashes what it can't see")
        reader.goes_through(given.all, node)
        made = reader.call(shapes.of_object(what.__wrapped__), given, node)
        return either(map(kept, options(made)))
    return reader.problem(node, f"calls {getattr(what, '__qualname__', repr(what))}")


def _call_unbound(
    reader: "Reader", what: types.MethodDescriptorType, given: Arguments, node: AST | None
) -> Value:
    """A method of a builtin type that is read from the type, such as `str.lower`."""
    on = options(given.positional[0]) if given.positional else ()
    rest = Arguments(given.positional[1:], given.named, given.is_open)
    if not on or not all(isinstance(e, Data) and e.kind is what.__objclass__ for e in on):
        return reader.problem(node, f"calls {what.__qualname__} on what it can't see")
    return either(
        call_data(reader, what.__name__, each, rest, node) for each in on if isinstance(each, Data)
    )


def _asked(what: Any, given: Arguments) -> list[Value]:
    """What is given by name, which a builtin may ask whether it is true, or a number."""
    if what is dict:
        return []
    return [value for name, value in given.named.items() if name != "default"]


def kept(value: Value) -> Value:
    """A value that others have, too: nobody knows what has been put into it."""
    if isinstance(value, Instance):
        return Instance(value.cls, value.exact, known=value.known)
    if isinstance(value, Data) and value.box is not None:
        return container(value.kind, UNKNOWN, UNBOUNDED, UNKNOWN)
    return value if isinstance(value, Data | Known) else UNKNOWN


def _call_vetted_function(reader: "Reader", what: Any, given: Arguments, node: AST | None) -> Value:
    name: str = what.__name__
    if len(given.positional) > 2 or set(given.named) - {"safe", "altchars"} or given.is_open:
        return reader.problem(node, f"calls {name} with arguments that it can't see")
    if not all(map(is_plain, given.all)):
        return reader.problem(node, f"gives {name} what is not known to be plain data")
    reader.note(f"calls {name}")
    result, times = vetted.FUNCTIONS[id(what)]
    if times and not all(map(is_written, [*given.positional[1:], *given.named.values()])):
        return reader.problem(node, f"calls {name} with arguments that it can't see")
    reader.goes_through(given.all, node, max(4, 4 * times))
    if times and isinstance(result, Data) and given.positional:
        return lengthened(given.positional[0], result.kind, times)
    return result


def _call_partial(
    reader: "Reader", made: partial[Any], given: Arguments, node: AST | None
) -> Value:
    positional = [*map(unstable, made.args), *given.positional]
    named = {name: unstable(value) for name, value in made.keywords.items()}
    both = Arguments(positional, {**named, **given.named}, given.is_open)
    return reader.call(shapes.of_object(made.func), both, node)


def _call_instance(reader: "Reader", what: Instance, given: Arguments, node: AST | None) -> Value:
    if kind_of(what.known) is partial:
        return _call_partial(reader, what.known, given, node)
    found = inspect.getattr_static(what.cls, "__call__", None)
    if what.exact and isinstance(found, types.FunctionType):
        return enter(reader, found, given.behind(what), node)
    return reader.problem(node, f"calls an instance of {what.cls.__qualname__}")


def enter(
    reader: "Reader", function: types.FunctionType, given: Arguments, node: AST | None
) -> Value:
    """Read a function that is called."""
    if any(function is each for each in vetted.INITIALIZERS):
        return initialize_exception(reader, function, given, node)
    name = function.__qualname__
    flags = function.__code__.co_flags
    if reader.frames and flags & (
        inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR
    ):
        return UNKNOWN
    if any(frame.function.__code__ is function.__code__ for frame in reader.frames):
        return reader.problem(node, f"calls {name}, which may call itself without end")
    if len(reader.frames) > _DEEP:
        return reader.problem(node, f"calls {name}, too deep to follow")
    variables = bound(function, given)
    frame = frame_of(function, variables) if variables is not None else None
    if variables is None:
        return NEVER
    if frame is None:
        return reader.problem(node, f"calls {name}, whose source is not there")
    reader.frames.append(frame)
    reader.path.append(id(node))
    _body(reader, frame.node)
    reader.path.pop()
    reader.frames.pop()
    if flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
        return either(frame.yielded)
    ended = [NONE] if frame.variables is not None else []
    return either([*frame.returned, *ended])


def _body(reader: "Reader", node: Function) -> None:
    if isinstance(node, ast.Lambda):
        reader.frame.returned.append(reader.evaluate(node.body))
        reader.frame.variables = None
    else:
        reader.run(node.body)
