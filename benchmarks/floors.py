"""What the guard holds: how many times faster than others, and what one more may cost."""

from collections.abc import Mapping

FLOORS: Mapping[str, Mapping[str, float]] = {
    "four-classes": {
        "stock": 11,
        "wrappers": 3.9,
        "inlined": 1.8,
        "litestar": 2.7,
        "starlette": 0.3,
    },
    "no-dependency": {"stock": 1.8, "starlette": 0.31},
    "one-class": {"stock": 4.4, "inlined": 2.1},
    "included-router": {"stock": 7.6},
    "kept-in-threads": {"stock": 1.2},
    "in-one-visit": {"stock": 4.2},
    "session-in-one-visit": {"stock": 2},
    "overridden": {"stock": 46},
    "overridden-elsewhere": {"stock": 43},
    "validation-error": {"stock": 1.7},
    "service-graph": {"stock": 7, "wrappers": 2.7},
    "scoped-graph": {"stock": 1},
    "headers": {"stock": 4.7},
    "cookies": {"stock": 4.1},
    "path": {"stock": 4.4},
    "body": {"stock": 2.3},
    "form": {"stock": 1.7},
    "sync-yield": {"stock": 5.6},
    "async-yield": {"stock": 1.3},
    "security": {"stock": 4.8},
    "response-model": {"stock": 4.9},
    "async-response-model": {"stock": 1.2},
    "large-response": {"stock": 4.1},
    "models": {"stock": 1},
    "large-body": {"stock": 1},
    "invalid-body": {"stock": 1.2},
    "file": {"stock": 1},
    "stream": {"stock": 1},
    "yielded": {"stock": 1},
    "websocket": {"stock": 2.2},
}
"""By case, then by contender."""

CEILINGS: Mapping[str, float] = {
    "sync-dependencies": 0.52,
    "async-dependencies": 0.54,
    "query-parameters": 1.4,
}
"""Microseconds, by family."""
