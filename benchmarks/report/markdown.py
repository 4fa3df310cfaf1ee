"""Tables and numbers as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] + ["---:"] * (len(headings) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def microseconds(number: float) -> str:
    return f"{number:,.0f}"


def tenths(number: float) -> str:
    return f"{number:,.1f}"


def hundredths(number: float) -> str:
    return f"{number:,.2f}"


def small(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def environment_line(environment: Any) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in environment["packages"].items())
    machine = f"{environment['cores']} cores of an {environment['processor']}"
    return (
        f"`{environment['command']}` on {environment['at']}, CPython {environment['python']}, "
        f"{machine}, load {environment['load']:.1f} when it began; {packages}."
    )
