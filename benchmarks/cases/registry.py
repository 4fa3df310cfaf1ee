"""All cases and families, in the order in which they are measured."""

from benchmarks.cases import classes, features, graph, inputs
from benchmarks.cases.case import Case

CASES: tuple[Case, ...] = (*classes.CASES, *graph.CASES, *inputs.CASES, *features.CASES)
BY_NAME = {case.name: case for case in CASES}
