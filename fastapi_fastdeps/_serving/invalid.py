"""The answer to a request that does not validate, as FastAPI's own exception handler gives it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from fastapi import exception_handlers
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fastapi_fastdeps._fastapi.ways import Way
from fastapi_fastdeps._lane.choice import ground_of
from fastapi_fastdeps._serving.responses import is_json

_names: Final = vars(exception_handlers)
_fastapis: Final = exception_handlers.request_validation_exception_handler
_ground: Final = ground_of(Way.JSON)


def quickened(handlers: Any, error: Exception) -> Any:
    """The exception handlers in force, with one that does what FastAPI's own does for an
    error of this kind, if that is in force and nothing that it reads was replaced.

    `handlers` are Starlette's: by class, and by status.
    """
    if (
        type(error) is not RequestValidationError
        or not _are_starlettes(handlers)
        or _names["jsonable_encoder"] is not jsonable_encoder
        or _names["JSONResponse"] is not JSONResponse
    ):
        return handlers
    by_class: Mapping[Any, Any] = handlers[0]
    if by_class.get(RequestValidationError) is not _fastapis or _ground.is_touched():
        return handlers
    return {**by_class, RequestValidationError: _answer}, *handlers[1:]


def _are_starlettes(handlers: object) -> bool:
    return isinstance(handlers, tuple)


async def _answer(_: Request, error: RequestValidationError) -> Response:
    errors = error.errors()
    found = _encoded(errors)
    return JSONResponse({"detail": jsonable_encoder(errors) if found is None else found}, 422)


def _encoded(errors: Sequence[Any]) -> list[Any] | None:
    """What `jsonable_encoder` makes of errors that consist of plain data, else `None`."""
    encoded: list[Any] = []
    for error in errors:
        plain = _with_list(error) if type(cast("object", error)) is dict else None
        if plain is None or not is_json(plain):
            return None
        encoded.append(plain)
    return encoded


def _with_list(error: dict[str, Any]) -> dict[str, Any]:
    """An error with a list for its place."""
    place = error.get("loc")
    return {**error, "loc": list(cast("Any", place))} if type(place) is tuple else error
