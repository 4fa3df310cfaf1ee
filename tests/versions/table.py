"""The results, kept as data, and the page of the documentation that is made of them."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi_fastdeps._fastapi.versions import FAST_LANE, NEWEST, OLDEST, parse
from tests.conformance.versions import COMPANIONS, EVERY_RUN, RELEASES
from tests.harness.commands import REPOSITORY

RESULTS = REPOSITORY / "docs" / "versions.json"
PAGE = REPOSITORY / "docs" / "versions.md"

COLUMNS = ("fast lane", "fastapi lane")

INTRODUCTION = """\
# Versions

<!-- Made by `python -m tests.versions`, of docs/versions.json. -->

FastAPI {oldest} and newer. Tested are the oldest and the last of each minor version:

- **served**: an app with routes of every kind (direct, included, nested, WebSocket,
  frontend, `yield`, overrides, forms, errors) answers as with FastAPI's own classes,
  with everything sync inline.
- **its own suite**, from the sdist, with dependencies as of the day of the release: how
  it ends with `FastDepsAPI` and `FastDepsRouter` in the fast lane and in FastAPI's, and
  how many tests end otherwise than with FastAPI's own classes, which are asked about what
  does not pass, one test after the other. What fails or differs is run again in the same
  way, and counts as it ends then.
- in bold: what CI runs every time ({every_run}).

The fast lane is on where each function of FastAPI and Starlette that it stands in for is, by its
content, one that the suite was passed with, whatever the number of the release says. Where one is
another, routes take FastAPI's lane: slower, with inline calls as ever. What a newer FastAPI has
renamed is left to FastAPI itself. One line of the log (`fastapi_fastdeps`, when the package is
imported) says which functions have changed and what that makes slower; `explain` says it for each
route.

Then look for a newer fastapi-fastdeps, or pin FastAPI to {newest}. `FASTAPI_FASTDEPS_LANE=fast` in
the environment has the fast lane nonetheless, at your own risk: where FastAPI now does something
else in one of these functions, an authentication included, the fast lane still does what it did.
Run your tests in both lanes first. `FASTAPI_FASTDEPS_LANE=fastapi` keeps every route out of it.

| FastAPI | dependencies as of | served | suite, fast lane | suite, FastAPI's lane |
|---|---|---|---|---|"""

COMPANIONS_INTRODUCTION = """
What FastAPI stands on, at its lowest and newest (this package's tests need the newest
FastAPI, and are there those that need nothing else):

| FastAPI | with | served | this package's tests |
|---|---|---|---|"""

Results = dict[str, dict[str, Any]]


def read_results() -> Results:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def keep(name: str, **found: Any) -> None:
    """Write down what was found of a version, and make the page anew."""
    results = read_results()
    results.setdefault(name, {}).update(found)
    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(results))


def page(results: Results) -> str:
    introduction = INTRODUCTION.format(oldest=OLDEST, newest=NEWEST, every_run=", ".join(EVERY_RUN))
    lines = [introduction]
    for release in reversed(RELEASES):
        found = results.get(release.version, {})
        name = f"**{release.version}**" if release.version in EVERY_RUN else release.version
        day = str(release.as_of or "today")
        is_proven = release.version in FAST_LANE
        fast: Any = found.get("fast lane", "") if is_proven else _without_suite(found)
        cells = (name, day, found.get("served", ""), fast, found.get("fastapi lane", ""))
        lines.append(f"| {' | '.join(cells)} |")
    lines += _releases(results)
    for release in reversed(RELEASES):
        lines += _details(release.version, results.get(release.version, {}))
    lines.append(COMPANIONS_INTRODUCTION)
    for each in COMPANIONS:
        found = results.get(each.combination, {})
        cells = (each.fastapi, str(each), found.get("served", ""), found.get("tests", ""))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _without_suite(found: Mapping[str, Any]) -> str:
    """Whether the fast lane is on in a release whose suite was not run in it."""
    return "not run; on by content" if found.get("unproven") == [] else "-"


def _releases(results: Results) -> Iterator[str]:
    """In which releases the fast lane is on, of those that were asked."""
    asked = {version: each["unproven"] for version, each in results.items() if "unproven" in each}
    if not asked:
        return
    oldest, *_, newest = sorted(asked, key=lambda version: parse(version) or ())
    off = {version: found for version, found in asked.items() if found}
    yield (
        f"\nOf the {len(asked)} releases from {oldest} to {newest}, the fast lane is on in "
        f"{len(asked) - len(off) if off else 'each'}, with today's Starlette "
        "(`python -m tests.versions --releases`)" + (", and is off in:\n" if off else ".")
    )
    for version in sorted(off, key=lambda version: parse(version) or ()):
        yield f"- {version}, which has another {', '.join(f'`{each}`' for each in off[version])}"


def _details(version: str, found: Mapping[str, Any]) -> Iterator[str]:
    for column in COLUMNS:
        if different := found.get(f"different in the {column}"):
            yield f"\nDifferent in {version}, {column}:\n"
            yield from (f"- {difference}" for difference in different)
    if failing := found.get("failing in stock"):
        yield f"\nFailing in {version} with FastAPI's own classes too:\n"
        yield from (f"- `{test}`" for test in failing)


def write_page() -> None:
    PAGE.write_text(page(read_results()))


def described(found: Mapping[str, Any]) -> str:
    """What the app of `tests.next_fastapi` says, in a few words."""
    if found["error"]:
        return f"failed: {found['error'].splitlines()[-1]}"
    if found["differences"]:
        return f"{len(found['differences'])} answers differ"
    return (
        f"the same, threaded: {', '.join(found['threaded'])}" if found["threaded"] else "the same"
    )
