"""The FastAPI releases whose suites are run, and the dependencies they are run with."""

from dataclasses import dataclass
from datetime import date

NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Release:
    """A FastAPI release; `as_of` is the day whose dependencies its suite needs.

    Suites turn warnings into errors, so what is deprecated after the day of the release
    fails them. `None`: today's dependencies.
    """

    version: str
    as_of: date | None = None


RELEASES = (Release("0.165.0"),)


def release(version: str, as_of: date | None = None) -> Release:
    """The release of that version, with its own day unless another is given."""
    known = {each.version: each for each in RELEASES}
    if as_of is None and version in known:
        return known[version]
    return Release(version, as_of)
