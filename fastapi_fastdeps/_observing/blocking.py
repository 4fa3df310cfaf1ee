"""What inline calls do that blocks, as blockbuster knows it: noted, not forbidden."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fastapi_fastdeps._observing.observer import site_here
from fastapi_fastdeps._observing.reports import stack_of
from fastapi_fastdeps._observing.watchdog import where_of
from fastapi_fastdeps.errors import describe_place

if TYPE_CHECKING:
    from types import FrameType

    from fastapi_fastdeps._observing.slots import Site


@dataclass(frozen=True, slots=True)
class BlockingCall:
    """One call of a function that blocks, from within an inline call. `str()` of it says where.

    Attributes:
        function: the name of the function that blocks.
        call: the user's callable that was called inline.
        role: what for.
        path: the path of the route.
        described: the callable with its role, file, line and route, in words.
        stack: where it was called, from the callable inwards.
    """

    function: str
    call: Callable[..., Any]
    role: str
    path: str
    described: str
    stack: tuple[traceback.FrameSummary, ...]

    def __str__(self) -> str:
        frames = "".join(traceback.format_list(list(self.stack)))
        what = f"{self.described[0].upper()}{self.described[1:]}"
        return f"{what} called {self.function}, which can block, on the event loop, at\n{frames}"


def is_there() -> bool:
    """Whether blockbuster is installed."""
    return find_spec("blockbuster") is not None


@contextmanager
def noting_what_blocks(note: Callable[[BlockingCall], object]) -> Generator[None]:
    """Note what inline calls do meanwhile that can block. Nothing without blockbuster."""
    if not is_there():
        yield
        return
    from blockbuster import BlockBuster

    blockbuster = BlockBuster()
    for function in blockbuster.functions.values():
        function.can_block_predicate = _noting(function, function.can_block_predicate, note)
    blockbuster.activate()
    try:
        yield
    finally:
        blockbuster.deactivate()


def _noting(
    function: Any, may_block: Callable[..., bool], note: Callable[[BlockingCall], object]
) -> Callable[..., bool]:
    """Blockbuster lets what it is asked about block in any case, and it is noted."""

    def asked(*args: Any, **values: Any) -> bool:
        site = site_here()
        if site is not None and not may_block(*args, **values):
            frame = sys._getframe(2)
            if not _is_allowed_in(frame, function.can_block_functions):
                note(_blocking_call(function.full_name, site, frame))
        return True

    return asked


def _is_allowed_in(frame: FrameType | None, allowed: Any) -> bool:
    while frame is not None:
        file, name = frame.f_code.co_filename.replace("\\", "/"), frame.f_code.co_name
        if any(file.endswith(ending) and name in names for ending, names in allowed):
            return True
        frame = frame.f_back
    return False


def _blocking_call(function: str, site: Site, frame: FrameType) -> BlockingCall:
    candidate = site.candidate
    return BlockingCall(
        function=function,
        call=candidate.call,
        role=candidate.role,
        path=candidate.path,
        described=describe_place(candidate),
        stack=stack_of(where_of(frame)),
    )
