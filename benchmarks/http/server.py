"""Serves one contender's app of one case: `python -m benchmarks.http.server`."""

import sys
from typing import Any

import uvicorn

from benchmarks.cases.registry import BY_NAME
from benchmarks.contenders import BY_KEY, build, within


def main(name: str, key: str, port: int) -> None:
    contender = BY_KEY[key]
    with within(contender):
        serve(build(BY_NAME[name], contender), port)


def serve(app: Any, port: int) -> None:
    """Serve an app as all of them are served here."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        backlog=4096,
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
