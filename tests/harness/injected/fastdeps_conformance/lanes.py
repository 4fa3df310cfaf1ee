"""Which lane the routes of the suite take when they are built."""

import json
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

FAST = "fast"


def count_lanes() -> Counter[str]:
    """A count of the routes that this interpreter builds from now on, by the reason why
    they don't take the fast lane."""
    from fastapi_fastdeps._building import handling, routes

    lanes: Counter[str] = Counter()
    why_not_planned = routes.why_not_planned
    counted: dict[int, weakref.ref[Any]] = {}

    def counting(graph: Any, *args: Any, **kwargs: Any) -> str | None:
        why = why_not_planned(graph, *args, **kwargs)
        # A route that is included is looked at twice.
        key = id(graph)
        if key not in counted:
            counted[key] = weakref.ref(graph, lambda _: counted.pop(key, None))
            lanes[why or FAST] += 1
        return why

    for module in (handling, routes):
        vars(module)["why_not_planned"] = counting
    return lanes


def write_lanes(lanes: Counter[str], directory: Path, worker: str) -> None:
    (directory / f"lanes-{worker}.json").write_text(json.dumps(lanes))


def read_lanes(directory: Path) -> Counter[str]:
    """The counts of all workers."""
    lanes: Counter[str] = Counter()
    for file in directory.glob("lanes-*.json"):
        lanes.update(json.loads(file.read_text()))
    return lanes
