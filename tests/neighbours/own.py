"""Apps that a neighbour makes itself, each in a process in which `fastapi` has other classes."""

import importlib
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.threads import each_hop
from tests.harness.commands import REPOSITORY, run
from tests.harness.injected.fastdeps_conformance.replacement import MODE_VARIABLE
from tests.harness.suites import INJECTED

Request = tuple[str, str, dict[str, Any]]
"""The method, the path, and what else the client is given."""

TIMES = 3
"""How often each request is made: the second has its plan compiled, visits fuse from then on."""


@dataclass(frozen=True, slots=True)
class Served:
    """What came of the requests to an app.

    Attributes:
        answers: the status and the body of each, the last time it was made.
        hops: how many functions went to a thread for it.
        lanes: of its HTTP routes, where the app has our class.
    """

    answers: list[tuple[int, str]]
    hops: list[int]
    lanes: list[str]


def serve_own(module: str, mode: str) -> Served:
    """What the app that `make_own` of the module makes answers to its `OWN_REQUESTS`.

    Its `CHANCE`, a regular expression, is what is another in each process. The mode is one of
    `tests.harness.injected.fastdeps_conformance.replacement`.
    """
    path = os.pathsep.join(map(str, (INJECTED, REPOSITORY)))
    printed = run(
        *(sys.executable, "-m", __name__, module),
        cwd=REPOSITORY,
        variables=os.environ | {MODE_VARIABLE: mode, "PYTHONPATH": path},
    )
    found = json.loads(printed.strip().splitlines()[-1])
    return Served(**found | {"answers": [(status, body) for status, body in found["answers"]]})


def main() -> None:
    # Some apps print as they start, and nothing may be imported before what FastAPI's classes are
    # replaced in.
    module = importlib.import_module(sys.argv[1])
    served = _serve(module.make_own(), module.OWN_REQUESTS, module.CHANCE)
    print("\n" + json.dumps(asdict(served)))


def _serve(app: Any, requests: tuple[Request, ...], chance: str) -> Served:
    from fastapi.testclient import TestClient

    from fastapi_fastdeps import FastDepsAPI, explain

    answers: list[tuple[int, str]] = []
    counts: list[int] = []
    with TestClient(app, base_url="http://localhost") as client:
        for method, path, options in requests:
            for _ in range(TIMES):
                hops: list[object] = []
                with each_hop(hops.append):
                    answer = client.request(method, path, **options)
            answers.append((answer.status_code, re.sub(chance, "*", answer.text)))
            counts.append(len(hops))
    records = explain(app) if isinstance(app, FastDepsAPI) else ()
    lanes = {record.lane for record in records if record.kind == "http"}
    return Served(answers, counts, sorted(lanes))


if __name__ == "__main__":
    main()
