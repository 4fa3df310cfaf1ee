"""Reads what a call does, and notes whatever might block."""

import ast
import dataclasses
import datetime
import decimal
import functools
import inspect
import sys
import types
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import State

from fastapi_fastdeps._reading import shapes, vetted
from fastapi_fastdeps._reading.arguments import Arguments, bound
from fastapi_fastdeps._reading.frames import Frame, Variables, frame_of, in_module, joined
from fastapi_fastdeps._reading.handlers import HANDLERS, context_variable, nothing, now, today
from fastapi_fastdeps._reading.looking import (
    caught,
    compares_by_identity,
    formats_plainly,
    is_builtin,
    is_dataclass_init,
    is_frozen,
    is_made_plainly,
    is_model,
    is_short,
    is_short_format,
    is_simple,
    is_tuple_getter,
    is_usual,
    is_written,
    number,
    of_known,
    reads_plainly,
    sets_plainly,
    shapes_of,
    stability,
    text_of,
    unstable,
)
from fastapi_fastdeps._reading.models import is_plain_model
from fastapi_fastdeps._reading.values import (
    BOOL,
    CONTAINERS,
    LONG,
    NEVER,
    NONE,
    NUMBERS,
    SCALAR,
    SCALARS,
    TEXT,
    UNKNOWN,
    Box,
    Data,
    DataMethod,
    Either,
    Instance,
    Known,
    Method,
    Nothing,
    Size,
    Super,
    Unknown,
    Value,
    either,
    is_enum,
    is_plain,
    kind_of,
    largest,
    options,
    resized,
)

_DEEP = 16
_LONG = 2000
_LARGE = ("sized", "grown", "huge")
_SET_METHODS = ("difference", "intersection", "isdisjoint", "issubset", "issuperset", "union")
_UNREADABLE: dict[type, str] = {
    ast.While: "has a while loop",
    ast.Import: "imports",
    ast.ImportFrom: "imports",
    ast.ClassDef: "makes a class",
    ast.FunctionDef: "has a decorated function in it",
}
_UNREAD: dict[type, str] = {ast.Await: "an await", ast.YieldFrom: "a yield from"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What might block, or can't be seen through."""

    what: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.what} ({self.file}:{self.line})"


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """The first problem has been met, and no more is asked for."""


class Reader:
    """Follows a call through the code that it runs.

    Raises `Stopped` at the first problem, unless it is to go `on` to see what comes of the call.

    Attributes:
        problems: what was met that might block.
        does: what it was seen to do, in words, in the order in which it was met.
    """

    def __init__(self, *, on: bool = False) -> None:
        self._on = on
        self.problems: dict[Problem, None] = {}
        self.does: dict[str, None] = {}
        self._frames: list[Frame] = []
        self._path: list[int] = []
        self._steps = 0
        self._loops: list[Size] = []
        # What each loop goes through, and what is gone through with something else.
        self._going_through: list[set[Box]] = []
        self._lazy_over: dict[Box, set[Box]] = {}
        self._made: dict[tuple[object, ...], Any] = {}
        self._version = 0

    # Calls

    def call(self, what: Value, given: Arguments, node: ast.AST | None = None) -> Value:
        """What a call gives, whichever of its values is called."""
        return either(self._call_one(each, given, node) for each in options(what))

    def _call_one(self, what: Value, given: Arguments, node: ast.AST | None) -> Value:
        match what:
            case Known():
                return self._call_known(what.what, given, node)
            case Method(function=function):
                return self.enter(function, given.behind(what.on), node)
            case DataMethod(on=Data() as on):
                return self._call_data(what.name, on, given, node)
            case DataMethod(on=Instance() as on):
                return self._call_vetted_method(what.name, on, given, node)
            case Instance():
                return self._call_instance(what, given, node)
            case Data():
                return NEVER
            case _:
                return self.problem(node, f"calls {text_of(node)}, which it can't see")

    def _call_known(self, what: Any, given: Arguments, node: ast.AST | None) -> Value:
        handler = HANDLERS.get(id(what))
        if handler is not None:
            return handler(self, given, node)
        if isinstance(what, types.FunctionType):
            if any(what is each for each in vetted.INITIALIZERS):
                return self._vetted_exception(given, node)
            if id(what) not in vetted.FUNCTIONS:
                return self.enter(what, given, node)
        if id(what) in vetted.FUNCTIONS:
            return self._call_function(what, given, node)
        if isinstance(what, type):
            return self._construct(what, given, node)
        if isinstance(what, functools._lru_cache_wrapper):  # pyright: ignore[reportPrivateUsage]
            if not all(map(is_plain, given.all)):
                return self.problem(node, f"{text_of(node)} hashes what it can't see")
            return self.call(shapes.of_object(what.__wrapped__), given, node)
        return self.problem(node, f"calls {getattr(what, '__qualname__', repr(what))}")

    def _call_function(self, what: Any, given: Arguments, node: ast.AST | None) -> Value:
        name: str = what.__name__
        if len(given.positional) > 2 or set(given.named) - {"safe", "altchars"} or given.is_open:
            return self.problem(node, f"calls {name} with arguments that it can't see")
        if not all(map(is_plain, given.all)):
            return self.problem(node, f"gives {name} what is not known to be plain data")
        self.goes_through(given.all, node)
        self.note(f"calls {name}")
        return vetted.FUNCTIONS[id(what)]

    def _call_instance(self, what: Instance, given: Arguments, node: ast.AST | None) -> Value:
        if kind_of(what.known) is functools.partial:
            made: functools.partial[Any] = what.known
            positional = [*map(unstable, made.args), *given.positional]
            named = {name: unstable(value) for name, value in made.keywords.items()}
            both = Arguments(positional, {**named, **given.named}, given.is_open)
            return self.call(shapes.of_object(made.func), both, node)
        found = inspect.getattr_static(what.cls, "__call__", None)
        if what.exact and isinstance(found, types.FunctionType):
            return self.enter(found, given.behind(what), node)
        return self.problem(node, f"calls an instance of {what.cls.__qualname__}")

    def enter(
        self, function: types.FunctionType, given: Arguments, node: ast.AST | None = None
    ) -> Value:
        """Read a function that is called."""
        name = function.__qualname__
        flags = function.__code__.co_flags
        if self._frames and flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
            return UNKNOWN
        if self._frames and flags & inspect.CO_GENERATOR:
            return UNKNOWN
        if any(frame.function.__code__ is function.__code__ for frame in self._frames):
            return self.problem(node, f"calls {name}, which may call itself without end")
        if len(self._frames) > _DEEP:
            return self.problem(node, f"calls {name}, too deep to follow")
        variables = bound(function, given)
        frame = frame_of(function, variables) if variables is not None else None
        if variables is None:
            return NEVER
        if frame is None:
            return self.problem(node, f"calls {name}, whose source is not there")
        self._frames.append(frame)
        self._path.append(id(node))
        self._body(frame)
        self._path.pop()
        self._frames.pop()
        if flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
            return either(frame.yielded)
        ended = [NONE] if frame.variables is not None else []
        return either([*frame.returned, *ended])

    def _body(self, frame: Frame) -> None:
        loops, self._loops = self._loops, list(self._loops)
        if isinstance(frame.node, ast.Lambda):
            frame.returned.append(self.evaluate(frame.node.body))
            frame.variables = None
        else:
            self.run(frame.node.body)
        self._loops = loops

    # Constructors

    def _construct(self, cls: type[Any], given: Arguments, node: ast.AST | None) -> Value:
        name = cls.__qualname__
        if id(cls) in vetted.CONSTRUCTORS:
            if given.is_open or not all(map(is_plain, given.all)):
                return self.problem(node, f"makes {name} of what is not known to be plain data")
            return vetted.CONSTRUCTORS[id(cls)]
        if not is_usual(type(cls)):
            return self.problem(node, f"makes {name}, whose metaclass it can't see through")
        if is_enum(cls):
            if not all(map(is_plain, given.all)):
                return self.problem(node, f"looks up {name} by what is not plain data")
            return Instance(cls)
        if issubclass(cls, BaseModel):
            return self._construct_model(cls, given, node)
        if cls in vetted.RESPONSES:
            return self._construct_response(cls, given, node)
        if tuple in cls.__mro__ and hasattr(cls, "_fields"):
            return self._construct_named_tuple(cls, given, node)
        return self._construct_plain(cls, given, node)

    def _construct_plain(self, cls: type[Any], given: Arguments, node: ast.AST | None) -> Value:
        name = cls.__qualname__
        if not is_made_plainly(cls):
            return self.problem(node, f"makes {name}, which has a __new__")
        if any("__del__" in vars(base) for base in cls.__mro__):
            return self.problem(node, f"makes {name}, which has a __del__")
        self._note_made(name)
        instance = self._instance(node, cls)
        initialize = inspect.getattr_static(cls, "__init__")
        if any(initialize is each for each in vetted.INITIALIZERS):
            self._vetted_exception(given, node)
        elif isinstance(initialize, types.FunctionType):
            if is_dataclass_init(cls, initialize):
                self._dataclass(cls, instance, given, node)
            else:
                self.enter(initialize, given.behind(instance), node)
        elif not is_builtin(initialize):
            return self.problem(node, f"makes {name}, whose constructor it can't see")
        return instance

    def _construct_model(
        self, cls: type[BaseModel], given: Arguments, node: ast.AST | None
    ) -> Value:
        if not is_plain_model(cls):
            what = f"makes {cls.__qualname__}, whose validation runs code of its own"
            return self.problem(node, what)
        if not all(is_plain(value) or is_model(value) for value in given.all):
            what = f"has {cls.__qualname__} validate what is not known to be plain data"
            return self.problem(node, what)
        self.goes_through(given.all, node)
        self._note_made(cls.__qualname__)
        return self._instance(node, cls)

    def _construct_response(self, cls: type[Any], given: Arguments, node: ast.AST | None) -> Value:
        if given.is_open or not all(map(is_plain, given.all)):
            return self.problem(node, f"makes {cls.__qualname__} of what is not plain data")
        self.goes_through(given.all, node)
        return self._instance(node, cls)

    def _construct_named_tuple(
        self, cls: type[Any], given: Arguments, node: ast.AST | None
    ) -> Value:
        made = inspect.getattr_static(cls, "__new__")
        made = getattr(made, "__func__", made)
        module = getattr(made, "__module__", "")
        initialize = inspect.getattr_static(cls, "__init__")
        if not module.startswith("namedtuple_") or not is_builtin(initialize):
            return self.problem(node, f"makes {cls.__qualname__}, a tuple with a constructor")
        self._note_made(cls.__qualname__)
        instance = self._instance(node, cls)
        fields: tuple[str, ...] = getattr(cls, "_fields", ())
        for name, value in (*zip(fields, given.positional, strict=False), *given.named.items()):
            instance.fields[name] = self._also(instance.fields.get(name), value)
        return instance

    def _dataclass(
        self, cls: type[Any], instance: Instance, given: Arguments, node: ast.AST | None
    ) -> None:
        fields = vars(cls).get("__dataclass_fields__") or getattr(cls, "__dataclass_fields__", {})
        positional = list(given.positional)
        after: list[Value] = []
        for each in fields.values():
            if each._field_type is dataclasses._FIELD_CLASSVAR:  # type: ignore[attr-defined]
                continue
            value: Value
            if each.init and not each.kw_only and positional:
                value = positional.pop(0)
            elif each.init and each.name in given.named:
                value = given.named[each.name]
            elif each.default_factory is not dataclasses.MISSING:
                value = NEVER
            elif each.default is not dataclasses.MISSING:
                value = unstable(each.default)
            elif each.init and not given.is_open:
                return
            else:
                value = UNKNOWN
            if each.default_factory is not dataclasses.MISSING:
                # FastAPI may hand in what stands for it in the signature.
                made = self.call(shapes.of_object(each.default_factory), Arguments(), node)
                value = either([value, made])
            if each._field_type is dataclasses._FIELD_INITVAR:  # type: ignore[attr-defined]
                after.append(value)
            else:
                self._set_one(instance, each.name, value, node, frozen=True)
        self.note("assigns")
        hook = inspect.getattr_static(cls, "__post_init__", None)
        if isinstance(hook, types.FunctionType):
            self.enter(hook, Arguments([instance, *after]), node)
        elif hook is not None:
            self.problem(node, f"{cls.__qualname__}.__post_init__ is no plain function")

    def _vetted_exception(self, given: Arguments, node: ast.AST | None) -> Value:
        status = given.named.get("status_code", given.positional[0] if given.positional else NONE)
        if given.is_open or any(isinstance(each, Unknown) for each in options(status)):
            return self.problem(node, "raises with a status that it can't see")
        return NONE

    # Attributes

    def attribute(self, value: Value, name: str, node: ast.AST | None) -> Value:
        """What reading an attribute gives."""
        return either(self._attribute_of(each, name, node) for each in options(value))

    def _attribute_of(self, value: Value, name: str, node: ast.AST | None) -> Value:
        match value:
            case Data():
                return self._attribute_of_data(value, name)
            case Instance():
                return self._attribute_of_instance(value, name, node)
            case Known(what=types.ModuleType() as module) if type(module) is types.ModuleType:
                return in_module(module, name)
            case Known(what=type() as cls):
                return self._attribute_of_class(cls, name, node)
            case Super():
                return self._attribute_of_super(value, name, node)
            case Known(what=types.FunctionType()) if name in ("__name__", "__qualname__"):
                return Data(str)
            case _:
                return self.problem(node, f"reads .{name} of {text_of(node, 'value')}, not known")

    def _attribute_of_data(self, value: Data, name: str) -> Value:
        for kind in value.kind.__mro__:
            if name in vetted.ATTRIBUTES.get(kind, ()):
                return vetted.ATTRIBUTES[kind][name]
        if value.kind is object:
            return UNKNOWN
        return DataMethod(name, value) if hasattr(value.kind, name) else NEVER

    def _attribute_of_super(self, value: Super, name: str, node: ast.AST | None) -> Value:
        on = value.on
        if not isinstance(on, Instance) or value.cls not in on.cls.__mro__:
            return self.problem(node, "reads of a super() that it can't see")
        mro = on.cls.__mro__
        for base in mro[mro.index(value.cls) + 1 :]:
            if name not in vars(base):
                continue
            found = vars(base)[name]
            if isinstance(found, types.FunctionType):
                if any(found is each for each in vetted.INITIALIZERS):
                    return Known(found)
                if name == "__init__" and is_dataclass_init(base, found):
                    return self.problem(node, "calls the constructor of a dataclass by super()")
                return Method(found, on)
            if name == "__init__" and is_builtin(found) and is_made_plainly(on.cls):
                return Known(nothing)
            break
        return self.problem(node, f"calls super().{name}, which it can't see")

    def _attribute_of_class(self, cls: type[Any], name: str, node: ast.AST | None) -> Value:
        if not is_usual(type(cls)):
            return self.problem(node, f"reads .{name} of {cls.__qualname__}")
        if name in ("__name__", "__qualname__", "__module__"):
            return Data(str)
        if cls in vetted.NOW and name in ("now", "utcnow", "today"):
            return Known(today if name == "today" and cls is datetime.date else now)
        if cls in SCALARS or cls in CONTAINERS:
            return UNKNOWN
        found: Any = inspect.getattr_static(cls, name, None)
        members: dict[str, Any] = getattr(cls, "__members__", {})
        if is_enum(cls) and name in members:
            return Instance(cls)
        if isinstance(found, staticmethod):
            return self._plain_member(cls, name, found.__func__)
        if issubclass(kind_of(found), classmethod):
            return _class_method(cls, getattr(found, "__func__", None))
        if isinstance(found, types.FunctionType):
            return Known(found)
        if found is None or hasattr(kind_of(found), "__get__"):
            return UNKNOWN
        return self._plain_member(cls, name, found)

    def _plain_member(self, cls: type[Any], name: str, found: Any) -> Value:
        stable = stability(cls, name)
        return UNKNOWN if stable is None else shapes.of_object(found, stable=stable)

    def _attribute_of_instance(self, value: Instance, name: str, node: ast.AST | None) -> Value:
        cls = value.cls
        vetted_value = shapes.attribute_of(cls, name)
        if vetted_value is not None:
            same: Value = self._once(node, (cls, name), lambda: vetted_value)
            return same
        if issubclass(cls, State):
            return UNKNOWN if cls is State else self.problem(node, f"reads .{name} of a State")
        if any(issubclass(cls, base) and name in shapes.METHODS[base] for base in shapes.METHODS):
            return DataMethod(name, value)
        if value.known is vetted.ENVIRONMENT and name == "get":
            return Known(vetted.GETENV)
        if type(value.known) is vetted.CONTEXT_VARIABLE and name in ("get", "set"):
            return Known(context_variable)
        if is_enum(cls) and name in ("value", "name", "_value_", "_name_"):
            members: dict[str, Any] = getattr(cls, "__members__", {})
            return either(shapes.of_object(getattr(each, name)) for each in members.values())
        if BaseException in cls.__mro__ and name in ("args", "status_code", "detail"):
            return UNKNOWN
        if not value.exact or not reads_plainly(cls):
            return self.problem(node, f"reads .{name} of {cls.__qualname__}, which it can't see")
        found: Any = inspect.getattr_static(cls, name, Nothing.NOTHING)
        if isinstance(found, types.FunctionType):
            return Method(found, value)
        if isinstance(found, property):
            if isinstance(found.fget, types.FunctionType):
                return self.enter(found.fget, Arguments([value]), node)
            return self.problem(node, f"reads the property .{name}")
        if isinstance(found, functools.cached_property):
            if isinstance(found.func, types.FunctionType) and sys.version_info >= (3, 12):
                return self.enter(found.func, Arguments([value]), node)
            return self.problem(node, f"reads the property .{name}")
        if issubclass(kind_of(found), classmethod):
            return _class_method(cls, getattr(found, "__func__", None))
        if isinstance(found, staticmethod):
            return self._plain_member(cls, name, found.__func__)
        is_slot = isinstance(found, types.MemberDescriptorType) or is_tuple_getter(found)
        if found is not Nothing.NOTHING and not is_slot and hasattr(kind_of(found), "__get__"):
            return self.problem(node, f"reads .{name} of {cls.__qualname__}, a descriptor")
        default = (
            [self._plain_member(cls, name, found)]
            if found is not Nothing.NOTHING and not is_slot
            else []
        )
        return either([*self._field(value, name), *default]) if default else self._own(value, name)

    def _own(self, value: Instance, name: str) -> Value:
        found = self._field(value, name)
        return either(found) if found else UNKNOWN

    def _field(self, value: Instance, name: str) -> list[Value]:
        if value.known is not Nothing.NOTHING:
            return [of_known(value.known, value.cls, name)]
        if name in value.fields:
            return [value.fields[name]]
        if issubclass(value.cls, BaseModel) and name in value.cls.model_fields:
            return [shapes.of_field(value.cls, name)]
        return []

    def set_attribute(self, value: Value, name: str, new: Value, node: ast.AST | None) -> None:
        for each in options(value):
            self._set_one(each, name, new, node)

    def _set_one(
        self, on: Value, name: str, new: Value, node: ast.AST | None, *, frozen: bool = False
    ) -> None:
        if isinstance(on, Data):
            return
        if not isinstance(on, Instance):
            self.problem(node, f"assigns .{name} of {text_of(node, 'value')}, not known")
            return
        cls = on.cls
        if cls is State or (shapes.is_injected(cls) and name in ("status_code", "background")):
            return
        plain = sets_plainly(cls) or (frozen and is_frozen(cls))
        found: Any = inspect.getattr_static(cls, name, None)
        if isinstance(found, property) and isinstance(found.fset, types.FunctionType) and plain:
            self.enter(found.fset, Arguments([on, new]), node)
            return
        is_slot = isinstance(found, types.MemberDescriptorType)
        if not on.exact or not plain or (hasattr(kind_of(found), "__set__") and not is_slot):
            self.problem(node, f"assigns .{name} of {cls.__qualname__}, which it can't see")
            return
        self.note("assigns")
        before = on.fields.get(name)
        after = self._also(before, new)
        if before is None or before != after:
            on.fields[name] = after
            self._version += 1

    def _also(self, before: Value | None, value: Value) -> Value:
        return value if before is None else either([before, value])

    # Statements

    def run(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            if self.frame.variables is None:
                return
            self._steps += 1
            if self._steps > _LONG:
                self.problem(statement, "is too long to read")
                return
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        frame = self.frame
        match node:
            case ast.Expr():
                self.evaluate(node.value)
            case ast.Assign():
                value = node.value
                for target in node.targets:
                    self._assign_from(target, value)
            case ast.AnnAssign():
                if node.value is not None:
                    self._assign_from(node.target, node.value)
            case ast.AugAssign():
                self._augment(node)
            case ast.Return():
                frame.returned.append(self.evaluate(node.value) if node.value else NONE)
                frame.variables = None
            case ast.Raise():
                self._raise(node)
            case ast.If():
                self.truth(self.evaluate(node.test), node.test)
                self.note("branches")
                self._branches([node.body, node.orelse])
            case ast.For():
                self._for(node)
            case ast.Try():
                self._try(node)
            case ast.With():
                self._with(node)
            case ast.Assert():
                self.truth(self.evaluate(node.test), node.test)
                if node.msg is not None:
                    before = dict(frame.variables or {})
                    self.evaluate(node.msg)
                    frame.variables = before
            case ast.Match():
                self._match(node)
            case ast.Delete():
                for target in node.targets:
                    self._delete(target)
            case ast.Break() | ast.Continue():
                if frame.exits and frame.variables is not None:
                    frame.exits[-1].append(frame.variables)
                frame.variables = None
            case ast.FunctionDef() if not node.decorator_list:
                for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                    self.evaluate(default)
                frame.assign(node.name, UNKNOWN)
            case ast.Pass() | ast.Global() | ast.Nonlocal():
                pass
            case _:
                self._unreadable(node)

    def _unreadable(self, node: ast.stmt) -> None:
        """What is not followed: anything may have been assigned or returned by it."""
        self.problem(node, _UNREADABLE.get(type(node), f"has a {type(node).__name__} statement"))
        for below in ast.walk(node):
            if isinstance(below, ast.Name) and isinstance(below.ctx, ast.Store):
                self.frame.assign(below.id, UNKNOWN)
            elif isinstance(below, ast.alias):
                self.frame.assign(below.asname or below.name.partition(".")[0], UNKNOWN)
            elif isinstance(below, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                self.frame.assign(below.name, UNKNOWN)
            elif isinstance(below, ast.Return):
                self.frame.returned.append(UNKNOWN)
            elif isinstance(below, ast.Yield | ast.YieldFrom):
                self.frame.yielded.append(UNKNOWN)

    def _branches(self, bodies: Iterable[Sequence[ast.stmt]]) -> None:
        frame = self.frame
        before = frame.variables or {}
        after: list[Variables | None] = []
        for body in bodies:
            frame.variables = dict(before)
            self.run(body)
            after.append(frame.variables)
        frame.variables = joined(after)

    def _raise(self, node: ast.Raise) -> None:
        if node.exc is not None:
            for each in options(self.evaluate(node.exc)):
                if isinstance(each, Known) and isinstance(each.what, type):
                    each = self._construct(each.what, Arguments(), node.exc)
                if not isinstance(each, Instance | Data) and not self.problems:
                    self.problem(node, f"raises {text_of(node.exc)}, which it can't see")
                if isinstance(each, Instance):
                    self.note(f"raises {each.cls.__name__}")
        if node.cause is not None:
            self.evaluate(node.cause)
        self.frame.variables = None

    def _try(self, node: ast.Try) -> None:
        frame = self.frame
        before = dict(frame.variables or {})
        frame.assigned.append({})
        self.run(node.body)
        self.run(node.orelse)
        ended = [frame.variables]
        assigned = frame.assigned.pop()
        anywhere = joined([before, assigned]) or {}
        for handler in node.handlers:
            frame.variables = dict(anywhere)
            kind = self.evaluate(handler.type) if handler.type is not None else NONE
            if handler.name is not None:
                frame.assign(handler.name, either(map(caught, options(kind))))
            frame.assigned.append({})
            self.run(handler.body)
            inside = frame.assigned.pop()
            anywhere = joined([anywhere, inside]) or {}
            ended.append(frame.variables)
        after = joined(ended)
        if node.finalbody:
            frame.variables = dict(anywhere if after is None else joined([anywhere, after]) or {})
            self.run(node.finalbody)
            if self.frame.variables is None:
                return
            frame.variables = after
            if after is not None:
                self.run(node.finalbody)
        else:
            frame.variables = after

    def _with(self, node: ast.With) -> None:
        frame = self.frame
        before = dict(frame.variables or {})
        for item in node.items:
            value = self.evaluate(item.context_expr)
            for each in options(value):
                if not (isinstance(each, Instance) and each.cls in shapes.BENIGN_CONTEXTS):
                    self.problem(node, f"enters {text_of(item.context_expr)}")
            if item.optional_vars is not None:
                self.assign(item.optional_vars, UNKNOWN, node)
        frame.assigned.append({})
        self.run(node.body)
        assigned = frame.assigned.pop()
        frame.variables = joined([before, {**before, **assigned}, frame.variables])

    def _match(self, node: ast.Match) -> None:
        subject = self.evaluate(node.subject)
        if not is_plain(subject):
            self.problem(node, "matches what is not known to be plain data")
        if not all(is_simple(case.pattern) for case in node.cases):
            self._unreadable(node)
            return
        frame = self.frame
        before = frame.variables or {}
        after: list[Variables | None] = [dict(before)]
        for case in node.cases:
            frame.variables = dict(before)
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchAs) and part.name is not None:
                    frame.assign(part.name, subject)
                elif isinstance(part, ast.MatchValue) and not is_plain(self.evaluate(part.value)):
                    self.problem(node, "compares with what is not known to be plain data")
            if case.guard is not None:
                self.truth(self.evaluate(case.guard), case.guard)
            self.run(case.body)
            after.append(frame.variables)
        frame.variables = joined(after)

    def _delete(self, target: ast.expr) -> None:
        if isinstance(target, ast.Name):
            if self.frame.variables is not None:
                self.frame.variables.pop(target.id, None)
            return
        if isinstance(target, ast.Subscript):
            on, key = self.evaluate(target.value), self.evaluate(target.slice)
            if all(isinstance(each, Data) for each in options(on)) and is_plain(key):
                return
        self.problem(target, f"deletes {text_of(target)}")

    # Loops

    def _for(self, node: ast.For) -> None:
        over = self.evaluate(node.iter)
        item, size = self.iterate(over, node.iter)
        with self._loop(size, over, node.target, node):
            self._rounds(lambda: self.assign(node.target, item, node), node.body)
        self.run(node.orelse)

    def _rounds(self, begin: Callable[[], None], body: Sequence[ast.stmt]) -> None:
        """Read the body of a loop until another round says nothing new."""
        frame = self.frame
        before = dict(frame.variables or {})
        for count in range(8):
            version = self._version
            if count == 7:
                self.problem(body[0], "assigns ever other things in a loop")
            frame.variables = dict(before)
            frame.exits.append([])
            begin()
            self.run(body)
            ends = [*frame.exits.pop(), frame.variables]
            after = joined([before, *ends]) or before
            if shapes_of(after) == shapes_of(before) and version == self._version:
                break
            before = after
        frame.variables = before

    @contextmanager
    def _loop(self, size: Size, over: Value, target: ast.expr, node: ast.AST) -> Generator[None]:
        frame = self.frame
        large = [each for each in self._loops if each in ("sized", "grown", "huge")]
        if large and size in ("sized", "grown", "huge"):
            self.problem(node, "loops within a loop over what may be long")
        elif self._loops.count("small") >= 2:
            self.problem(node, "loops within loops")
        targets, rebound = frame.targets, frame.rebound
        names = {each.id for each in _stored(target)}
        stored = {each.id for each in _stored(node)}
        frame.targets = targets | names
        frame.rebound = (rebound | stored) - names
        self._loops.append(size)
        self._going_through.append(self._boxes([over]))
        self.note("loops over what it is given")
        yield
        self._going_through.pop()
        self._loops.pop()
        frame.targets, frame.rebound = targets, rebound

    def lazily(self, made: Data, over: Iterable[Value]) -> Data:
        """What goes through others when it is gone through itself."""
        if made.box is not None:
            self._lazy_over.setdefault(made.box, set()).update(self._boxes(over))
        return made

    def _boxes(self, values: Iterable[Value]) -> set[Box]:
        found = {
            each.box
            for value in values
            for each in options(value)
            if isinstance(each, Data) and each.box is not None
        }
        return found.union(*(self._lazy_over.get(each, ()) for each in found))

    def iterate(self, value: Value, node: ast.AST | None) -> tuple[Value, Size]:
        """What iteration gives, and how often."""
        items: list[Value] = []
        sizes: list[Size] = []
        for each in options(value):
            if isinstance(each, Data):
                if each.kind not in LONG:
                    continue
                size: Size = each.size
                items.append(self._item_of(each))
                sizes.append(size)
            elif isinstance(each, Known) and isinstance(each.what, type) and is_enum(each.what):
                items.append(Instance(each.what))
                sizes.append("small")
            else:
                self.problem(node, f"iterates over {text_of(node)}, which it can't see")
                items.append(UNKNOWN)
                sizes.append("sized")
        return either(items), largest(sizes)

    def _item_of(self, value: Data) -> Value:
        if value.kind in (str, bytes):
            return Data(str) if value.kind is str else Data(int)
        if value.box is None:
            return NEVER
        item = value.box.keys if value.kind is dict else value.box.items
        if value.parts is not None:
            item = either(value.parts)
        if value.size == "small":
            return item
        return either(
            resized(each, "part") if isinstance(each, Data) and each.kind in LONG else each
            for each in options(item)
        )

    # Assignment

    def _assign_from(self, target: ast.expr, source: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(source, ast.Tuple):
            plain = not any(isinstance(each, ast.Starred) for each in (*target.elts, *source.elts))
            if plain and len(target.elts) == len(source.elts):
                values = [self.evaluate(each) for each in source.elts]
                for each, value in zip(target.elts, values, strict=True):
                    self.assign(each, value, source)
                return
        self.assign(target, self.evaluate(source), source)

    def assign(self, target: ast.expr, value: Value, node: ast.AST | None) -> None:
        match target:
            case ast.Name():
                self.frame.assign(target.id, value)
            case ast.Attribute():
                self.set_attribute(self.evaluate(target.value), target.attr, value, target)
            case ast.Subscript():
                self._set_item(target, value)
            case ast.Tuple() | ast.List():
                self._unpack(target, value, node)
            case ast.Starred():
                self.assign(target.value, self.new(target, list, value), node)
            case _:
                self.problem(target, f"assigns {text_of(target)}")

    def _unpack(self, target: ast.Tuple | ast.List, value: Value, node: ast.AST | None) -> None:
        parts: list[Value] = []
        for each in options(value):
            if isinstance(each, Data) and each.parts is not None:
                if len(each.parts) == len(target.elts):
                    parts = [
                        either(pair)
                        for pair in zip(parts or [NEVER] * len(each.parts), each.parts, strict=True)
                    ]
                continue
            item, _ = self.iterate(each, node)
            parts = [either([part, item]) for part in parts or [NEVER] * len(target.elts)]
        has_star = any(isinstance(each, ast.Starred) for each in target.elts)
        if has_star or len(parts) != len(target.elts):
            item, _ = self.iterate(value, node)
            parts = [item] * len(target.elts)
        for inner, part in zip(target.elts, parts, strict=True):
            self.assign(inner, part, node)

    def _set_item(self, target: ast.Subscript, value: Value) -> None:
        on, key = self.evaluate(target.value), self.evaluate(target.slice)
        for each in options(on):
            if isinstance(each, Data):
                if not is_plain(key):
                    self.problem(target, "uses as a key what is not known to be plain data")
                if isinstance(target.slice, ast.Slice):
                    self.problem(target, "assigns a slice")
                self._put(each, value, key)
            elif isinstance(each, Instance) and each.cls is State and is_plain(key):
                continue
            elif isinstance(each, Instance) and each.cls is shapes.MutableHeaders:
                if not (is_plain(value) and is_plain(key)):
                    self.problem(target, "puts into headers what is not known to be text")
            else:
                self.problem(target, f"assigns an item of {text_of(target.value)}, not known")

    def _put(self, on: Data, value: Value, key: Value = NEVER) -> None:
        box = on.box
        if box is None:
            return
        if on.kind is list and any(box in each for each in self._going_through):
            self.problem(None, "puts something into a list that it loops over")
        items, keys = either([box.items, value]), either([box.keys, key])
        size: Size = largest([box.size, "sized" if _is_long(self._loops) else "small"])
        if on.kind is not dict:
            keys = box.keys
        if (items, keys, size) != (box.items, box.keys, box.size):
            box.items, box.keys, box.size = items, keys, size
            self._version += 1

    def _augment(self, node: ast.AugAssign) -> None:
        target = node.target
        loaded: ast.expr
        match target:
            case ast.Name():
                loaded = ast.Name(target.id, ast.Load())
            case ast.Attribute():
                loaded = ast.Attribute(target.value, target.attr, ast.Load())
            case _:
                loaded = ast.Subscript(target.value, target.slice, ast.Load())
        ast.copy_location(loaded, target)
        before, value = self.evaluate(loaded), self.evaluate(node.value)
        result = self.operate(node.op, before, value, node)
        for each in options(before):
            if isinstance(each, Data) and each.kind in (list, set, dict) and each.box is not None:
                for other in options(value):
                    inside = other.box if isinstance(other, Data) else None
                    self._put(
                        each,
                        inside.items if inside else UNKNOWN,
                        inside.keys if inside else UNKNOWN,
                    )
        self.assign(target, result, node)

    # Expressions

    @property
    def frame(self) -> Frame:
        return self._frames[-1]

    def evaluate(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant():
                return shapes.of_constant(node.value) if type(node.value) in SCALARS else UNKNOWN
            case ast.Name():
                return self._as_loaded(self.frame.load(node.id), node)
            case ast.Attribute():
                return self._as_loaded(
                    self.attribute(self.evaluate(node.value), node.attr, node), node
                )
            case ast.Subscript():
                return self._as_loaded(self._subscript(node), node)
            case ast.Call():
                return self._called(node)
            case ast.BinOp():
                return self.operate(
                    node.op, self.evaluate(node.left), self.evaluate(node.right), node
                )
            case ast.BoolOp():
                values = [self.evaluate(each) for each in node.values]
                for value, each in zip(values[:-1], node.values, strict=False):
                    self.truth(value, each)
                return either(values)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                self.truth(self.evaluate(node.test), node.test)
                return either([self.evaluate(node.body), self.evaluate(node.orelse)])
            case ast.JoinedStr():
                return self._format(node)
            case ast.NamedExpr():
                value = self.evaluate(node.value)
                before = self.frame.variables or {}
                name = node.target.id
                # In `a and (b := c)` it may not come to it.
                known = [before[name]] if name in before else []
                self.frame.assign(name, either([*known, value]))
                return value
            case ast.Tuple() if not any(isinstance(each, ast.Starred) for each in node.elts):
                parts = tuple(self.evaluate(each) for each in node.elts)
                made = self.new(node, tuple, either(parts))
                return Data(tuple, made.given, made.box, parts)
            case ast.Tuple() | ast.List() | ast.Set():
                kind = {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)]
                return self._display(node, kind, node.elts)
            case ast.Dict():
                return self._dict(node)
            case ast.ListComp():
                return self._comprehension(node, list, node.elt)
            case ast.SetComp():
                return self._comprehension(node, set, node.elt)
            case ast.GeneratorExp():
                return self._comprehension(node, list, node.elt)
            case ast.DictComp():
                return self._comprehension(node, dict, node.value, node.key)
            case ast.Slice():
                parts = tuple(
                    self.evaluate(each) for each in (node.lower, node.upper, node.step) if each
                )
                return SCALAR if all(map(is_plain, parts)) else UNKNOWN
            case ast.Lambda():
                return UNKNOWN
            case ast.Yield():
                self.frame.yielded.append(self.evaluate(node.value) if node.value else NONE)
                self.note("yields")
                return NONE
            case _:
                return self.problem(node, f"has {_UNREAD.get(type(node), 'what it can not read')}")

    def _as_loaded(self, value: Value, node: ast.expr) -> Value:
        """In a loop, what it assigns itself may have grown in each round."""
        if not self._loops:
            return value
        root: ast.expr = node
        while isinstance(root, ast.Attribute | ast.Subscript):
            root = root.value
        if isinstance(root, ast.Name):
            if root.id in self.frame.targets:
                return value
            if isinstance(node, ast.Name) and root.id not in self.frame.rebound:
                return value
        return either(
            resized(each, "grown")
            if isinstance(each, Data) and each.kind in (*LONG, int, object)
            else each
            for each in options(value)
        )

    def _called(self, node: ast.Call) -> Value:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            return self._super(node)
        what = self.evaluate(node.func)
        given = Arguments()
        keyed = self._keyed(what, node)
        for each in node.args:
            if isinstance(each, ast.Starred):
                self.iterate(self.evaluate(each.value), each)
                given.is_open = True
            elif keyed is None or each is not keyed:
                given.positional.append(self.evaluate(each))
        for keyword in node.keywords:
            if keyword.arg is None:
                value = self.evaluate(keyword.value)
                if not all(isinstance(option, Data) for option in options(value)):
                    self.problem(node, "passes on what is not known to be a dict")
                given.is_open = True
                given.named["**"] = UNKNOWN if not is_plain(value) else SCALAR
            elif keyed is None or keyword.value is not keyed:
                given.named[keyword.arg] = self.evaluate(keyword.value)
        return self.call(what, given, node)

    def _keyed(self, what: Value, node: ast.Call) -> ast.expr | None:
        """Read the function that is given as a key to what sorts or compares."""
        if not (isinstance(what, Known) and what.what in (sorted, min, max)):
            return None
        keys = [each.value for each in node.keywords if each.arg == "key"]
        if not keys or not node.args or len(node.args) != 1:
            return None
        (key,) = keys
        over = self.evaluate(node.args[0])
        item, size = self.iterate(over, node.args[0])
        if not isinstance(key, ast.Lambda) or len(key.args.args) != 1:
            return None
        name = key.args.args[0].arg
        variables = self.frame.variables
        if variables is None or key.args.defaults:
            return None
        before = dict(variables)
        target = ast.Name(name, ast.Store())
        with self._loop(size, over, target, key):
            variables[name] = item
            result = self.evaluate(key.body)
        self.frame.variables = before
        if not is_plain(result):
            self.problem(node, "sorts by what is not known to be plain data")
        return key

    def _super(self, node: ast.Call) -> Value:
        try:
            cls = self.frame.cell("__class__")
        except KeyError:
            return self.problem(node, "calls super(), which it can't see")
        code = self.frame.function.__code__
        variables = self.frame.variables or {}
        first = code.co_varnames[0] if code.co_argcount else ""
        if first not in variables or not isinstance(cls, type):
            return self.problem(node, "calls super(), which it can't see")
        return Super(cls, variables[first])

    def _subscript(self, node: ast.Subscript) -> Value:
        on, key = self.evaluate(node.value), self.evaluate(node.slice)
        results: list[Value] = []
        for each in options(on):
            if isinstance(each, Data):
                if each.kind in LONG and not is_plain(key):
                    results.append(self.problem(node, "looks up what is not known to be plain"))
                    continue
                results.append(self._item_at(each, node))
            elif isinstance(each, Instance) and each.cls in (
                *shapes.MAPPINGS,
                shapes.MutableHeaders,
            ):
                if is_plain(key):
                    results.append(TEXT if each.cls is not State else UNKNOWN)
                else:
                    results.append(self.problem(node, "looks up what is not plain data"))
            elif isinstance(each, Instance) and each.known is vetted.ENVIRONMENT and is_plain(key):
                results.append(TEXT)
            else:
                results.append(self.problem(node, f"reads an item of {text_of(node.value)}"))
        return either(results)

    def _item_at(self, on: Data, node: ast.Subscript) -> Value:
        if isinstance(node.slice, ast.Slice):
            self.goes_through([on], node)
            return Data(on.kind, on.size, on.box) if on.kind in LONG else NEVER
        if on.kind in (str, bytes):
            return Data(str) if on.kind is str else Data(int)
        if on.box is None:
            return NEVER
        if on.parts is not None and isinstance(node.slice, ast.Constant):
            index = node.slice.value
            if type(index) is int and -len(on.parts) <= index < len(on.parts):
                return on.parts[index]
        return on.box.items if on.parts is None else either(on.parts)

    def operate(self, op: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        """What an operator gives of data. Python's own types do no more than to compute."""
        self.note("computes")
        results: list[Value] = []
        for one in options(left):
            for other in options(right):
                results.append(self._operate(op, one, other, node))
        return either(results)

    def _operate(self, op: ast.operator, left: Value, right: Value, node: ast.AST) -> Value:
        if not isinstance(left, Data) or not isinstance(right, Data):
            name = type(op).__name__
            return self.problem(node, f"computes ({name}) with what is not known to be plain data")
        both = (left, right)
        kinds = {left.kind, right.kind}
        if isinstance(op, ast.Add | ast.BitOr) and kinds <= LONG:
            if not all(each.kind in (str, bytes) or is_plain(each) for each in both) and isinstance(
                op, ast.BitOr
            ):
                return self.problem(node, "unites what is not known to be plain data")
            self._grows(both, node)
            self.goes_through(both, node)
            if left.kind is not right.kind:
                return NEVER
            size = largest([left.size, right.size])
            if left.box is None or right.box is None:
                return Data(left.kind, size)
            return self.new(
                node,
                left.kind,
                either([left.box.items, right.box.items]),
                size,
                either([left.box.keys, right.box.keys]),
            )
        if isinstance(op, ast.BitAnd | ast.Sub | ast.BitXor) and kinds <= {set, frozenset, dict}:
            if not (is_plain(left) and is_plain(right)):
                return self.problem(node, "compares what is not known to be plain data")
            self.goes_through(both, node)
            return Data(left.kind, left.size, left.box)
        if kinds & CONTAINERS and not isinstance(op, ast.Mult):
            return NEVER if not isinstance(op, ast.Mod) else self._modulo(left, right, node)
        if isinstance(op, ast.Mult):
            return self._multiply(left, right, node)
        if isinstance(op, ast.Mod):
            return self._modulo(left, right, node)
        if isinstance(op, ast.Pow):
            exponent = right.constant
            if type(exponent) is int and 0 <= exponent <= 4 and left.size != "grown":
                return number(left, right)
            if kinds <= {float, bool} or (left.kind is float and right.kind in (float, int)):
                return SCALAR
            return self.problem(node, "raises to a power that may be large")
        if isinstance(op, ast.LShift):
            bits = right.constant
            if type(bits) is int and bits <= 64 and not self._loops:
                return Data(int, "huge")
            return self.problem(node, "shifts by what may be large")
        if isinstance(op, ast.MatMult):
            return NEVER
        if all(each.kind is int and each.size == "grown" for each in both) and self._loops:
            return self.problem(node, "adds up in a loop what it adds to")
        if isinstance(op, ast.Div):
            return Data(float) if kinds <= {int, float, bool} else SCALAR
        return number(left, right)

    def _multiply(self, left: Data, right: Data, node: ast.AST) -> Value:
        for one, other in ((left, right), (right, left)):
            if one.kind in LONG or one.kind is object:
                count = other.constant
                if type(count) is int and count <= 1000 and not self._loops and one.kind in LONG:
                    return Data(one.kind, largest([one.size, "sized"]), one.box)
                if other.kind in (str, bytes, float) and one.kind in LONG:
                    continue
                return self.problem(node, "repeats what may be long")
        if self._loops and "grown" in (left.size, right.size):
            return self.problem(node, "multiplies in a loop what it has multiplied")
        return number(left, right)

    def _modulo(self, left: Data, right: Data, node: ast.AST) -> Value:
        if left.kind in NUMBERS:
            return number(left, right)
        written = left.constant
        if isinstance(written, str) and is_short_format(written) and is_plain(right):
            self.goes_through([right], node)
            return TEXT
        return self.problem(node, "formats by what is not written here")

    def _unary(self, node: ast.UnaryOp) -> Value:
        value = self.evaluate(node.operand)
        if isinstance(node.op, ast.Not):
            self.truth(value, node.operand)
            return BOOL
        for each in options(value):
            if not isinstance(each, Data):
                return self.problem(node, "computes with what is not known to be plain data")
            if (
                value is each
                and isinstance(node.op, ast.USub)
                and type(each.constant) in (int, float)
            ):
                return shapes.of_constant(-each.constant)
        return resized(value, "huge") if not isinstance(value, Either) else value

    def _compare(self, node: ast.Compare) -> Value:
        left, left_node = self.evaluate(node.left), node.left
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.evaluate(right_node)
            if not isinstance(op, ast.Is | ast.IsNot):
                self._comparable(op, left, right, left_node, right_node)
            left, left_node = right, right_node
        self.note("compares")
        return BOOL

    def _comparable(
        self, op: ast.cmpop, left: Value, right: Value, left_node: ast.expr, right_node: ast.expr
    ) -> None:
        if isinstance(op, ast.In | ast.NotIn):
            self._contains(left, right, left_node, right_node)
            return
        for value, node in ((left, left_node), (right, right_node)):
            if not is_plain(value) and not all(map(compares_by_identity, options(value))):
                self.problem(node, f"compares {text_of(node)}, not known to be plain data")
        self.goes_through([left, right], left_node)

    def _contains(
        self, left: Value, right: Value, left_node: ast.expr, right_node: ast.expr
    ) -> None:
        if not is_plain(left) and not all(map(compares_by_identity, options(left))):
            self.problem(left_node, f"looks for {text_of(left_node)}, not known to be plain data")
        for each in options(right):
            if isinstance(each, Data):
                hashed = each.kind in (dict, set, frozenset)
                if not hashed and not is_plain(each):
                    self.problem(right_node, f"looks through {text_of(right_node)}, not known")
                if not hashed:
                    self.goes_through([each], right_node)
            elif (
                isinstance(each, Instance)
                and (each.cls in shapes.MAPPINGS or each.known is vetted.ENVIRONMENT)
            ) or (isinstance(each, Known) and isinstance(each.what, type) and is_enum(each.what)):
                continue
            else:
                self.problem(right_node, f"looks through {text_of(right_node)}, not known")

    def _format(self, node: ast.JoinedStr) -> Value:
        values: list[Value] = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                continue
            assert isinstance(part, ast.FormattedValue)
            value = self.evaluate(part.value)
            values.append(value)
            if not formats_plainly(value):
                self.problem(part, f"formats {text_of(part.value)}, not known to be plain data")
            if part.format_spec is not None and not self._is_short_spec(part, value):
                self.problem(part, "formats to a width that may be large")
        self._grows(values, node)
        self.goes_through(values, node)
        self.note("formats")
        sizes: list[Size] = [
            each.size for value in values for each in options(value) if isinstance(each, Data)
        ]
        return Data(str, "part" if largest(sizes) == "part" else "sized")

    def _is_short_spec(self, part: ast.FormattedValue, value: Value) -> bool:
        spec = part.format_spec
        assert isinstance(spec, ast.JoinedStr)
        written = "".join(
            str(each.value) if isinstance(each, ast.Constant) else "*" for each in spec.values
        )
        kinds = {each.kind for each in options(value) if isinstance(each, Data)}
        return is_short(written) and not kinds & {decimal.Decimal, object}

    # Containers

    def new(
        self,
        node: ast.AST | None,
        kind: type[Any],
        items: Value = NEVER,
        size: Size = "small",
        keys: Value = NEVER,
    ) -> Data:
        """A container that is made here. In another round of a loop it is the same."""
        box: Box = self._once(node, kind, lambda: Box(NEVER, NEVER))
        made = Data(kind, size, box)
        merged, named = either([box.items, items]), either([box.keys, keys])
        if (merged, named) != (box.items, box.keys):
            box.items, box.keys = merged, named
            self._version += 1
        return made

    def _once(self, node: ast.AST | None, what: object, make: Callable[[], Any]) -> Any:
        key = (tuple(self._path), id(node), what)
        if node is None:
            return make()
        if key not in self._made:
            # The node is kept, so that no other gets its id.
            self._made[key] = make(), node
        return self._made[key][0]

    def _instance(self, node: ast.AST | None, cls: type[Any]) -> Instance:
        made: Instance = self._once(node, cls, lambda: Instance(cls))
        return made

    def _display(self, node: ast.expr, kind: type[Any], elements: Sequence[ast.expr]) -> Value:
        items: list[Value] = []
        size: Size = "small"
        for each in elements:
            if isinstance(each, ast.Starred):
                item, inner = self.iterate(self.evaluate(each.value), each)
                size = largest([size, inner])
                items.append(item)
            else:
                items.append(self.evaluate(each))
        if kind is set and not all(map(is_plain, items)):
            self.problem(node, "hashes what is not known to be plain data")
        return self.new(node, kind, either(items), size)

    def _dict(self, node: ast.Dict) -> Value:
        keys: list[Value] = []
        items: list[Value] = []
        size: Size = "small"
        for key, value in zip(node.keys, node.values, strict=True):
            made = self.evaluate(value)
            if key is not None:
                keys.append(self.evaluate(key))
                items.append(made)
                continue
            for each in options(made):
                if isinstance(each, Data) and each.box is not None and each.kind is dict:
                    self.goes_through([each], value)
                    keys.append(each.box.keys)
                    items.append(each.box.items)
                    size = largest([size, each.size])
                else:
                    self.problem(value, f"unpacks {text_of(value)}, not known to be a dict")
        if not all(is_plain(key) for key in keys if not isinstance(key, Unknown)) or any(
            isinstance(key, Unknown) for key, given in zip(keys, node.keys, strict=False) if given
        ):
            self.problem(node, "hashes what is not known to be plain data")
        return self.new(node, dict, either(items), size, either(keys))

    def _comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
        kind: type[Any],
        element: ast.expr,
        key: ast.expr | None = None,
    ) -> Value:
        frame = self.frame
        sizes: list[Size] = []
        made: list[Value] = []
        over: list[Value] = []

        def nested(rest: Sequence[ast.comprehension]) -> None:
            if not rest:
                made.extend(self.evaluate(each) for each in (element, key) if each is not None)
                return
            first = rest[0]
            if first.is_async:
                self.problem(node, "iterates over what is async")
            over.append(self.evaluate(first.iter))
            item, size = self.iterate(over[-1], first.iter)
            sizes.append(size)
            with self._loop(size, over[-1], first.target, first):
                self.assign(first.target, item, node)
                for test in first.ifs:
                    self.truth(self.evaluate(test), test)
                nested(rest[1:])

        names = {each.id for part in node.generators for each in _stored(part.target)}
        with frame.scope(names):
            nested(node.generators)
        hashed = made[-1] if kind in (set, dict) else NEVER
        if not is_plain(hashed):
            self.problem(node, "hashes what is not known to be plain data")
        found = self.new(node, kind, made[0], largest(sizes), hashed if kind is dict else NEVER)
        return self.lazily(found, over) if isinstance(node, ast.GeneratorExp) else found

    # What it costs, and what it asks of values

    def truth(self, value: Value, node: ast.AST | None) -> None:
        """Ask whether a value is true."""
        for each in options(value):
            if isinstance(each, Data):
                continue
            if isinstance(each, Known) and (
                not isinstance(each.what, type) or is_usual(type(each.what))
            ):
                continue
            if isinstance(each, Method | DataMethod) or self._is_true(each, node):
                continue
            self.problem(node, f"asks whether {text_of(node)} is true, which it can't see")

    def _is_true(self, value: Value, node: ast.AST | None) -> bool:
        if not isinstance(value, Instance):
            return False
        if value.cls in shapes.MAPPINGS or is_enum(value.cls):
            return True
        for name in ("__bool__", "__len__"):
            if not all(
                inspect.getattr_static(each, name, None) is None
                for each in shapes.family(value.cls)
            ):
                found = inspect.getattr_static(value.cls, name, None)
                if not (value.exact and isinstance(found, types.FunctionType)):
                    return value.exact and issubclass(value.cls, tuple)
                self.enter(found, Arguments([value]), node)
        return True

    def goes_through(self, values: Iterable[Value], node: ast.AST | None) -> None:
        """Going through something long again and again takes long."""
        if not _is_long(self._loops):
            return
        for value in values:
            for each in options(value):
                if isinstance(each, Data) and each.kind in LONG and each.size in _LARGE:
                    self.problem(node, "goes through what may be long, in a loop")
                    return

    def _grows(self, values: Iterable[Value], node: ast.AST | None) -> None:
        if not self._loops:
            return
        for value in values:
            for each in options(value):
                if isinstance(each, Data) and each.kind in LONG and each.size == "grown":
                    self.problem(node, "makes longer in a loop what it has made longer")
                    return

    def problem(self, node: ast.AST | None, what: str) -> Unknown:
        """Note what might block."""
        file, line = "", 0
        if self._frames:
            file = self.frame.function.__code__.co_filename
            line = getattr(node, "lineno", 0)
        self.problems.setdefault(Problem(what, file, line))
        if not self._on:
            raise Stopped
        return UNKNOWN

    def note(self, what: str) -> None:
        """Note what it does, for the reason."""
        self.does.setdefault(what)

    def _note_made(self, name: str) -> None:
        if self._frames:
            self.note(f"makes {name}")

    # Methods of data

    def _call_data(self, name: str, on: Data, given: Arguments, node: ast.AST | None) -> Value:
        if on.kind in CONTAINERS:
            return self._call_container(name, on, given, node)
        text = f"{on.kind.__name__}.{name}"
        if given.is_open or not all(map(is_plain, given.all)):
            return self.problem(node, f"gives {text} what is not known to be plain data")
        self.goes_through([on, *given.all], node)
        if name == "join" and on.kind in (str, bytes):
            self._grows(given.all, node)
            return Data(on.kind, "sized")
        if name in ("encode", "decode"):
            codecs = [each.constant for each in given.all[:1] if isinstance(each, Data)]
            if len(given.all) <= 1 and all(codec in vetted.CODECS for codec in codecs):
                return Data(bytes if name == "encode" else str, on.given)
            return self.problem(node, f"calls {text} with a codec that it can't see")
        if name == "replace" and on.kind in (str, bytes):
            new = given.positional[1] if len(given.positional) > 1 else UNKNOWN
            if isinstance(new, Data) and new.size == "small" and not self._loops:
                return Data(on.kind, "sized")
            return self.problem(node, f"calls {text} with what may be long")
        if name in ("strftime", "format") and on.kind is not str:
            return (
                TEXT
                if all(is_written(each) for each in given.all)
                else self.problem(node, f"calls {text} with a format that it can't see")
            )
        for kind in on.kind.__mro__:
            if name in vetted.TINY.get(kind, ()):
                width = given.positional[0] if given.positional else UNKNOWN
                if isinstance(width, Data) and width.kind is int and width.size == "small":
                    return vetted.TINY[kind][name]()
            elif name in vetted.METHODS.get(kind, ()):
                self.note(f"calls {text}")
                made = vetted.METHODS[kind][name]()
                if isinstance(made, Data) and made.kind is on.kind:
                    return resized(made, on.size)
                return made
        return self.problem(node, f"calls {text}")

    def _call_container(self, name: str, on: Data, given: Arguments, node: ast.AST | None) -> Value:
        kind, box = on.kind, on.box
        assert box is not None
        text = f"{kind.__name__}.{name}"
        first = given.positional[0] if given.positional else NONE
        if given.is_open or given.named:
            return self.problem(node, f"calls {text} with arguments that it can't see")
        if kind is dict and name in ("keys", "values", "items"):
            pair = Data(tuple, "small", Box(NEVER, NEVER), (box.keys, box.items))
            items = {"keys": box.keys, "values": box.items, "items": pair}[name]
            return self.new(node, list, items, on.size)
        if kind is dict and name in ("get", "pop", "setdefault"):
            if not is_plain(first):
                return self.problem(node, f"looks up {text} by what is not plain data")
            default = given.positional[1] if len(given.positional) > 1 else NONE
            if name == "setdefault":
                self._put(on, default, first)
            return either([box.items, default])
        if name in ("append", "appendleft") and kind is list:
            self._put(on, first)
            return NONE
        if name == "add" and kind is set:
            if not is_plain(first):
                return self.problem(node, "hashes what is not known to be plain data")
            self._put(on, first)
            return NONE
        if name in ("discard", "remove") and kind in (set, list):
            if not is_plain(first) or (kind is list and not is_plain(on)):
                return self.problem(node, f"calls {text} with what is not plain data")
            if kind is list:
                self.goes_through([on], node)
            return NONE
        if name in ("extend", "update") and len(given.positional) == 1:
            return self._extend(on, first, node)
        if name == "pop" and kind is list:
            if given.positional:
                self.goes_through([on], node)
            return box.items
        if name == "insert" and kind is list and len(given.positional) == 2:
            self.goes_through([on], node)
            self._put(on, given.positional[1])
            return NONE
        if name in ("copy", "clear", "reverse"):
            self.goes_through([on], node)
            return NONE if name != "copy" else self.new(node, kind, box.items, on.size, box.keys)
        if name in ("count", "index", "sort"):
            self.goes_through([on], node)
            if is_plain(on) and all(map(is_plain, given.all)):
                return vetted.INT if name != "sort" else NONE
        if name in _SET_METHODS and kind in (set, frozenset):
            others = [each for value in given.all for each in options(value)]
            data = all(isinstance(each, Data) and is_plain(each) for each in others)
            if data and is_plain(on):
                self.goes_through([on, *given.all], node)
                inside = [each.box.items for each in others if isinstance(each, Data) and each.box]
                if name.startswith("is"):
                    return BOOL
                sizes: list[Size] = [each.size for each in (on, *others) if isinstance(each, Data)]
                return self.new(node, kind, either([box.items, *inside]), largest(sizes))
        return self.problem(node, f"calls {text} with what it can't see")

    def _extend(self, on: Data, value: Value, node: ast.AST | None) -> Value:
        self._grows([on, value], node)
        for each in options(value):
            if not isinstance(each, Data) or each.kind not in LONG:
                return self.problem(node, "puts in what it can't see")
            hashed = each if on.kind is set else each.box.keys if each.box else UNKNOWN
            if on.kind in (set, dict) and not is_plain(hashed):
                return self.problem(node, "hashes what is not known to be plain data")
            if on.kind is dict and each.kind is not dict:
                return self.problem(node, "puts in what it can't see")
            self.goes_through([each], node)
            box = each.box
            self._put(on, box.items if box else self._item_of(each), box.keys if box else NEVER)
            if on.box is not None:
                size = largest([on.box.size, each.size])
                if size != on.box.size:
                    on.box.size = size
                    self._version += 1
        return NONE

    def _call_vetted_method(
        self, name: str, on: Instance, given: Arguments, node: ast.AST | None
    ) -> Value:
        for base, methods in shapes.METHODS.items():
            if not issubclass(on.cls, base) or name not in methods:
                continue
            own = inspect.getattr_static(base, name, None)
            same = all(
                inspect.getattr_static(each, name, None) is own for each in shapes.family(on.cls)
            )
            if same and (name == "add_task" or all(map(is_plain, given.all))):
                return methods[name]
        return self.problem(node, f"calls {on.cls.__qualname__}.{name} with what it can't see")


def _stored(node: ast.AST) -> Iterator[ast.Name]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            yield each


def _is_long(loops: Sequence[Size]) -> bool:
    return any(each in _LARGE for each in loops)


def _class_method(cls: type[Any], function: object) -> Value:
    return Method(function, Known(cls)) if isinstance(function, types.FunctionType) else UNKNOWN
