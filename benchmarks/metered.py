"""`python -m benchmarks.metered`: what metrics add to a request with four class dependencies.

One app without a meter provider, one for which FastAPI alone measures its requests, and one that
measures its inline calls besides, in turns, in one process; nothing collects what was measured.
"""

import argparse
import asyncio
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from opentelemetry.metrics import Meter, NoOpMeter, _internal
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from benchmarks.cases.classes import EXCHANGE, four_classes
from benchmarks.rounds import Clock, Effort, Subject, take_turns


class ForFastAPI(MeterProvider):
    """One that has nothing for this package."""

    def get_meter(self, name: str, *args: Any, **options: Any) -> Meter:
        if name == "fastapi_fastdeps":
            return NoOpMeter(name)
        return super().get_meter(name, *args, **options)


@dataclass(slots=True)
class Metered(Subject):
    """An app while the program has this provider, `None` for none."""

    provider: MeterProvider | None = None

    async def time(self, count: int, concurrency: int, clock: Clock) -> float:
        # `set_meter_provider` sets one for good.
        _internal._METER_PROVIDER = self.provider
        try:
            return await Subject.time(self, count, concurrency, clock)
        finally:
            _internal._METER_PROVIDER = None


async def measure(effort: Effort) -> dict[str, list[float]]:
    """The seconds per request of each round."""
    from fastapi_fastdeps import FastDepsAPI, all_classes

    subjects: dict[str, Subject] = {}
    providers = {
        "off": None,
        "FastAPI's own": ForFastAPI([InMemoryMetricReader()]),
        "on": MeterProvider([InMemoryMetricReader()]),
    }
    for key, provider in providers.items():
        app = FastDepsAPI(classifier=all_classes, guard=False)
        four_classes(app)
        subjects[key] = Metered(app, EXCHANGE, provider)
        await subjects[key].time(2, 1, time.perf_counter)
    return await take_turns(subjects, effort, clock=time.process_time)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metered", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60, help="default: %(default)s")
    options = parser.parse_args(arguments)
    seconds = asyncio.run(measure(Effort(options.rounds, 0.05)))
    medians = {key: statistics.median(each) for key, each in seconds.items()}
    for key, median in medians.items():
        ratio = median / medians["off"]
        print(f"four-classes, metrics {key}: {median * 1e6:.1f} µs, {ratio:.2f}x")
    ratio = medians["on"] / medians["FastAPI's own"]
    print(
        f"{ratio:.2f}x for the four calls. Medians of "
        f"{options.rounds} interleaved rounds each, processor time."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
