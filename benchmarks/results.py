"""What was measured, as data that can be written and read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.stats import median_ratio, slopes, summarize

Rounds = list[float]


@dataclass(frozen=True, slots=True)
class Timing:
    """The seconds per request of every round, by contender, of one case."""

    case: str
    title: str
    concurrency: int
    seconds: Mapping[str, Rounds]

    def ratio(self, slow: str, fast: str) -> float | None:
        """How many times faster `fast` is, `None` where one of them was not measured."""
        if slow not in self.seconds or fast not in self.seconds:
            return None
        return median_ratio(self.seconds[slow], self.seconds[fast])


@dataclass(frozen=True, slots=True)
class Growth:
    """The timings of a family, by size."""

    family: str
    title: str
    unit: str
    linear: bool
    sizes: Sequence[int]
    seconds: Mapping[str, Sequence[Rounds]]
    log_sizes: bool = False

    def slope(self, contender: str) -> float | None:
        """The seconds that one more costs."""
        if contender not in self.seconds:
            return None
        taken = list(zip(self.sizes, self.seconds[contender], strict=True))
        return summarize(slopes(taken)).median

    def at(self, contender: str, size: int) -> Rounds | None:
        """The rounds of one size, `None` where it was not measured."""
        if contender not in self.seconds or size not in self.sizes:
            return None
        return self.seconds[contender][list(self.sizes).index(size)]

    def ratio(self, above: tuple[str, int], below: tuple[str, int]) -> float | None:
        """How many times longer one contender takes at one size than another at another."""
        over, under = self.at(*above), self.at(*below)
        return None if over is None or under is None else median_ratio(over, under)


PERCENTILES = (1, 10, 25, 50, 75, 90, 95, 99, 99.9)


@dataclass(frozen=True, slots=True)
class Load:
    """What a load generator saw in one round; latencies in seconds.

    Attributes:
        latencies: at each of `PERCENTILES`.
    """

    requests_per_second: float
    p50: float
    p95: float
    p99: float
    errors: int
    latencies: Rounds = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Serving:
    """A case over HTTP at one concurrency: the rounds of every contender."""

    case: str
    concurrency: int
    loads: Mapping[str, Sequence[Load]]

    def rounds(self, contender: str, name: str) -> Rounds:
        return [getattr(load, name) for load in self.loads[contender]]

    def distribution(self, contender: str) -> Rounds:
        """The median of the rounds at each of `PERCENTILES`, empty where it was not told."""
        told = [load.latencies for load in self.loads[contender] if load.latencies]
        return [summarize(each).median for each in zip(*told, strict=True)]

    def ratio(self, name: str, above: str, below: str) -> float | None:
        """The median of the rounds' ratios, `None` where somebody answered nothing."""
        if above not in self.loads or below not in self.loads:
            return None
        divisors = self.rounds(below, name)
        return median_ratio(self.rounds(above, name), divisors) if all(divisors) else None


@dataclass(frozen=True, slots=True)
class Building:
    """Apps of many routes, each made in a process of its own.

    Attributes:
        style: how the routes come into the app.
        stage: up to where it is measured.
        seconds: of processor time, by contender.
        resident: growth of the resident memory, by contender.
        bytes: what Python's allocator gave and did not get back, by contender; empty where
            it was not asked.
    """

    style: str
    stage: str
    seconds: Mapping[str, Rounds]
    resident: Mapping[str, Rounds]
    bytes: Mapping[str, Rounds]

    @property
    def time_ratio(self) -> float:
        """Ours over stock's."""
        return median_ratio(self.seconds["fast"], self.seconds["stock"])

    @property
    def memory_ratio(self) -> float:
        """Ours over stock's, by Python's allocator if it was asked."""
        memory = self.bytes or self.resident
        return median_ratio(memory["fast"], memory["stock"])


@dataclass(frozen=True, slots=True)
class Sleeping:
    """So many requests at once to an endpoint that sleeps; seconds until all are answered."""

    app: str
    endpoint: str
    requests: int
    sleep: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Pools:
    """The 99th percentile of requests to one pool of threads, in seconds, a sample a round.

    Attributes:
        sleep: how long each of those sleeps that are in the other pool.
        idle: while nothing is in the other pool.
        saturated: while that is full, and many wait for it.
    """

    app: str
    sleep: float
    idle: Rounds
    saturated: Rounds

    @property
    def ratio(self) -> float:
        return median_ratio(self.saturated, self.idle)


@dataclass(slots=True)
class Results:
    """Everything that one run measured."""

    environment: dict[str, Any] = field(default_factory=dict)
    timings: list[Timing] = field(default_factory=list)
    legacy: list[Timing] = field(default_factory=list)
    cache_di: list[Timing] = field(default_factory=list)
    instrumented: list[Timing] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)
    servings: list[Serving] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    sleepings: list[Sleeping] = field(default_factory=list)
    pools: list[Pools] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def timing(self, case: str, concurrency: int) -> Timing | None:
        found = (
            timing
            for timing in self.timings
            if timing.case == case and timing.concurrency == concurrency
        )
        return next(found, None)

    def ratio(self, case: str, concurrency: int, slow: str, fast: str) -> float | None:
        timing = self.timing(case, concurrency)
        return timing.ratio(slow, fast) if timing else None

    def growth(self, family: str) -> Growth | None:
        return next((growth for growth in self.growths if growth.family == family), None)

    def serving(self, case: str, concurrency: int) -> Serving | None:
        found = (
            serving
            for serving in self.servings
            if serving.case == case and serving.concurrency == concurrency
        )
        return next(found, None)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Results":
        return cls(
            environment=data["environment"],
            timings=[Timing(**one) for one in data["timings"]],
            legacy=[Timing(**one) for one in data["legacy"]],
            cache_di=[Timing(**one) for one in data.get("cache_di", [])],
            instrumented=[Timing(**one) for one in data.get("instrumented", [])],
            growths=[Growth(**one) for one in data["growths"]],
            servings=[_serving(one) for one in data["servings"]],
            buildings=[Building(**one) for one in data["buildings"]],
            sleepings=[Sleeping(**one) for one in data["sleepings"]],
            pools=[Pools(**one) for one in data.get("pools", [])],
            skipped=data["skipped"],
        )


def _serving(data: Mapping[str, Any]) -> Serving:
    loads = {key: [Load(**load) for load in loads] for key, loads in data["loads"].items()}
    return Serving(data["case"], data["concurrency"], loads)
