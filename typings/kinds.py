"""How each checker names an error of a kind."""

from typings.checkers import CHECKERS

_TABLE = {
    "argument-type": (
        "arg-type list-item",
        "reportArgumentType",
        "invalid-argument-type",
        "bad-argument-type",
    ),
    "assignment": (
        "assignment",
        "reportAssignmentType reportAttributeAccessIssue",
        "invalid-assignment",
        "bad-assignment bad-argument-type",
    ),
    "attribute": (
        "attr-defined",
        "reportAttributeAccessIssue reportUnknownMemberType reportUnknownLambdaType",
        "missing-attribute",
        "missing-attribute",
    ),
    "bound": ("type-var", "reportArgumentType", "invalid-argument-type", "bad-specialization"),
    "deprecated": ("deprecated", "reportDeprecated", "deprecated", "deprecated"),
    "frozen": ("misc", "reportAttributeAccessIssue", "invalid-assignment", "read-only"),
    "lambda": (
        "arg-type misc",
        "reportArgumentType",
        "invalid-argument-type",
        "bad-argument-type",
    ),
    "missing-argument": (
        "call-arg",
        "reportCallIssue",
        "missing-argument",
        "missing-argument bad-argument-count",
    ),
    "no-overload": (
        "call-overload",
        "reportCallIssue reportArgumentType",
        "no-matching-overload",
        "no-matching-overload",
    ),
    "positional-argument": (
        "call-arg arg-type",
        "reportCallIssue",
        "too-many-positional-arguments",
        "bad-argument-count",
    ),
    "typed-dict-key": (
        "arg-type",
        "reportArgumentType",
        "invalid-argument-type unknown-typed-dict-constructor-key",
        "bad-argument-type",
    ),
    "unknown-argument": ("call-arg", "reportCallIssue", "unknown-argument", "unexpected-keyword"),
}

CODES = {
    (kind, checker): frozenset(codes.split())
    for kind, row in _TABLE.items()
    for checker, codes in zip(CHECKERS, row, strict=True)
}
"""The codes that a checker may report on a line that has an error of a kind."""
