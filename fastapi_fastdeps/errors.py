"""The errors of the package, and how a callable is named in them."""

import ast
import functools
import inspect
import linecache
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol


class FastDepsError(Exception):
    """Base of every error that this package raises.

    Raised where a mistake is made, before a request comes: by a marker, when a route is
    created, a router is included, the app starts, or the package is imported. What is put
    in later, into `dependency_overrides`, a tree or `routes`, or by another classifier, is
    judged by the first request that needs it, and raised there.

    ```python
    from fastapi_fastdeps import FastDepsError, inline, threaded

    try:
        threaded(inline(len))
    except FastDepsError as error:
        print(type(error).__name__)
    ```

    ```text
    MarkerError
    ```
    """


class MarkerError(FastDepsError):
    """A marker stands where it can't mean anything, or two contradict each other."""


class ClassifierError(FastDepsError):
    """A classifier raised, or returned something that is not an `Execution` or `None`."""


class DecisionsError(FastDepsError):
    """A file of decisions can't be read, names what there is not, or says what can't be."""


class LimiterError(FastDepsError):
    """A limiter is named that the app does not have, or has no number of threads."""


class UnsupportedFastAPIError(FastDepsError):
    """The installed FastAPI is older than this package works with."""


class Described(Protocol):
    """A callable and its place, as far as an error names them: what a `Candidate` has."""

    @property
    def call(self) -> Callable[..., Any]: ...
    @property
    def role(self) -> str: ...
    @property
    def parameter(self) -> str | None: ...
    @property
    def path(self) -> str: ...


def describe(call: Callable[..., Any]) -> str:
    """The name of a user's callable with the file and line where it is defined.

    An instance is named by its class; one of a class that is not the user's by the module,
    because the line of that class would lead nowhere.
    """
    target = _without_partials(call)
    name = _qualname(target)
    if name is None:
        name = f"{type(target).__qualname__}()"
        if not is_users_own(target):
            return f"{name!r} (of {type(target).__module__})"
    location = locate(call)
    return f"{name!r} ({location})" if location else f"{name!r}"


def describe_place(candidate: Described) -> str:
    """A callable with its role, route and parameter."""
    route = f" of {candidate.path!r}" if candidate.path else ""
    parameter = f", parameter {candidate.parameter!r}" if candidate.parameter else ""
    return f"the {candidate.role} {describe(candidate.call)}{route}{parameter}"


def whereabouts(candidate: Described) -> str:
    """Role, route and parameter of a callable in brackets, to be put behind what is said of
    it; nothing where no route is known."""
    if not candidate.path:
        return ""
    what = f"parameter {candidate.parameter!r}" if candidate.parameter else candidate.role
    return f" ({what} of {candidate.path!r})"


def name_of(call: Callable[..., Any]) -> str:
    """A name for tables: the same in every run, an instance by its class."""
    if isinstance(call, functools.partial):
        return f"partial({name_of(call.func)})"
    return _qualname(call) or f"{type(call).__qualname__}()"


def locate(call: Callable[..., Any]) -> str | None:
    """`file:line` of a callable's definition, `None` for what has no Python source."""
    target = _definition(call)
    try:
        return f"{inspect.getsourcefile(target)}:{_line_of(target)}"
    except (OSError, TypeError):
        return None


def _line_of(target: Any) -> int:
    """Raises `OSError` and `TypeError` as `inspect` does."""
    if not inspect.isclass(target) or sys.version_info >= (3, 13):
        return inspect.findsource(target)[1] + 1
    # Up to Python 3.12, `inspect` parses the whole file for each class in it.
    file = inspect.getsourcefile(target) or inspect.getfile(target)
    linecache.checkcache(file)
    lines = linecache.getlines(file, vars(sys.modules[target.__module__]))
    known = _classes.get(file)
    if known is None or known[0] is not lines:
        known = _classes[file] = lines, dict(_classes_in("".join(lines)))
    if target.__qualname__ not in known[1]:
        raise OSError("could not find class definition")
    return known[1][target.__qualname__]


# By file, with the lines that were read: `linecache` has others when they have changed.
_classes: dict[str, tuple[list[str], dict[str, int]]] = {}


def _classes_in(source: str) -> Iterator[tuple[str, int]]:
    """The classes in a source, by their qualified names, with the line where each begins; of
    several of one name, the first comes last."""
    try:
        pending: list[tuple[ast.AST, str]] = [(ast.parse(source), "")]
    except (SyntaxError, ValueError, RecursionError):
        return
    found: list[tuple[str, int]] = []
    while pending:
        node, within = pending.pop()
        if isinstance(node, ast.ClassDef):
            first = node.decorator_list[0] if node.decorator_list else node
            found.append((f"{within}{node.name}", first.lineno))
            within = f"{within}{node.name}."
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            within = f"{within}{node.name}.<locals>."
        below = [each for each in ast.iter_child_nodes(node) if isinstance(each, _STATEMENTS)]
        pending += [(each, within) for each in reversed(below)]
    yield from reversed(found)


_STATEMENTS = (ast.stmt, ast.ExceptHandler, ast.match_case)


def is_users_own(call: Callable[..., Any]) -> bool:
    """Whether a callable is defined where its user can edit it: not in an installed package,
    nor in Python itself."""
    try:
        file = inspect.getfile(_definition(call))
    except TypeError:
        return False
    except OSError:  # A class that was typed in at the prompt.
        return True
    return not (file.startswith(_PYTHON) or _PACKAGES.intersection(Path(file).parts))


def file_of(call: Callable[..., Any]) -> str | None:
    """The file in which a callable is defined, `None` for what has no Python source."""
    try:
        return inspect.getfile(_definition(call))
    except (OSError, TypeError):
        return None


def _definition(call: Callable[..., Any]) -> Any:
    target = inspect.unwrap(_without_partials(call))
    if inspect.isroutine(target) or inspect.isclass(target):
        return target
    return target.__class__


def _without_partials(call: Any) -> Any:
    while isinstance(call, functools.partial):
        call = call.func
    return call


def _qualname(call: Any) -> str | None:
    name = getattr(call, "__qualname__", None)
    return name if isinstance(name, str) else None


_PYTHON = tuple(os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib"))
_PACKAGES = frozenset({"site-packages", "dist-packages"})
