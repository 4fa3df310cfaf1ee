"""Who decides where a sync callable runs."""

import inspect
import os
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from fastapi_fastdeps._marks import Decision, find_marker
from fastapi_fastdeps._reading.judging import why_harmless
from fastapi_fastdeps._reading.once import forget
from fastapi_fastdeps._sending import LeavesBehind, Makers
from fastapi_fastdeps._written import Written, read_decisions
from fastapi_fastdeps.errors import ClassifierError, FastDepsError, describe_place
from fastapi_fastdeps.marking import Execution, Inline, Threaded, last_late_mark

Tag = TypeVar("Tag")

Role = Literal[
    "dependency",
    "endpoint",
    "method",
    "exception handler",
    "background task",
    "stream",
    "upload",
]
"""What a callable is called for.

A method is one of a class-based `HTTPEndpoint`. A stream is what a `StreamingResponse` iterates:
the generator function, or the `__iter__` of what is no generator. An upload is what is done with
the `UploadFile` parameters of a route: `SpooledTemporaryFile.read`, for writing and closing, too.
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sync callable at one place where FastAPI or Starlette would call it in a thread.

    Attributes:
        call: the user's object, never a stand-in for it.
        role: what FastAPI or Starlette calls it for.
        metadata: what `Annotated` carries at the place, the user's own tags included.
        parameter: the name of the parameter that takes the result, `None` where no
            parameter does: an endpoint, or an entry of `dependencies=[...]`.
        path: the path of the route, prefixes included; empty for an exception handler.
        response_model: what FastAPI validates the result of an endpoint by, which is part of
            calling it; `None` where nothing does.
    """

    call: Callable[..., Any]
    role: Role = "dependency"
    metadata: tuple[Any, ...] = ()
    parameter: str | None = None
    path: str = ""
    response_model: Any = None

    def tags(self, kind: type[Tag], /) -> tuple[Tag, ...]:
        """The instances of a class of your own among the metadata, in their order.

        With `Annotated[Report, Depends(), Cost("high")]` at the place,
        `candidate.tags(Cost)` is `(Cost("high"),)`.

        ```python
        from dataclasses import dataclass

        from fastapi_fastdeps import Candidate, Inline


        @dataclass(frozen=True)
        class Cost:
            level: str


        class Report: ...


        candidate = Candidate(Report, metadata=(Cost("high"), Inline))
        print(candidate.tags(Cost))
        ```

        ```text
        (Cost(level='high'),)
        ```
        """
        return tuple(item for item in self.metadata if isinstance(item, kind))


class Classifier(Protocol):
    """Decides where a sync callable runs; `None` is "no opinion, ask the next".

    It is asked when a route is built, never while a request runs, and never about async
    callables. Any function or object that can be called like this is one.

    Where it has no opinion at all, `markers` is asked, and then the callable is threaded. So
    what is marked keeps its word under every classifier that leaves it alone, as the
    policies of this package (`all_classes`, `everything`, `predicate`) do; a classifier of
    your own that has an opinion about something marked overrules the mark.

    ```python
    from fastapi_fastdeps import (
        Candidate,
        Execution,
        FastDepsAPI,
        Inline,
        default_classifier,
        first_match,
    )


    def of_settings(candidate: Candidate) -> Execution | None:
        if candidate.call.__module__ == "app.settings":
            return Inline(because="settings are read once")
        return None


    app = FastDepsAPI(classifier=first_match(of_settings, default_classifier))
    ```
    """

    def __call__(self, candidate: Candidate, /) -> Execution | None: ...


def markers(candidate: Candidate, /) -> Execution | None:
    """What the place, the callable's decorator, or the nearest marked class says.

    Raises `FastDepsError` where markers contradict each other.

    ```python
    from fastapi_fastdeps import Candidate, Threaded, inline, markers


    @inline
    class Page: ...


    print(markers(Candidate(Page)), markers(Candidate(Page, metadata=(Threaded,))))
    ```

    ```text
    Inline(because='') Threaded(limiter=None, because='')
    ```
    """
    found = find_marker(candidate)
    return found.execution if found is not None else None


def all_classes(candidate: Candidate, /) -> Execution | None:
    """Inline for every class that carries no marker; no opinion about anything else.

    What is marked, by inheritance and at the place too, keeps its word: `markers` is asked
    about it, by `default_classifier` or in the end. Raises `FastDepsError` where markers
    contradict each other.

    ```python
    from fastapi_fastdeps import Candidate, all_classes, threaded


    class Page: ...


    @threaded
    class Report: ...


    print(all_classes(Candidate(Page)), all_classes(Candidate(Report)))
    ```

    ```text
    Inline(because='') None
    ```
    """
    call = typing.get_origin(candidate.call) or candidate.call
    return Inline() if inspect.isclass(call) and not _is_marked(candidate) else None


def everything(candidate: Candidate, /) -> Execution | None:
    """Inline for all that is sync and carries no marker: see `all_classes`.

    What blocks holds up the event loop then. It tells how much there is to gain at most.

    ```python
    from fastapi_fastdeps import Candidate, everything, threaded


    def get_query(q: str = "") -> str:
        return q


    @threaded
    def get_file() -> bytes:
        return b""


    print(everything(Candidate(get_query)), everything(Candidate(get_file)))
    ```

    ```text
    Inline(because='') None
    ```
    """
    return None if _is_marked(candidate) else Inline()


@dataclass(frozen=True, slots=True)
class _Predicate:
    function: Callable[[Callable[..., Any]], object]

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        if _is_marked(candidate):
            return None
        return Inline() if self.function(candidate.call) else None

    def __str__(self) -> str:
        return f"predicate({_name(self.function)})"


def predicate(function: Callable[[Callable[..., Any]], object], /) -> Classifier:
    """Inline where `function(callable)` is true; no opinion elsewhere, nor about what carries
    a marker, about which `function` is not asked: see `all_classes`.

    `function` is called when routes are built. What it raises is raised there as `ClassifierError`.

    ```python
    from fastapi_fastdeps import Candidate, predicate


    def get_locale() -> str:
        return "en"


    getters = predicate(lambda call: call.__name__.startswith("get_"))
    print(getters(Candidate(get_locale)))
    ```

    ```text
    Inline(because='')
    ```
    """
    return _Predicate(function)


def harmless(candidate: Candidate, /) -> Execution | None:
    """Inline where the source shows that nothing in a callable can block, however it is
    called; no opinion where it does not, nor about what carries a marker.

    It reads constructors, functions, callable objects and generators, and whatever they call in
    turn, as far as it can resolve that: assignments, arithmetic, comparisons, f-strings, branches,
    loops over what a request brings, plain dataclasses and Pydantic models, and builtins that only
    compute. An argument is what FastAPI makes of its annotation, or what the dependency gives
    that stands there. What it can't see through is left to others: I/O, locks, imports, unknown
    calls, attributes that may be computed, validators, and work that grows faster than the request
    or takes more than some hundred microseconds and about two for each of its characters.

    It goes by the source as it is when a route is built. It does not see what somebody assigns
    from elsewhere, to a module, a class or an object, after that, nor what an override gives in the
    place of a dependency; docs/how-it-works.md has all that it takes for granted.

    Of an endpoint, the validation of its result is part: its response model must run no code of
    its own, and what it returns be plain data.

    ```python
    import time

    from fastapi_fastdeps import Candidate, harmless


    class Page:
        def __init__(self, skip: int = 0, limit: int = 100):
            self.skip = skip
            self.limit = limit


    def get_report() -> str:
        time.sleep(1)
        return "done"


    print(harmless(Candidate(Page)), harmless(Candidate(get_report)))
    ```

    ```text
    Inline(because='assigns its arguments') None
    ```
    """
    if _is_marked(candidate):
        return None
    reason = why_harmless(
        candidate.call,
        answers=candidate.role == "endpoint",
        response_model=candidate.response_model,
    )
    return Inline(because=reason) if reason is not None else None


@dataclass(frozen=True, slots=True)
class _Decisions:
    file: str
    written: Written

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        return None if _is_marked(candidate) else self.written.execution_of(candidate.call)

    def __str__(self) -> str:
        return f"decisions({self.file!r})"


def decisions(file: str | os.PathLike[str], /) -> Classifier:
    """What a file says, a TOML file that `fastdeps profile` writes or that is written by hand, for
    callables that are not one's own to mark; no opinion about what it does not mention, nor about
    what carries a marker.

        ["package.module:Class"]
        run = "inline"  # or "threaded", which may have limiter = "db"
        because = "assigns its arguments"

    What is named is the callable, or what its `functools.partial`, method or `functools.wraps`
    calls: `Class` is the construction of a class, and the call of its instances unless
    `Class.__call__` has an entry of its own; not what derives from it. The file is read once, here;
    a relative path is looked for in the working directory.

    Raises `DecisionsError`, a `FastDepsError`, for a file that can't be read, an entry that says
    what can't be, or a name that there is not; the modules that it names are imported. What is in
    a module that is just being imported is looked for when a route is built.
    """
    return _Decisions(os.fspath(file), Written(read_decisions(file)))


@dataclass(frozen=True, slots=True)
class _FirstMatch:
    classifiers: tuple[Classifier, ...]

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        decision = _opinion(self, candidate)
        return decision.execution if decision is not None else None

    def __str__(self) -> str:
        return f"first_match({', '.join(map(_name, self.classifiers))})"


def first_match(*classifiers: Classifier) -> Classifier:
    """The first opinion wins. None at all is no opinion.

    ```python
    from fastapi_fastdeps import FastDepsAPI, all_classes, default_classifier, first_match

    # What is marked keeps its word; of the rest, classes are inline.
    app = FastDepsAPI(classifier=first_match(default_classifier, all_classes))
    ```
    """
    return _FirstMatch(classifiers)


def injected_providers(candidate: Candidate, /) -> Execution | None:
    """Inline for the markers of dependency-injector's wiring (`Provide[...]` and the like).

    They return themselves; the container replaces them before the endpoint runs.
    """
    wiring = sys.modules.get("dependency_injector.wiring")
    if wiring is None:
        return None
    marker: type | None = getattr(wiring, "_Marker", None)
    return Inline() if marker is not None and isinstance(candidate.call, marker) else None


default_classifier: Classifier = first_match(markers, injected_providers)
"""`markers`, and the `Provide` objects of dependency-injector."""


class Remembering(LeavesBehind):
    """A classifier that is asked once about each candidate, however often a route is built.

    FastAPI builds the routes of an included router with the first request; this package asks
    about them when the router is included, so that a mistake is raised there.
    """

    left_behind: ClassVar[Makers] = {"_decisions": dict[Any, Any]}

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._decisions: dict[tuple[object, ...], tuple[Candidate, Decision | None]] = {}
        self._last_late_mark = last_late_mark()

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        decision = self.decide(candidate)
        return decision.execution if decision is not None else None

    def decide(self, candidate: Candidate) -> Decision | None:
        if self._last_late_mark is not last_late_mark():
            self._last_late_mark = last_late_mark()
            self._decisions.clear()
        key = (
            id(candidate.call),
            candidate.role,
            candidate.parameter,
            candidate.path,
            id(candidate.response_model),
            *map(id, candidate.metadata),
        )
        if key not in self._decisions:
            # The candidate is kept, so that no other object gets an id of the key.
            self._decisions[key] = candidate, _opinion(self.classifier, candidate)
        return self._decisions[key][1]


def decide(classifier: Classifier, candidate: Candidate) -> Decision | None:
    """What the classifier says, and where it has no opinion, what is marked says; which part
    decided. `None` for no opinion.

    Raises `ClassifierError` for a classifier that raises or returns something else, and
    what `markers` raises about contradicting markers.
    """
    decision = _opinion(classifier, candidate)
    return _opinion(markers, candidate) if decision is None else decision


def _opinion(classifier: Classifier, candidate: Candidate) -> Decision | None:
    if isinstance(classifier, Remembering):
        return classifier.decide(candidate)
    if isinstance(classifier, _FirstMatch):
        for part in classifier.classifiers:
            if (decision := _opinion(part, candidate)) is not None:
                return decision
        return None
    if classifier is markers:
        return find_marker(candidate)
    try:
        execution = _asked(classifier, candidate)
    except FastDepsError:
        raise
    except Exception as error:
        raise ClassifierError(
            f"The classifier {_name(classifier)} raised {error!r} when asked about "
            f"{describe_place(candidate)}. Return Inline(), Threaded() or None."
        ) from error
    if execution is None:
        return None
    if not _is_execution(execution):
        raise ClassifierError(
            f"The classifier {_name(classifier)} returned {execution!r} for "
            f"{describe_place(candidate)}. Return Inline(), Threaded() or None."
        )
    return Decision(execution, _name(classifier), execution.because)


def _asked(classifier: Classifier, candidate: Candidate) -> Execution | None:
    ours = (injected_providers, harmless, all_classes, everything)
    if any(classifier is each for each in ours) or isinstance(classifier, _Decisions):
        return classifier(candidate)
    # Code of the user's may replace what has been read.
    forget()
    try:
        return classifier(candidate)
    finally:
        forget()


def _is_execution(returned: object) -> bool:
    return isinstance(returned, Inline | Threaded)


def _is_marked(candidate: Candidate) -> bool:
    return find_marker(candidate) is not None


def _name(classifier: object) -> str:
    if isinstance(classifier, _Decisions | _FirstMatch | _Predicate):
        return str(classifier)
    return getattr(classifier, "__qualname__", None) or type(classifier).__qualname__
