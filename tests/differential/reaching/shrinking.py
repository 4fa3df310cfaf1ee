"""From a program that differs to a small one that differs in the same way."""

from ..drive import Answer, Observation
from .judging import Framework, Judge
from .pieces import Program

_UNSOUND = ("NameError", "UnboundLocalError", "free variable")
_REFUSALS = ("'status': 401", "'status': 403", "'code': 4403")


WAYS = (
    "a refusal is lost",
    "a call is lost",
    "an answer is another",
    "an exception is another",
    "calls are others",
    "the program fails elsewhere",
    "events are others",
)
"""In which way a program can differ, the most dangerous first."""


def way(expected: Observation, actual: Observation) -> str:
    """In which way two observations differ, the most dangerous first; empty where they don't."""
    if expected == actual:
        return ""
    for one, other in zip(expected.answers, actual.answers, strict=False):
        if _is_refused(one) and not _is_refused(other):
            return "a refusal is lost"
    for one, other in zip(expected.answers, actual.answers, strict=False):
        lacking = set(_calls(one)) - set(_calls(other))
        if lacking and _is_good(other):
            return "a call is lost"
    if expected.build_error != actual.build_error:
        return "the program fails elsewhere"
    for one, other in zip(expected.answers, actual.answers, strict=False):
        if _sent(one) != _sent(other):
            return "an answer is another"
        if one.error != other.error:
            return "an exception is another"
        if _calls(one) != _calls(other):
            return "calls are others"
    return "events are others"


def _sent(answer: Answer) -> list[str]:
    return [str(event) for event in answer.events if event.kind == "send"]


def _calls(answer: Answer) -> list[str]:
    return [event.name for event in answer.events if event.kind in ("call", "app")]


def _is_refused(answer: Answer) -> bool:
    return any(refusal in text for text in _sent(answer) for refusal in _REFUSALS)


def _is_good(answer: Answer) -> bool:
    return any("'status': 2" in text for text in _sent(answer))


def shrink(judge: Judge, program: Program, wanted: str, ours: Framework | None = None) -> Program:
    """The smallest that was found by leaving out one thing at a time."""
    smallest = program
    while True:
        for candidate in smallest.smaller():
            try:
                expected, actual = judge.observations(candidate, ours)
            except SyntaxError:
                continue
            if way(expected, actual) == wanted and _is_sound(expected):
                smallest = candidate
                break
        else:
            return smallest


def _is_sound(expected: Observation) -> bool:
    """Whether nothing was left out that something else speaks of."""
    text = "\n".join(expected.lines())
    return not any(sign in text for sign in _UNSOUND)
