"""Where the time of a request goes, from what several cases take."""

from benchmarks.results import Results
from benchmarks.stats import summarize

WORK = "the work itself, as bare ASGI"
LAYERS = "FastAPI's outer layers"
ROUTE = "route, request and response"
DEPENDENCIES = "dependencies and parameters"

SHOWN = ("stock", "lane", "fast", "starlette")
_CASE, _PLAIN = "four-classes", "no-dependency"


def shares_of_a_request(results: Results) -> dict[str, dict[str, float]]:
    """Seconds of each part, by contender; empty where the run has not measured what it takes.

    Each part is the difference of two medians: what a route without dependencies takes more
    than bare ASGI in the same layers, what dependencies add to that.
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
        }
        shares[key] = {part: max(0.0, seconds) for part, seconds in parts.items()}
    return shares


def _median(results: Results, case: str, key: str) -> float | None:
    timing = results.timing(case, 1)
    return summarize(timing.seconds[key]).median if timing and key in timing.seconds else None
