"""All cases and families, in the order in which they are measured."""

from benchmarks.cases import classes, features, graph, inputs, responses, scoped
from benchmarks.cases.case import Case

CASES: tuple[Case, ...] = (
    *classes.CASES,
    *graph.CASES,
    *scoped.CASES,
    *inputs.CASES,
    *features.CASES,
    *responses.CASES,
)
BY_NAME = {case.name: case for case in CASES}
