"""The functions that the fast lane stands in for, and whether they are as they were.

Whoever replaces a name that one of them reads, or a method, expects his replacement to do its
work. So what is watched is derived from their code: every global that they read, through
modules too (`json.dumps`), and the methods themselves.
"""

import builtins
import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from itertools import chain
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

from fastapi_fastdeps._fastapi.replacements import getter_of, original_of
from fastapi_fastdeps._fastapi.versions import is_older_than
from fastapi_fastdeps._fastapi.ways import EVERY, KEPT, Way, needs, reads

Functions = Mapping[str, tuple[str, ...]]
"""Functions by module, under their qualified names."""

_MODELS: Final = "fastapi.dependencies.models"
_UTILS: Final = "fastapi.dependencies.utils"
_TELEMETRY: Final[Functions] = {
    "fastapi.telemetry._api": (
        "_get_request_telemetry",
        "_operation",
        "_run_sync_endpoint",
        "_validation_failed",
        "get_telemetry_data",
    ),
}
_FINDING: Final[Functions] = {
    _MODELS: (
        "_get_cache_key",
        "_get_computed_scope",
        "_get_oauth_scopes",
        "_is_async_gen_callable",
        "_is_coroutine_callable",
        "_is_gen_callable",
        "_is_security_scheme",
        "_uses_scopes",
    ),
}
_KEEPING: Final[Functions] = {_MODELS: (*KEPT, "Dependant.oauth_scopes")}
_SINCE: Final[Mapping[str, Functions]] = {
    "0.140.0": _FINDING,
    "0.142.0": _TELEMETRY,
    "0.156.3": {_UTILS: ("_get_param_aliases",)},
    "0.158.2": {_UTILS: ("_get_form_model",)},
    "0.159.0": {_UTILS: ("_get_model_type", "_get_param_model")},
    "0.161.0": {_UTILS: ("_get_form_models",)},
}
"""What a FastAPI that is older than this does not have."""

_BEFORE: Final[Mapping[str, Functions]] = {
    "0.140.0": _KEEPING,
    "0.161.0": {_UTILS: ("_get_form_model",)},
}
"""What is stood in for in FastAPIs that are older than this alone."""


def _of_this_fastapi(functions: Functions) -> Functions:
    """Those that the installed FastAPI is right to have."""
    without = {
        (module, name)
        for tables, is_past in ((_SINCE, True), (_BEFORE, False))
        for version, table in tables.items()
        if is_older_than(version) is is_past
        for module, names in table.items()
        for name in names
    }
    return {
        module: found
        for module, names in functions.items()
        if (found := tuple(name for name in names if (module, name) not in without))
    }


BUILDING: Final[Functions] = {
    "fastapi.routing": (
        "APIRoute.get_route_handler",
        "get_request_handler",
        "get_websocket_app",
        "request_response",
        "websocket_session",
    ),
}
"""What is stood in for when a route is built. A nested function is not part of its function."""

SERVING: Final[Functions] = _of_this_fastapi(
    {
        "fastapi.routing": (
            "request_response.<locals>.app",
            "request_response.<locals>.app.<locals>.app",
            "websocket_session.<locals>.app",
            "websocket_session.<locals>.app.<locals>.app",
            "get_request_handler.<locals>.app",
            "get_websocket_app.<locals>.app",
            "_build_response_args",
            "_extract_endpoint_context",
            "run_endpoint_function",
            "serialize_response",
        ),
        "fastapi.dependencies.utils": (
            "solve_dependencies",
            "_solve_generator",
            "request_params_to_args",
            "request_body_to_args",
            "_get_form_model",
            "_get_form_models",
            "_get_model_type",
            "_get_multidict_value",
            "_get_param_aliases",
            "_get_param_model",
            "_is_json_field",
            "_should_embed_body_fields",
            "_validate_value_with_model_field",
            "get_validation_alias",
        ),
        _MODELS: (*_FINDING[_MODELS], *_KEEPING[_MODELS]),
        "fastapi._compat.shared": ("field_annotation_is_sequence", "lenient_issubclass"),
        "fastapi._compat.v2": (
            "ModelField.alias",
            "ModelField.default",
            "ModelField.get_default",
            "ModelField.serialize",
            "ModelField.serialize_json",
            "ModelField.validate",
            "ModelField.validation_alias",
        ),
        "fastapi.encoders": ("jsonable_encoder",),
        **_TELEMETRY,
        "pydantic.type_adapter": ("TypeAdapter.validate_python",),
        "starlette.datastructures": (
            "Headers.__contains__",
            "Headers.__getitem__",
            "Headers.__init__",
            "Headers.get",
            "Headers.getlist",
            "ImmutableMultiDict.__init__",
            "QueryParams.__contains__",
            "QueryParams.__init__",
            "QueryParams.get",
            "QueryParams.getlist",
        ),
        "starlette.requests": (
            "Request.cookies",
            "Request.headers",
            "Request.path_params",
            "Request.query_params",
        ),
        "starlette.responses": (
            "JSONResponse.__init__",
            "JSONResponse.init_headers",
            "JSONResponse.render",
            "Response.__init__",
            "Response.headers",
            "Response.init_headers",
            "Response.render",
        ),
        "starlette.websockets": (
            "WebSocket.cookies",
            "WebSocket.headers",
            "WebSocket.path_params",
            "WebSocket.query_params",
        ),
        "contextlib": ("AsyncExitStack.__aexit__",),
        "json": ("dumps",),
        "json.encoder": ("JSONEncoder.encode", "JSONEncoder.iterencode"),
    }
)
"""What is stood in for when a request is served."""

SHELL: Final[Functions] = {
    "fastapi._body_limit": ("AppBodyLimitMiddleware.__call__",),
    "fastapi.applications": ("FastAPI.__call__",),
    "fastapi.middleware.asyncexitstack": ("AsyncExitStackMiddleware.__call__",),
    "fastapi.telemetry._api": ("_unconfigured",),
    "fastapi.telemetry._asgi": ("ExceptionTelemetryMiddleware.__call__", "NativeTelemetry.enabled"),
    "opentelemetry._logs._internal": ("get_logger_provider",),
    "opentelemetry.metrics._internal": ("get_meter_provider",),
    "opentelemetry.trace": ("get_tracer_provider",),
    "starlette.applications": ("Starlette.__call__",),
    "starlette.middleware.errors": ("ServerErrorMiddleware.__call__",),
    "starlette.middleware.exceptions": ("ExceptionMiddleware.__call__",),
    "starlette.requests": ("HTTPConnection.__init__", "Request.__init__"),
    "starlette.routing": ("Router.__call__",),
}
"""What is stood in for around the router."""

MATCHING: Final[Functions] = {
    "fastapi.routing": (
        "APIRoute.handle",
        "APIRoute.matches",
        "APIRouter._get_routes_version",
        "APIRouter._iter_low_priority_routes",
        "APIRouter._match_low_priority",
        "APIRouter.app",
        "APIRouter.handle",
        "APIRouter.matches",
        "APIWebSocketRoute.matches",
        "_EffectiveRouteContext.matches",
        "_IncludedRouter._build_effective_context",
        "_IncludedRouter._handle_selected",
        "_IncludedRouter._match",
        "_IncludedRouter.effective_candidates",
        "_IncludedRouter.effective_low_priority_routes",
        "_IncludedRouter.handle",
        "_IncludedRouter.matches",
    ),
    "starlette.routing": (
        "Host.matches",
        "Mount.matches",
        "Route.handle",
        "Route.matches",
        "WebSocketRoute.matches",
        "compile_path",
    ),
}
"""What the index of routes stands in for."""

FIELDS: Final[Functions] = {
    "fastapi.utils": ("create_model_field",),
    "fastapi._compat.v2": ("ModelField.__post_init__", "asdict"),
    "fastapi.dependencies.utils": ("analyze_param",),
    "fastapi.params": ("Body.__init__", "Param.__init__", "Path.__init__", "Query.__init__"),
    "pydantic.fields": ("FieldInfo.__init__",),
    "pydantic.type_adapter": ("TypeAdapter.__init__", "TypeAdapter._init_core_attrs"),
}
"""What is stood in for where a field is made that is like another one."""

ROUTES: Final[Functions] = {
    "fastapi.dependencies.utils": (
        "analyze_param",
        "get_dependant",
        "get_parameterless_sub_dependant",
    ),
    "fastapi.routing": (
        "_build_dependant_with_parameterless_dependencies",
        "_populate_api_route_state",
    ),
}
"""Through which FastAPI comes from a route to its fields."""

_TRUSTED: Final = sys.stdlib_module_names | {
    "anyio",
    "fastapi",
    "opentelemetry",
    "pydantic",
    "pydantic_core",
    "starlette",
    "typing_extensions",
    "typing_inspection",
}
"""The packages that the functions have their names from."""

_ALIASES: Final = {"StarletteBackgroundTasks": "BackgroundTasks"}
"""What FastAPI imports under another name."""

_HOMES: Final = {"collections.abc": "_collections_abc"}
"""Where modules are that say another name."""

_TYPING: Final = frozenset({"typing", "typing_extensions", "collections.abc"})
_OWN: Final = frozenset({"fastapi", "starlette"})
_Hidden = dict[ModuleType, set[str]]
_Cached: Final = type(functools.cache(len))
_REPLACED: Final = object()
"""Stands for the original of a name that was replaced before it could be seen."""


@dataclass(slots=True)
class _Watched:
    """A name in a module or class.

    Attributes:
        own: what was found there first, `_REPLACED` if that was a replacement already. What a
            known replacement stands for is taken for what is there.
    """

    holder: Any
    name: str
    own: Any

    @property
    def now(self) -> Any:
        """What stands there, `own` where that is not to be taken for it."""
        found = getattr(self.holder, self.name, None)
        return found if original_of(found) is self.own else self.own

    @property
    def is_touched(self) -> bool:
        found = original_of(getattr(self.holder, self.name, None))
        if self.own is _REPLACED:
            return not is_own(found, self.name)
        return found is not self.own

    def __str__(self) -> str:
        if isinstance(self.holder, ModuleType):
            return f"{self.holder.__name__}.{self.name}"
        return f"{self.holder.__module__}.{self.holder.__qualname__}.{self.name}"


class Ground:
    """Whether everything that some functions read is as it was.

    Raises `LookupError` where one of the functions is not there.

    Attributes:
        is_as_it_was: `is_touched` in a still greater hurry: where it is false, that has to
            look closer.
    """

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._ways = EVERY
        self._look_again()

    def on(self, ways: Way) -> "Ground":
        """The part of it that is needed on these ways."""
        part = copy(self)
        part._ways = ways
        part._settle()
        return part

    def _look_again(self) -> None:
        self._read = [
            (module, name, tuple(_watched(module, name)), tuple(_builtins_read(module, name)))
            for module, names in self._functions.items()
            for name in names
        ]
        self._settle()

    def _settle(self) -> None:
        ways, watched, hidden = self._ways, dict[tuple[int, str], _Watched](), _Hidden()
        for module, function, read, builtins_read in self._read:
            if needs(ways, module, function):
                for each in read:
                    if reads(ways, function, each.name):
                        watched.setdefault((id(each.holder), each.name), each)
                for home, names in builtins_read:
                    hidden.setdefault(home, set()).update(names)
        self._watched = tuple(watched.values())
        self._builtins = tuple((home, frozenset(names)) for home, names in hidden.items())
        self._unseen = tuple(each for each in self._watched if each.own is _REPLACED)
        self._compare()

    def _compare(self) -> None:
        self.is_as_it_was: Callable[[], bool] = _comparison(
            self._watched, [module for module, _ in self._builtins]
        )

    def is_touched(self) -> bool:
        """Whether there is a replacement now: `first_touched` in a hurry."""
        return not self.is_as_it_was() and self._is_touched()

    def _is_touched(self) -> bool:
        seen = [each for each in self._watched if each.own is not _REPLACED]
        if any(each.is_touched for each in seen) or self._first_shadowed() is not None:
            return True
        if not self._unseen:
            # The modules have got names of their own that hide nothing, or a known tool
            # has replaced something.
            self._compare()
            return False
        if any(each.is_touched for each in self._unseen):
            return True
        self._look_again()
        return not self.is_as_it_was()

    def _first_shadowed(self) -> str | None:
        """A built-in function that a module has a name of its own for, which it had not."""
        for module, names in self._builtins:
            if shadowed := names & vars(module).keys():
                return f"{module.__name__}.{min(shadowed)}"
        return None

    def first_touched(self) -> str | None:
        """The name of something that was replaced, `None` if nothing is."""
        if not self.is_touched():
            return None
        touched = (str(each) for each in self._watched if each.is_touched)
        return next(touched, None) or self._first_shadowed()


def is_replaced(module: str) -> bool:
    """Whether one of the functions of a module that are stood in for is not its own."""
    return any(
        not is_own(original_of(functools.reduce(getattr, path, sys.modules[module])), path[-1])
        for path in map(_path, SERVING[module])
    )


def _watched(module: str, name: str) -> Iterator[_Watched]:
    for holder, read in _reads(module, name):
        found = original_of(getattr(holder, read))
        yield _Watched(holder, read, found if is_own(found, read) else _REPLACED)


def _comparison(watched: tuple[_Watched, ...], modules: list[ModuleType]) -> Callable[[], bool]:
    """A function that compares all of them by identity, written out: the interpreter reads
    an attribute of a module by its index, ten times as fast as a loop does.

    It compares how many names the modules have, too: one that did not get a name does not
    hide a built-in function.
    """
    namespaces = [vars(module) for module in modules]
    holders = list({id(each.holder): each.holder for each in watched}.values())
    indices = {id(holder): index for index, holder in enumerate(holders)}
    parameters = [f"h{index}" for index in range(len(holders))]
    parameters += [f"o{index}" for index in range(len(watched))]
    parameters += [f"n{index}" for index in range(len(namespaces))]
    comparisons = [
        f"{_read(f'h{indices[id(each.holder)]}', each.name)} is o{index}"
        for index, each in enumerate(watched)
    ]
    comparisons += [f"len(n{index}) == {len(each)}" for index, each in enumerate(namespaces)]
    source = "\n".join(
        (
            f"def is_untouched({', '.join(f'{name}=None' for name in parameters)}):",
            "    try:",
            f"        return {' and '.join(comparisons) or 'True'}",
            "    except AttributeError:",
            "        return False",
        )
    )
    function = FunctionType(_code_of(source), {"__builtins__": builtins})
    function.__defaults__ = (*holders, *(each.now for each in watched), *namespaces)
    return function


def _read(holder: str, name: str) -> str:
    # What pytest has rewritten for its assertions reads names that no source can have.
    return f"{holder}.{name}" if name.isidentifier() else f"getattr({holder}, {name!r})"


@functools.lru_cache(maxsize=64)
def _code_of(source: str) -> CodeType:
    """The code of the one function in it, which is the same for others in the same places."""
    module = compile(source, "<fastapi_fastdeps ground>", "exec")
    return next(each for each in module.co_consts if isinstance(each, CodeType))


def comparison(names: Iterable[tuple[Any, str, Any]]) -> Callable[[], bool]:
    """A function that tells whether under each name of a holder there is still the same."""
    return _comparison(tuple(_Watched(*each) for each in names), [])


def find_code(function: Any, name: str) -> CodeType:
    """The code of a function, or of one that is nested in it, by the qualified name.

    Raises `LookupError` where there is none.
    """
    code: CodeType | None = getattr(_unwrapped(function), "__code__", None)
    for nested in name.split(".<locals>.")[1:]:
        constants = code.co_consts if code is not None else ()
        code = next((each for each in constants if getattr(each, "co_name", "") == nested), None)
    if code is None:
        raise LookupError(name)
    return code


def _reads(module: str, name: str) -> Iterator[tuple[Any, str]]:
    """What a function reads, by holder and name; a method is read itself."""
    holder = sys.modules[module]
    *classes, last = _path(name)
    for each in classes:
        holder = getattr(holder, each)
    function = original_of(getattr(holder, last))
    is_its_own = is_own(function, last)
    is_nested = ".<locals>." in name
    if not is_its_own or (not is_nested and (classes or module == "fastapi.routing")):
        yield holder, last
    if not is_its_own:
        # What the function itself reads shows when it is back.
        return
    namespace = getattr(_unwrapped(function), "__globals__", {})
    definer = sys.modules.get(namespace.get("__name__", ""))
    if definer is not None:
        for code in _with_expressions(find_code(function, name)):
            yield from _names_in(definer, frozenset(code.co_names))


def _builtins_read(module: str, name: str) -> Iterator[tuple[ModuleType, frozenset[str]]]:
    """What a function reads of the built-in ones, and the module that would be asked first."""
    function = _unwrapped(functools.reduce(getattr, _path(name), sys.modules[module]))
    definer: str = getattr(function, "__globals__", {}).get("__name__", "")
    if definer in sys.modules and is_own(function, _path(name)[-1]):
        home = sys.modules[_HOMES.get(definer, definer)]
        codes = _with_expressions(find_code(function, name))
        read = {each for code in codes for each in code.co_names}
        if hidden := read & vars(builtins).keys() - vars(home).keys():
            yield home, frozenset(hidden)


def _path(name: str) -> list[str]:
    return name.partition(".<locals>.")[0].split(".")


def _names_in(module: ModuleType, names: frozenset[str]) -> Iterator[tuple[ModuleType, str]]:
    for name in sorted(names & vars(module).keys()):
        found = vars(module)[name]
        if getattr(found, "__module__", "") in _TYPING and not isinstance(found, FunctionType):
            continue
        yield module, name
        if isinstance(found, ModuleType) and module is not found:
            yield from _names_in(found, names)


def _with_expressions(code: CodeType) -> Iterator[CodeType]:
    """The code, and that of the lambdas and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType) and constant.co_name.startswith("<"):
            yield from _with_expressions(constant)


def _unwrapped(found: Any) -> Any:
    found = original_of(getter_of(found))
    return inspect.unwrap(found) if callable(found) else found


def is_own(found: Any, name: str) -> bool:
    """Whether something that stands under a name is what belongs there, as far as it shows.

    It comes from one of the packages, and where these define a thing of their own under
    that name. A replacement that copies `__module__` and `__qualname__` still has globals
    of its own. Data can't be told from other data.
    """
    if isinstance(found, ModuleType):
        return sys.modules.get(found.__name__) is found
    if isinstance(found, property | functools.cached_property):
        return is_own(getter_of(found), name)
    if isinstance(found, _Cached):
        return is_own(found.__wrapped__, name)
    if isinstance(found, FunctionType):
        return _is_own_function(found, name)
    if isinstance(found, type):
        return _is_own_class(found, name)
    if inspect.isbuiltin(found):
        return _is_trusted(found.__module__ or "")
    return not callable(found) or _is_trusted_form(type(found).__module__)


def _is_own_function(found: FunctionType, name: str) -> bool:
    if found is getattr(sys.modules.get("typing_inspection.typing_objects"), name, None):
        # What is written there by `exec` says of no module that it is its own.
        return True
    module = found.__globals__.get("__name__", "")
    if module in ("contextlib", "functools") and hasattr(found, "__wrapped__"):
        return is_own(inspect.unwrap(found), name)
    return (
        # A package may give a function of a private module of its own for one of its own.
        (module == found.__module__ or module.startswith(f"{found.__module__}._"))
        and _is_trusted(module)
        and found.__globals__ is vars(sys.modules[_HOMES.get(module, module)])
        and found.__code__.co_qualname == found.__qualname__
        and found.__code__.co_filename == _file_of(module)
        and _is_named(found, name)
    )


def _is_own_class(found: type, name: str) -> bool:
    module = found.__module__
    if not _is_trusted(module) or module not in sys.modules:
        return False
    is_there = getattr(sys.modules[module], found.__qualname__, None) is found
    # Classes that are written in C are not always where they say.
    return _is_named(found, name) and (is_there or _file_of(module) is None)


@functools.cache
def _file_of(module: str) -> str | None:
    """The file that most functions of a module say that they are from. The module itself
    says another where it was loaded without its source."""
    codes = (each.__code__ for each in _functions_of(sys.modules[_HOMES.get(module, module)]))
    # What `dataclass` writes is from no file.
    files = Counter(each.co_filename for each in codes if each.co_filename != "<string>")
    return files.most_common(1)[0][0] if files else None


def _functions_of(module: ModuleType) -> Iterator[FunctionType]:
    namespace = vars(module)
    classes = (each for each in namespace.values() if isinstance(each, type))
    own = (vars(each).values() for each in classes if each.__module__ == module.__name__)
    for found in chain(namespace.values(), *own):
        function = _unwrapped(found)
        if isinstance(function, FunctionType) and function.__globals__ is namespace:
            yield function


def _is_named(found: Any, name: str) -> bool:
    own = found.__module__.partition(".")[0] in _OWN
    return not own or found.__name__ == _ALIASES.get(name, name.rpartition(".")[2])


def _is_trusted(module: str) -> bool:
    return module.partition(".")[0] in _TRUSTED


def _is_trusted_form(module: str) -> bool:
    return module in ("builtins", "types", "typing", "typing_extensions")
