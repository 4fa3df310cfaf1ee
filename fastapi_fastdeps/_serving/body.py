"""Reading the body of a request as FastAPI does."""

import email.message
import json
from typing import Any

from fastapi.exceptions import EndpointContext, RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from fastapi_fastdeps._fastapi.names import (
    MAX_BODY_SIZE_SCOPE_KEY,
    get_body_limit_error,
    resolve_form_limits,
)
from fastapi_fastdeps._fastapi.requests import NO_BODY


async def read_form(request: Request, limits: Any) -> Any:
    """The form, closed when the response has been sent."""
    inherited = request.scope.get("fastapi", {})
    form = await request.form(**resolve_form_limits(inherited, limits))
    request.scope["fastapi_middleware_astack"].push_async_callback(form.close)
    return form


async def read_json(request: Request, *, strict: bool) -> Any:
    """The parsed body, the raw body where its content type is not JSON, `NO_BODY` where
    there is none."""
    content = await request.body()
    if not content:
        return NO_BODY
    content_type = request.headers.get("content-type")
    if content_type == "application/json" or _is_json(content_type, strict=strict):
        return await request.json()
    return content


def _is_json(content_type: str | None, *, strict: bool) -> bool:
    if not content_type:
        return not strict
    message = email.message.Message()
    message["content-type"] = content_type
    if message.get_content_maintype() != "application":
        return False
    subtype = message.get_content_subtype()
    return subtype == "json" or subtype.endswith("+json")


def body_error(request: Request, error: Exception, context: EndpointContext) -> Exception:
    """What FastAPI raises for an error while it read the body."""
    if isinstance(error, json.JSONDecodeError):
        return RequestValidationError(
            [
                {
                    "type": "json_invalid",
                    "loc": ("body", error.pos),
                    "msg": "JSON decode error",
                    "input": {},
                    "ctx": {"error": error.msg},
                }
            ],
            body=error.doc,
            endpoint_ctx=context,
        )
    if isinstance(error, HTTPException):
        return error
    if MAX_BODY_SIZE_SCOPE_KEY in request.scope and (too_large := get_body_limit_error(error)):
        return too_large
    return HTTPException(status_code=400, detail="There was an error parsing the body")
