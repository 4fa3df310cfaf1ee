"""A program's functions and classes as Python source, so that errors name real lines."""

from collections.abc import Iterable, Sequence

from .fields import FIELDS, filled
from .program import (
    ASYNC_GENERATORS,
    STREAMS,
    SYNC_GENERATORS,
    Depend,
    Endpoint,
    Node,
    Program,
    Special,
)

CLASSES = frozenset({"class", "dataclass", "model"})
_SPECIALS: dict[Special, str] = {
    "request": "request: Request",
    "response": "response: Response",
    "tasks": "tasks: BackgroundTasks",
    "scopes": "scopes: SecurityScopes",
    "connection": "connection: HTTPConnection",
    "websocket": "websocket: WebSocket",
}
_HANDLING = {
    "raise": "raise",
    "swallow": "pass",
    "http": "raise HTTPException(418, '{name} replaced it')",
    "replace": "raise ReplacedError('{name}')",
    "chain": "raise ReplacedError('{name}') from error",
}
_FINISH = {"return": "pass", "raise": "raise LateError('{name}')", "yield again": "yield 'again'"}
_RETURNS = {
    "annotated": "Out",
    "model": "Any",
    "invalid": "Wrong",
    "text": "str",
    "json lines typed": "Iterable[Chunk]",
    "json lines invalid": "Iterable[Wrong]",
    "events typed": "Iterable[Chunk]",
}
_REPLIES = {
    "plain": "{'seen': seen, 'numbers': (1, 2.5)}",
    "annotated": "{'seen': seen, 'extra': 1}",
    "model": "Out(seen=seen)",
    "exclude unset": "Out(seen=seen)",
    "invalid": "{'wrong': 1}",
    "response": "JSONResponse({'seen': seen}, 202, {'x-own': 'yes'})",
    "response with task": "JSONResponse(seen, background=BackgroundTask(run.task, 'own'))",
    "created": "seen",
    "empty": "None",
    "text": "str(seen)",
}
_ITEMS = {
    "json lines": "{'position': position}",
    "json lines typed": "{'position': position, 'extra': 1}",
    "json lines invalid": "{'position': position}",
    "raw": "f'chunk {position};'",
    "events": "ServerSentEvent(data={'position': position}, event='tick', id=str(position))",
    "events typed": "Chunk(position=position)",
}

Lines = list[str]


def reference(name: str, kind: str) -> str:
    """The expression that names a node or an endpoint; a method is bound anew by each."""
    return f"{name}_owner.method" if kind.endswith("method") else name


def source(program: Program) -> str:
    lines: Lines = ["from __future__ import annotations"] if program.postponed else []
    owners: tuple[Node | Endpoint, ...] = (*program.nodes, *program.endpoints)
    shared = {
        depend.node for owner in owners for depend in owner.depends if depend.style == "shared"
    }
    for index, node in enumerate(program.nodes):
        lines += ["", "", *_node(program, f"n{index}", node)]
        if index in shared:
            edge = _annotation(program, Depend(index), f"n{index}.shared")
            lines += ["", "", f"shared_n{index} = TypeAliasType('shared_n{index}', {edge})"]
    for index, endpoint in enumerate(program.endpoints):
        lines += ["", "", *_endpoint(program, f"e{index}", endpoint)]
    return "\n".join(lines) + "\n"


def depends_text(program: Program, depend: Depend, *, implied: bool = False) -> str:
    """`Depends(...)` or `Security(...)` of an edge; `implied` leaves the callable out."""
    arguments = [] if implied else [reference(f"n{depend.node}", program.nodes[depend.node].kind)]
    if not depend.use_cache:
        arguments.append("use_cache=False")
    if depend.security is None:
        if depend.scope:
            arguments.append(f"scope={depend.scope!r}")
        if depend.limited:
            arguments.append("max_concurrency=50")
        return f"Depends({', '.join(arguments)})"
    arguments.append(f"scopes={list(depend.security)!r}")
    return f"Security({', '.join(arguments)})"


def _annotation(program: Program, depend: Depend, place: str) -> str:
    node = program.nodes[depend.node]
    if node.kind in CLASSES and depend.security is None:
        inner = f"n{depend.node}, {depends_text(program, depend, implied=True)}"
    else:
        inner = f"Any, {depends_text(program, depend)}"
    return f"Annotated[{inner}, *place('{place}')]"


def _parameters(program: Program, name: str, owner: Node | Endpoint) -> Lines:
    parameters = []
    for field in owner.fields:
        kind = FIELDS[field.kind]
        annotation = filled(kind.annotation, field.name)
        default = "" if kind.default is None else f" = {kind.default}"
        parameters.append(f"{field.name}: {annotation}{default}")
    parameters += [_SPECIALS[special] for special in owner.specials]
    for index, depend in enumerate(owner.depends):
        if depend.style == "default":
            parameters.append(f"d{index}: Any = {depends_text(program, depend)}")
        elif depend.style == "shared":
            parameters.append(f"d{index}: shared_n{depend.node}")
        else:
            parameters.append(f"d{index}: {_annotation(program, depend, f'{name}.d{index}')}")
    return parameters


def _names(owner: Node | Endpoint) -> list[str]:
    depends = [f"d{index}" for index in range(len(owner.depends))]
    return [*(field.name for field in owner.fields), *owner.specials, *depends]


def _mapping(names: Iterable[str], prefix: str = "") -> str:
    return "{" + ", ".join(f"{name!r}: {prefix}{name}" for name in names) + "}"


def _node(program: Program, name: str, node: Node) -> Lines:
    names = _names(node)
    parameters = _parameters(program, name, node)
    enter = f"run.enter({name!r}, {_mapping(names)})"
    match node.kind:
        case "builtin":
            return [f"{name} = gc.isenabled"]
        case "api key":
            return [f"{name} = APIKeyHeader(name='x-key', auto_error=False)"]
        case "oauth2":
            return [f"{name} = OAuth2PasswordBearer(tokenUrl='token', scopes={{'read': 'all'}})"]
        case "lambda":
            defaults = [f"{field.name}=None" for field in node.fields]
            defaults += [
                f"d{index}={depends_text(program, depend)}"
                for index, depend in enumerate(node.depends)
            ]
            plain = [f"{special}=None" for special in node.specials]
            signature = _signature("", defaults + plain)
            return [f"{name} = mark({name!r})(lambda {signature}: {enter})"]
        case "class":
            return [
                f"@mark({name!r})",
                f"class {name}(*bases({name!r})):",
                f"    def __init__({_signature('self', parameters)}):",
                f"        self.tag = {enter}",
            ]
        case "dataclass":
            return [
                f"@mark({name!r})",
                "@dataclass(kw_only=True, repr=False)",
                f"class {name}(*bases({name!r})):",
                *(f"    {parameter}" for parameter in parameters),
                "    def __post_init__(self):",
                f"        self.tag = run.enter({name!r}, {_mapping(names, 'self.')})",
            ]
        case "model":
            return [
                f"@mark({name!r})",
                f"class {name}(*bases({name!r}), BaseModel):",
                *(f"    {parameter}" for parameter in parameters),
                "    _tag: Any = PrivateAttr(None)",
                "    def model_post_init(self, context):",
                f"        self._tag = run.enter({name!r}, {_mapping(names, 'self.')})",
                "    @property",
                "    def tag(self): return self._tag",
            ]
    if node.kind in SYNC_GENERATORS | ASYNC_GENERATORS:
        body = [
            f"if run.silent({name!r}):",
            "    return",
            f"value = {enter}",
            "try:",
            "    yield value",
            "except Exception as error:",
            f"    run.leave({name!r}, error)",
            f"    {_HANDLING[node.handling]}".replace("{name}", name),
            "else:",
            f"    run.leave({name!r}, None)",
            f"    {_FINISH[node.finish]}".replace("{name}", name),
        ]
        if node.kind in ASYNC_GENERATORS:
            body = ["await checkpoint()", *body[:-2], "    await checkpoint()", *body[-2:]]
    elif node.kind in ("async def", "wrapped async") or (
        node.kind.startswith("async ") and node.kind != "async wrapped"
    ):
        body = ["await checkpoint()", f"return {enter}"]
    else:
        body = [f"return {enter}"]
    return _callable(node.kind, name, parameters, body)


def _endpoint(program: Program, name: str, endpoint: Endpoint) -> Lines:
    parameters = _parameters(program, name, endpoint)
    mapping = _mapping(_names(endpoint))
    asynchronous = endpoint.kind.startswith("async")
    returns = _RETURNS.get(endpoint.reply)
    if endpoint.reply == "talk":
        parameters.insert(0, "socket: WebSocket")
        body = [
            f"seen = run.reply({name!r}, {mapping})",
            "await socket.accept()",
            "await socket.send_json(seen)",
            "async for text in socket.iter_text():",
            f"    run.note('message', {name!r}, text)",
            f"    if run.fails({name!r}, 2):",
            f"        raise FailedError({name!r})",
            "    await socket.send_text(text)",
        ]
    elif endpoint.reply in STREAMS:
        if returns and asynchronous:
            returns = f"Async{returns}"
        body = [
            f"run.enter({name!r}, {mapping})",
            "for position in range(3):",
            f"    run.note('item', {name!r}, str(position))",
            f"    if position == 1 and run.fails({name!r}, 2):",
            f"        raise FailedError({name!r})",
            f"    yield {_ITEMS[endpoint.reply]}",
        ]
    else:
        body = [
            f"seen = run.reply({name!r}, {mapping})",
            f"return {_REPLIES[endpoint.reply]}",
        ]
    kind = "async def" if endpoint.kind == "async def" else endpoint.kind
    return _callable(kind, name, parameters, body, returns)


def _signature(first: str, parameters: Sequence[str]) -> str:
    keywords = ["*", *parameters] if parameters else []
    return ", ".join([first, *keywords] if first else keywords)


def _callable(
    kind: str, name: str, parameters: Lines, body: Lines, returns: str | None = None
) -> Lines:
    """A function of the given body, in the shape that `kind` asks for."""
    mark = f"@mark({name!r})"
    asynchronous = kind.startswith("async") and kind != "async wrapped"
    define = "async def" if asynchronous or kind == "wrapped async" else "def"
    arrow = f" -> {returns}" if returns else ""

    def function(called: str, first: str = "", more: Sequence[str] = ()) -> Lines:
        signature = _signature(first, [*parameters, *more])
        return [f"{define} {called}({signature}){arrow}:", *(f"    {line}" for line in body)]

    def method(called: str, first: str, *decorators: str) -> Lines:
        indented = [f"    {line}" for line in (*decorators, *function(called, first))]
        return [f"class {name}_class(*bases({name!r})):", *indented]

    match kind.removeprefix("async "):
        case "instance":
            return [*method("__call__", "self", mark), "", "", f"{name} = {name}_class()"]
        case "generator instance":
            return [mark, *method("__call__", "self"), "", "", f"{name} = {name}_class()"]
        case "bound method":
            return [*method("method", "self", mark), "", "", f"{name}_owner = {name}_class()"]
        case "class method":
            return [*method("method", "cls", "@classmethod", mark), f"{name}_owner = {name}_class"]
        case "partial" | "partial generator":
            return [
                mark,
                *function(f"{name}_full", "bound"),
                "",
                "",
                f"{name} = partial({name}_full, 1)",
            ]
        case "partial keyword":
            full = function(f"{name}_full", more=["bound: int = 0"])
            return [*full, "", "", f"{name} = mark({name!r})(partial({name}_full, bound=1))"]
        case "wrapped" if kind == "async wrapped":
            return ["@async_wrapping", *function(name)]
        case "wrapped":
            return [mark, "@wrapping", *function(name)]
        case "wrapped async":
            return ["@wrapping", *function(name)]
        case "context manager":
            return [mark, "@contextmanager", *function(name)]
    return [mark, *function(name)]
