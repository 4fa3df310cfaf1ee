"""A candidate hands out the user's own metadata."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends
from fastapi.testclient import TestClient

from fastapi_fastdeps import (
    Candidate,
    Execution,
    FastDepsAPI,
    Inline,
    Threaded,
    default_classifier,
    explain,
    first_match,
)


@dataclass(frozen=True)
class Cost:
    kind: Literal["cpu", "io"]


class DiskCost(Cost):
    pass


def call() -> None: ...


def by_cost(candidate: Candidate) -> Execution | None:
    for cost in candidate.tags(Cost):
        return Inline() if cost.kind == "cpu" else Threaded()
    return None


def test_tags_are_the_instances_of_the_class_in_their_order() -> None:
    metadata = (Depends(), Cost("cpu"), "note", DiskCost("io"))
    candidate = Candidate(call, metadata=metadata)
    assert candidate.tags(Cost) == (Cost("cpu"), DiskCost("io"))
    assert candidate.tags(DiskCost) == (DiskCost("io"),)
    assert candidate.tags(str) == ("note",)


def test_there_are_none_where_the_place_has_none() -> None:
    assert Candidate(call).tags(Cost) == ()


def test_the_class_itself_is_not_one_of_its_tags() -> None:
    assert Candidate(call, metadata=(Cost,)).tags(Cost) == ()


Tagged = Annotated[str, Depends(lambda: "x"), Cost("cpu")]


def test_a_classifier_decides_by_the_tag_at_the_place() -> None:
    app = FastDepsAPI(classifier=first_match(by_cost, default_classifier))

    @app.get("/")
    async def endpoint(
        cheap: Annotated[str, Depends(lambda: "a"), Cost("cpu")],
        heavy: Annotated[str, Depends(lambda: "b"), Cost("io"), Inline],
        marked: Annotated[str, Depends(lambda: "c"), Inline],
        plain: Annotated[str, Depends(lambda: "d")],
        aliased: Tagged,
    ) -> str:
        return cheap + heavy + marked + plain + aliased

    assert TestClient(app).get("/").json() == "abcdx"
    executions = {
        record.parameter: record.execution
        for route in explain(app)
        if route.path == "/"
        for record in route.calls
    }
    assert executions == {
        None: "async",
        "cheap": "inline",
        "heavy": "threaded",
        "marked": "inline",
        "plain": "threaded",
        "aliased": "inline",
    }
