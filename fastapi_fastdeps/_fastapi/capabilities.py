"""What this package can do with the installed FastAPI.

FastAPI may rename, change or drop whatever its documentation does not promise. What is built
on such names is a capability: it declares them with the shape that it expects, and is off
where one is missing or has another shape. Everything then is served as FastAPI serves it.
"""

import inspect
import logging
import platform
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from types import CodeType
from typing import Any, Final

import fastapi

from fastapi_fastdeps._fastapi.versions import NEWEST, OLDEST, is_older_than

_log = logging.getLogger("fastapi_fastdeps")

Shape = Callable[[Any], bool]
"""Whether what was found under a name is what it was."""


class Absent:
    """Stands for a class that FastAPI does not have: nothing is an instance of it."""


class Capability:
    """Something that is built on names of FastAPI, on where all of them are as they were.

    Attributes:
        title: what it is called.
        without: what becomes of requests where it is off.
        names: what it is built on.
        problems: what is missing or has changed.
    """

    def __init__(
        self,
        title: str,
        without: str,
        *,
        since: str = OLDEST,
        on: "Capability | None" = None,
        tells_age: bool = False,
    ) -> None:
        """`tells_age`: whether it is news, too, that a FastAPI is older than `since`."""
        self.title = title
        self.without = without
        self.names: list[str] = []
        self.problems: list[str] = []
        self._on = on
        self._tells_age = tells_age
        self._too_old = ""
        if is_older_than(since):
            self._too_old = f"FastAPI {fastapi.__version__} is older than {since}"

    def __bool__(self) -> bool:
        return self.why_off is None

    @property
    def why_off(self) -> str | None:
        """Why it is off, in words, `None` if it is on."""
        if self._on is not None and not self._on:
            return self._on.why_off
        if self._too_old:
            return self._too_old
        return self.problems[0] if self.problems else None

    @property
    def is_missed(self) -> bool:
        """Whether it is off for a reason of its own, and could be expected to be on."""
        if self._on is not None and not self._on:
            return False
        return self._tells_age if self._too_old else bool(self.problems)

    def find(
        self,
        module: str,
        name: str,
        shape: Shape,
        otherwise: Any = None,
        *,
        since: str = OLDEST,
    ) -> Any:
        """What stands under the name, `otherwise` where that is not what it was.

        A FastAPI that is older than `since` is right not to have it.
        """
        self.names.append(f"{module}.{name}")
        if self._too_old or is_older_than(since):
            return otherwise
        try:
            found: Any = import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError):
            return self.miss(f"{_release_of(module)} has no {module}.{name}", otherwise)
        if not is_shaped(found, shape):
            problem = f"{module}.{name} of {_release_of(module)} is not what it was"
            return self.miss(problem, otherwise)
        return found

    def miss(self, problem: str, otherwise: Any = None) -> Any:
        """Turn it off for this reason."""
        self.problems.append(problem)
        return otherwise


def _release_of(module: str) -> str:
    package = module.partition(".")[0]
    if package == "fastapi":
        return f"FastAPI {fastapi.__version__}"
    if package in sys.stdlib_module_names:
        return f"Python {platform.python_version()}"
    return f"{package.capitalize()} {version(package)}"


def is_shaped(found: Any, shape: Shape) -> bool:
    """Whether `found` has the shape. What can't be examined has another."""
    try:
        return shape(found)
    except Exception:
        return False


def takes(*keywords: str, positional: int = 0) -> Shape:
    """The shape of a callable that can be called like this."""

    def shape(found: Any) -> bool:
        arguments: list[None] = [None] * positional
        inspect.signature(found).bind(*arguments, **dict.fromkeys(keywords))
        return True

    return shape


def either(*shapes: Shape) -> Shape:
    """One of these shapes."""
    return lambda found: any(is_shaped(found, shape) for shape in shapes)


def has(*attributes: str, **methods: Shape) -> Shape:
    """The shape of what has these attributes or fields, and methods of these shapes."""

    def shape(found: Any) -> bool:
        known = {*dir(found), *getattr(found, "__dataclass_fields__", ())}
        return known.issuperset(attributes) and all(
            is_shaped(getattr(found, name), method) for name, method in methods.items()
        )

    return shape


def makes(*attributes: str, arguments: tuple[Any, ...] = ()) -> Shape:
    """The shape of a class whose instances have these attributes."""
    return lambda found: has(*attributes)(found(*arguments))


def mentions(*words: str) -> Shape:
    """The shape of a function in whose code, nested functions included, these strings are."""
    return lambda found: _strings_in(found.__code__).issuperset(words)


def _strings_in(code: CodeType) -> set[str]:
    found = {each for each in code.co_consts if isinstance(each, str)}
    nested = (each for each in code.co_consts if isinstance(each, CodeType))
    return found.union(*map(_strings_in, nested))


def instance_of(kind: type) -> Shape:
    return lambda found: isinstance(found, kind)


def tells(this: Any, from_that: Any) -> Shape:
    """The shape of a predicate that is true of the one and false of the other."""
    return lambda found: bool(found(this)) and not found(from_that)


_NEWER: Final = (
    f"Look for a newer fastapi-fastdeps, or pin fastapi=={NEWEST}; what it takes to have the fast "
    "lane nonetheless, at your own risk, is in docs/versions.md."
)
_OLDER: Final = (
    f"Install a newer FastAPI, such as {NEWEST}; docs/versions.md says which have the fast lane."
)


def tell_of(*capabilities: Capability) -> None:
    """Say in one line of the log what is off, what that costs and what to do, where it is news."""
    missed = [each for each in capabilities if each.is_missed]
    if missed:
        parts = " ".join(
            f"Without {each.title}, {each.without}: {each.why_off}." for each in missed
        )
        is_new = any(each.problems for each in missed)
        _log.warning(
            "With FastAPI %s nothing fails, but some things are slower than with %s, the newest "
            "that fastapi-fastdeps was tested with. %s %s",
            fastapi.__version__,
            NEWEST,
            parts,
            _NEWER if is_new else _OLDER,
        )
