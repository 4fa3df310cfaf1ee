"""A classifier reads a metadata class of the user's own."""

from dataclasses import dataclass
from typing import Annotated, Generic, Literal, Protocol, TypeVar, assert_type

from fastapi import Depends

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    Inline,
    Threaded,
    default_classifier,
    first_match,
)


@dataclass(frozen=True)
class Cost:
    kind: Literal["cpu", "io"]


def by_cost(candidate: Candidate) -> Execution | None:
    for cost in candidate.tags(Cost):
        assert_type(cost, Cost)
        return Inline() if cost.kind == "cpu" else Threaded()
    return None


class Decides(Protocol):
    def execution(self) -> Execution: ...


@dataclass(frozen=True)
class Weight:
    grams: int

    def execution(self) -> Execution:
        return Inline() if self.grams < 10 else Threaded()


Tag = TypeVar("Tag", bound=Decides)


class ByTag(Generic[Tag]):
    """Leaves the decision to the first tag of a class."""

    def __init__(self, kind: type[Tag]) -> None:
        self.kind = kind

    def __call__(self, candidate: Candidate, /) -> Execution | None:
        tags = candidate.tags(self.kind)
        return tags[0].execution() if tags else None


class Report:
    pass


app = FastDepsAPI(classifier=first_match(by_cost, ByTag(Weight), default_classifier))


@app.get("/report")
def report(
    cheap: Annotated[Report, Depends(), Cost("cpu")],
    heavy: Annotated[Report, Depends(use_cache=False), Weight(100)],
) -> None:
    assert_type(cheap, Report)
    assert_type(heavy, Report)


def read(candidate: Candidate) -> None:
    assert_type(candidate.tags(Cost), tuple[Cost, ...])
    assert_type(ByTag(Weight), ByTag[Weight])
    candidate.tags(Cost)[0].knd  # error: attribute
    candidate.tags("cpu")  # error: argument-type
    candidate.tags(Cost("cpu"))  # error: argument-type
    candidate.tags()  # error: missing-argument
    ByTag(Cost)  # error: bound
