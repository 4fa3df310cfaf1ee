import json
from pathlib import Path

import pytest

from benchmarks.cases import route_tables
from benchmarks.claims import claims
from benchmarks.http.wrk import parse
from benchmarks.report.shares import DEPENDENCIES, LAYERS, ROUTE, WORK, shares_of_a_request
from benchmarks.report.text import table, tables
from benchmarks.results import (
    PERCENTILES,
    Building,
    Growth,
    Load,
    Pools,
    Results,
    Serving,
    Sleeping,
    Timing,
)
from benchmarks.run import spread_out
from benchmarks.targets import TARGETS


def loads(requests_per_second: float, latency: float) -> list[Load]:
    latencies = [latency * percentile / 50 for percentile in PERCENTILES]
    return [Load(requests_per_second, latency, 2 * latency, 3 * latency, 0, latencies)] * 2


def some_results() -> Results:
    seconds = {"stock": [800e-6, 820e-6], "fast": [40e-6, 41e-6], "wrappers": [200e-6, 205e-6]}
    memory = {"stock": [1e6], "fast": [1.3e6]}
    return Results(
        environment={"python": "3.11"},
        timings=[
            Timing("four-classes", "four classes", 1, {**seconds, "bare": [4e-6, 5e-6]}),
            Timing(
                "no-dependency",
                "no dependency",
                1,
                {
                    "stock": [50e-6, 52e-6],
                    "fast": [20e-6, 20e-6],
                    "layered": [6e-6, 6e-6],
                    "bare": [3e-6, 3e-6],
                },
            ),
        ],
        cache_di=[Timing("four-classes", "four classes", 1, {**seconds, "cache-di": [1e-4, 1e-4]})],
        legacy=[
            Timing("four-classes", "four classes", 1, {"stock": [2.0], "legacy": [0.5]}),
        ],
        growths=[
            Growth(
                "sync-dependencies",
                "dependencies",
                "dependency",
                True,
                [0, 2],
                {"fast": [[10e-6, 10e-6], [11e-6, 12e-6]]},
            ),
            *(
                Growth(
                    family.name,
                    family.title,
                    family.unit,
                    family.linear,
                    [1, 100, 1000],
                    {
                        "fast": [[20e-6, 22e-6], [20e-6, 21e-6], [30e-6, 33e-6]],
                        "starlette": [[13e-6, 13e-6], [50e-6, 42e-6], [400e-6, 420e-6]],
                    },
                    log_sizes=True,
                )
                for family in (route_tables.LAST["flat"], route_tables.MISSES[0])
            ),
        ],
        servings=[
            Serving("four-classes", 1000, {"stock": loads(1000, 1.0), "fast": loads(8000, 0.1)})
        ],
        buildings=[
            Building("direct", "built", {"stock": [1.0], "fast": [2.0]}, memory, {}),
            Building("direct", "first request", {"stock": [1.0], "fast": [0.8]}, memory, {}),
        ],
        sleepings=[
            Sleeping(app, endpoint, 80, 2.0, 2.1)
            for app in ("stock", "fast")
            for endpoint in ("/async", "/sync", "/page")
        ],
        pools=[
            Pools("stock", 0.5, [0.001, 0.001], [2.0, 2.5]),
            Pools("fast", 0.5, [0.001, 0.002], [0.0012, 0.002]),
        ],
        skipped=["nothing"],
    )


def verdicts(results: Results) -> dict[str, tuple[float | None, str]]:
    return {target.what: target.verdict(results) for target in TARGETS}


def test_results_survive_being_written_and_read() -> None:
    results = some_results()
    again = Results.of_data(json.loads(json.dumps(results.as_data())))
    assert again.as_data() == results.as_data()


def test_a_target_is_met_missed_or_not_measured() -> None:
    found = verdicts(some_results())
    assert found["four classes against FastAPI"] == (20.0, "met")
    assert found["four classes against Litestar"] == (None, "not measured")
    measured, verdict = found["1,000 routes, first request included: memory against FastAPI"]
    assert (measured, verdict) == (1.3, "MISSED")
    what = "1,000 routes, first request included: time to build against FastAPI"
    assert found[what] == (0.8, "met")


def test_many_routes_are_compared_with_one_and_with_those_of_others() -> None:
    found = verdicts(some_results())
    what = "the last of many routes, in the app itself: among 1,000 against one"
    assert found[what] == (1.5, "MISSED")
    what = "the last of 100 routes: the time of Starlette by hand"
    assert found[what] == (0.45, "MISSED")
    what = "404, routes in routers in routers: among 1,000 against one"
    assert found[what] == (None, "not measured")


def test_the_parts_of_a_request_add_up_to_what_it_takes() -> None:
    shares = shares_of_a_request(some_results())
    assert list(shares) == ["stock", "fast"]
    assert {part: round(seconds * 1e6, 3) for part, seconds in shares["fast"].items()} == {
        WORK: 4.5,
        LAYERS: 3,
        ROUTE: 14,
        DEPENDENCIES: 19,
    }
    assert sum(shares["fast"].values()) == pytest.approx(40.5e-6)
    assert shares_of_a_request(Results()) == {}


def test_a_slope_is_told_in_microseconds() -> None:
    measured, verdict = verdicts(some_results())["each further trivial sync dependency"]
    assert measured is not None
    assert round(measured, 3) == 0.75
    assert verdict == "MISSED"


def test_latencies_are_compared_where_many_are_connected() -> None:
    found = verdicts(some_results())
    what = "over HTTP, four classes, 100 and 1000 connections: p95 latency against FastAPI"
    assert found[what] == (0.1, "met")


def test_a_pool_is_compared_with_itself_while_nothing_is_in_the_other() -> None:
    what = "two pools, one saturated: p99 of the other against idle"
    measured, verdict = verdicts(some_results())[what]
    assert measured is not None
    assert round(measured, 3) == 1.1
    assert verdict == "met"


def test_a_run_that_measured_nothing_has_targets_only() -> None:
    assert [title for title, _ in tables(Results())] == ["Targets"]


def test_every_table_of_a_full_run_can_be_written() -> None:
    titles = [title for title, _ in tables(some_results())]
    assert len(titles) == 9


def test_every_plot_of_a_full_run_can_be_drawn(tmp_path: Path) -> None:
    plots = pytest.importorskip("benchmarks.report.plots")
    results = some_results()
    for timing in results.timings:
        timing.seconds["lane"] = timing.seconds["fast"]  # type: ignore[index]
    one = results.servings[0]
    results.servings.append(Serving(one.case, 10, one.loads))
    written = plots.write_plots(results, tmp_path)
    assert [path.stem for path in written] == [
        "cases-1",
        "four-classes-1",
        "sync-dependencies",
        "routes",
        "routes-missed",
        "request",
        "http-four-classes",
        "http-four-classes-latencies",
        "building",
        "sleeping",
    ]
    assert all(path.stat().st_size > 5000 for path in written)


def test_claims_stand_beside_what_was_measured() -> None:
    stated = {claim.what: claim for claim in claims(some_results())}
    speed = stated["requests/s, several class dependencies, in-process, 1 at a time"]
    assert (speed.claimed, speed.old_library, speed.ours) == ("+40 to +60 %", "+300 %", "+1,900 %")
    tail = stated["p95 latency, several class dependencies, HTTP, 1000 connections"]
    assert (tail.stock, tail.ours) == ("2,000 ms", "-90 %")
    assert stated["80 requests at once to /sync, asleep for 2 s"].claimed.startswith("4.13 s")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(("a", "number"), [("long name", "1")]) == (
        "a          number\n---------  ------\nlong name       1"
    )


def test_what_wrk_prints_last_is_read() -> None:
    said = (
        '{"requests": 300, "microseconds": 2000000, "p50": 10, "p95": 20, "p99": 30, "errors": 1,'
        ' "latencies": [1, 10]}'
    )
    expected = Load(150.0, 10e-6, 20e-6, 30e-6, 1, [1e-6, 10e-6])
    assert parse(f"Running 2s test\n{said}\n") == expected


def test_a_server_that_answered_nothing_is_not_compared() -> None:
    serving = Serving("four-classes", 10, {"stock": loads(0, 0), "fast": loads(10, 1)})
    assert serving.ratio("requests_per_second", "fast", "stock") is None
    assert serving.ratio("requests_per_second", "stock", "fast") == 0


def test_fewer_sizes_keep_the_ends() -> None:
    assert spread_out((0, 1, 2, 4, 8, 16, 32), 4) == [0, 2, 8, 32]
    assert spread_out((1, 2, 3), 9) == [1, 2, 3]
