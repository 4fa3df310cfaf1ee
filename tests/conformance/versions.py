"""The FastAPI releases whose suites are run, and the dependencies they are run with.

This is the one list of what is tested: the documentation is made from it, and so is what CI
runs.
"""

from dataclasses import dataclass
from datetime import date

from fastapi_fastdeps._fastapi.versions import FAST_LANE

NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Release:
    """A FastAPI release; `as_of` is the day whose dependencies its suite needs.

    Suites turn warnings into errors, so what is deprecated after the day of the release
    fails them. `None`: today's dependencies.
    """

    version: str
    as_of: date | None = None

    @property
    def has_fast_lane(self) -> bool:
        return self.version in FAST_LANE


RELEASES = (
    Release("0.115.0", date(2024, 9, 18)),
    Release("0.115.14", date(2025, 6, 27)),
    Release("0.116.2", date(2025, 9, 17)),
    Release("0.117.1", date(2025, 9, 21)),
    Release("0.118.3", date(2025, 10, 11)),
    Release("0.119.1", date(2025, 10, 21)),
    Release("0.120.4", date(2025, 11, 1)),
    Release("0.121.3", date(2025, 11, 20)),
    Release("0.122.1", date(2025, 12, 1)),
    Release("0.123.10", date(2025, 12, 6)),
    Release("0.124.4", date(2025, 12, 13)),
    Release("0.125.0", date(2025, 12, 18)),
    Release("0.126.0", date(2025, 12, 21)),
    Release("0.127.1", date(2025, 12, 27)),
    Release("0.128.8", date(2026, 2, 12)),
    Release("0.129.2", date(2026, 2, 22)),
    Release("0.130.0", date(2026, 2, 23)),
    Release("0.131.0", date(2026, 2, 23)),
    Release("0.132.1", date(2026, 2, 25)),
    Release("0.133.1", date(2026, 2, 26)),
    Release("0.134.0", date(2026, 2, 28)),
    Release("0.135.4", date(2026, 4, 17)),
    Release("0.136.3", date(2026, 5, 24)),
    Release("0.137.2", date(2026, 6, 19)),
    Release("0.138.2", date(2026, 6, 30)),
    Release("0.139.2", date(2026, 7, 17)),
    Release("0.140.13", date(2026, 7, 29)),
    Release("0.141.1", date(2026, 7, 30)),
    Release("0.142.4", date(2026, 10, 8)),
    Release("0.143.5", date(2026, 10, 19)),
    Release("0.144.0", date(2026, 10, 19)),
    Release("0.145.0", date(2026, 10, 19)),
    Release("0.146.0", date(2026, 10, 19)),
    Release("0.147.0", date(2026, 10, 20)),
    Release("0.148.0", date(2026, 10, 20)),
    Release("0.149.0", date(2026, 10, 20)),
    Release("0.150.0", date(2026, 10, 20)),
    Release("0.151.0", date(2026, 10, 21)),
    Release("0.152.0", date(2026, 10, 21)),
    Release("0.153.0", date(2026, 10, 21)),
    Release("0.154.0", date(2026, 10, 21)),
    Release("0.155.0", date(2026, 10, 21)),
    Release("0.156.8", date(2026, 10, 22)),
    Release("0.157.0", date(2026, 10, 22)),
    Release("0.158.2", date(2026, 10, 22)),
    Release("0.159.1", date(2026, 10, 22)),
    Release("0.160.0", date(2026, 10, 23)),
    Release("0.161.1", date(2026, 10, 23)),
    Release("0.162.7", date(2026, 11, 14)),
    Release("0.163.2", date(2026, 11, 18)),
    Release("0.164.0", date(2026, 11, 19)),
    Release("0.165.0"),
)
"""The oldest, and the last of each minor version."""

EVERY_RUN = ("0.115.0", "0.128.8", "0.141.1", "0.165.0")
"""What CI runs: the oldest, the newest, and two between, before and after FastAPI began to
keep the routers that are included."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A package that FastAPI stands on, in the lowest or the newest version that it allows.

    `version` is `None` for today's of all of them.
    """

    fastapi: str
    name: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name

    @property
    def combination(self) -> str:
        return f"{self.fastapi} with {self}"


COMPANIONS = (
    Companion("0.165.0", "pydantic", "2.9.0"),
    Companion("0.165.0", "starlette", "1.6.0"),
    Companion("0.165.0", "anyio", "4.1.0"),
    # FastAPI 0.115 allows Pydantic 1.7.4, but 1.10 is the first that runs on Python 3.11.
    Companion("0.115.0", "pydantic", "1.10.0"),
    Companion("0.115.0", "starlette", "0.37.2"),
    Companion("0.115.0", "anyio", "3.4.0"),
    Companion("0.115.0", "the newest"),
)
"""The lowest that the oldest and the newest release allow. The newest release has today's
anyway; the oldest has those of its day in its own row."""


def release(version: str, as_of: date | None = None) -> Release:
    """The release of that version, with its own day unless another is given."""
    known = {each.version: each for each in RELEASES}
    if as_of is None and version in known:
        return known[version]
    return Release(version, as_of)
