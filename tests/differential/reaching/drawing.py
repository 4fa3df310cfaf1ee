"""From an integer to a program."""

from .actions import action, inside
from .callables import dependency_text, endpoint, node
from .classes import route_class, websocket_class
from .pen import Pen, Place
from .pieces import Piece, Program

VARIANTS = ("unmarked", "inline", "unmarked, FastAPI's lane", "inline, FastAPI's lane")
_QUERIES = ("", "?a=1", "?a=1&b=2", "?b=zz", "?a=x", "?a=red&b=3", "?a=1&a=2", "?a=0&hidden")
_HEADERS = ("", "", "x_user='me'", "x_user='5'", "cookie='token=t'", "token='h'")


def draw(seed: int) -> Program:
    """The program of this seed."""
    pen = Pen(seed)
    pieces: list[Piece] = []
    for index in range(len(pen.nodes)):
        pieces += node(pen, index, inside)
    classes = _classes(pen, pieces)
    pieces += [endpoint(pen, place, inside) for place in pen.places]
    pieces += _app(pen, classes)
    pieces += _routers(pen, classes)
    for place in pen.places:
        pieces += _route(pen, place, classes)
    pieces += _inclusions(pen)
    pieces += _scenario(pen)
    return Program(seed, VARIANTS[seed % len(VARIANTS)], tuple(pieces))


def _classes(pen: Pen, pieces: list[Piece]) -> dict[str, list[str]]:
    """Route classes of the program, by what they derive from."""
    classes: dict[str, list[str]] = {"APIRoute": [], "APIWebSocketRoute": []}
    if pen.chance(0.4):
        classes["APIRoute"].append("Own")
        pieces.append(route_class(pen, "Own"))
    if any(place.websocket for place in pen.places) and pen.chance(0.4):
        classes["APIWebSocketRoute"].append("OwnWebSocket")
        pieces.append(websocket_class(pen, "OwnWebSocket"))
    return classes


def _app(pen: Pen, classes: dict[str, list[str]]) -> list[Piece]:
    pieces: list[Piece] = []
    parts: list[str] = []
    if pen.chance(0.45):
        body = (
            *(piece for _ in range(pen.one_of((0, 1, 1, 2))) for piece in action(pen, "lifespan")),
            Piece("yield", fixed=True),
        )
        pieces.append(Piece("async def living(_", tail="):", body=body, kind="lifespan"))
        parts.append("lifespan=asynccontextmanager(living)")
    if pen.chance(0.15):
        parts.append(f"dependencies=[{dependency_text(pen, pen.node())}]")
    pieces.append(Piece("app = App(", tuple(parts), ")"))
    pieces.append(Piece("stage.app = app", fixed=True))
    if classes["APIRoute"] and pen.chance(0.5):
        pieces.append(Piece("app.router.route_class = Own", kind="route_class of the app"))
    return pieces


def _routers(pen: Pen, classes: dict[str, list[str]]) -> list[Piece]:
    pieces: list[Piece] = []
    for name in pen.routers:
        parts: list[str] = []
        if pen.own_prefixes[name]:
            parts.append(f"prefix='{pen.own_prefixes[name]}'")
        if pen.chance(0.3):
            parts.append(f"dependencies=[{dependency_text(pen, pen.node())}]")
        if classes["APIRoute"] and pen.chance(0.5):
            parts.append("route_class=Own")
        made = pen.one_of(("Router", "Router", "APIRouter"))
        pieces.append(Piece(f"{name} = {made}(", tuple(parts), ")", kind=f"router {made}"))
    return pieces


def _route(pen: Pen, place: Place, classes: dict[str, list[str]]) -> list[Piece]:
    parts: list[str] = []
    if pen.chance(0.25):
        parts.append(f"dependencies=[{dependency_text(pen, pen.node())}]")
    router, name = place.router, place.name
    listed = "app.router" if router == "app" else router
    by_hand = place.by_hand
    if place.websocket:
        if by_hand:
            made = pen.one_of(classes["APIWebSocketRoute"] or ["APIWebSocketRoute"])
            return [
                Piece(
                    f"{name} = {made}(",
                    (f"'{place.path}'", place.endpoint, *parts),
                    ")",
                    kind=f"by hand {'own' if 'Own' in made else made}",
                ),
                Piece(f"{listed}.routes.append({name})"),
            ]
        added = Piece(
            f"{router}.add_api_websocket_route('{place.path}', {place.endpoint}, ",
            tuple(parts),
            ")",
        )
        return [added, Piece(f"{name} = {listed}.routes[-1]")]
    if place.method != "GET":
        parts.append(f"methods=['{place.method}']")
    parts += [
        text
        for text in (
            "status_code=201",
            "response_class=PlainTextResponse",
            "response_model_exclude_unset=True",
            "response_model=None",
            "max_body_size=3",
        )
        if pen.chance(0.06)
    ]
    if by_hand:
        made = pen.one_of([*classes["APIRoute"] * 2, "APIRoute"])
        return [
            Piece(
                f"{name} = {made}('{place.path}', {place.endpoint}, ",
                tuple(parts),
                ")",
                kind=f"by hand {made}",
            ),
            *((_wrapped(pen, name),) if pen.chance(0.15) else ()),
            Piece(f"{listed}.routes.append({name})"),
        ]
    added = Piece(f"{router}.add_api_route('{place.path}', {place.endpoint}, ", tuple(parts), ")")
    return [added, Piece(f"{name} = {listed}.routes[-1]")]


def _wrapped(pen: Pen, name: str) -> Piece:
    return Piece(f"{name}.app = wrap({name}.app, 'by hand')", kind="by hand wrapped")


def _inclusions(pen: Pen) -> list[Piece]:
    pieces: list[Piece] = []
    for index, name in enumerate(pen.routers):
        parent = pen.one_of(["app", "app", *pen.routers[:index]])
        for number in range(pen.one_of((1, 1, 2))):
            parts: list[str] = []
            prefix = f"/p{number}" if number or pen.chance(0.3) else ""
            if prefix:
                parts.append(f"prefix='{prefix}'")
            if pen.chance(0.3):
                parts.append(f"dependencies=[{dependency_text(pen, pen.node())}]")
            above = pen.own_prefixes.get(parent, "")
            pen.bases[name] += [f"{base}{above}{prefix}" for base in pen.bases[parent]]
            pieces.append(
                Piece(f"{parent}.include_router({name}, ", tuple(parts), ")", kind="inclusion")
            )
    pen.random.shuffle(pieces)
    return pieces


def _request(pen: Pen) -> str:
    place = pen.focus if pen.chance(0.75) else pen.one_of(pen.places)
    path = pen.url(place)
    if pen.chance(0.06):
        path = pen.one_of(("/other", "/later", "/cloned", "/copied", "/other/1", "/later" + path))
    query = pen.one_of(_QUERIES)
    parts = [f"'{path}{query}'"]
    if place.websocket:
        return f"talk({', '.join(filter(None, [*parts, pen.one_of(_HEADERS)]))})"
    method = place.method if pen.chance(0.9) else "POST"
    if method != "GET":
        parts.append(f"method='{method}'")
        if pen.chance(0.6):
            parts.append("body=b'{\"a\": 1}'")
    return f"get({', '.join(filter(None, [*parts, pen.one_of(_HEADERS)]))})"


def _scenario(pen: Pen) -> list[Piece]:
    pieces: list[Piece] = []
    for _ in range(pen.one_of((0, 1, 1, 2))):
        pieces += action(pen, "before the start")
    if pen.chance(0.5):
        pieces.append(Piece("await start()", kind="start"))
    held = False
    for _ in range(pen.one_of((2, 3, 3, 4))):
        request = _request(pen)
        if not held and pen.chance(0.12):
            held = True
            pieces.append(Piece(f"await hold({request})", kind="hold"))
        else:
            pieces.append(Piece(f"await {request}", kind="request"))
        if pen.chance(0.55):
            pieces += action(pen, "between requests" if not held else "beside a request")
        if held and pen.chance(0.6):
            held = False
            pieces.append(Piece("await release()", kind="release"))
    pieces.append(Piece(f"await {_request(pen)}", kind="request"))
    if pen.chance(0.06):
        pieces += [
            Piece("app.openapi_schema = None"),
            Piece("note('openapi', '', str(app.openapi()))", kind="openapi at the end"),
        ]
    return pieces
