"""The names that some FastAPIs tell what reads a model: those of all parameters of a route, which
are not extra to the model. FastAPI 0.157 to 0.159 does so."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi_fastdeps._fastapi.capabilities import is_shaped, takes
from fastapi_fastdeps._fastapi.names import (
    Dependant,
    request_body_to_args,
    request_params_to_args,
)
from fastapi_fastdeps._fastapi.requests import solver_names

Names = Mapping[str, set[str]] | None
"""By place, `None` where FastAPI tells nothing."""

tells_params: Final = is_shaped(request_params_to_args, takes("known_param_names", positional=2))
"""Whether it tells what reads parameters."""

tells_body: Final = is_shaped(request_body_to_args, takes("known_param_names", positional=3))
"""Whether it tells what reads a body, from 0.158 on."""

_PLACES: Final = {"query_params": "query", "headers": "header", "cookies": "cookie"}

_names: Final = solver_names()


def known_names(root: Dependant, provider: Any | None) -> Names:
    """What FastAPI tells in a request to a route with this tree: it finds that out when the
    request begins. Raises whatever analysing an override raises."""
    if not tells_params:
        return None
    names: Names = getattr(root, "_request_param_names", None)
    if names is None or (provider and provider.dependency_overrides):
        names = _names["_get_request_param_names"](root, provider)
    return names


def place_of(source: str) -> str | None:
    """The place whose names are told what reads this source, `None` for none."""
    return _PLACES.get(source) if tells_params else None


def told(names: Names, source: str) -> dict[str, Any]:
    """What FastAPI gives `request_params_to_args` besides, for one source."""
    place = place_of(source)
    return {} if names is None or place is None else {"known_param_names": names[place]}


def told_of_body(names: Names) -> dict[str, Any]:
    """What FastAPI gives `request_body_to_args` besides."""
    return {} if names is None or not tells_body else {"known_param_names": names["form"]}
