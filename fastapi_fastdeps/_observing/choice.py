"""Whether an app has a guard: what it was given, what the environment says, how it was started."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fastapi_fastdeps import _watching
from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps.guarding import Guard, GuardError

GUARD_VARIABLE: Final = "FASTAPI_FASTDEPS_GUARD"
_GUARDS: Final = {"": None, "0": None, "1": Guard(), "raise": Guard(mode="raise")}
_COMMANDS: Final = ("fastapi", "fastapi.exe", "fastapi-script.py")
_MODULES: Final = ("fastapi", "fastapi_cli")

_everywhere: Observed | None = None


def guard_of(given: Guard | bool | None) -> Guard | None:
    """The guard of an app that was given this, `None` for none.

    Raises `GuardError` where the environment asks for something else than a guard.
    """
    if isinstance(given, Guard):
        return given
    if given is not None:
        return Guard() if given else None
    asked = os.environ.get(GUARD_VARIABLE)
    if asked is None:
        return Guard() if is_developed() else None
    try:
        return _GUARDS[asked]
    except KeyError:
        raise GuardError(
            f'{GUARD_VARIABLE}={asked} asks for no guard: set it to "1", "raise" or "0".'
        ) from None


def is_developed() -> bool:
    """Whether this process, or the one that has started it to serve the app, is `fastapi dev`."""
    if not sys.argv:
        return False
    command = Path(sys.argv[0])
    is_fastapis = command.name in _COMMANDS or (
        command.name == "__main__.py" and command.parent.name in _MODULES
    )
    subcommands = [each for each in sys.argv[1:] if not each.startswith("-")]
    return is_fastapis and subcommands[:1] == ["dev"]


def observer_everywhere() -> Observed | None:
    """Who is told of the calls of apps that have no guard of their own."""
    return _everywhere


@contextmanager
def guarded_everywhere(guard: Guard) -> Generator[None]:
    """Have every app that has no guard of its own be guarded by this one meanwhile."""
    global _everywhere
    before, _everywhere = _everywhere, Observed(guard)
    _watching.changed()
    try:
        yield
    finally:
        _everywhere = before
        _watching.changed()
