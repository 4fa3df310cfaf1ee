"""What programs change, each as a few statements that can stand anywhere."""

from collections.abc import Callable, Sequence

from .pen import Pen
from .pieces import Piece

Action = Callable[[Pen], str | Sequence[str]]

_ANYTHING = (
    "anything",
    "anything",
    "anything_sync",
    "anything_yielded",
    "deny",
    "deny_sync",
)
_LISTS = ("query_params", "query_params", "header_params", "cookie_params", "path_params")


def _place(pen: Pen) -> str:
    return f"pick({pen.route()}, {pen.one_of((0, 0, 0, 1, 1, 2, 3))})"


def _guard(pen: Pen) -> str:
    return pen.one_of((pen.node(), pen.node(), "guard", "fake", "scoped"))


def _insert(pen: Pen) -> str:
    return f"put({_place(pen)}, {pen.one_of((0, 0, 1, -1))}, sub({_guard(pen)}))"


def _insert_one_twice(pen: Pen) -> Sequence[str]:
    name = pen.fresh("shared")
    return (
        f"{name} = sub({_guard(pen)})",
        f"put({_place(pen)}, 0, {name})",
        f"put({_place(pen)}, 0, {name})",
        f"{name}.call = {pen.one_of(_ANYTHING)}",
    )


def _remove(pen: Pen) -> str:
    return f"del {_place(pen)}.dependencies[:{pen.one_of((1, 1, 2))}]"


def _clear(pen: Pen) -> str:
    return pen.one_of((f"{_place(pen)}.dependencies.clear()", f"{_place(pen)}.dependencies = []"))


def _reverse(pen: Pen) -> str:
    return f"{_place(pen)}.dependencies.reverse()"


def _exchange(pen: Pen) -> str:
    place, guard = _place(pen), _guard(pen)
    return pen.one_of(
        (
            f"{place}.dependencies[:1] = [sub({guard})]",
            f"{place}.dependencies = [sub({guard})]",
            f"{place}.dependencies += [sub({guard})]",
            f"{place}.dependencies.extend([sub({guard})])",
            f"{place}.dependencies = [sub({guard}), *{place}.dependencies]",
        )
    )


def _exchange_call(pen: Pen) -> str:
    return f"{_place(pen)}.call = {pen.one_of(_ANYTHING)}"


def _lend(pen: Pen) -> str:
    kind = pen.one_of(_LISTS)
    return f"lend({_place(pen)}, {_place(pen)}, '{kind}')"


def _lend_to_anything(pen: Pen) -> Sequence[str]:
    place = _place(pen)
    return (
        f"lend({_place(pen)}, {place}, '{pen.one_of(_LISTS)}')",
        f"{place}.call = {pen.one_of(_ANYTHING)}",
    )


def _clear_parameters(pen: Pen) -> str:
    place, kind = _place(pen), pen.one_of(_LISTS)
    return pen.one_of(
        (
            f"{place}.{kind}.clear()",
            f"del {place}.{kind}[:1]",
            f"{place}.{kind} = []",
            f"{place}.{kind}.reverse()",
        )
    )


def _special(pen: Pen) -> str:
    name, value = pen.one_of(
        (
            ("request_param_name", "request"),
            ("http_connection_param_name", "connection"),
            ("response_param_name", "response"),
            ("security_scopes_param_name", "scopes"),
            ("background_tasks_param_name", "tasks"),
        )
    )
    shown = pen.one_of((f"'{value}'", f"'{value}'", "None"))
    return f"{_place(pen)}.{name} = {shown}"


def _attribute(pen: Pen) -> str:
    change = pen.one_of(
        (
            "use_cache = False",
            "use_cache = True",
            "scope = 'function'",
            "scope = 'request'",
            "own_oauth_scopes = ['admin']",
            "own_oauth_scopes = None",
            "parent_oauth_scopes = ['admin']",
            "name = None",
            "name = 'd0'",
            "path = '/changed'",
            "concurrency = None",
        )
    )
    return f"{_place(pen)}.{change}"


def _scopes_in_place(pen: Pen) -> str:
    place = _place(pen)
    return f"({place}.own_oauth_scopes or []).append('admin')"


def _whole_tree(pen: Pen) -> str:
    route = pen.http_place().name
    return f"{route}.dependant = get_dependant(path={route}.path, call={pen.node()})"


def _field(pen: Pen) -> str:
    # What a parameter is called is settled with the plan: the README says so. What stands in a
    # signature, too: while overrides are in force, FastAPI reads it anew for each request, and
    # fails where it finds a default beside a factory of one.
    without = "if each.field_info.default_factory is None"
    fields = f"[each for each in {_place(pen)}.query_params[:1] {without}]"
    return f"for each in {fields}: each.field_info.default = 4"


TREES: dict[str, Action] = {
    "insert": _insert,
    "insert one twice": _insert_one_twice,
    "remove": _remove,
    "clear": _clear,
    "reverse": _reverse,
    "exchange": _exchange,
    "exchange call": _exchange_call,
    "lend": _lend,
    "lend to anything": _lend_to_anything,
    "clear parameters": _clear_parameters,
    "special": _special,
    "attribute": _attribute,
    "scopes in place": _scopes_in_place,
    "whole tree": _whole_tree,
    "field": _field,
}


def _wrap_app(pen: Pen) -> str:
    route = pen.place().name
    return f"{route}.app = wrap({route}.app, '{pen.fresh('w')}')"


def _refuse(pen: Pen) -> str:
    return f"{pen.place().name}.app = refused"


def _swap_apps(pen: Pen) -> str:
    one, other = pen.place().name, pen.place().name
    return f"{one}.app, {other}.app = {other}.app, {one}.app"


def _methods(pen: Pen) -> str:
    route = pen.http_place().name
    return pen.one_of(
        (f"{route}.methods = {{'POST'}}", f"{route}.methods.add('POST')", f"{route}.methods = None")
    )


def _route_dependencies(pen: Pen) -> str:
    return f"{pen.place().name}.dependencies.append(Depends({_guard(pen)}))"


def _path(pen: Pen) -> str:
    route = pen.place().name
    other = pen.one_of((f"/{route}", "/other", "/other/{x}"))
    return (
        f"{route}.path_regex, {route}.path_format, {route}.param_convertors"
        f" = compile_path('{other}')"
    )


def _path_text(pen: Pen) -> str:
    return f"{pen.place().name}.path = '/other'"


def _route_attribute(pen: Pen) -> str:
    change = pen.one_of(
        (
            "status_code = 206",
            "endpoint = anything",
            "response_class = PlainTextResponse",
            "response_field = None",
            "body_field = None",
            "operation_id = 'changed'",
            "include_in_schema = False",
            "name = 'changed'",
            "tags = ['changed']",
            "dependency_overrides_provider = None",
            "max_body_size = 1",
        )
    )
    return f"{pen.http_place().name}.{change}"


def _route_method(pen: Pen) -> str:
    route = pen.place().name
    return pen.one_of(
        (
            f"{route}.handle = refused",
            f"{route}.handle = wrap({route}.handle, 'handle')",
            f"{route}.matches = lambda scope: (Match.NONE, {{}})",
        )
    )


ROUTES: dict[str, Action] = {
    "wrap app": _wrap_app,
    "refuse": _refuse,
    "swap apps": _swap_apps,
    "methods": _methods,
    "route dependencies": _route_dependencies,
    "path": _path,
    "path text": _path_text,
    "route attribute": _route_attribute,
    "route method": _route_method,
}


def _router(pen: Pen) -> str:
    return pen.one_of(("app.router", "app.router", *pen.routers))


def _another_route(pen: Pen) -> str:
    place = pen.place()
    if place.websocket:
        return f"APIWebSocketRoute('/w{pen.number(2)}', {place.endpoint})"
    extra = f", dependencies=[Depends({_guard(pen)})]" if pen.chance(0.4) else ""
    return f"APIRoute({place.name}.path, {place.endpoint}{extra})"


def _add(pen: Pen) -> str:
    how = pen.one_of(("append({})", "insert(0, {})"))
    return f"{_router(pen)}.routes.{how.format(_another_route(pen))}"


def _add_by_router(pen: Pen) -> str:
    place = pen.http_place()
    router = pen.one_of(("app", *pen.routers))
    if place.websocket:
        return f"{router}.add_api_websocket_route('/later', {place.endpoint})"
    extra = f", dependencies=[Depends({_guard(pen)})]" if pen.chance(0.4) else ""
    return f"{router}.add_api_route('/later', {place.endpoint}{extra})"


def _remove_route(pen: Pen) -> str:
    place = pen.place()
    router = "app.router" if place.router == "app" else place.router
    return f"if {place.name} in {router}.routes: {router}.routes.remove({place.name})"


def _reorder(pen: Pen) -> str:
    router = _router(pen)
    return pen.one_of(
        (
            f"{router}.routes.reverse()",
            f"{router}.routes[:] = {router}.routes[::-1]",
            f"{router}.routes.sort(key=lambda route: str(getattr(route, 'path', '')))",
            f"{router}.routes = {router}.routes[::-1]",
        )
    )


def _replace_routes(pen: Pen) -> str:
    router = _router(pen)
    return pen.one_of(
        (
            f"{router}.routes = tuple({router}.routes)",
            f"{router}.routes = list({router}.routes)",
            f"{router}.routes[:1] = []",
            f"{router}.routes = [*{router}.routes, {_another_route(pen)}]",
        )
    )


def _copy(pen: Pen) -> Sequence[str]:
    place, name, router = pen.place(), pen.fresh("copied"), _router(pen)
    change = pen.one_of(
        (
            f"{name}.app = wrap({name}.app, '{name}')",
            f"{name}.app = refused",
            f"{name}.dependant.dependencies.insert(0, sub({_guard(pen)}))",
            f"{name}.path = '/copied'",
        )
    )
    kind = pen.one_of(("copy.copy", "copy.copy", "copy.copy"))
    return (
        f"{name} = {kind}({place.name})",
        change,
        f"{router}.routes = [{name}, *{router}.routes]",
    )


def _clone(pen: Pen) -> Sequence[str]:
    place, name, router = pen.place(), pen.fresh("cloned"), _router(pen)
    path = pen.one_of((f"{place.name}.path", f"{place.name}.path", "'/cloned'"))
    return (
        f"{name} = type({place.name})({path}, {place.endpoint})",
        f"{router}.routes = [{name}, *{router}.routes]",
    )


def _include(pen: Pen) -> str:
    if not pen.routers:
        return _add(pen)
    extra = f", dependencies=[Depends({_guard(pen)})]" if pen.chance(0.4) else ""
    return f"app.include_router({pen.one_of(pen.routers)}, prefix='/later'{extra})"


LISTS: dict[str, Action] = {
    "add": _add,
    "add by router": _add_by_router,
    "remove route": _remove_route,
    "reorder": _reorder,
    "replace routes": _replace_routes,
    "copy": _copy,
    "clone": _clone,
    "include": _include,
}

_FAKES = ("fake", "fake", "fake_sync", "Service().fake", "fake_scoped", "guard")


def _override(pen: Pen) -> str:
    return f"app.dependency_overrides[{pen.node()}] = {pen.one_of(_FAKES)}"


def _override_by_object(pen: Pen) -> str:
    kind = pen.one_of(("OnlyGet", "Counting", "Fresh", "Falsy", "dict"))
    return f"app.dependency_overrides = {kind}({{{pen.node()}: {pen.one_of(_FAKES)}}})"


def _override_by_name(pen: Pen) -> str:
    return f"app.dependency_overrides = ByName({{'{pen.node()}': {pen.one_of(_FAKES)}}})"


def _end_overrides(pen: Pen) -> str:
    return f"app.dependency_overrides = {pen.one_of(('None', '{}', '{}'))}"


def _provider(pen: Pen) -> Sequence[str]:
    name = pen.fresh("other")
    return (
        f"{name} = App()",
        f"{name}.dependency_overrides[{pen.node()}] = {pen.one_of(_FAKES)}",
        f"{pen.one_of(('app.router', *pen.routers))}.dependency_overrides_provider = {name}",
    )


OVERRIDES: dict[str, Action] = {
    "override": _override,
    "override by object": _override_by_object,
    "override by name": _override_by_name,
    "end overrides": _end_overrides,
    "provider": _provider,
}

_SPIED = (
    "routing, 'jsonable_encoder'",
    "routing, 'run_in_threadpool'",
    "routing, 'solve_dependencies'",
    "routing, 'serialize_response'",
    "routing, 'run_endpoint_function'",
    "routing, '_build_response_args'",
    "routing, '_extract_endpoint_context'",
    "routing, 'is_body_allowed_for_status_code'",
    "routing, 'wrap_app_handling_exceptions'",
    "utils, 'solve_dependencies'",
    "utils, 'request_params_to_args'",
    "utils, '_solve_generator'",
    "utils, 'run_in_threadpool'",
    "utils, '_get_multidict_value'",
    "utils, '_validate_value_with_model_field'",
    "APIRoute, 'get_route_handler'",
    "APIRoute, 'handle'",
    "APIRoute, 'matches'",
    "starlette.routing.Route, 'handle'",
    "APIWebSocketRoute, 'matches'",
    "JSONResponse, 'render'",
    "JSONResponse, '__init__'",
    "Response, '__call__'",
)
_CHANGED = (
    "Response, 'init_headers', with_header(Response.init_headers)",
    "JSONResponse, 'init_headers', with_header(Response.init_headers)",
    "routing, 'jsonable_encoder', changed(routing, 'jsonable_encoder', lambda value: [value])",
    "routing, 'is_body_allowed_for_status_code', lambda status_code: False",
    "routing, '_build_response_args',"
    " changed(routing, '_build_response_args', lambda found: {**found, 'status_code': 299})",
    "routing, 'serialize_response', changed(routing, 'serialize_response', lambda found: b'[]')",
    "routing, 'run_in_threadpool', at_once",
    "utils, 'run_in_threadpool', at_once",
    "routing, 'Request', SpiedRequest",
    "utils, '_get_multidict_value', lambda field, values, alias: '8'",
    "utils, 'request_params_to_args',"
    " lambda fields, received: ({field.name: '6' for field in fields}, [])",
    "utils, '_get_cache_key', lambda **named: object()",
    "utils, 'SecurityScopes', lambda scopes: SecurityScopes(['patched'])",
    "utils, '_get_oauth_scopes', lambda dependant: ['patched']",
    "JSONResponse, 'render', lambda self, content: b'rendered'",
)


def _spy(pen: Pen) -> str:
    names = pen.one_of(_SPIED)
    return f"patch({names}, spied({names}))"


def _change_name(pen: Pen) -> str:
    return f"patch({pen.one_of(_CHANGED)})"


def _restore(pen: Pen) -> str:
    return "unpatch()"


NAMES: dict[str, Action] = {"spy": _spy, "change name": _change_name, "restore": _restore}


def _classifier(pen: Pen) -> str:
    return f"app.classifier = {pen.one_of(('default_classifier', 'everything', 'None'))}"


def _handler(pen: Pen) -> str:
    error = pen.one_of(("ValueError", "HTTPException", "RequestValidationError", "418", "401"))
    return pen.one_of(
        (
            f"app.add_exception_handler({error}, handled)",
            f"app.exception_handlers.pop({error}, None)",
        )
    )


def _openapi(pen: Pen) -> Sequence[str]:
    return ("app.openapi_schema = None", "note('openapi', '', str(app.openapi()['paths']))")


def _identity(pen: Pen) -> str:
    name = pen.place().name
    router = _router(pen)
    return pen.one_of(
        (
            f"fact('{name}', any({name} is route for route in {router}.routes))",
            f"fact('{router}', len({router}.routes))",
            f"fact('{name}', isinstance({name}, (APIRoute, APIWebSocketRoute)))",
            f"fact('{name}', [each.call.__name__ for each in walk({name}.dependant)"
            " if hasattr(each.call, '__name__')])",
            f"fact('{name}', str({name}.path) + str(sorted(getattr({name}, 'methods', 0) or '')))",
        )
    )


LOOKS: dict[str, Action] = {
    "handler": _handler,
    "classifier": _classifier,
    "openapi": _openapi,
    "identity": _identity,
}

_GROUPS: tuple[tuple[str, dict[str, Action], int], ...] = (
    ("tree", TREES, 34),
    ("route", ROUTES, 16),
    ("routes", LISTS, 14),
    ("overrides", OVERRIDES, 16),
    ("names", NAMES, 10),
    ("look", LOOKS, 10),
)


def action(pen: Pen, moment: str) -> tuple[Piece, ...]:
    """A change, at a moment that only the count of what was covered knows."""
    name, group, _ = pen.random.choices(_GROUPS, [weight for *_, weight in _GROUPS])[0]
    kind = pen.one_of(tuple(group))
    drawn = group[kind](pen)
    lines = (drawn,) if isinstance(drawn, str) else tuple(drawn)
    first, *others = lines
    return (
        Piece(first, kind=f"{name}: {kind} ({moment})"),
        *(Piece(line) for line in others),
    )


_REQUEST_CHANGES = (
    "{0}.scope['headers'].append((b'x-user', b'7'))",
    "{0}.scope['headers'].insert(0, (b'x-user', b'8'))",
    "{0}.scope['headers'][:] = [pair for pair in {0}.scope['headers'] if pair[0] != b'x-user']",
    "{0}.scope['headers'] = [(b'x-user', b'9'), (b'token', b'changed')]",
    "{0}.scope['headers'] = [*{0}.scope['headers'], (b'cookie', b'token=late')]",
    "{0}.scope['query_string'] = b'a=31&b=32'",
    "{0}.path_params['x'] = '41'",
    "{0}.path_params.clear()",
    "{0}.scope['path_params'] = {{'x': '42'}}",
    "{0}._query_params = QueryParams('a=51&a=52&b=53')",
    "{0}._query_params = {{'a': '54', 'b': '55'}}",
    "{0}._query_params = {{'a': ['56', '57'], 'b': ['58']}}",
    "{0}._cookies = {{'token': 'changed'}}",
    "{0}._headers = Headers({{'x-user': '61', 'token': 'changed'}})",
    "{0}.headers._list.append((b'x-user', b'62'))",
    "{0}.cookies['token'] = 'in place'",
    "{0}.query_params._dict['a'] = '63'",
    "{0}.scope['path'] = '/changed'",
    "{0}.scope['app'].dependency_overrides = {{}}",
    "{0}.scope['fastapi_inner_astack'].callback(note, 'closed', 'inner')",
    "{0}.scope['fastapi_function_astack'].callback(note, 'closed', 'function')",
    "{0}.scope['starlette.exception_handlers'][0][HTTPException] = handled",
    "{0}.scope['starlette.exception_handlers'] = ({{ValueError: handled}}, {{401: handled}})",
    "{0}.__class__ = OwnRequest",
    "{0}.__class__ = ReadRequest",
    "{0}.state.seen = 1",
)


_RELATED = {"a: ": "quer", "b: ": "quer", "x_user": "header", "token": "token", "": ""}


def request_change(pen: Pen, request: str) -> tuple[Piece, ...]:
    related = [text for text in _REQUEST_CHANGES if _RELATED[pen.theme] in text]
    text = pen.one_of(related if pen.chance(0.6) else _REQUEST_CHANGES)
    if request == "connection" and "__class__" in text:
        text = _REQUEST_CHANGES[0]
    return (Piece(text.format(request), kind=f"request: {text[4:]}"),)


def inside(pen: Pen, request: str) -> tuple[Piece, ...]:
    """What a callable does to the app, or to its request."""
    if request and pen.chance(0.65):
        return request_change(pen, request)
    # A dependency that inserts one before itself each time would be called for ever.
    name, times = pen.fresh("t"), pen.one_of((1, 1, 2))
    return (Piece(f"if times('{name}', {times})", tail=":", body=action(pen, "request")),)
