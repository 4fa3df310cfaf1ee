"""Random routes, what their callables do to what FastAPI reads, and requests to them.

One program is drawn from a seed as data, and built for an app class: the same callables, in
the same tree, that note when they are called and with what.
"""

import asyncio
import inspect
import json
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Literal

from fastapi import (
    Body,
    Cookie,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
)
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_dependant
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from pydantic import AfterValidator, BaseModel

Style = Literal["sync", "async", "generator", "async generator", "instance"]
Event = tuple[Any, ...]

_scope: ContextVar[dict[str, Any]] = ContextVar("scope")


@dataclass(frozen=True)
class Param:
    name: str
    source: str
    kind: str


@dataclass(frozen=True)
class Edge:
    node: int
    use_cache: bool
    scopes: tuple[str, ...] | None
    of_function: bool


@dataclass(frozen=True)
class Node:
    style: Style
    params: tuple[Param, ...]
    children: tuple[Edge, ...]
    specials: tuple[str, ...]
    effect: tuple[Any, ...] | None
    fails: bool


@dataclass(frozen=True)
class Sending:
    query: str
    headers: tuple[tuple[bytes, bytes], ...]
    path: str
    body: bytes
    before: tuple[Any, ...] | None


@dataclass(frozen=True)
class Program:
    nodes: tuple[Node, ...]
    endpoint: Node
    spare: tuple[Node, ...]
    sendings: tuple[Sending, ...]


def program(seed: int) -> Program:
    rng = Random(seed)
    count = rng.randrange(1, 7)
    effects = rng.random() < 0.6
    nodes = tuple(_node(rng, index, effects) for index in range(count))
    spare = tuple(_node(rng, 0, effects) for _ in range(2))
    endpoint = _node(rng, count, effects=False)
    sendings = tuple(_sending(rng, effects) for _ in range(rng.randrange(2, 6)))
    return Program(nodes, endpoint, spare, sendings)


_LONGEST = 100
_NAMES = "abc"
_KINDS = ("int", "str", "optional", "float", "default", "list", "checked", "computed", "bounded")


def _node(rng: Random, index: int, effects: bool) -> Node:
    params: dict[str, Param] = {}
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        source = rng.choice(
            ("query", "query", "query", "header", "header", "cookie", "path", "body")
        )
        name = rng.choice("pq" if source == "path" else _NAMES)
        params[name] = Param(name, source, rng.choice(_KINDS))
    children: list[Edge] = []
    if index:
        for _ in range(rng.choice((0, 1, 1, 2, 2, 3))):
            scopes = rng.choice((None, None, None, ("s",), ("t", "s")))
            children.append(
                Edge(rng.randrange(index), rng.random() < 0.85, scopes, rng.random() < 0.1)
            )
    specials = tuple(each for each in ("request", "response", "scopes") if rng.random() < 0.12)
    style = rng.choice(("sync", "sync", "async", "generator", "async generator", "instance"))
    effect = _effect(rng) if effects and rng.random() < 0.3 else None
    fails = rng.random() < 0.04
    return Node(style, tuple(params.values()), tuple(children), specials, effect, fails)


def _effect(rng: Random) -> tuple[Any, ...]:
    where = tuple(rng.randrange(3) for _ in range(rng.randrange(0, 3)))
    name = rng.choice(_NAMES)
    changes = (
        ("override", rng.randrange(6), rng.randrange(8)),
        ("override", rng.randrange(6), rng.randrange(8)),
        ("clear",),
        ("none",),
        ("object", rng.randrange(6), rng.randrange(8)),
        ("insert", where, rng.randrange(3), rng.randrange(8)),
        ("insert", where, rng.randrange(3), rng.randrange(8)),
        ("remove", where),
        ("call", where, rng.randrange(8)),
        ("list", where),
        ("cache", where),
        ("field", where, name),
    )
    of_the_request = (
        ("header", name, rng.choice((b"1", b"x"))),
        ("strip", name),
        ("strip", name),
        ("replace headers",),
        ("path", rng.choice("pq"), rng.choice(("7", "y"))),
        ("cookie", name),
        ("query", name),
    )
    return rng.choice(rng.choice((changes, of_the_request)))


def _sending(rng: Random, effects: bool) -> Sending:
    before = _effect(rng) if effects and rng.random() < 0.4 else None
    is_valid = rng.random() < 0.75

    def value() -> str:
        return "1" if is_valid else rng.choice(("1", "2", "1", "2.5", "x", ""))

    names = [name for name in _NAMES if is_valid or rng.random() < 0.8]
    query = "&".join(f"{name}={value()}" for name in rng.choices(_NAMES, k=rng.randrange(4)))
    query += "".join(f"&{name}={value()}" for name in names)
    headers = [(name.encode(), value().encode()) for name in names]
    if is_valid or rng.random() < 0.8:
        headers.append((b"cookie", "; ".join(f"{name}={value()}" for name in names).encode()))
    headers.append((b"content-type", b"application/json"))
    bodies = (b"", b'{"a": 1, "b": "x"}', b"[1]", b"{", b'{"a": 1, "c": 2}')
    body = b'{"a": 1, "b": 1, "c": {"a": 1}}' if is_valid else rng.choice(bodies)
    path = "/1/1" if is_valid else rng.choice(("/1/2", "/1/x"))
    return Sending(query, tuple(headers), path, body, before)


class Model(BaseModel):
    a: int
    b: int = 2


class Running:
    """One program, built for an app class."""

    def __init__(self, drawn: Program, make: Callable[[], FastAPI]) -> None:
        self.log: list[Event] = []
        self.app = make()
        self.calls: list[Any] = []
        for index, node in enumerate((*drawn.nodes, *drawn.spare)):
            self.calls.append(self._callable(str(index), node))
        endpoint = self._callable("endpoint", drawn.endpoint, is_endpoint=True)
        self.app.post("/{p}/{q}")(endpoint)
        (self.route,) = (each for each in self.app.routes if isinstance(each, APIRoute))

    def _callable(self, name: str, node: Node, *, is_endpoint: bool = False) -> Any:
        log = self.log

        def begin(values: dict[str, Any]) -> Any:
            log.append((name, [(key, _shown(value)) for key, value in values.items()]))
            if len(log) > _LONGEST:
                raise HTTPException(508, "It would go on for ever.")
            if "response" in values:
                values["response"].headers["x-" + name] = "1"
            if node.effect is not None:
                self.apply(node.effect)
            if node.fails:
                raise HTTPException(418, name)
            return [name, len(values)]

        def end() -> None:
            log.append((name, "left"))

        def sync(**values: Any) -> Any:
            return begin(values)

        async def asynchronous(**values: Any) -> Any:
            await asyncio.sleep(0)
            return begin(values)

        def generator(**values: Any) -> Any:
            try:
                yield begin(values)
            finally:
                end()

        async def async_generator(**values: Any) -> Any:
            try:
                yield begin(values)
            finally:
                end()

        class Instance:
            def __call__(self, **values: Any) -> Any:
                return begin(values)

        made: Any = {
            "sync": sync,
            "async": asynchronous,
            "generator": asynchronous if is_endpoint else generator,
            "async generator": sync if is_endpoint else async_generator,
            "instance": Instance(),
        }[node.style]
        made.__name__ = made.__qualname__ = f"call_{name}"
        made.__signature__ = self._signature(node)
        return made

    def _signature(self, node: Node) -> inspect.Signature:
        parameters: list[inspect.Parameter] = []

        def add(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> None:
            parameters.append(
                inspect.Parameter(
                    name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default
                )
            )

        for position, edge in enumerate(node.children):
            scope: Any = "function" if edge.of_function else None
            depends: Any
            if edge.scopes is None:
                depends = Depends(self.calls[edge.node], use_cache=edge.use_cache, scope=scope)
            else:
                depends = Security(
                    self.calls[edge.node], use_cache=edge.use_cache, scopes=edge.scopes
                )
            add(f"d{position}", Any, depends)
        for param in node.params:
            add(param.name, *self._annotation(param))
        for special in node.specials:
            annotation = {"request": Request, "response": Response, "scopes": SecurityScopes}
            add(special, annotation[special])
        return inspect.Signature(parameters)

    def _annotation(self, param: Param) -> tuple[Any, Any]:
        def check(value: int) -> int:
            self.log.append(("checked", param.name, value))
            if value == 2:
                raise ValueError("two")
            return value

        empty = inspect.Parameter.empty
        if param.source == "model":
            return Model, empty
        if param.source == "body":
            return Annotated[int, Body(embed=True)], empty
        if param.source == "path":
            return {"int": int, "float": float}.get(param.kind, str), Path()
        info: Any = {"query": Query, "header": Header, "cookie": Cookie}[param.source]
        types: dict[str, tuple[Any, Any]] = {
            "int": (int, info()),
            "str": (str, info()),
            "float": (float, info()),
            "optional": (int | None, info(default=None)),
            "default": (int, info(default=0)),
            "list": (list[int], info()),
            "checked": (Annotated[int, AfterValidator(check)], info()),
            "computed": (str, info(default_factory=lambda: self._computed(param.name))),
            "bounded": (int, info(ge=1)),
        }
        kind = "int" if param.kind == "list" and param.source == "cookie" else param.kind
        return types[kind]

    def _computed(self, name: str) -> str:
        self.log.append(("computed", name))
        return "made"

    def _dependant(self, where: tuple[int, ...]) -> Dependant:
        dependant = self.route.dependant
        for index in where:
            if not dependant.dependencies:
                break
            dependant = dependant.dependencies[index % len(dependant.dependencies)]
        return dependant

    def _call(self, index: int) -> Any:
        return self.calls[index % len(self.calls)]

    def _override(self, key: int, value: int) -> tuple[Any, Any]:
        """A callable, and one that does not depend on it."""
        key %= len(self.calls)
        below = [*self.calls[:key], *self.calls[-2:]]
        return self.calls[key], below[value % len(below)]

    def apply(self, effect: tuple[Any, ...]) -> None:
        """Change something that FastAPI reads, as a dependency or someone else would."""
        kind, *arguments = effect
        app = self.app
        if kind == "override":
            if not isinstance(app.dependency_overrides, dict):
                app.dependency_overrides = {}
            key, value = self._override(*arguments)
            app.dependency_overrides[key] = value
        elif kind == "clear":
            app.dependency_overrides = {}
        elif kind == "none":
            app.dependency_overrides = None  # type: ignore[assignment]
        elif kind == "object":
            key, value = self._override(*arguments)

            class Overrides:
                def get(self, call: Any, default: Any) -> Any:
                    return value if call is key else default

            app.dependency_overrides = Overrides()  # type: ignore[assignment]
        elif kind == "insert":
            where, position, call = arguments
            dependencies = self._dependant(where).dependencies
            if len(dependencies) < 4:
                made = get_dependant(path="/{p}/{q}", call=self._call(call))
                dependencies.insert(position, made)
        elif kind == "remove":
            dependencies = self._dependant(arguments[0]).dependencies
            if dependencies:
                dependencies.pop()
        elif kind == "call":
            dependant = self._dependant(arguments[0])
            if dependant is not self.route.dependant:
                dependant.call = self._call(arguments[1])
        elif kind == "list":
            dependant = self._dependant(arguments[0])
            dependant.dependencies = list(reversed(dependant.dependencies))
        elif kind == "cache":
            dependant = self._dependant(arguments[0])
            dependant.use_cache = not dependant.use_cache
        elif kind == "field":
            dependant = self._dependant(arguments[0])
            dependant.query_params, dependant.header_params = (
                dependant.query_params[1:],
                dependant.header_params[:1],
            )
        else:
            self._change_request(kind, *arguments)

    def _change_request(self, kind: str, *arguments: Any) -> None:
        scope = _scope.get(None)
        if scope is None:
            return
        name = arguments[0].encode() if arguments and isinstance(arguments[0], str) else b""
        if kind == "header":
            scope["headers"].append((name, arguments[1]))
        elif kind == "strip":
            scope["headers"][:] = [pair for pair in scope["headers"] if pair[0] != name]
        elif kind == "replace headers":
            scope["headers"] = [(b"a", b"9")]
        elif kind == "path":
            scope["path_params"][arguments[0]] = arguments[1]
        elif kind == "cookie":
            scope["headers"].append((b"cookie", name + b"=5"))
        elif kind == "query":
            scope["query_string"] = name + b"=5"

    def run(self, sendings: tuple[Sending, ...]) -> list[Any]:
        return asyncio.run(self._run(sendings))

    async def _run(self, sendings: tuple[Sending, ...]) -> list[Any]:
        seen: list[Any] = []
        for sending in sendings:
            if sending.before is not None:
                self.apply(sending.before)
            self.log.clear()
            try:
                answer: Any = await _send(self.app, sending)
            except Exception as error:
                answer = type(error).__name__, str(error)
            seen.append((answer, list(self.log)))
        return seen


async def _send(app: FastAPI, sending: Sending) -> Any:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": sending.path,
        "raw_path": sending.path.encode(),
        "root_path": "",
        "query_string": sending.query.encode(),
        "headers": list(sending.headers),
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": sending.body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    # What a middleware of one's own would know: the scope that the route is given.
    _scope.set(scope)
    await app(scope, receive, send)
    start, *rest = sent
    body = b"".join(message.get("body", b"") for message in rest)
    headers = sorted(pair for pair in start["headers"] if pair[0] != b"content-length")
    return start["status"], headers, json.loads(body) if body.startswith((b"{", b"[")) else body


def _shown(value: Any) -> Any:
    if isinstance(value, Request):
        return "request", type(value).__name__
    if isinstance(value, SecurityScopes):
        return "scopes", value.scopes
    if isinstance(value, Response):
        return "response"
    # Where something is in memory is no part of what it is.
    return type(value).__name__, repr(value).partition(" at 0x")[0]
