"""A program's source, as a tree from which parts can be taken out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

Variant = str


@dataclass(frozen=True)
class Piece:
    """A statement, or the head of a block with its body.

    Attributes:
        head: its text, up to the parts where there are some.
        parts: arguments or parameters, each of which can be left out.
        tail: what follows the parts.
        body: the statements below it.
        kind: what it tries, for the count of what a range of seeds has covered.
        fixed: whether it stays as long as what it is in stays.
        simpler: what can stand in its place.
    """

    head: str
    parts: tuple[str, ...] = ()
    tail: str = ""
    body: "tuple[Piece, ...]" = ()
    kind: str = ""
    fixed: bool = False
    simpler: "tuple[Piece, ...]" = ()

    def lines(self) -> Iterator[str]:
        yield self.head + ", ".join(self.parts) + self.tail
        for piece in self.body:
            for line in piece.lines():
                yield f"    {line}"
        if self.tail.endswith(":") and not self.body:
            yield "    pass"

    def kinds(self) -> Iterator[str]:
        if self.kind:
            yield self.kind
        for piece in self.body:
            yield from piece.kinds()

    def smaller(self) -> "Iterator[Piece]":
        """Each piece that is this one without one of its parts, or of those below it."""
        for body in without_one(self.body):
            yield replace(self, body=body)
        for index in range(len(self.parts)):
            yield replace(self, parts=self.parts[:index] + self.parts[index + 1 :])


def without_one(pieces: tuple[Piece, ...]) -> Iterator[tuple[Piece, ...]]:
    """The same pieces with one thing less, the last first."""
    for index in reversed(range(len(pieces))):
        if not pieces[index].fixed:
            yield pieces[:index] + pieces[index + 1 :]
    for index in reversed(range(len(pieces))):
        if pieces[index].simpler:
            yield pieces[:index] + pieces[index].simpler + pieces[index + 1 :]
        for smaller in pieces[index].smaller():
            yield (*pieces[:index], smaller, *pieces[index + 1 :])


@dataclass(frozen=True)
class Program:
    """What a seed stands for, or what was left of it.

    `variant` names the FastDepsAPI that it is compared with.
    """

    seed: int
    variant: Variant
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        lines = ["async def program(App, Router):"]
        for piece in self.pieces:
            lines += [f"    {line}" for line in piece.lines()]
        return "\n".join([*lines, "    pass", ""])

    def kinds(self) -> Iterator[str]:
        for piece in self.pieces:
            yield from piece.kinds()

    def smaller(self) -> "Iterator[Program]":
        for pieces in without_one(self.pieces):
            yield replace(self, pieces=pieces)
