"""`python -m tests.next_fastapi ...`: serve one app with stock classes and with this package's.

Writes what was warned of, what differs and where callables ran, as JSON.
"""

import argparse
import json
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from tests.next_fastapi.renaming import rename


def main() -> None:
    options = _parser().parse_args()
    if options.rename:
        rename(options.rename, decoys=options.decoys)
    import fastapi

    if options.version:
        fastapi.__version__ = options.version
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import fastapi_fastdeps
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(_compared(Path(directory)) | {"warnings": _ours(caught)}))
    assert fastapi_fastdeps.FastDepsWarning


def _ours(caught: list[warnings.WarningMessage]) -> list[str]:
    return [str(each.message) for each in caught if each.category.__name__ == "FastDepsWarning"]


def _compared(directory: Path) -> dict[str, Any]:
    from fastapi import APIRouter, FastAPI

    from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, explain
    from tests.hops import everything
    from tests.next_fastapi.app import Ran, answers, make

    class InlineAPI(FastDepsAPI):
        def __init__(self, **options: Any) -> None:
            super().__init__(classifier=everything, **options)

    stock_ran: Ran = []
    ran: Ran = []
    stock = answers(make(FastAPI, APIRouter, stock_ran, directory))
    app = make(InlineAPI, FastDepsRouter, ran, directory)
    ours = answers(app)
    return {
        "differences": [pair for pair in zip(stock, ours, strict=True) if pair[0] != pair[1]],
        "calls": len(stock_ran) == len(ran),
        "threaded": sorted({name for name, where in ran if where == "thread"}),
        "inline": sorted({name for name, where in ran if where == "loop"}),
        "lanes": sorted({(route.lane, route.why) for route in explain(app)}),
        "explained": bool(re.search("direct", str(explain(app)))),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.next_fastapi", description=__doc__)
    parser.add_argument("--rename", nargs="*", default=[], metavar="WORD")
    parser.add_argument("--decoys", action="store_true", help="leave something else there")
    parser.add_argument("--version", help="what FastAPI says it is")
    return parser


if __name__ == "__main__":
    sys.exit(main())
