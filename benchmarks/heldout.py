"""`python -m benchmarks.heldout module:app [NAME...]`: what `fastdeps check` tells of each sync
callable of an application, were all of them inline, and what is left to be read by hand.

It runs in the application's environment, with this package on its path. Printed are what blocks by
`check`, with the way there, and the source of all else. The names are those which were judged
otherwise by hand; of them and the rest it counts.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi_fastdeps import everything
from fastapi_fastdeps._cli.apps import find_app
from fastapi_fastdeps._cli.checking.blocking import blocking_calls
from fastapi_fastdeps._cli.checking.calls import functions_of
from fastapi_fastdeps._cli.checking.table import names_that_block
from fastapi_fastdeps._cli.overview import dry_run
from fastapi_fastdeps._reading.once import one_question
from fastapi_fastdeps.explanation import CallRecord, Explanation


@dataclass(frozen=True)
class Seen:
    """A callable, and what it calls that blocks, with the way there; empty for nothing."""

    call: CallRecord
    blocks: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("app")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    # An application may read them as its own.
    sys.argv = sys.argv[:1]
    found = dry_run(find_app(options.app), everything)
    seen = list(callables(found))
    for each in seen:
        told = each.blocks or source_of(each.call)
        print(f"--- {each.call.name}, {each.call.role}, {each.call.location}\n{told}")
    blocks = sum(bool(each.blocks) for each in seen)
    wrong = sum(bool(each.blocks) and each.call.name in options.names for each in seen)
    missed = sum(not each.blocks and each.call.name in options.names for each in seen)
    print(f"{len(found.routes)} routes, {len(seen)} callables, {blocks} found, ", end="")
    print(f"{wrong} of these wrong, {missed} missed")


def callables(found: Explanation) -> Iterator[Seen]:
    """Each sync callable once for each role."""
    known: set[tuple[object, ...]] = set()
    with one_question():
        for call in (call for route in found for call in route.calls):
            key = call.name, call.location, call.role
            if call.execution == "async" or call.candidate is None or key in known:
                continue
            known.add(key)
            yield Seen(call, _told(call.candidate.call))


def _told(call: Any) -> str:
    for name, each in blocking_calls(call, names_that_block()):
        return f"{name} {' < '.join(f'{file}:{line}' for file, line in each.places)}"
    return ""


def source_of(call: CallRecord) -> str:
    """What is to be read, without its documentation."""
    assert call.candidate is not None
    called = call.candidate.call
    functions = [function for function, _ in functions_of(called)]
    try:
        text = inspect.getsource(functions[0] if functions else called)
    except (OSError, TypeError):
        return ""
    return re.sub(r'\n *"""[\s\S]*?"""', "", text)


if __name__ == "__main__":
    main()
