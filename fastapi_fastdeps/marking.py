"""What users say about a callable: at its place, by a decorator, or by inheritance."""

import copy
import inspect
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Final, Never, Protocol, TypeAlias, TypeVar, cast, final, overload
from weakref import WeakValueDictionary

from fastapi import params
from typing_extensions import deprecated

from fastapi_fastdeps._watching import changed
from fastapi_fastdeps.errors import MarkerError, describe, name_of

_MARK = "__fastdeps_mark__"


@final
@dataclass(frozen=True, slots=True)
class Inline:
    """Call it on the event loop, in the task and the context of the request.

    As a marker, `Annotated[Page, Depends(), Inline]`, or as the decision of a classifier.

    ```python
    from typing import Annotated

    from fastapi import Depends
    from fastapi.security import OAuth2PasswordRequestForm
    from fastapi_fastdeps import FastDepsAPI, Inline, explain

    app = FastDepsAPI()


    @app.post("/token")
    async def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends(), Inline]) -> str:
        return form.username


    print(explain(app))
    ```

    ```text
    POST /token  [fast lane, no hops]
      log_in                             endpoint    async
        form: OAuth2PasswordRequestForm  dependency  inline  Inline at the place
    ```

    Attributes:
        because: the reason, which `explain` shows.
    """

    because: str = field(default="", kw_only=True, compare=False)

    def __init_subclass__(cls) -> None:
        raise MarkerError(_NO_BASE.format(cls.__qualname__, "Inline"))


@final
@dataclass(frozen=True, slots=True)
class Threaded:
    """Call it in a worker thread, as FastAPI does.

    As a marker, `Annotated[Page, Depends(), Threaded]`, or as the decision of a classifier.

    Attributes:
        limiter: the name of the limiter that it waits for a thread of, one of those that the
            app declares: `FastDepsAPI(limiters={"db": 20})`. `None` for the one that all share
            that name none.
        because: the reason, which `explain` shows.

    ```python
    from typing import Annotated

    from fastapi import Depends
    from fastapi_fastdeps import FastDepsAPI, Threaded

    app = FastDepsAPI(limiters={"files": 4})


    def read_file() -> str:
        return "text"


    @app.get("/")
    async def read(text: Annotated[str, Depends(read_file), Threaded(limiter="files")]) -> str:
        return text
    ```
    """

    limiter: str | None = None
    because: str = field(default="", kw_only=True, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(cast("object", self.limiter), str | None):
            raise MarkerError(
                f"Threaded takes the name of a limiter, not {self.limiter!r}: write "
                'Threaded(limiter="db").'
            )

    def __init_subclass__(cls) -> None:
        raise MarkerError(_NO_BASE.format(cls.__qualname__, "Threaded"))


Execution: TypeAlias = Inline | Threaded

_NO_BASE = "{0!r} derives from {1}, which is a marker and no base: derive it from {1}Mixin."


# The overloads return what they take; they are apart so that checkers report the mark on
# an async callable, and nothing else: neither a class whose instances are awaitable, nor a
# function that returns `Any`, which would pass for a coroutine.
Class = TypeVar("Class", bound=type[Any])
ReturnsAny = TypeVar("ReturnsAny", bound=Callable[..., "_Nothing"])
Async = TypeVar("Async", bound=Callable[..., Coroutine[Any, Any, Any] | AsyncGenerator[Any, Any]])
Sync = TypeVar(
    "Sync", bound="Callable[..., Any] | staticmethod[..., Any] | classmethod[Any, ..., Any]"
)


Entry = TypeVar("Entry", bound=params.Depends)


_NOT_GIVEN: Final = object()


class _Nothing:
    def __init__(self, _: Never) -> None:
        """No function returns one, so only `Any` passes for it."""


@overload
def inline(call: Class, /) -> Class: ...
@overload
def inline(call: ReturnsAny, /) -> ReturnsAny: ...
@overload
@deprecated("An async callable always runs on the event loop: no marker says anything about it.")
def inline(call: Async, /) -> Async: ...
@overload
def inline(call: Sync, /) -> Sync: ...
def inline(call: Any, /) -> Any:
    """Mark a sync function, class or callable object as safe to call on the event loop.

    Returns the same object. It must not block: no I/O, no lock, no long computation. The mark
    holds whenever it is set: above `@app.get(...)`, too, or when routes have been built.

    ```python
    from fastapi_fastdeps import inline


    @inline
    def get_locale(lang: str = "en") -> str:
        return lang


    print(get_locale("nl"))
    ```

    ```text
    nl
    ```

    Raises `MarkerError` for an object that takes no attributes, such as a builtin; mark
    the place instead: `Annotated[..., Depends(call), Inline]`. A mark on something async, and
    both marks on one object, are raised where a route is built with it, or here if one was.
    """
    _mark(call, Inline())
    return call


@overload
def threaded(call: Class, /) -> Class: ...
@overload
def threaded(call: ReturnsAny, /) -> ReturnsAny: ...
@overload
@deprecated("An async callable always runs on the event loop: no marker says anything about it.")
def threaded(call: Async, /) -> Async: ...
@overload
def threaded(call: Sync, /) -> Sync: ...
@overload
def threaded(*, limiter: str) -> "MarksThreaded": ...
def threaded(call: Any = _NOT_GIVEN, /, *, limiter: str | None = None) -> Any:
    """Mark a sync function, class or callable object as one that needs a worker thread.

    Returns the same object. Holds, and raises, as `inline` does. `@threaded(limiter="db")` marks
    what is to wait for a thread of that limiter: see `Threaded`.

    ```python
    import time
    from typing import Annotated

    from fastapi import Depends
    from fastapi_fastdeps import FastDepsAPI, explain, threaded

    app = FastDepsAPI(limiters={"db": 20})


    @threaded(limiter="db")
    def get_user() -> str:
        time.sleep(0.1)
        return "robin"


    @app.get("/me")
    async def read_me(user: Annotated[str, Depends(get_user)]) -> str:
        return user


    print(explain(app))
    ```

    ```text
    GET /me  [fast lane, 1 hop]
      read_me           endpoint    async
        user: get_user  dependency  threaded (db)  @threaded
    ```
    """
    execution = Threaded(limiter=limiter)
    if call is _NOT_GIVEN:
        return partial(_marked, execution)
    return _marked(execution, call)


class MarksThreaded(Protocol):
    """What `threaded(limiter=...)` returns: it marks what it is called with, and returns it."""

    @overload
    def __call__(self, call: Class, /) -> Class: ...
    @overload
    def __call__(self, call: ReturnsAny, /) -> ReturnsAny: ...
    @overload
    @deprecated(
        "An async callable always runs on the event loop: no marker says anything about it."
    )
    def __call__(self, call: Async, /) -> Async: ...
    @overload
    def __call__(self, call: Sync, /) -> Sync: ...


def _marked(execution: Execution, call: Any, /) -> Any:
    _mark(call, execution)
    return call


class InlineMixin:
    """Constructing a subclass, or calling an instance of it, is safe on the event loop.

    A class that is marked itself, or a base that is nearer, may say otherwise.

    ```python
    from fastapi_fastdeps import Candidate, InlineMixin, markers, threaded


    class Page(InlineMixin): ...


    @threaded
    class Report(Page): ...


    print(markers(Candidate(Page)))
    print(markers(Candidate(Report)))
    ```

    ```text
    Inline(because='')
    Threaded(limiter=None, because='')
    ```
    """

    __slots__ = ()


class ThreadedMixin:
    """Constructing a subclass, or calling an instance of it, needs a worker thread.

    Attributes:
        thread_limiter: the name of the limiter that it waits for a thread of: see `Threaded`.

    ```python
    from fastapi_fastdeps import ThreadedMixin


    class Report(ThreadedMixin):
        def __init__(self, name: str):
            self.text = f"report {name}"


    class SlowReport(Report):
        thread_limiter = "reports"
    ```
    """

    __slots__ = ()

    thread_limiter: ClassVar[str | None] = None


def annotated(depends: Entry, /, *metadata: object) -> Entry:
    """`Annotated` where no annotation stands: in `dependencies=[...]`, or for a default value.

    ```python
    from fastapi import Depends
    from fastapi_fastdeps import FastDepsAPI, Inline, annotated


    def verify(version: int = 1) -> None: ...


    app = FastDepsAPI(dependencies=[annotated(Depends(verify), Inline)])
    ```

    Takes what `Depends` or `Security` returns, and returns a copy that carries the metadata:
    a marker, or tags of your own for a classifier. For FastAPI it is the same `Depends`.

    Raises `MarkerError` for what is no `Depends`, and for what is no marker, but looks like one.
    """
    given: Any = depends
    if not isinstance(given, params.Depends):
        raise MarkerError(
            f"annotated() takes what Depends() or Security() returns, not {given!r}: write "
            "annotated(Depends(...), Inline)."
        )
    for item in metadata:
        if marker := mistaken_for_marker(item):
            raise MarkerError(
                f"{name_of(cast('Any', item))} is no marker, and says nothing in annotated(): "
                f"write annotated(Depends(...), {marker})."
            )
    kind = type(depends)
    if not issubclass(kind, _Annotated):
        kind = type(kind.__name__, (_Annotated, kind), {"__module__": kind.__module__})
    placed = copy.copy(depends)
    object.__setattr__(placed, "__class__", kind)
    object.__setattr__(placed, "fastdeps_metadata", (*place_metadata(depends), *metadata))
    return placed


def place_metadata(depends: object) -> tuple[Any, ...]:
    """What `annotated` put on an entry of `dependencies=[...]`, or on a default value."""
    return depends.fastdeps_metadata if isinstance(depends, _Annotated) else ()


class _Annotated(params.Depends):
    """A `Depends` that carries metadata. It equals no other, because `typing` keeps one of
    equal annotations, and the marker with it."""

    fastdeps_metadata: tuple[Any, ...] = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __reduce__(self) -> tuple[Any, ...]:
        kind: type[Any] = type(self).__bases__[1]
        plain: Any = object.__new__(kind)
        plain.__dict__.update(vars(self))
        metadata = plain.__dict__.pop("fastdeps_metadata", ())
        return annotated, (plain, *metadata)


def is_marker(item: object) -> bool:
    """Whether this is `Inline` or `Threaded`, the class or an instance."""
    return item is Inline or item is Threaded or type(item) in (Inline, Threaded)


def mistaken_for_marker(item: object) -> str | None:
    """The name of the marker, where somebody wrote the decorator or the mixin for it."""
    return next((marker for other, marker in _MISTAKEN if item is other), None)


_MISTAKEN: tuple[tuple[object, str], ...] = (
    (inline, "Inline"),
    (threaded, "Threaded"),
    (InlineMixin, "Inline"),
    (ThreadedMixin, "Threaded"),
)


@dataclass(frozen=True, slots=True)
class _Mark:
    """A decorator's word. `functools.wraps` copies it along, so it knows whom it was said of."""

    said_of: Any
    executions: tuple[Execution, ...]


def decorated(layer: Any) -> tuple[Execution, ...]:
    """What decorators say of this very object, not of what it wraps or derives from.

    A class that a decorator made anew, as `@dataclass(slots=True)` does, and a copy of an
    instance are what they were made from. A function that carries another one's mark is not:
    `functools.wraps` put it there.
    """
    said = namespace(layer)
    mark: _Mark | None = said.get(_MARK)
    if mark is None or not (mark.said_of is layer or _is_made_from(layer, mark.said_of)):
        return ()
    return mark.executions


def _is_made_from(layer: Any, other: Any) -> bool:
    if isinstance(layer, type):
        return isinstance(other, type)
    is_wrapper = isinstance(layer, types.FunctionType) or "__wrapped__" in namespace(layer)
    return type(layer) is type(other) and not is_wrapper


def namespace(layer: object) -> Mapping[str, Any]:
    """The attributes of this very object."""
    return vars(layer) if hasattr(layer, "__dict__") else {}


def judge(layer: Any) -> None:
    """Take note that a route depends on what decorators say, or don't say, of this object."""
    if type(layer).__weakrefoffset__:  # Of what can't be referred to weakly, see `_is_judged`.
        _judged[id(layer)] = layer


def last_late_mark() -> object:
    """Another object whenever something that had been judged was marked."""
    return _last_late_mark


_judged: WeakValueDictionary[int, Any] = WeakValueDictionary()
_last_late_mark = object()


def _mark(call: Any, execution: Execution) -> None:
    global _last_late_mark
    target = call.__func__ if isinstance(call, _METHOD_OBJECTS) else call
    if not callable(target):
        raise MarkerError(f"{call!r} is not callable: only callables run somewhere.")
    executions = (*decorated(target), execution)
    is_late = _is_judged(target)
    if is_late:
        _check_late(target, executions)
    try:
        setattr(target, _MARK, _Mark(target, executions))
    except (AttributeError, TypeError) as error:
        name = type(execution).__name__
        raise MarkerError(
            f"{describe(call)} takes no attributes, so it can't be decorated with "
            f"@{name.lower()}. Mark the place where it is used instead: "
            f"Annotated[..., Depends(...), {name}]."
        ) from error
    if is_late:
        _last_late_mark = object()
        changed()


def _is_judged(target: Any) -> bool:
    if isinstance(target, type) and any(map(_is_judged, type.__subclasses__(target))):
        return True
    return _judged.get(id(target)) is target or not type(target).__weakrefoffset__


def _check_late(target: Any, executions: tuple[Execution, ...]) -> None:
    """Raise what building a route with it would raise, because one has been built."""
    decorator = decorator_of(executions[-1])
    if inspect.iscoroutinefunction(target) or inspect.isasyncgenfunction(target):
        raise MarkerError(
            f"{describe(target)} is async: it always runs on the event loop, and {decorator} "
            f"says nothing about it. Remove {decorator}, or write it as a plain def."
        )
    if any(type(other) is not type(executions[-1]) for other in executions):
        raise MarkerError(
            f"{describe(target)} is marked both @inline and @threaded. Keep the one that is meant."
        )


def decorator_of(execution: Execution) -> str:
    return f"@{type(execution).__name__.lower()}"


_METHOD_OBJECTS: tuple[type[Any], ...] = (staticmethod, classmethod)
