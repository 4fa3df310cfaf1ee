"""`python -m tests.next_fastapi`: serve an app with this package, in unlike FastAPIs.

Reads a line of JSON for each: the words to rename, whether to leave something else in their
place, and the version to say. Writes a line of JSON with what came of it. Each has a process
of its own, which begins with everything imported but FastAPI and Starlette.
"""

import importlib
import json
import logging
import os
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import fastapi.testclient  # noqa: F401

from tests.next_fastapi.renaming import PACKAGES, rename


def main() -> None:
    stock = _in_process_of_its_own(_stock)
    for module in [each for each in sys.modules if each.partition(".")[0] in PACKAGES]:
        del sys.modules[module]
    for line in sys.stdin:
        words, decoys, version = json.loads(line)
        print(json.dumps(_in_process_of_its_own(_ours, words, decoys, version, stock)), flush=True)


def _in_process_of_its_own(function: Any, *arguments: Any) -> Any:
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            result = function(*arguments)
        except BaseException:
            result = {"error": traceback.format_exc()}
        with os.fdopen(writing, "w") as file:
            json.dump(result, file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        result = json.load(file)
    os.wait()
    return result


def _stock() -> Any:
    from fastapi import APIRouter, FastAPI

    from tests.next_fastapi.app import answers, make

    with tempfile.TemporaryDirectory() as directory:
        return answers(make(FastAPI, APIRouter, [], Path(directory)))


def _ours(words: list[str], decoys: bool, version: str | None, stock: Any) -> Any:
    if words:
        rename(words, decoys=decoys)
    fastapi = importlib.import_module("fastapi")
    vars(fastapi)["__version__"] = version or fastapi.__version__
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("fastapi_fastdeps").addHandler(handler)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from fastapi_fastdeps import FastDepsAPI, FastDepsRouter, explain
    from tests.harness.hops import everything
    from tests.next_fastapi.app import Ran, answers, make

    class InlineAPI(FastDepsAPI):
        def __init__(self, **options: Any) -> None:
            super().__init__(classifier=everything, **options)

    ran: Ran = []
    with tempfile.TemporaryDirectory() as directory:
        app = make(InlineAPI, FastDepsRouter, ran, Path(directory))
        ours = json.loads(json.dumps(answers(app)))
    return {
        "error": "",
        "differences": [pair for pair in zip(stock, ours, strict=True) if pair[0] != pair[1]],
        "said": said,
        "inline": sorted({name for name, where in ran if where == "loop"}),
        "threaded": sorted({name for name, where in ran if where == "thread"}),
        "lanes": sorted({(route.lane, route.why) for route in explain(app)}),
    }


if __name__ == "__main__":
    main()
