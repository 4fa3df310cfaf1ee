"""This package's plugin for pytest, after FastAPI: its classes are replaced when it is imported."""

import fastapi  # noqa: F401

from fastapi_fastdeps.pytest_plugin import (
    fastdeps_guard,
    fastdeps_hops,
    pytest_addoption,
    pytest_configure,
    pytest_runtest_call,
)

__all__ = (
    "fastdeps_guard",
    "fastdeps_hops",
    "pytest_addoption",
    "pytest_configure",
    "pytest_runtest_call",
)
