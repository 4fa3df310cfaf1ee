"""What a call is known to give."""

import asyncio
import contextlib
import io
import socket
import sqlite3
import sys
import types
import typing
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import PurePath
from typing import Any

from fastapi_fastdeps._cli.checking.hints import hints_of, instance
from fastapi_fastdeps._cli.checking.values import NOTHING, Of, class_of


def result(target: Any, owner: Any, name: str) -> Any:
    """What calling `target` gives, which was read as `name` from `owner` if that is not `None`."""
    if target is NOTHING:
        return NOTHING
    if isinstance(target, type):
        return Of(target)
    for function, kind in _MADE_BY:
        if target is function:
            return Of(kind)
    kind = class_of(owner)
    if owner is not None and name in _PATHS and issubclass(kind, PurePath):
        return Of(kind)
    for base in kind.__mro__ if owner is not None else ():
        made = _GIVES.get((f"{base.__module__}.{base.__qualname__}", name))
        if made is not None:
            return owner if made is _SELF else Of(_named(made))
    makes = getattr(target, "class_", None)
    if isinstance(makes, type):
        # A factory such as SQLAlchemy's sessionmaker.
        return Of(makes)
    hints = hints_of(target.__func__ if isinstance(target, types.MethodType) else target)
    told = hints.get("return")
    if (
        owner is not None
        and told is not None
        and (told is _OF_ITS_OWN or told is hints.get("self"))
    ):
        return Of(kind)
    return managed(instance(told)) if is_manager(target) else instance(told)


def is_manager(target: Any) -> bool:
    """Whether it is what `contextlib.contextmanager` has made."""
    return getattr(target, "__code__", None) is _MANAGER


def managed(given: Any) -> Any:
    """What a function that `contextlib.contextmanager` has decorated gives, by what the function
    would give itself."""
    return Of(contextlib.AbstractContextManager, given.items if isinstance(given, Of) else NOTHING)


@contextlib.contextmanager
def _nothing() -> Generator[None]:
    yield


_MANAGER: Any = getattr(_nothing, "__code__", None)
_OF_ITS_OWN: Any = typing.Self
_MADE_BY: tuple[tuple[Any, type], ...] = (
    (open, io.TextIOWrapper),
    (sqlite3.connect, sqlite3.Connection),
    (socket.create_connection, socket.socket),
    (asyncio.get_event_loop, asyncio.AbstractEventLoop),
    (asyncio.new_event_loop, asyncio.AbstractEventLoop),
    (asyncio.run_coroutine_threadsafe, Future),
)
_SELF = "self"
_QUERY = "sqlalchemy.orm.query.Query"
_GIVES = {
    **{
        (_QUERY, name): _SELF
        for name in (
            *("distinct", "enable_eagerloads", "execution_options", "filter", "filter_by"),
            *("group_by", "having", "join", "limit", "offset", "options", "order_by", "outerjoin"),
            *("populate_existing", "select_from", "slice", "union", "union_all", "where"),
            *("with_entities", "with_for_update", "yield_per"),
        )
    },
    ("sqlalchemy.orm.session.Session", "query"): _QUERY,
    ("sqlalchemy.orm.scoping.scoped_session", "query"): _QUERY,
    ("sqlalchemy.orm.session.Session", "begin"): "sqlalchemy.orm.session.SessionTransaction",
    ("sqlalchemy.orm.session.Session", "begin_nested"): "sqlalchemy.orm.session.SessionTransaction",
    ("sqlalchemy.orm.session.Session", "connection"): "sqlalchemy.engine.base.Connection",
    ("sqlalchemy.engine.base.Engine", "connect"): "sqlalchemy.engine.base.Connection",
    ("sqlalchemy.engine.base.Engine", "begin"): "sqlalchemy.engine.base.Connection",
    ("concurrent.futures._base.Executor", "submit"): f"{Future.__module__}.Future",
    ("concurrent.futures.thread.ThreadPoolExecutor", "submit"): f"{Future.__module__}.Future",
    ("sqlite3.Connection", "cursor"): "sqlite3.Cursor",
    ("sqlite3.Connection", "execute"): "sqlite3.Cursor",
}
"""What methods give that don't say so."""

_PATHS = frozenset(
    {
        "absolute",
        "cwd",
        "expanduser",
        "home",
        "joinpath",
        "relative_to",
        "resolve",
        "with_name",
        "with_stem",
        "with_suffix",
    }
)
"""Methods of a path that give another one."""


def _named(name: str) -> type:
    module, _, rest = name.rpartition(".")
    found: type = getattr(sys.modules[module], rest)
    return found
