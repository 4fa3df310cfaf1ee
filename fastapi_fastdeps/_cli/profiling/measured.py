"""What the processes of a command have measured, as one."""

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

Part = Literal["call", "enter", "exit", "next", "validation"]
Where = Literal["threaded", "inline"]


@dataclass(slots=True)
class Times:
    """Durations in seconds.

    Attributes:
        total: all of them together.
        counts: how many there were of each.
    """

    total: float = 0.0
    counts: Counter[float] = field(default_factory=Counter[float])

    @property
    def count(self) -> int:
        return self.counts.total()

    def quantile(self, share: float) -> float:
        """What that share of them does not exceed, 0 if there are none."""
        left = math.ceil(share * self.count)
        for seconds in sorted(self.counts):
            left -= self.counts[seconds]
            if left <= 0:
                return seconds
        return 0.0

    @property
    def p50(self) -> float:
        return self.quantile(0.5)

    @property
    def p99(self) -> float:
        return self.quantile(0.99)

    def add(self, data: Mapping[str, Any]) -> None:
        """What a process has written."""
        self.total += data["total"] / 1e9
        for nanoseconds, count in data["counts"]:
            self.counts[nanoseconds / 1e9] += count

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Self:
        given = list(seconds)
        return cls(sum(given), Counter(given))


@dataclass(slots=True)
class Measured:
    """One part of a callable where it runs.

    Attributes:
        requests: in how many requests it was called.
        wall: of each call, without what its thread stood in line for a processor if it waited for
            nothing else and the system tells.
        cpu: of it, when its thread ran.
        waited: of it, when it did not.
        idle: of it, when no thread of its process ran.
        queued: until a call that was sent to a thread had begun there.
        way: what going to a thread and coming back took, apart from the call.
    """

    part: Part
    where: Where
    requests: int = 0
    wall: Times = field(default_factory=Times)
    cpu: Times = field(default_factory=Times)
    waited: Times = field(default_factory=Times)
    idle: Times = field(default_factory=Times)
    queued: Times = field(default_factory=Times)
    way: Times = field(default_factory=Times)

    @property
    def calls(self) -> int:
        return self.wall.count

    @property
    def busy(self) -> float:
        """The share of the time in which it ran."""
        return min(self.cpu.total / self.wall.total, 1.0) if self.wall.total else 1.0


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a callable besides times.

    Attributes:
        name: by which a file of decisions finds it, `None` if none does.
        definition: the qualified name of what is written at its file and line.
        is_own: whether it is not in an installed package.
        mark: what it is marked, `inline` or `threaded`, by a decorator or by inheritance.
        is_base: whether classes derive from it.
        is_wrapper: whether it is what a decorator made.
        is_read: whether its source could be read.
        blocks: what it calls that blocks: name, file and line.
        unread: why nothing of this is known, empty if it is.
    """

    module: str
    qualname: str
    name: str | None = None
    file: str | None = None
    line: int | None = None
    definition: str | None = None
    is_own: bool = False
    mark: str | None = None
    is_class: bool = False
    is_base: bool = False
    is_wrapper: bool = False
    is_read: bool = False
    blocks: tuple[tuple[str, str, int], ...] = ()
    unread: str = ""

    @property
    def location(self) -> str | None:
        return None if self.file is None else f"{self.file}:{self.line}"


@dataclass(slots=True)
class Callable:
    """A callable in one role, with its parts.

    Attributes:
        role: what FastAPI or Starlette calls it for.
    """

    source: Source
    role: str
    parts: dict[tuple[Part, Where], Measured] = field(
        default_factory=dict[tuple[Part, Where], Measured]
    )

    @property
    def calls(self) -> int:
        """How often it was called, or entered."""
        return max((each.calls for each in self.parts.values()), default=0)

    @property
    def wheres(self) -> set[Where]:
        return {where for _, where in self.parts}


@dataclass(slots=True)
class Profile:
    """What a command's processes have measured.

    Attributes:
        processes: how many had an app that was asked for something.
        requests: how many their apps were asked, WebSockets included.
        others: how often something went to a thread that FastAPI does not decide about.
        is_plain: whether one of these apps is a `FastAPI`, in which marks have no effect.
    """

    processes: int = 0
    requests: int = 0
    others: int = 0
    is_plain: bool = False
    callables: list[Callable] = field(default_factory=list[Callable])


def profile_of(folder: Path) -> Profile:
    """What is in the files of a folder, merged. A process that asked nothing is left out."""
    profile = Profile()
    found: dict[tuple[str, ...], Callable] = {}
    for data in _processes(folder):
        if not data["requests"]:
            continue
        profile.processes += 1
        profile.requests += data["requests"]
        profile.others += data["others"]
        profile.is_plain = profile.is_plain or data["is_plain"]
        for row in data["callables"]:
            key = (row["module"], row["qualname"], row["role"], row.get("definition") or "")
            if key not in found:
                found[key] = Callable(_source(row), row["role"])
            _merge(found[key], row)
    profile.callables = list(found.values())
    return profile


def _processes(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("process-*.json")):
        yield json.loads(file.read_text(encoding="utf-8"))


def _merge(into: Callable, row: Mapping[str, Any]) -> None:
    key = row["part"], row["where"]
    measured = into.parts.setdefault(key, Measured(*key))
    measured.requests += row["requests"]
    for name in ("wall", "cpu", "waited", "idle", "queued", "way"):
        getattr(measured, name).add(row[name])


def _source(row: Mapping[str, Any]) -> Source:
    known = {name: row[name] for name in Source.__dataclass_fields__ if name in row}
    blocks = tuple((name, file, line) for name, file, line in known.pop("blocks", ()))
    return Source(**known, blocks=blocks)
