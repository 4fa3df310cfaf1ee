"""Whether functions and classes that plans stand in for are what they were, tried out."""

from typing import Any

from pydantic.fields import FieldInfo
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.capabilities import Shape
from fastapi_fastdeps._fastapi.ground import find_code, is_own, is_replaced


def has_code(path: str, name: str) -> Shape:
    """The shape of a function that is what it was. What took its place is not judged."""
    return lambda found: not is_own(found, path) or bool(find_code(found, name))


def response_is_what_it_was(found: type[JSONResponse]) -> bool:
    """Whether Starlette's response consists of what is put together here for one."""
    if is_replaced(found.__module__):
        return True
    response = found.__new__(found)
    response.status_code = 201
    response.background = None
    response.body = b'{"a":1}'
    response.init_headers()
    return vars(response) == vars(found({"a": 1}, 201, background=None))


def request_is_what_it_was(found: Any) -> bool:
    """Whether Starlette's request or WebSocket holds what is read past it here."""
    if is_replaced("starlette.requests"):
        return True
    scope = {
        "type": "websocket" if found is WebSocket else "http",
        "method": "GET",
        "headers": [(b"a", b"1"), (b"cookie", b"c=2")],
        "query_string": b"q=3&q=4",
        "path_params": {"p": 5},
    }
    none: Any = None
    request: Any = found(scope, none, none)
    return (
        request.scope is scope
        and request.headers.raw == scope["headers"]
        and request.headers.getlist("A") == ["1"]
        and request.cookies == {"c": "2"}
        and request.query_params.getlist("q") == ["3", "4"]
        and request.path_params == {"p": 5}
    )


def validates(found: Any) -> bool:
    """Whether FastAPI's field keeps Pydantic's validator where it is asked here."""
    field = found(field_info=FieldInfo(annotation=int), name="n")
    adapter = field._type_adapter
    value = adapter.validator.validate_python("1", from_attributes=True)
    return bool(value == 1 and adapter.core_schema["type"] == "int")


def is_field_what_it_was(found: Any) -> bool:
    """Whether FastAPI's field consists of what is put together here for one."""
    field = found(field_info=FieldInfo(annotation=int), name="n")
    expected = ["field_info", "name", "mode", "config", "_type_adapter"]
    attributes: dict[str, Any] = field.__dict__
    return list(attributes) == expected and field.config is None
