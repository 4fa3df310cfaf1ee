"""Route classes of the user's own."""

from collections.abc import Callable

from .pen import Pen
from .pieces import Piece

_Body = tuple[Piece, ...]


def _line(text: str) -> Piece:
    return Piece(text, fixed=True)


def _method(head: str, *lines: str | Piece) -> Piece:
    body = tuple(line if isinstance(line, Piece) else _line(line) for line in lines)
    return Piece(f"def {head}", tail=":", body=body, fixed=True)


def _async(head: str, *lines: str) -> Piece:
    return Piece(f"async def {head}", tail=":", body=tuple(map(_line, lines)), fixed=True)


def _counted(pen: Pen) -> _Body:
    above = pen.one_of(("super().get_route_handler()", "APIRoute.get_route_handler(self)"))
    return (
        _method(
            "get_route_handler(self)",
            "note('handler of', self.path, str(type(self).__name__))",
            f"return {above}",
        ),
    )


def _noting_handler(pen: Pen) -> _Body:
    inner = _async(
        "handle(request)",
        "note('handling', self.path)",
        "response = await handler(request)",
        "response.headers['x-own'] = 'yes'",
        "return response",
    )
    return (
        _method(
            "get_route_handler(self)",
            "handler = super().get_route_handler()",
            inner,
            "return handle",
        ),
    )


def _guard_before(pen: Pen) -> _Body:
    guard = pen.one_of((pen.node(), "guard"))
    index = pen.one_of((0, 0, -1))
    return (
        _method(
            "get_route_handler(self)",
            f"put(self.dependant, {index}, sub({guard}))",
            "return super().get_route_handler()",
        ),
    )


def _guard_after(pen: Pen) -> _Body:
    guard = pen.one_of((pen.node(), "guard"))
    return (
        _method(
            "get_route_handler(self)",
            "handler = super().get_route_handler()",
            f"put(self.dependant, 0, sub({guard}))",
            "return handler",
        ),
    )


def _own_handle(pen: Pen) -> _Body:
    lines = ["note('handle', self.path)", "await super().handle(scope, receive, send)"]
    if pen.chance(0.3):
        lines = ["await refused(scope, receive, send)"]
    return (_async("handle(self, scope, receive, send)", *lines),)


def _own_matches(pen: Pen) -> _Body:
    return (
        _method(
            "matches(self, scope)",
            "match, child = super().matches(scope)",
            "if b'hidden' in scope['query_string']:",
            "    return Match.NONE, {}",
            "return match, child",
        ),
    )


def _own_init(pen: Pen) -> _Body:
    guard = pen.one_of((pen.node(), "guard"))
    above = pen.one_of(("super().__init__(", "APIRoute.__init__(self, "))
    return (
        _method(
            "__init__(self, path, endpoint, **options)",
            f"options['dependencies'] = [*(options.get('dependencies') or ()), Depends({guard})]",
            f"{above}path, endpoint, **options)",
            "note('made', self.path)",
        ),
    )


def _own_request(pen: Pen) -> _Body:
    own = pen.one_of(("OwnRequest", "ReadRequest"))
    inner = _async(
        "handle(request)", f"return await handler({own}(request.scope, request.receive))"
    )
    return (
        _method(
            "get_route_handler(self)",
            "handler = super().get_route_handler()",
            inner,
            "return handle",
        ),
    )


def _wraps_app(pen: Pen) -> _Body:
    wrapped = pen.one_of(("wrap(self.app, 'own')", "wrap(self.app, 'own')", "refused"))
    return (
        _method(
            "__init__(self, *values, **options)",
            "super().__init__(*values, **options)",
            f"self.app = {wrapped}",
        ),
    )


def _exactly(pen: Pen) -> _Body:
    return (
        _method(
            "get_route_handler(self)",
            "note('exactly', type(self).__name__, str(type(self) is {name}))",
            "return super().get_route_handler()",
        ),
    )


def _changes_itself(pen: Pen) -> _Body:
    guard = pen.one_of((pen.node(), "guard"))
    change = pen.one_of(
        (
            f"self.dependant = get_dependant(path=self.path, call={guard})",
            "self.dependant.call = anything",
            f"self.dependencies.append(Depends({guard}))",
            "self.status_code = 206",
            "self.dependant.dependencies = []",
        )
    )
    return (_method("get_route_handler(self)", change, "return super().get_route_handler()"),)


def _own_copy(pen: Pen) -> _Body:
    return (
        _method(
            "__copy__(self)",
            "note('copied', self.path)",
            "return type(self)(self.path, self.endpoint)",
        ),
    )


def _told_of_subclasses(pen: Pen) -> _Body:
    return (
        _method(
            "__init_subclass__(cls, *, label)",
            "note('subclass', label)",
            "super().__init_subclass__()",
        ),
    )


def _app_of_its_own(pen: Pen) -> _Body:
    return (
        _line("_app = None"),
        _line("@property"),
        _method("app(self)", "return self._app"),
        _line("@app.setter"),
        _method("app(self, app)", "self._app = app"),
    )


_CLASSES: dict[str, Callable[[Pen], _Body]] = {
    "counted": _counted,
    "noting handler": _noting_handler,
    "guard before": _guard_before,
    "guard after": _guard_after,
    "own handle": _own_handle,
    "own matches": _own_matches,
    "own init": _own_init,
    "own request": _own_request,
    "wraps app": _wraps_app,
    "exactly": _exactly,
    "changes itself": _changes_itself,
    "own copy": _own_copy,
    "told of subclasses": _told_of_subclasses,
    "app of its own": _app_of_its_own,
}


def route_class(pen: Pen, name: str) -> Piece:
    kind = pen.one_of(tuple(_CLASSES))
    body = _CLASSES[kind](pen)
    text = tuple(_named(piece, name) for piece in body)
    return Piece(f"class {name}(APIRoute)", tail=":", body=text, kind=f"class {kind}")


def _named(piece: Piece, name: str) -> Piece:
    return Piece(
        piece.head.replace("{name}", name),
        piece.parts,
        piece.tail,
        tuple(_named(each, name) for each in piece.body),
        piece.kind,
        piece.fixed,
    )


def websocket_class(pen: Pen, name: str) -> Piece:
    kind = pen.one_of(("own handle", "own matches", "wraps app"))
    body = _CLASSES[kind](pen)
    return Piece(f"class {name}(APIWebSocketRoute)", tail=":", body=body, kind=f"websocket {kind}")
