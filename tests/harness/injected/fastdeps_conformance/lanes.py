"""Which lane the routes of the suite take when they are built."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

FAST = "fast"


def count_lanes() -> Counter[str]:
    """A count of the routes that this interpreter builds from now on, by the reason why
    they don't take the fast lane."""
    from fastapi_fastdeps._building import routes
    from fastapi_fastdeps._building.handling import Handling

    lanes: Counter[str] = Counter()
    init, websocket_app = Handling.__init__, routes.websocket_app

    def counting(handling: Any, *args: Any, **options: Any) -> None:
        init(handling, *args, **options)
        lanes[handling.why_not_planned or FAST] += 1

    def counting_websockets(*args: Any, **options: Any) -> Any:
        why, app = websocket_app(*args, **options)
        lanes[why or FAST] += 1
        return why, app

    vars(routes)["websocket_app"] = counting_websockets
    replaced: Any = Handling
    replaced.__init__ = counting
    return lanes


def write_lanes(lanes: Counter[str], directory: Path, worker: str) -> None:
    (directory / f"lanes-{worker}.json").write_text(json.dumps(lanes))


def read_lanes(directory: Path) -> Counter[str]:
    """The counts of all workers."""
    lanes: Counter[str] = Counter()
    for file in directory.glob("lanes-*.json"):
        lanes.update(json.loads(file.read_text()))
    return lanes
