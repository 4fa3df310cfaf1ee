"""Candidates, executions and errors are plain typed values."""

from typing import Any, assert_never, assert_type

from fastapi_fastdeps import Candidate, Execution, FastDepsError, Inline, Threaded


def name(execution: Execution) -> str:
    match execution:
        case Inline():
            return "inline"
        case Threaded():
            return "threaded"
        case _:
            assert_never(execution)


def narrowed(execution: Execution) -> None:
    if isinstance(execution, Inline):
        assert_type(execution, Inline)
    else:
        assert_type(execution, Threaded)


candidate = Candidate(name, role="endpoint", path="/items")
assert_type(candidate.parameter, str | None)
assert_type(candidate.metadata, tuple[Any, ...])
assert_type(candidate.path, str)

Candidate(name, role="endpont")  # error: argument-type
Candidate(name, metadata="cpu")  # error: argument-type
Candidate("name")  # error: argument-type
Candidate()  # error: missing-argument
candidate.path = "/"  # error: frozen
candidate.rule  # error: attribute
default: Execution = Inline  # error: assignment
name(None)  # error: argument-type

try:
    pass
except FastDepsError as error:
    assert_type(error, FastDepsError)
    assert_type(str(error), str)
