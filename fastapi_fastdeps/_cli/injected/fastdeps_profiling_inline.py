"""What a `FastDepsAPI` tells of the calls that it makes on the event loop."""

from collections.abc import Callable
from typing import Any

from fastapi_fastdeps._observing.observer import Observed
from fastapi_fastdeps.guarding import Guard


class Inline(Observed):
    """Is told of every call, in the place of a guard."""

    def __init__(self, call_here: Callable[..., Any], site_of: Callable[..., Any]) -> None:
        super().__init__(Guard(watch_every=None))
        self._call_here = call_here
        self._site_of = site_of

    def call(
        self, candidate: Any, part: Any, call: Callable[..., Any], /, *args: Any, **values: Any
    ) -> Any:
        if candidate.role == "function":
            return call(*args, **values)
        site = self._site_of(candidate.call, candidate.role, part)
        return self._call_here(site, call, *args, **values)
