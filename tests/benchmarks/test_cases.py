import asyncio
import os

import pytest
from fastapi import FastAPI

from benchmarks.cases import route_tables
from benchmarks.cases.case import Case
from benchmarks.cases.families import FAMILIES
from benchmarks.cases.registry import CASES
from benchmarks.contenders import CORE, FAST, LANE, LANE_VARIABLE, contenders_of, within
from benchmarks.exchange import HTTPExchange
from benchmarks.rounds import Effort, WrongAnswerError, prepare, take_turns
from fastapi_fastdeps._lane import choice

SMALL = [family.case(size) for family in FAMILIES for size in family.sizes[:3] if size <= 10]
TWO_LEVELS = [family.case(101) for family in route_tables.FAMILIES]


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
@pytest.mark.parametrize("case", [*CASES, *SMALL, *TWO_LEVELS], ids=lambda case: case.name)
def test_all_contenders_give_the_same_answer(case: Case) -> None:
    subjects = asyncio.run(prepare(case, contenders_of(case)))
    assert {"stock", "lane", "fast"} <= set(subjects)


def test_a_contender_with_another_answer_is_not_measured() -> None:
    def declare(app: FastAPI) -> None:
        kind = type(app).__name__

        @app.get("/x")
        async def endpoint() -> str:
            return kind

    case = Case("liar", "another answer", HTTPExchange("/x"), declare)
    with pytest.raises(WrongAnswerError, match="liar: FastDeps, FastAPI's lane answers"):
        asyncio.run(prepare(case, list(CORE)))


def test_a_contender_that_fails_is_not_measured() -> None:
    case = Case("missing", "no route", HTTPExchange("/x"), lambda _: None)
    with pytest.raises(WrongAnswerError, match="missing: FastAPI answers"):
        asyncio.run(prepare(case, list(CORE)))


def test_the_lane_is_asked_for_while_its_app_is_built_only() -> None:
    assert LANE_VARIABLE == choice.LANE_VARIABLE
    before = os.environ.get(LANE_VARIABLE)
    with within(LANE):
        assert os.environ[LANE_VARIABLE] == "fastapi"
    with within(FAST):
        assert LANE_VARIABLE not in os.environ
    assert os.environ.get(LANE_VARIABLE) == before


@pytest.mark.parametrize("concurrency", [1, 5])
def test_every_subject_is_measured_in_every_round(concurrency: int) -> None:
    ticks = iter(range(1_000_000))

    async def measure() -> dict[str, list[float]]:
        subjects = await prepare(CASES[1], list(CORE))
        effort = Effort(rounds=3, seconds=1)
        return await take_turns(subjects, effort, concurrency, lambda: float(next(ticks)))

    samples = asyncio.run(measure())
    assert {key: len(taken) for key, taken in samples.items()} == {
        "stock": 3,
        "lane": 3,
        "fast": 3,
    }
