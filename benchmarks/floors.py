"""What the guard holds: how many times faster than others, and what one more may cost."""

from collections.abc import Mapping

FLOORS: Mapping[str, Mapping[str, float]] = {
    "four-classes": {"stock": 1, "wrappers": 1, "inlined": 1, "litestar": 1, "starlette": 0.1},
    "no-dependency": {"stock": 1, "starlette": 0.1},
    "one-class": {"stock": 1, "inlined": 1},
    "included-router": {"stock": 1},
    "kept-in-threads": {"stock": 0.8},
    "overridden": {"stock": 1},
    "overridden-elsewhere": {"stock": 1},
    "validation-error": {"stock": 0.8},
    "service-graph": {"stock": 1, "wrappers": 1},
    "headers": {"stock": 1},
    "cookies": {"stock": 1},
    "path": {"stock": 1},
    "body": {"stock": 1},
    "form": {"stock": 1},
    "sync-yield": {"stock": 1},
    "async-yield": {"stock": 0.8},
    "security": {"stock": 1},
    "response-model": {"stock": 1},
    "async-response-model": {"stock": 0.8},
    "large-response": {"stock": 0.8},
    "websocket": {"stock": 1},
}
"""By case, then by contender."""

CEILINGS: Mapping[str, float] = {
    "sync-dependencies": 2,
    "async-dependencies": 2,
    "query-parameters": 3,
}
"""Microseconds, by family."""
