"""Apps that are sent to another process, as Ray Serve sends them: pickled.

A function or class that can't be imported is sent by value, with a copy of the globals that
it names. So what an app holds of this package is made of importable functions, classes and
enumerations, never of closures; and what is only good here is left behind.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

Makers = Mapping[str, Callable[[], Any]]
"""What makes the value of each attribute anew."""


class LeavesBehind:
    """Sent without what is made anew where it is missing: plans, generated code, and whatever
    has an `id()`, a lock, a context variable or a weak reference in it.

    Attributes:
        left_behind: the attributes that are not sent.
    """

    left_behind: ClassVar[Makers] = {}

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {name: make() for name, make in self.left_behind.items()}


def nothing() -> None:
    """Makes `None`, for an attribute that is filled in when it is needed."""
