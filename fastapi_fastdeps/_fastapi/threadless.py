"""Where no thread can start: in Pyodide and other WebAssembly runtimes.

AnyIO sends what is sync to a worker that is idle, or starts one. There it is given one that is
always idle, and that calls what it is sent right away.
"""

# pyright: reportPrivateUsage=false

import sys
import threading
from collections import deque
from importlib import import_module
from typing import Any


def _is_threadless() -> bool:
    if sys.platform not in ("emscripten", "wasi"):
        return False
    try:
        threading.Thread(target=int).start()
    except RuntimeError:
        return True
    return False


_threadless = _is_threadless()


def is_threadless() -> bool:
    """Whether no thread can start."""
    return _threadless


class Here:
    """What AnyIO takes for a worker thread that is idle, and for the queue of its work."""

    idle_since = float("inf")

    def __init__(self, idle: deque[Any]) -> None:
        self._idle = idle
        self.queue = self

    def put_nowait(self, work: tuple[Any, ...]) -> None:
        """Do the work: a context, a function, its arguments, and the future of its result."""
        context, function, args, future = work[:4]
        try:
            result: Any = context.run(function, *args)
        except StopIteration as error:
            # No future takes one: it is what AnyIO makes of it.
            raised = RuntimeError("coroutine raised StopIteration")
            raised.__cause__ = error
            future.set_exception(raised)
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        finally:
            self._idle.append(self)


def work_here() -> None:
    """Have AnyIO call what is sent to a thread in the event loop that runs."""
    # AnyIO imports it when it is needed, too.
    anyios: Any = import_module("anyio._backends._asyncio")
    idle: deque[Any]
    try:
        idle = anyios._threadpool_idle_workers.get()
    except LookupError:
        idle = deque()
        anyios._threadpool_idle_workers.set(idle)
        anyios._threadpool_workers.set(set())
    idle.append(Here(idle))
