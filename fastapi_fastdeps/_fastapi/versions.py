"""The FastAPI versions that this package was tested with, and the one that is installed."""

import os
import re

import fastapi

from fastapi_fastdeps.errors import FastDepsError, UnsupportedFastAPIError

Version = tuple[int, ...]

OLDEST = "0.115.0"
NEWEST = "0.165.0"
FAST_LANE = (
    "0.135.4",
    "0.136.3",
    "0.137.2",
    "0.138.2",
    "0.139.2",
    "0.140.13",
    "0.141.1",
    "0.142.4",
    "0.143.5",
    "0.144.0",
    "0.145.0",
    "0.146.0",
    "0.147.0",
    "0.148.0",
    "0.149.0",
    "0.150.0",
    "0.151.0",
    "0.152.0",
    "0.153.0",
    "0.154.0",
    "0.155.0",
    "0.156.8",
    "0.157.0",
    "0.158.2",
    "0.159.1",
    "0.160.0",
    "0.161.1",
    "0.162.7",
    "0.163.2",
    "0.164.0",
    "0.165.0",
)
"""Where FastAPI's own suite has been passed in the fast lane. What decides is the content of its
functions."""
PLANS_SINCE = "0.134.0"
"""The oldest FastAPI whose algorithm plans follow, where the content of its functions is proven."""

LANE_VARIABLE = "FASTAPI_FASTDEPS_LANE"
"""Asks for one lane: `fastapi`, to tell a fault of the one from a fault of the other, or
`fast`, to have the fast lane on a FastAPI without proof of it, at one's own risk."""

_LANES = ("fast", "fastapi")


def asked_lane() -> str | None:
    """The lane that the environment asks for, `None` for no wish.

    Raises `FastDepsError` for a lane that there is not: it is read when this package is
    imported, and when a route is built.
    """
    asked = os.environ.get(LANE_VARIABLE) or None
    if asked is not None and asked not in _LANES:
        raise FastDepsError(
            f"The environment has {LANE_VARIABLE}={asked}, which is no lane. It can be "
            f"{' or '.join(_LANES)}; without it, each route takes the best that it can."
        )
    return asked


def parse(version: str) -> Version | None:
    """The numbers of a version, `None` for what has none."""
    numbers = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, numbers[0].split("."))) if numbers else None


def is_older_than(version: str) -> bool:
    """Whether the installed FastAPI is older than `version`."""
    installed, limit = parse(fastapi.__version__), parse(version)
    return installed is not None and limit is not None and installed < limit


def check_supported() -> None:
    """Raise `UnsupportedFastAPIError` for a FastAPI that is too old."""
    if is_older_than(OLDEST):
        raise UnsupportedFastAPIError(
            f"FastAPI {fastapi.__version__} is older than {OLDEST}, the oldest that "
            "fastapi-fastdeps works with: install a newer one."
        )
