"""Driving the servers in interleaved rounds, and what it came to."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.demo.client import Load, drive
from benchmarks.demo.process import RunningServer
from benchmarks.demo.scenarios import SCENARIOS, Scenario

WARM_UP_SECONDS = 0.1


@dataclass
class Result:
    """One kind of endpoint on one server, over all rounds."""

    loads: list[Load] = field(default_factory=list[Load])
    hops: int = 0
    cpu_seconds: float = 0.0

    @property
    def requests(self) -> int:
        return sum(len(load.latencies) for load in self.loads)

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
        return self.hops / self.requests

    @property
    def cpu_per_request(self) -> float:
        """The server's time on a CPU: what others do on the machine matters little to it."""
        return self.cpu_seconds / self.requests

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
    orders = [servers, servers[::-1]]

    async def load(server: RunningServer, scenario: Scenario, seconds: float) -> Load:
        with server.blamed_for(scenario.name):
            return await drive(
                server.port,
                scenario.endless(),
                status=scenario.status,
                connections=connections,
                seconds=seconds,
            )

    for scenario in SCENARIOS:
        for server in servers:
            await load(server, scenario, min(seconds, WARM_UP_SECONDS))
    used = {server.name: await server.usage() for server in servers}
    for number in range(rounds):
        for scenario in SCENARIOS:
            for server in orders[number % 2]:
                result = results[scenario][server.name]
                before = used[server.name]
                result.loads.append(await load(server, scenario, seconds))
                after = used[server.name] = await server.usage()
                result.hops += after.hops - before.hops
                result.cpu_seconds += after.cpu_seconds - before.cpu_seconds
                progress()
    return results


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))
