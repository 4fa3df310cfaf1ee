"""`harmless` against callables with what is right for each, decided by hand."""

from functools import partial

import pytest

import tests.reading.corpus.elsewhere
import tests.reading.corpus.functions
import tests.reading.corpus.graphs
import tests.reading.corpus.hostile
import tests.reading.corpus.requests
import tests.reading.corpus.unseen  # noqa: F401
from fastapi_fastdeps import Candidate, Inline, harmless
from tests.reading.corpus.answers import CASES, Case


def test_the_corpus_is_large_and_has_both_kinds() -> None:
    assert len(CASES) >= 150
    assert sum(case.is_harmless for case in CASES) >= 70
    assert sum(not case.is_harmless for case in CASES) >= 70


@pytest.mark.parametrize("case", [case for case in CASES if not case.is_harmless], ids=str)
def test_there_is_no_opinion_about_what_may_block(case: Case) -> None:
    assert harmless(Candidate(case.call)) is None
    assert harmless(Candidate(case.call, role="endpoint")) is None
    assert harmless(Candidate(partial(case.call))) is None


def test_most_of_what_never_blocks_is_found() -> None:
    cases = [case for case in CASES if case.is_harmless]
    missed = [str(case) for case in cases if harmless(Candidate(case.call)) != Inline()]
    assert len(missed) <= 0.3 * len(cases), missed
