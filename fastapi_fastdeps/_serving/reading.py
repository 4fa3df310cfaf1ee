"""Reading the parameters of one callable as FastAPI does, by what is known of them."""

from typing import Any, Final

from pydantic import ValidationError
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.websockets import WebSocket

from fastapi_fastdeps._fastapi.known import Names, told
from fastapi_fastdeps._fastapi.names import request_params_to_args
from fastapi_fastdeps._fastapi.requests import solver_names
from fastapi_fastdeps._plan.parameters import Reads

_names: Final = solver_names()
_KINDS: Final[dict[str, type]] = {
    "path_params": dict,
    "query_params": QueryParams,
    "headers": Headers,
    "cookies": dict,
}
"""What Starlette makes of each source."""


def read(
    reads: Reads, request: Request | WebSocket, start: int = 0, names: Names = None
) -> tuple[dict[str, Any], list[Any]]:
    """The values and the errors of the parameters from `start` on, as
    `request_params_to_args` gives them, which is told `names`."""
    received = getattr(request, reads.source)
    parameters = reads.parameters
    current = _names["request_params_to_args"]
    if (
        parameters is None
        or current is not request_params_to_args
        or type(received) is not _KINDS[reads.source]
    ):
        found: tuple[dict[str, Any], list[Any]] = current(
            reads.fields[start:], received, **told(names, reads.source)
        )
        return found
    values: dict[str, Any] = {}
    errors: list[Any] = []
    sent: Any = received
    for each in parameters[start:]:
        raw = (sent.getlist(each.alias) or None) if each.is_list else sent.get(each.alias)
        value, wrong = None, list[Any]()
        if raw is not None:
            try:
                value = each.validate(raw, from_attributes=True)
            except ValidationError as error:
                wrong = each.errors(error)
        elif each.has_plain_default:
            value = each.field.field_info.default
        else:
            value, wrong = each.default()
        if wrong:
            errors += wrong
        else:
            values[each.name] = value
    return values, errors
