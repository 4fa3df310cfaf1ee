import pytest

from benchmarks.stats import (
    best_ratio,
    best_slope,
    median_ratio,
    ratios,
    repetitions,
    rotated,
    slopes,
    summarize,
)


def test_a_summary_has_the_five_numbers() -> None:
    summary = summarize([4.0, 1.0, 2.0, 5.0, 3.0])
    assert (summary.minimum, summary.lower, summary.median, summary.upper, summary.maximum) == (
        1.0,
        2.0,
        3.0,
        4.0,
        5.0,
    )


def test_a_single_sample_has_no_spread() -> None:
    summary = summarize([7.0])
    assert summary.minimum == summary.median == summary.maximum == 7.0


def test_nothing_cannot_be_summarized() -> None:
    with pytest.raises(ValueError, match="no samples"):
        summarize([])


def test_ratios_are_taken_round_by_round() -> None:
    slow, fast = [10.0, 40.0, 90.0], [1.0, 2.0, 3.0]
    assert ratios(slow, fast) == [10.0, 20.0, 30.0]
    assert median_ratio(slow, fast) == 20.0


def test_rounds_of_different_number_are_not_compared() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [1.0])


def test_a_disturbed_round_does_not_move_the_best_ratio() -> None:
    assert best_ratio([10.0, 1000.0], [2.0, 500.0]) == 5.0


def test_a_slope_is_what_one_more_costs_in_each_round() -> None:
    assert slopes([(0, [5.0, 6.0]), (1, [7.0, 6.5]), (2, [9.0, 7.0])]) == [2.0, 0.5]


def test_the_best_slope_ignores_disturbed_rounds() -> None:
    assert best_slope([(0, [5.0, 50.0]), (4, [99.0, 13.0])]) == 2.0


def test_turns_begin_with_another_each_time() -> None:
    assert [rotated("abc", by) for by in range(4)] == [
        ["a", "b", "c"],
        ["b", "c", "a"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_repetitions_fill_the_wanted_time_in_whole_shares() -> None:
    assert repetitions(10, took=1.0, wanted=5.0) == 50
    assert repetitions(100, took=1.0, wanted=1.2, multiple=50) == 100
    assert repetitions(50, took=60.0, wanted=1.0, multiple=50) == 50
