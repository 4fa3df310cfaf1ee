"""`docs/neighbours.md`, made from the results."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.harness.commands import REPOSITORY
from tests.neighbours.results import Result, Results, SuiteResult

FILE = REPOSITORY / "docs" / "neighbours.md"

INTRODUCTION = """\
# Neighbours

What people use beside FastAPI, each run for real with `FastDepsAPI`, with inline and threaded
dependencies and endpoints in the app. Each test checks what the neighbour promises, and where
the sync callables ran; most run with stock FastAPI as well, so that the promise is FastAPI's.

"""

APPS = """
Gradio, MLflow, NiceGUI, Prefect, stac-fastapi and titiler make FastAPI apps themselves. Each is
served with FastAPI's classes, with ours, which stand in their place when `fastapi` is imported, and
with ours and everything inline: it answers alike, with no hop more and, inline, with fewer. `stock`
is the lane of Starlette's own routes, and of an app that is mounted and stayed FastAPI's. weft, a
queue of tasks in processes, has no FastAPI in it."""

OTHERS = """
Of Gradio 6.25.0's suite it is what mounts and serves apps without the network; of MLflow 3.7.0's
its agent server (tests of its tracking server need the rest of the suite); of NiceGUI 3.15.0's what
needs no browser; of titiler 2.2.1's the core and the application. Those of fastapi-mcp 0.4.0 and
stac-fastapi 6.5.0 are whole. titiler's `test_mosaic_auth_error` needs the network. Of Prefect's, as
it was at 3.8.4.dev6, it is its server's routes of logs, saved searches, CSRF tokens and variables,
its middleware and its root, with Prefect 3.9.1 on SQLite. Its other routes' tests take long and
were not compared; PostgreSQL, Redis and Docker were not tried.

The sdists of fastapi-cache2, fastapi-limiter, prometheus-fastapi-instrumentator, slowapi, sqladmin
and strawberry-graphql have no tests; what granian, hypercorn, Mangum, Starlette and uvicorn test
does not use FastAPI. gunicorn's sdist has tests of a FastAPI app that is served in a Docker
container; they are not run."""


def write(results: Results, file: Path = FILE) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text("\n".join(_lines(results)) + "\n")


def _lines(results: Results) -> Iterator[str]:
    yield INTRODUCTION + (
        f"Tested on Python {results.python}, FastAPI {results.fastapi} and Starlette "
        f"{results.starlette}.\nMade by `python -m tests.neighbours`.\n"
    )
    yield _row(("Neighbour", "Works", "Tested version", "Lane", "Caveat"))
    yield _row(("---",) * 5)
    for result in results.neighbours.values():
        works = "yes" if result.works else "no"
        yield _row((result.name, works, result.version, ", ".join(result.lanes), result.caveat))
    yield APPS
    yield from _failures(results.neighbours.values())
    yield from _suites(results.neighbours.values())


def _failures(results: Iterable[Result]) -> Iterator[str]:
    failures = [result for result in results if not result.works]
    if failures:
        yield "\n## What does not work\n"
    for result in failures:
        yield f"- {result.name}"
        yield from (f"    - `{test}`" for test in result.failed)


def _suites(results: Iterable[Result]) -> Iterator[str]:
    yield "\n## Their own test suites\n"
    yield (
        "The part of the neighbour's suite that uses FastAPI, from its sdist or, where that has\n"
        "no tests, from its repository, with `FastAPI` and `APIRouter` replaced before the tests\n"
        "are collected, and the same with FastAPI's own.\n"
    )
    yield _row(("Neighbour", "With FastAPI", "With `FastDepsAPI`", "Different"))
    yield _row(("---",) * 4)
    suites = [(result.name, result.suite) for result in results if result.suite]
    for name, suite in suites:
        if suite.unavailable:
            yield _row((name, "could not be run", "", ""))
        else:
            yield _row(
                (name, _counts(suite.stock), _counts(suite.fastdeps), str(len(suite.different)))
            )
    yield OTHERS
    for name, suite in suites:
        yield from _details(name, suite)


def _details(name: str, suite: SuiteResult) -> Iterator[str]:
    if suite.unavailable:
        yield f"\n{name}'s suite could not be run:\n\n```text\n{suite.unavailable}\n```"
    if suite.different:
        yield f"\nDifferent in {name}'s suite:\n"
        yield from (f"- `{test}`: {how}" for test, how in suite.different.items())
    if suite.failing_in_both:
        yield f"\nFailing in {name}'s suite with FastAPI's own classes too:\n"
        yield from (f"- `{test}`" for test in suite.failing_in_both)


def _counts(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
