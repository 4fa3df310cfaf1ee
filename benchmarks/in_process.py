"""Apps that are called directly, from one event loop, without a server."""

from collections.abc import Iterable

from benchmarks.cases.case import Case, Family
from benchmarks.contenders import contenders_of
from benchmarks.results import Growth, Rounds, Timing
from benchmarks.rounds import Clock, Effort, Subject, prepare, take_turns


async def measure_case(
    case: Case, effort: Effort, concurrencies: Iterable[int], clock: Clock
) -> list[Timing]:
    """A case, by every contender that can serve it."""
    subjects = await prepare(case, contenders_of(case))
    return [
        Timing(
            case.name,
            case.title,
            concurrency,
            await take_turns(subjects, effort, concurrency, clock),
        )
        for concurrency in concurrencies
    ]


async def measure_family(
    family: Family, effort: Effort, sizes: Iterable[int], clock: Clock
) -> Growth:
    """A family at these sizes, all of them in every round."""
    measured = tuple(sizes)
    subjects: dict[str, Subject] = {}
    keys: dict[str, list[str]] = {}
    for size in measured:
        case = family.case(size)
        for key, subject in (await prepare(case, contenders_of(case))).items():
            subjects[f"{key}/{size}"] = subject
            keys.setdefault(key, []).append(f"{key}/{size}")
    samples = await take_turns(subjects, effort, clock=clock)
    seconds: dict[str, list[Rounds]] = {
        key: [samples[one] for one in members] for key, members in keys.items()
    }
    return Growth(
        family.name,
        family.title,
        family.unit,
        family.linear,
        measured,
        seconds,
        family.log_sizes,
    )
