"""What a `StreamingResponse` sends, where that is iterated in threads by Starlette."""

import gc
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from types import FunctionType, GeneratorType
from typing import Any, cast

from anyio.lowlevel import checkpoint

from fastapi_fastdeps._fastapi.closures import iterated_in_threads
from fastapi_fastdeps._lane.met import Met
from fastapi_fastdeps._threads import END, Threads, Visits, limiter_of, taken_in_visits
from fastapi_fastdeps.classifiers import Candidate
from fastapi_fastdeps.marking import Inline


def place_stream(response: Any, met: Met, visits: Visits) -> None:
    """Have what a response sends be iterated where it was decided. In a thread, too, it does
    not wait behind first visits: what its request has entered is still to be left. Raises
    `FastDepsError`."""
    # Elsewhere than in the response itself, it is in the hands of a class of the user's.
    attributes: dict[str, Any] = getattr(response, "__dict__", {})
    given: Any = attributes.get("body_iterator")
    kind: Any = type(cast("object", response))
    if given is None or kind.__setattr__ is not object.__setattr__:
        return
    found = iterated_in_threads(given)
    if not found:
        return
    (items,) = found
    if not hasattr(type(cast("object", items)), "__iter__"):
        return
    candidate = met.candidate(_made_by(items), "stream")
    execution = met.decided(candidate).execution
    if isinstance(execution, Inline):
        response.body_iterator = _taken_here(items, candidate, met.threads)
    else:
        response.body_iterator = taken_in_visits(items, lambda: visits, limiter_of(execution))


async def _taken_here(
    items: Iterable[Any], candidate: Candidate, threads: Threads
) -> AsyncIterator[Any]:
    iterator = iter(items)
    take = partial(next, iterator, END)
    if (observer := threads.observer) is not None:
        take = partial(observer.call, candidate, "next", take)
    try:
        while True:
            # As on the way to a thread.
            await checkpoint()
            if (item := take()) is END:
                return
            yield item
    finally:
        if isinstance(items, GeneratorType):
            items.close()


def _made_by(items: Any) -> Callable[..., Any]:
    """What may carry a mark: the function of a generator, and how else it is iterated."""
    if isinstance(items, GeneratorType):
        # CPython tells nobody but its garbage collector.
        made_by = {
            id(each): each
            for each in gc.get_referents(items)
            if isinstance(each, FunctionType) and each.__code__ is items.gi_code
        }
        if len(made_by) == 1:
            return next(iter(made_by.values()))
    iterate: Callable[..., Any] = items.__iter__
    return iterate
