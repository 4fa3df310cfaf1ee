"""Where a checker says something else than the program expects, and why.

One that has gone, because the checker or the package changed, is reported too.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """On the line with this name, `checker` says `codes`: nothing, if there are none."""

    name: str
    checker: str
    reason: str
    codes: frozenset[str] = frozenset()


DIFFERENCES = (
    Difference(
        "lambda-parameter",
        "mypy",
        "The parameter of a lambda is Any where a union with a callback protocol is expected.",
    ),
    Difference(
        "lambda-parameter",
        "ty",
        "The parameter of a lambda is unknown where a callback protocol is expected.",
    ),
    Difference(
        "marker-in-alias",
        "mypy",
        "The metadata of Annotated is not checked. The mistake is a TypeError on import.",
    ),
    Difference(
        "marker-in-alias",
        "pyrefly",
        "The metadata of Annotated is not checked. The mistake is a TypeError on import.",
    ),
    Difference(
        "narrowed-class",
        "ty",
        "Narrowing keeps what was ruled out, `str & ~Page`, which assert_type can't spell.",
        frozenset({"assert-type-unspellable-subtype"}),
    ),
)
