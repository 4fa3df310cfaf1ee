"""The response that is made of a result: as deep, and as odd, as FastAPI makes it."""

from typing import Any

import pytest
from fastapi import FastAPI

from fastapi_fastdeps import FastDepsAPI
from tests.harness.raw import Outcome, call

pytestmark = pytest.mark.usefixtures("both_lanes")


def nested(depth: int, *, in_lists: bool) -> Any:
    value: Any = "é"
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    return value


def containing_itself() -> list[Any]:
    value: list[Any] = [1]
    value.append({"again": value})
    return value


def agreed(value: Any) -> Outcome:
    def outcome(app: FastAPI) -> Outcome:
        @app.get("/")
        async def read():  # type: ignore[no-untyped-def]
            return value

        return call(app)

    stock = outcome(FastAPI())
    assert outcome(FastDepsAPI()) == stock
    return stock


@pytest.mark.parametrize("in_lists", [True, False])
@pytest.mark.parametrize("depth", [1, 49, 50, 51, 300, 800, 2000, 20_000])
def test_a_result_may_be_nested_as_deep_as_in_fastapi(depth: int, in_lists: bool) -> None:
    sent, error = agreed(nested(depth, in_lists=in_lists))
    assert sent[0]["status"] == (200 if depth <= 800 else 500)
    assert (error is None) == (depth <= 800)


def test_a_result_that_contains_itself_ends_as_in_fastapi() -> None:
    assert agreed(containing_itself())[1][0] == "RecursionError"


class Text(str):
    pass


@pytest.mark.parametrize(
    "value",
    [
        None,
        Text("text"),
        {Text("key"): 1},
        {"_sa_state": 1, "kept": {"_sa": [2]}},
        {1: 2, None: True},
        (1, [2, (3,)]),
        float("nan"),
        [float("inf")],
        "\ud800",
        10**40,
        object(),
        Exception("no data"),
    ],
)
def test_a_result_is_encoded_as_by_fastapi(value: Any) -> None:
    agreed(value)
