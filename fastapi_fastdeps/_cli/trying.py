"""`fastdeps try`: what moving would do, before one line is changed."""

import json
import math
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from threading import Timer
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from fastapi_fastdeps._cli.apps import NotFoundError
from fastapi_fastdeps._cli.projects import Project, injected, project, starting

STOCK, MODES = "stock", ("stock", "unmarked", "harmless", "inline")
_ROUNDS = 7
_SECONDS_OF_A_ROUND = 0.04
_MANY = 200
_PATHS_LOOKED_AT = 20


@dataclass(slots=True)
class Measured:
    """One path in one mode.

    Attributes:
        raised: the name of the exception that the app let the server have, when it had answered.
        seconds: a request takes, one for each round.
        error: why there is nothing else, empty if there is.
    """

    status: int = 0
    raised: str = ""
    body: str | None = None
    hops: int = 0
    lane: str = ""
    seconds: list[float] = field(default_factory=list[float])
    error: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def answer(self) -> str:
        return f"{self.status} and {self.raised}" if self.raised else str(self.status)


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was seen: by path, then by mode, and why a mode has nothing."""

    paths: dict[str, dict[str, Measured]]
    failed: dict[str, str]

    def gain(self, mode: str) -> float | None:
        """How many times faster, on the geometric mean."""
        ratios = [
            modes[STOCK].median / modes[mode].median
            for modes in self.paths.values()
            if mode in modes and not modes[mode].error
        ]
        return math.exp(statistics.fmean(map(math.log, ratios))) if ratios else None

    def differences(self) -> Iterator[str]:
        """What is answered otherwise than by FastAPI."""
        for path, modes in self.paths.items():
            stock = modes[STOCK]
            if stock.error:
                continue
            for mode, seen in modes.items():
                if seen.error:
                    yield f"{path}, {mode}: {seen.error}"
                elif seen.answer != stock.answer:
                    yield f"{path}, {mode}: {seen.answer} instead of {stock.answer}"
                elif stock.body and seen.body and stock.body != seen.body:
                    yield f"{path}, {mode}: another body"

    def left_out(self) -> Iterator[str]:
        """What can't be compared, for FastAPI does not answer it either."""
        for path, modes in self.paths.items():
            if modes[STOCK].error:
                yield f"{path}: {modes[STOCK].error}"

    @property
    def is_same(self) -> bool:
        """Whether every mode starts, and answers something, as FastAPI does."""
        compares = any(not modes[STOCK].error for modes in self.paths.values())
        return compares and not self.failed and not any(self.differences())


class _Process:
    """An app in one mode."""

    def __init__(
        self,
        there: Project,
        mode: str,
        app: str | None,
        headers: Sequence[tuple[str, str]],
        patience: float,
    ) -> None:
        """`patience`: how many seconds it has to start."""
        asked = json.dumps({"app": app, "mode": mode, "headers": headers})
        # Nobody reads what an app says while it serves, and a pipe that is full would hold it up.
        self._errors = TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            with starting(there.python):
                self._process = subprocess.Popen(
                    [there.python, injected("fastdeps_measuring.py"), asked],
                    env=there.environment(FASTDEPS_TRY=mode),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    text=True,
                )
        except BaseException:
            self._errors.close()
            raise
        self.says = self._started(patience)

    def _started(self, patience: float) -> dict[str, Any]:
        has_ended_waiting = False

        def end_waiting() -> None:
            nonlocal has_ended_waiting
            has_ended_waiting = True
            self._process.kill()

        timer = Timer(patience, end_waiting)
        timer.start()
        try:
            said = self._read()
        finally:
            timer.cancel()
        if has_ended_waiting:
            return {"error": f"The app has not started within {patience:g} s."}
        return said

    def ask(self, path: str, count: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"path": path, "count": count}) + "\n")
            self._process.stdin.flush()
        except OSError:
            return {"error": self._last_words()}
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else {"error": self._last_words()}

    def _last_words(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        ended = f"The process of the app has ended with exit code {code}"
        return f"{ended}: {lines[-1]}" if lines else f"{ended}."

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def measure(
    app: str | None,
    paths: Sequence[str],
    *,
    headers: Sequence[tuple[str, str]] = (),
    python: str | None = None,
    patience: float = 120,
    tell: Callable[[str], object] = lambda _: None,
) -> Measurements:
    """Make requests to an app in each mode, in turn, so that all see the same machine.

    Without paths, those of GET routes that need none of their own. `patience`: how many seconds
    the app has to start, in each mode after the one before: it may make a database when it does.
    `tell` is told what is being done. Raises `NotFoundError`.
    """
    with project(python) as there, ExitStack() as stack:
        running: dict[str, _Process] = {}
        failed: dict[str, str] = {}
        for mode in MODES:
            tell(f"Starting the app, {mode}")
            process = _Process(there, mode, app, headers, patience)
            stack.callback(process.close)
            if "error" not in process.says:
                running[mode] = process
            elif mode == STOCK:
                raise NotFoundError(process.says["error"])
            else:
                failed[mode] = process.says["error"]
        given = paths or running[STOCK].says["paths"][:_PATHS_LOOKED_AT]
        if not given:
            raise NotFoundError("Name a path: no GET route goes without a parameter in its path.")
        seen: dict[str, dict[str, Measured]] = {}
        for number, path in enumerate(given, 1):
            tell(f"Asking for {path}, {number} of {len(given)}")
            seen[path] = _measured(running, path)
        return Measurements(seen, failed)


def _measured(running: dict[str, _Process], path: str) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    counts: dict[str, int] = {}
    for mode, process in running.items():
        said = process.ask(path, 0)
        if "error" in said:
            found[mode] = Measured(error=said["error"])
            if mode == STOCK:
                return found
            continue
        counts[mode] = max(1, min(_MANY, int(_SECONDS_OF_A_ROUND / said["seconds"])))
        found[mode] = Measured(
            said["status"], said["raised"], said["body"], said["hops"], said["lane"]
        )
    for _ in range(_ROUNDS):
        for mode, count in counts.items():
            said = running[mode].ask(path, count)
            if "error" in said:
                found[mode].error = said["error"]
            else:
                found[mode].seconds.append(said["seconds"])
    return found


def show_measurements(console: Console, seen: Measurements) -> None:
    """A table, the gain of each mode, and what differs."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("GET", overflow="fold")
    table.add_column("status", justify="right")
    for mode in MODES:
        if mode not in seen.failed:
            table.add_column(f"{mode} µs", justify="right")
            table.add_column("hops", justify="right")
            if mode != STOCK:
                table.add_column("lane")
    for path, modes in seen.paths.items():
        stock = modes[STOCK]
        cells = [Text(path), Text(str(stock.status or "-"))]
        for mode in MODES:
            if mode not in seen.failed:
                cells += _cells(mode, modes.get(mode), stock)
        table.add_row(*cells)
    console.print(table)
    console.print()
    for mode in MODES[1:]:
        if mode in seen.failed:
            console.print(Text(f"{mode:9} does not start: {seen.failed[mode]}", style="red"))
        elif (gain := seen.gain(mode)) is not None:
            console.print(Text(f"{mode:9} {gain:.2f} times as fast, on the geometric mean"))
    different = list(seen.differences())
    for line in different:
        console.print(Text(f"differs   {line}", style="red"))
    for line in seen.left_out():
        console.print(Text(f"left out  {line}", style="yellow"))
    if seen.is_same:
        console.print(Text("Nothing differs but the time.", style="green"))
    console.print(Text(_WHAT_IS_WHAT, style="dim"))


_WHAT_IS_WHAT = (
    "unmarked: FastDepsAPI as it is. harmless: inline where the source shows that nothing can "
    "block. inline: everything sync on the event loop, a bound and no advice."
)


def _cells(mode: str, seen: Measured | None, stock: Measured) -> list[Text]:
    if seen is None or seen.error or not seen.seconds:
        return [Text("-")] * (2 if mode == STOCK else 3)
    colour = "green" if seen.median < stock.median * 0.95 else ""
    cells = [Text(f"{seen.median * 1e6:.0f}", style=colour), Text(str(seen.hops))]
    return cells if mode == STOCK else [*cells, Text(seen.lane)]


@dataclass(frozen=True, slots=True)
class TestRun:
    """How a command ended, and its tests, if it was pytest that ran."""

    exit_code: int
    outcomes: dict[str, tuple[str, str]] | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A command on FastAPI's classes and on ours."""

    stock: TestRun
    ours: TestRun

    def differences(self) -> Iterator[tuple[str, str, str, str]]:
        """The tests that end otherwise: name, outcome there, outcome here, what it says here."""
        stock, ours = self.stock.outcomes or {}, self.ours.outcomes or {}
        for name in dict.fromkeys((*stock, *ours)):
            there, here = stock.get(name, ("missing", "")), ours.get(name, ("missing", ""))
            if there[0] != here[0]:
                yield name, there[0], here[0], here[1] or there[1]

    @property
    def is_same(self) -> bool:
        return self.stock.exit_code == self.ours.exit_code and not any(self.differences())


def compare(command: Sequence[str], *, mode: str, python: str | None = None) -> Compared:
    """Run a command on stock classes, then in a mode. Raises `NotFoundError`."""
    with project(python) as there, TemporaryDirectory() as folder:
        return Compared(
            _run(there, command, STOCK, Path(folder)), _run(there, command, mode, Path(folder))
        )


def _run(there: Project, command: Sequence[str], mode: str, folder: Path) -> TestRun:
    file = folder / f"{mode}.json"
    variables = there.environment(FASTDEPS_TRY=mode, FASTDEPS_TRY_OUTCOMES=str(file))
    variables["PYTEST_ADDOPTS"] = f"{variables.get('PYTEST_ADDOPTS', '')} -p fastdeps_outcomes"
    program = there.program(command)
    with starting(command[0]):
        ended = subprocess.run(program, env=variables, check=False)
    outcomes = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    return TestRun(ended.returncode, outcomes)


_RULE = 80
"""How wide a line across is where a line may have any width, as in a pipe."""


def show_comparison(console: Console, seen: Compared, mode: str) -> None:
    """How many tests there were, and by name what differs."""
    console.print(Rule(f"stock and {mode}"), width=min(console.width, _RULE))
    if seen.stock.outcomes is None:
        codes = f"{seen.stock.exit_code} on FastAPI's classes, {seen.ours.exit_code} on ours"
        console.print(Text(f"No pytest was seen. Exit code {codes}."))
        return
    different = list(seen.differences())
    style = "red" if different else "green"
    console.print(Text(f"{len(seen.stock.outcomes)} tests, {len(different)} differ", style=style))
    for name, there, here, says in different:
        console.print(Text(f"{name}: {there} on FastAPI's classes, {here} on ours", style="bold"))
        console.print(Text("    " + (says.strip().splitlines() or [""])[0]))
