"""Driving the servers in interleaved rounds, and what it came to."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from statistics import median

from benchmarks.demo.client import Load, drive
from benchmarks.demo.process import RunningServer
from benchmarks.demo.scenarios import SCENARIOS, Scenario


@dataclass
class Result:
    """One kind of endpoint on one server, over all rounds."""

    loads: list[Load] = field(default_factory=list[Load])
    hops: int = 0

    @property
    def rates(self) -> list[float]:
        return [len(load.latencies) / load.seconds for load in self.loads]

    @property
    def rate(self) -> float:
        """Requests per second: the median of the rounds."""
        return median(self.rates)

    @property
    def spread(self) -> float:
        """Half the range of the rounds, as a part of the median."""
        return (max(self.rates) - min(self.rates)) / 2 / self.rate

    @property
    def hops_per_request(self) -> float:
        return self.hops / sum(len(load.latencies) for load in self.loads)

    def latency(self, percent: int) -> float:
        """The latency that so many percent of all requests did not exceed, in seconds."""
        latencies = sorted(latency for load in self.loads for latency in load.latencies)
        return latencies[math.ceil(len(latencies) * percent / 100) - 1]


Results = dict[Scenario, dict[str, Result]]


async def measure(
    servers: Sequence[RunningServer],
    *,
    rounds: int,
    seconds: float,
    connections: int,
    progress: Callable[[], None],
) -> Results:
    """Drive every scenario on every server, `rounds` times, one server at a time.

    The servers take turns in going first, so that what else the machine does in the
    meantime meets both.
    """
    results: Results = {
        scenario: {server.name: Result() for server in servers} for scenario in SCENARIOS
    }
    hops = {server.name: await server.hops() for server in servers}
    orders = cycle([servers, servers[::-1]])
    for _ in range(rounds):
        for scenario in SCENARIOS:
            for server in next(orders):
                result = results[scenario][server.name]
                try:
                    load = await drive(
                        server.port,
                        scenario.endless(),
                        status=scenario.status,
                        connections=connections,
                        seconds=seconds,
                    )
                except OSError as error:
                    raise server.failure(f"hung up on {scenario.name} ({error})") from None
                before, hops[server.name] = hops[server.name], await server.hops()
                result.hops += hops[server.name] - before
                result.loads.append(load)
                progress()
    return results


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
