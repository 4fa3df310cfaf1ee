"""What a random application and its requests look like, as plain data."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

NodeKind = Literal[
    "def",
    "wrapped",
    "lambda",
    "class",
    "dataclass",
    "model",
    "instance",
    "partial",
    "partial keyword",
    "bound method",
    "class method",
    "builtin",
    "generator",
    "generator instance",
    "partial generator",
    "context manager",
    "async def",
    "async wrapped",
    "wrapped async",
    "async instance",
    "async partial",
    "async bound method",
    "async generator",
    "async generator instance",
    "api key",
    "oauth2",
]
EndpointKind = Literal["def", "async def", "instance", "async instance", "partial", "bound method"]
Failure = Literal[
    "http", "http with headers", "error", "refused", "stop", "websocket", "validation", "no yield"
]
Handling = Literal["raise", "swallow", "http", "replace", "chain"]
Finish = Literal["return", "raise", "yield again"]
Special = Literal["request", "response", "tasks", "scopes", "connection", "websocket"]
Reply = Literal[
    "plain",
    "annotated",
    "model",
    "exclude unset",
    "invalid",
    "response",
    "response with task",
    "created",
    "empty",
    "text",
    "json lines",
    "json lines typed",
    "json lines invalid",
    "raw",
    "events",
    "events typed",
    "talk",
]
Mark = Literal["inline", "threaded"]
Lane = Literal["fast", "fastapi"]
Threading = Literal["own", "not fused", "one token", "limiters", "shared", "shared limiters"]

SYNC_GENERATORS: frozenset[NodeKind] = frozenset(
    {"generator", "generator instance", "partial generator", "context manager"}
)
ASYNC_GENERATORS: frozenset[NodeKind] = frozenset({"async generator", "async generator instance"})
SCHEMES: frozenset[NodeKind] = frozenset({"api key", "oauth2"})
SYNC: frozenset[NodeKind] = SYNC_GENERATORS | {
    "def",
    "wrapped",
    "lambda",
    "class",
    "dataclass",
    "model",
    "instance",
    "partial",
    "partial keyword",
    "bound method",
    "class method",
    "builtin",
}
STREAMS: frozenset[Reply] = frozenset(
    {"json lines", "json lines typed", "json lines invalid", "raw", "events", "events typed"}
)


class Spec:
    """A dataclass whose repr leaves out what has its default value."""

    def __repr__(self) -> str:
        shown = []
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value: Any = getattr(self, field.name)
            if field.default is dataclasses.MISSING or value != field.default:
                shown.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        """Hypothesis prints it the same way."""
        printer.text(repr(self))


@dataclass(frozen=True, repr=False)
class Field(Spec):
    """A parameter that takes its value from the request; `kind` names an entry of `fields`."""

    kind: str
    name: str


@dataclass(frozen=True, repr=False)
class Depend(Spec):
    """An edge of the graph: a parameter, or an entry of `dependencies=[...]`."""

    node: int
    style: Literal["annotated", "default", "shared"] = "annotated"
    use_cache: bool = True
    scope: Literal["function", "request"] | None = None
    security: tuple[str, ...] | None = None
    limited: bool = False


@dataclass(frozen=True, repr=False)
class Node(Spec):
    kind: NodeKind = "def"
    fields: tuple[Field, ...] = ()
    specials: tuple[Special, ...] = ()
    depends: tuple[Depend, ...] = ()
    fails: Failure | None = None
    fails_at: int = 1
    handling: Handling = "raise"
    finish: Finish = "return"
    status: int | None = None
    task: Literal["sync", "async", "failing"] = "sync"


@dataclass(frozen=True, repr=False)
class Endpoint(Spec):
    kind: EndpointKind = "async def"
    reply: Reply = "plain"
    path: str = ""
    method: Literal["GET", "POST", "PUT", "DELETE"] = "GET"
    fields: tuple[Field, ...] = ()
    specials: tuple[Special, ...] = ()
    depends: tuple[Depend, ...] = ()
    dependencies: tuple[Depend, ...] = ()
    fails: Failure | None = None
    fails_at: int = 1
    status: int | None = None
    task: Literal["sync", "async", "failing"] = "sync"


@dataclass(frozen=True, repr=False)
class Layer(Spec):
    """A router, included into the app or into the layer before it.

    With `own_routes` it has a `route_class` of its own.
    """

    prefix: str = ""
    dependencies: tuple[Depend, ...] = ()
    include_prefix: str = ""
    include_dependencies: tuple[Depend, ...] = ()
    plain: bool = False
    included_first: bool = False
    own_routes: bool = False


@dataclass(frozen=True, repr=False)
class Call(Spec):
    """A request; with `armed`, what can fail in the program does."""

    path: str
    endpoint: int = 0
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    messages: tuple[str, ...] = ()
    armed: bool = False
    overridden: bool = False
    spec_version: Literal["2.3", "2.4"] = "2.4"
    breaks_after: int | None = None


@dataclass(frozen=True, repr=False)
class Program(Spec):
    """Nodes depend on nodes before them; an override replaces a node by one before it."""

    nodes: tuple[Node, ...] = ()
    endpoints: tuple[Endpoint, ...] = (Endpoint(),)
    app_dependencies: tuple[Depend, ...] = ()
    layers: tuple[Layer, ...] = ()
    overrides: tuple[tuple[int, int], ...] = ()
    postponed: bool = False
    mounted: bool = False
    calls: tuple[Call, ...] = ()

    def path_of(self, endpoint: int) -> str:
        prefixes = "".join(layer.include_prefix + layer.prefix for layer in self.layers)
        mount = "/mounted" if self.mounted else ""
        return f"{mount}{prefixes}/e{endpoint}{self.endpoints[endpoint].path}"


@dataclass(frozen=True, repr=False)
class Marks(Spec):
    """Who says what: names of nodes and endpoints, `n1.d0` for a parameter of `n1`.

    `lane` is where it is run: with the compiled plan, or with FastAPI's own solver alone. `threads`
    says how what is in threads gets there, and what it shares.
    """

    decorated: tuple[tuple[str, Mark], ...] = ()
    placed: tuple[tuple[str, Mark], ...] = ()
    inherited: tuple[tuple[str, Mark], ...] = ()
    classifier: Literal["default", "everything", "classes"] = "default"
    lane: Lane = "fast"
    threads: Threading = "own"

    @property
    def is_limited(self) -> bool:
        return self.threads in ("limiters", "shared limiters")

    @property
    def shares_context(self) -> bool:
        return self.threads in ("shared", "shared limiters")

    @property
    def anything(self) -> bool:
        said = self.decorated or self.placed or self.inherited
        return bool(said) or self.classifier != "default"

    @property
    def moves_anything(self) -> bool:
        """Whether something runs in another thread or context than in FastAPI."""
        # FastAPI validates on the event loop what an endpoint returns that it awaits.
        is_awaited = self.is_limited and self.lane == "fastapi"
        return self.anything or self.shares_context or is_awaited
