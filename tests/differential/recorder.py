"""What a program does while it runs: calls, teardowns and tasks, in order."""

import re
import threading
from collections.abc import Coroutine
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from fastapi import BackgroundTasks, HTTPException, Request, Response, UploadFile, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketException
from fastapi.security import SecurityScopes
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from .program import Endpoint, Node

_seen: ContextVar[tuple[str, ...]] = ContextVar("seen", default=())


class RefusedError(Exception):
    """The application has a handler for it."""


class FailedError(Exception):
    """The application has no handler for it."""


class ReplacedError(Exception):
    """Raised by a teardown in place of the exception that it was handed."""


class LateError(Exception):
    """Raised by a teardown that was handed no exception."""


@dataclass(frozen=True)
class Result:
    """What a node returns: which node, and which of its calls."""

    name: str
    ordinal: int

    def __repr__(self) -> str:
        return f"{self.name}#{self.ordinal}"


@dataclass(frozen=True)
class Event:
    """Something that happened, which context variables it saw, and in which thread."""

    kind: str
    name: str
    detail: str = ""
    visible: tuple[str, ...] = ()
    on_loop: bool = True

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.detail}".rstrip()


class Recorder:
    """Programs write into it while they run; one request at a time."""

    def __init__(self) -> None:
        self.reset({}, armed=False)

    def reset(self, nodes: dict[str, Node | Endpoint], *, armed: bool) -> None:
        self.events: list[Event] = []
        self._nodes = nodes
        self._armed = armed
        self._counts: dict[str, int] = {}
        self._known: list[object] = []
        self._loop_thread = threading.get_ident()

    def note(self, kind: str, name: str, detail: str = "") -> None:
        on_loop = threading.get_ident() == self._loop_thread
        self.events.append(Event(kind, name, detail, _seen.get(), on_loop))

    def enter(self, name: str, arguments: dict[str, Any]) -> Result:
        """Note the call, do what the node does, and fail if it is its turn to."""
        count = self._counts[name] = self._counts.get(name, 0) + 1
        described = [f"{key}={self.describe(value)}" for key, value in arguments.items()]
        self.note("enter", name, f"({', '.join(described)})")
        _seen.set((*_seen.get(), name))
        node = self._nodes[name]
        for value in arguments.values():
            self._use(name, node, value, count)
        if self.fails(name, count):
            raise _failure(node, name, count)
        return Result(name, count)

    def fails(self, name: str, count: int | None = None) -> bool:
        node = self._nodes[name]
        count = self._counts.get(name, 0) if count is None else count
        return self._armed and node.fails is not None and node.fails_at == count

    def silent(self, name: str) -> bool:
        """Whether a generator returns before it has yielded."""
        return self._armed and self._nodes[name].fails == "no yield"

    def reply(self, name: str, arguments: dict[str, Any]) -> dict[str, str]:
        """An endpoint's call, and its arguments in words."""
        described = {key: self.describe(value) for key, value in arguments.items()}
        self.enter(name, arguments)
        return described

    def leave(self, name: str, error: BaseException | None) -> None:
        self.note("leave", name, describe_error(error) if error else "")

    def task(self, name: str) -> None:
        self.note("task", name)

    async def async_task(self, name: str) -> None:
        self.note("async task", name)

    def failing_task(self, name: str) -> None:
        self.note("failing task", name)
        raise FailedError(f"task of {name}")

    def _use(self, name: str, node: Node | Endpoint, value: Any, count: int) -> None:
        if isinstance(value, Response):
            value.headers.append("x-trail", name)
            value.set_cookie(f"c-{name}", str(count))
            if node.status is not None:
                value.status_code = node.status
        elif isinstance(value, BackgroundTasks):
            tasks = {"sync": self.task, "async": self.async_task, "failing": self.failing_task}
            value.add_task(tasks[node.task], f"{name}#{count}")
        elif isinstance(value, HTTPConnection):
            trail = getattr(value.state, "trail", ())
            self.note("trail", name, ",".join(trail))
            value.state.trail = (*trail, name)
        elif isinstance(value, list):
            value.append(f"changed by {name}")

    def describe(self, value: Any) -> str:
        if isinstance(value, Request):
            return f"request {value.method} {value.url.path}"
        if isinstance(value, WebSocket):
            return f"websocket {value.url.path}"
        if isinstance(value, Response | BackgroundTasks):
            return f"{type(value).__name__} {self._identity(value)}"
        if isinstance(value, SecurityScopes):
            return f"scopes {value.scopes} {value.scope_str!r}"
        if isinstance(value, UploadFile):
            value.file.seek(0)
            content = value.file.read()
            value.file.seek(0)
            return f"file {value.filename!r} {value.content_type} {content!r}"
        if isinstance(value, Result):
            return repr(value)
        if hasattr(value, "tag"):
            return f"{type(value).__name__} {value.tag!r}"
        if isinstance(value, BaseModel):
            files = {key: self.describe(item) for key, item in value if hasattr(item, "file")}
            shown = files or repr(value)
            return f"{shown} set {sorted(value.model_fields_set)}"
        if isinstance(value, set | frozenset):
            return f"{type(value).__name__} {sorted(value)}"
        if isinstance(value, list | tuple):
            return f"{type(value).__name__} [{', '.join(map(self.describe, value))}]"
        if isinstance(value, Coroutine):
            # Called, and never awaited: which of the callables it was is not its value.
            return type(value).__name__
        return f"{type(value).__name__} {value!r}"

    def _identity(self, value: object) -> int:
        for position, known in enumerate(self._known):
            if known is value:
                return position
        self._known.append(value)
        return len(self._known) - 1


def _failure(node: Node | Endpoint, name: str, count: int) -> BaseException:
    text = f"{name}#{count}"
    failures: dict[str, BaseException] = {
        "http": HTTPException(418, {"by": text}),
        "http with headers": HTTPException(401, text, {"WWW-Authenticate": text}),
        "error": FailedError(text),
        "refused": RefusedError(text),
        "stop": StopIteration(text),
        "websocket": WebSocketException(4000, text),
        "validation": RequestValidationError([{"loc": ["own"], "msg": text, "type": "own"}]),
        "no yield": FailedError(text),
    }
    return failures[node.fails or "error"]


def describe_error(error: BaseException) -> str:
    """Type and text, notes, and what it was raised from; groups with their members.

    The names of our classes, in a message of Python's, are read as those of FastAPI's.
    """
    text = re.sub("FastDeps(?=(WebSocket)?Route)", "API", str(error))
    parts = [f"{type(error).__module__}.{type(error).__qualname__}: {text}"]
    if isinstance(error, HTTPException):
        parts.append(f"headers {error.headers}")
    if isinstance(error, BaseExceptionGroup):
        parts += [f"[{describe_error(member)}]" for member in error.exceptions]
    parts += [f"note {note}" for note in getattr(error, "__notes__", ())]
    if error.__cause__ is not None:
        parts.append(f"from {describe_error(error.__cause__)}")
    return " ".join(parts)


run = Recorder()
"""Generated programs, validators and default factories write into this one."""
