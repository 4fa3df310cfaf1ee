"""Where the time of a request goes, from what several cases take."""

from benchmarks.results import Results
from benchmarks.stats import summarize

WORK = "the work itself, as bare ASGI"
LAYERS = "FastAPI's outer layers"
ROUTE = "route, request and response"
DEPENDENCIES = "dependencies and parameters"
TABLE = "finding the last of 1,000 flat routes"

SHOWN = ("stock", "lane", "fast", "starlette")
_CASE, _PLAIN, _TABLE = "four-classes", "no-dependency", "last-route-flat"


def shares_of_a_request(results: Results) -> dict[str, dict[str, float]]:
    """Seconds of each part, by contender; empty where the run has not measured what it takes.

    Each part is the difference of two medians: what a route without dependencies takes more
    than bare ASGI in the same layers, what dependencies add to that, what 1,000 routes add to
    one.
    """
    work = _median(results, _CASE, "bare")
    layered = _median(results, _PLAIN, "layered")
    plain_work = _median(results, _PLAIN, "bare")
    if work is None or layered is None or plain_work is None:
        return {}
    shares = {}
    for key in SHOWN:
        taken, plain = _median(results, _CASE, key), _median(results, _PLAIN, key)
        if taken is None or plain is None:
            continue
        parts = {
            WORK: work,
            LAYERS: layered - plain_work,
            ROUTE: plain - layered,
            DEPENDENCIES: taken - plain - (work - plain_work),
            TABLE: _table(results, key),
        }
        shares[key] = {part: max(0.0, seconds) for part, seconds in parts.items()}
    return shares


def _table(results: Results, key: str) -> float:
    growth = results.growth(_TABLE)
    many, one = (growth.at(key, size) if growth else None for size in (1000, 1))
    return summarize(many).median - summarize(one).median if many and one else 0.0


def _median(results: Results, case: str, key: str) -> float | None:
    timing = results.timing(case, 1)
    return summarize(timing.seconds[key]).median if timing and key in timing.seconds else None
