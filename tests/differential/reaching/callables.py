"""Dependencies and endpoints."""

from collections.abc import Callable

from .pen import Pen, Place
from .pieces import Piece

_FIELDS = (
    "a: int",
    "a: int = 1",
    "a: int = 1",
    "a: float = 0.0",
    "a: float = -0.0",
    "a: Any = True",
    "a: Any = 1",
    "a: Any = 1.0",
    "a: float = 1",
    "a: str = '1'",
    "a: list[int] = Query([])",
    "a: int | None = None",
    "a: Colour = Colour.RED",
    "a: Annotated[int, AfterValidator(noted)] = 1",
    "a: Annotated[str, BeforeValidator(noted)] = 'v'",
    "a: int = Query(1, alias='b')",
    "a: int = Query(default_factory=produced)",
    "a: int = Query(1, gt=0)",
    "b: str = 'none'",
    "b: int = 2",
    "b: list[str] = Query([])",
    "b: str | None = Query(None)",
    "x_user: str = Header('none')",
    "x_user: str = Header('none')",
    "x_user: str | None = Header(None)",
    "x_user: list[str] = Header([])",
    "x_user: str = Header()",
    "x_user: int = Header(3)",
    "token: str | None = Cookie(None)",
    "token: str | None = Header(None)",
    "token: str = Query('q')",
    "model: Annotated[Filter, Query()]",
)
_SPECIALS = ("response: Response", "scopes: SecurityScopes", "tasks: BackgroundTasks")
_SCHEMES = (
    "Depends({})",
    "Depends({})",
    "Depends({})",
    "Depends({})",
    "Depends({}, use_cache=False)",
    "Security({}, scopes=['read'])",
    "Security({}, scopes=['admin'])",
    "Depends({}, scope='function')",
    "Depends({}, max_concurrency=5)",
)

Inside = Callable[[Pen, str], tuple[Piece, ...]]
"""What a callable does beside noting its call; the second is how it names its request."""


def dependency_text(pen: Pen, node: str) -> str:
    return pen.one_of(_SCHEMES).format(node)


def parameters(pen: Pen, below: list[str], place: Place | None, specials: bool) -> tuple[str, ...]:
    """Those without a default come first, so that each can be left out."""
    drawn: dict[str, str] = {}
    for _ in range(pen.one_of((0, 1, 1))):
        # Most of a program's callables read the same thing, so that what is changed is read.
        related = [field for field in _FIELDS if field.startswith(pen.theme)]
        text = pen.one_of(related if pen.chance(0.6) else _FIELDS)
        drawn.setdefault(text.split(":")[0], text)
    if place is not None and "{x}" in place.path and pen.chance(0.8):
        drawn["x"] = pen.one_of(("x: int", "x: str", "x: Colour"))
    for index in range(min(pen.one_of((0, 1, 1, 2)), len(below))):
        node = pen.one_of(below)
        scheme = dependency_text(pen, node)
        style = pen.one_of(("d{0}: Any = {1}", "d{0}: Annotated[Any, {1}]"))
        drawn[f"d{index}"] = style.format(index, scheme)
    if specials and pen.chance(0.3):
        text = pen.one_of(_SPECIALS)
        drawn[text.split(":")[0]] = text
    return tuple(sorted(drawn.values(), key=lambda text: " = " in text))


def node(pen: Pen, index: int, inside: Inside) -> tuple[Piece, ...]:
    """The definition of one dependency, on those before it."""
    name, below = f"n{index}", pen.nodes[:index]
    kind = pen.random.choices(
        ("async def", "def", "async generator", "generator", "class", "permission", "instance"),
        (12, 4, 3, 1, 1, 2 if below else 0, 1),
    )[0]
    if kind == "permission":
        made = pen.one_of(("Permission", "AsyncPermission", "AsyncPermission"))
        below_it = pen.one_of([*below, *(below or ["guard"])])
        label = pen.one_of(("p", "p", "q"))
        return (Piece(f"{name} = {made}('{label}', {below_it})", kind=f"callable {kind}"),)
    texts = parameters(pen, below, None, specials=True)
    # A WebSocket's dependency that wants a request fails, and tells little more.
    often = 0.1 if any(place.websocket for place in pen.places) else 0.45
    request = ("request: Request",) if pen.chance(often) else ()
    connection = ("connection: HTTPConnection",) if not request and pen.chance(0.4) else ()
    handle = "request" if request else "connection" if connection else ""
    body: tuple[Piece, ...] = (
        Piece(f"see('{name}', locals())", fixed=True),
        *_uses(pen, name, texts),
    )
    if pen.chance(0.55 if handle else 0.25):
        body = (*inside(pen, handle), *body) if pen.chance(0.3) else (*body, *inside(pen, handle))
    if kind in ("async def", "async generator") and pen.chance(0.15):
        body = (*body, Piece("await gate()", kind="gate"))
    if pen.chance(0.06):
        error = pen.one_of(
            ("HTTPException(418, 'no')", "ValueError('no')", "RequestValidationError([])")
        )
        body = (*body, Piece(f"raise {error}", kind="raising"))
    parts = (*request, *connection, *texts)
    if kind in ("async generator", "generator"):
        body = (*body, *_yielding(pen, name))
    elif kind != "class":
        body = (*body, Piece(f"return made('{name}')", fixed=True))
    kinds = f"callable {kind}"
    if kind == "class":
        body = (*body, Piece(f"self.tag = made('{name}')", fixed=True))
        init = Piece("def __init__(self, ", parts, "):", body, fixed=True)
        return (Piece(f"class {name}", tail=":", body=(init,), kind=kinds),)
    if kind == "instance":
        call = Piece("async def __call__(self, ", parts, "):", body, fixed=True)
        return (
            Piece(f"class C{name}", tail=":", body=(call,), kind=kinds),
            Piece(f"{name} = C{name}()"),
        )
    define = "async def" if kind.startswith("async") else "def"
    return (Piece(f"{define} {name}(", parts, "):", body, kind=kinds),)


def _yielding(pen: Pen, name: str) -> tuple[Piece, ...]:
    handling = pen.one_of(("raise", "raise", "raise", "pass", "raise HTTPException(409, 'left')"))
    yielded = Piece(f"yield made('{name}')", fixed=True)
    body = (
        Piece("try", tail=":", body=(yielded,), fixed=True),
        Piece(
            "except Exception as error",
            tail=":",
            body=(Piece(f"left('{name}', error)", fixed=True), Piece(handling, fixed=True)),
            fixed=True,
        ),
        Piece("else", tail=":", body=(Piece(f"left('{name}')", fixed=True),), fixed=True),
    )
    return (Piece("if True", tail=":", body=body, fixed=True, simpler=(yielded,)),)


def _uses(pen: Pen, name: str, texts: tuple[str, ...]) -> tuple[Piece, ...]:
    """What is done with a response or with tasks, if there are such."""
    uses: tuple[Piece, ...] = ()
    if "response: Response" in texts:
        uses += (Piece(f"response.headers.append('x-seen', '{name}')", kind="response header"),)
        if pen.chance(0.3):
            uses += (Piece("response.status_code = 202", kind="response status"),)
    if "tasks: BackgroundTasks" in texts:
        uses += (Piece(f"tasks.add_task(note, 'task', '{name}')", kind="background task"),)
    return uses


def endpoint(pen: Pen, place: Place, inside: Inside) -> Piece:
    name = place.endpoint
    texts = parameters(pen, pen.nodes, place, specials=not place.websocket)
    seen = Piece(f"see('{name}', locals())", fixed=True)
    acts = inside(pen, "") if pen.chance(0.25) else ()
    if place.websocket:
        body = (
            seen,
            *acts,
            Piece("await websocket.accept()", fixed=True),
            Piece("await websocket.send_json(shown(locals()))", fixed=True),
            Piece("await websocket.close()"),
        )
        return Piece(
            f"async def {name}(", ("websocket: WebSocket", *texts), "):", body, "websocket endpoint"
        )
    request = ("request: Request",) if pen.chance(0.2) else ()
    if request:
        acts = (*acts, *(inside(pen, "request") if pen.chance(0.3) else ()))
    if place.method == "POST" and pen.chance(0.5):
        texts = ("body: dict[str, int]", *texts)
    kind = pen.random.choices(
        ("async def", "def", "stream", "sync stream", "response"), (24, 4, 2, 1, 4)
    )[0]
    returns = " -> Out" if kind in ("async def", "def") and pen.chance(0.2) else ""
    result = f"return Out(name='{name}')" if returns else "return shown(locals())"
    if kind.endswith("stream"):
        result = "yield shown(locals())"
    elif kind == "response":
        result = "return JSONResponse(shown(locals()), 203)"
    define = "def" if kind in ("def", "sync stream") else "async def"
    wait = (Piece("await gate()", kind="gate"),) if define != "def" and pen.chance(0.1) else ()
    fails = ()
    if not kind.endswith("stream") and pen.chance(0.05):
        fails = (Piece("raise HTTPException(404, 'missing')", kind="raising"),)
    return Piece(
        f"{define} {name}(",
        (*request, *texts),
        f"){returns}:",
        (seen, *_uses(pen, name, texts), *acts, *wait, *fails, Piece(result, fixed=True)),
        f"endpoint {kind}",
    )
