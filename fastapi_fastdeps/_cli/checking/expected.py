"""What runs where, in a file that is kept, for `fastdeps check --expect`."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps._cli.changes import writing
from fastapi_fastdeps.explanation import Explanation


def write_expected(file: Path, found: Explanation) -> None:
    """Raises `NotFoundError` where it can't be written."""
    with writing(file):
        file.write_text(json.dumps(_state(found), indent=1) + "\n", encoding="utf-8")


def changes(file: Path, found: Explanation) -> Iterator[str]:
    """What is not as the file says. Raises `NotFoundError` where it can't be read."""
    expected = _read(file)
    now = _state(found)
    for route in dict.fromkeys((*expected, *now)):
        before, after = expected.get(route, {}), now.get(route, {})
        for name in dict.fromkeys((*before, *after)):
            was, runs = before.get(name, "not there"), after.get(name, "not there")
            if was != runs:
                yield f"{route}: {name} was {was}, is {runs}"


def _read(file: Path) -> dict[str, dict[str, str]]:
    try:
        return _EXPECTED.validate_json(file.read_bytes())
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it does not say what runs where"
        raise NotFoundError(f"{file} can't be read: {why}. Write it with --update.") from error


_EXPECTED = TypeAdapter(dict[str, dict[str, str]])


def _state(found: Explanation) -> dict[str, dict[str, str]]:
    return {
        f"{' '.join(route.methods) or route.kind} {route.path}": {
            call.name: call.execution for call in route.calls
        }
        for route in found
    }
