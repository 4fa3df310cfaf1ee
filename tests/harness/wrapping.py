"""A route class of a user's."""

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class Wrapping(APIRoute):
    """Wraps FastAPI's handler, and does nothing else."""

    def get_route_handler(self) -> Callable[..., Any]:
        handler = super().get_route_handler()

        async def wrapping(request: Request) -> Response:
            response: Response = await handler(request)
            return response

        return wrapping
